"""What registries say about images: their tags, the digest of a tag, and what an image is made of.

Everything beyond the list of tags is asked of as few manifests as possible: a digest costs a HEAD, an image's time and
platforms the manifest and one configuration (OCI, "Image Manifest", "Image Index", "Image Configuration").
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from mooring.errors import ConfigurationError, UnreachableError
from mooring.images.logins import PullSecrets, login
from mooring.images.pacing import Politeness
from mooring.model.imageannotations import IMAGE_LIST
from mooring.model.imagenames import ImageName
from mooring.model.imageregistries import DEFAULT_LIMIT, RegistryEndpoint, Repository, locate
from mooring.model.imagesettings import Platform, PullSecret
from mooring.source.charts_credentials import ANONYMOUS, ChartCredential, ChartCredentials
from mooring.source.charts_http import Answer, Web
from mooring.source.charts_places import Place
from mooring.source.distribution import Distribution, read_object
from mooring.source.inward import refuse_inward
from mooring.source.oci_auth import EcrPasswords

__all__ = ["ImageRegistries", "Inspected"]

FIELD: Final = f"metadata.annotations[{IMAGE_LIST}]"

_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMAGES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT: Final = {"Accept": ", ".join((*_INDEXES, *_IMAGES))}
_LIMIT: Final = 4 << 20
_OPENED: Final = 10_000  # images that one process remembers having opened


@dataclass(frozen=True, slots=True)
class Inspected:
    """An image: its digest (of the index, where there is one), when it was built (seconds since the epoch; the newest
    of an index's that were asked for), its platforms, and the labels of its configuration.
    """

    digest: str
    created: float
    platforms: tuple[Platform, ...]
    labels: Mapping[str, str]


class ImageRegistries:
    """Registries of images, with the logins that are registered for them and those that images name themselves.

    `guard` raises for the address of a registry that is not to be asked; it is not put to one that an administrator
    has made settings for.
    """

    def __init__(
        self,
        credentials: ChartCredentials,
        *,
        endpoints: Sequence[RegistryEndpoint] = (),
        pull_secrets: PullSecrets | None = None,
        ecr: EcrPasswords | None = None,
        guard: Callable[[str], None] = refuse_inward,
        web: Web | None = None,
        pacing: Politeness | None = None,
    ) -> None:
        self._endpoints = tuple(endpoints)
        self._registered = _Registered(credentials, self._endpoints)
        self._pull_secrets = pull_secrets
        self._guard = guard
        self._guarded: set[str] = set()
        self._lock = threading.Lock()
        self._opened: dict[tuple[str, str, tuple[Platform, ...]], Inspected] = {}
        self.pacing = pacing or Politeness({each.host: each.limit for each in endpoints}, DEFAULT_LIMIT)
        self._server = Distribution(
            web or Web(connections=8), self._registered, ecr=ecr, field=FIELD, pacing=self.pacing
        )

    def locate(self, name: ImageName) -> tuple[Repository, RegistryEndpoint | None]:
        """Where an image lies, and its registry's settings where there are any."""
        return locate(name, self._endpoints)

    def tags(self, name: ImageName, secret: PullSecret | None = None) -> tuple[str, ...]:
        """All tags, in the registry's order, each once. Raises the errors of `mooring.errors`."""
        place, given = self._place(name, secret)
        return tuple(dict.fromkeys(self._server.tags(place, f"the tags of {place.text}", given=given)))

    def digest(self, name: ImageName, tag: str, secret: PullSecret | None = None) -> str:
        """The digest that a tag leads to now. Raises the errors of `mooring.errors`."""
        place, given = self._place(name, secret)
        what = f"{place.text}:{tag}"
        answer = self._server.get(
            place, f"manifests/{tag}", what, headers=_ACCEPT, limit=_LIMIT, method="HEAD", given=given
        )
        told = answer.headers.get("docker-content-digest", "")
        if told.startswith("sha256:"):
            return told
        # A registry need not say the digest; the manifest's own bytes do.
        answer = self._server.get(place, f"manifests/{tag}", what, headers=_ACCEPT, limit=_LIMIT, given=given)
        return f"sha256:{answer.digest}"

    def inspect(
        self, name: ImageName, reference: str, secret: PullSecret | None = None, *, wanted: Sequence[Platform] = ()
    ) -> Inspected:
        """What a tag or digest leads to. Of an index one image is opened: the first for a wanted platform, or at all.

        An image with several tags is opened once: what a digest names never changes. Raises the errors of
        `mooring.errors`; `ConfigurationError` for what is no image.
        """
        place, given = self._place(name, secret)
        body, answer = self._manifest(place, reference, given)
        known = (place.text, f"sha256:{answer.digest}", tuple(wanted))
        seen = self._opened.get(known)
        if seen is None:
            seen = self._open(place, body, known[1], wanted, given)
            with self._lock:
                if len(self._opened) >= _OPENED:
                    self._opened.clear()
                self._opened[known] = seen
        return seen

    def _open(
        self,
        place: Place,
        body: dict[str, Any],
        digest: str,
        wanted: Sequence[Platform],
        given: ChartCredential | None,
    ) -> Inspected:
        platforms: tuple[Platform, ...] = ()
        if body.get("mediaType") in _INDEXES or "manifests" in body:
            members = [(each, platform) for each in _members(body) if (platform := _platform(each.get("platform")))]
            platforms = tuple(dict.fromkeys(platform for _, platform in members))
            fitting = [each for each, platform in members if not wanted or any(w.admits(platform) for w in wanted)]
            if not fitting:
                return Inspected(digest, 0.0, platforms, {})
            body, _ = self._manifest(place, str(fitting[0].get("digest")), given)
        config = self._config(place, body, given)
        found = _platform(config)
        inner = config.get("config")
        labels = inner.get("Labels") if isinstance(inner, dict) else None
        return Inspected(
            digest,
            _seconds(config.get("created")),
            platforms or ((found,) if found else ()),
            {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
        )

    def _manifest(self, place: Place, reference: str, given: ChartCredential | None) -> tuple[dict[str, Any], Answer]:
        what = f"{place.text}:{reference}"
        answer = self._server.get(place, f"manifests/{reference}", what, headers=_ACCEPT, limit=_LIMIT, given=given)
        if reference.startswith("sha256:") and reference != f"sha256:{answer.digest}":
            raise _damaged(place, reference)
        return read_object(answer, place, FIELD), answer

    def _config(self, place: Place, manifest: Mapping[str, Any], given: ChartCredential | None) -> dict[str, Any]:
        config = manifest.get("config")
        digest = config.get("digest") if isinstance(config, dict) else None
        if not isinstance(digest, str) or not digest.startswith("sha256:"):
            raise ConfigurationError(f"{place.text} has a manifest that is no image's", field=FIELD)
        answer = self._server.get(place, f"blobs/{digest}", f"{place.text}@{digest}", limit=_LIMIT, given=given)
        if digest != f"sha256:{answer.digest}":
            raise _damaged(place, digest)
        return read_object(answer, place, FIELD)

    def _place(self, name: ImageName, secret: PullSecret | None) -> tuple[Place, ChartCredential | None]:
        repository, endpoint = self.locate(name)
        if endpoint is None and repository.host not in self._guarded:
            self._guard(f"https://{repository.host}")
            with self._lock:
                self._guarded.add(repository.host)
        place = Place("oci", repository.host, repository.path, repository.text)
        secret = secret or (endpoint.pull_secret if endpoint else None)
        if secret is None:
            return place, None
        if self._pull_secrets is None:
            raise ConfigurationError("names a Secret, and none can be read here", field="pull-secret")
        found = login(secret, self._pull_secrets.read(secret), repository.text)
        return place, _dressed(found, endpoint)


class _Registered:
    """Registered logins, with what an administrator has set for their registries."""

    def __init__(self, credentials: ChartCredentials, endpoints: Sequence[RegistryEndpoint]) -> None:
        self._credentials = credentials
        self._endpoints = endpoints

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        """What is registered for an address, with its registry's settings."""
        text = url.removeprefix("oci://")
        fitting = [each for each in self._endpoints if f"{text}/".startswith(f"{each.prefix}/")]
        endpoint = max(fitting, key=lambda each: len(each.prefix), default=None)
        found = self._credentials.find(url, fresh=fresh)
        return found if endpoint is None else _dressed(found or ANONYMOUS, endpoint)

    def named(self, name: str) -> str | None:
        """Images are never named like this."""
        return self._credentials.named(name)


def _dressed(credential: ChartCredential, endpoint: RegistryEndpoint | None) -> ChartCredential:
    if endpoint is None:
        return credential
    return replace(
        credential,
        plain=endpoint.plain or credential.plain,
        insecure=endpoint.insecure or credential.insecure,
        authority=endpoint.authority or credential.authority,
    )


def _members(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    manifests = body.get("manifests")
    return [each for each in manifests if isinstance(each, dict)] if isinstance(manifests, list) else []


def _platform(value: object) -> Platform | None:
    """A platform out of an index or a configuration; None for attestations, which are for `unknown/unknown`."""
    if not isinstance(value, dict):
        return None
    system, architecture, variant = (value.get(key) for key in ("os", "architecture", "variant"))
    if not isinstance(system, str) or not isinstance(architecture, str) or "unknown" in (system, architecture):
        return None
    return Platform(system, architecture, variant if isinstance(variant, str) else "")


def _seconds(created: object) -> float:
    """Seconds since the epoch of a time as RFC 3339 writes it; 0 where there is none."""
    if not isinstance(created, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(created)
        return moment.timestamp() if moment.tzinfo else 0.0
    except ValueError:
        return 0.0


def _damaged(place: Place, reference: str) -> UnreachableError:
    return UnreachableError(f"{place.text}@{reference} has other bytes than its digest says; it is tried again")
