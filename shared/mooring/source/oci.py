"""What an OCI registry says about charts: tags, manifests and blobs, by the distribution specification.

A version of a chart is a tag (`+`, which tags can't have, is written `_`; Helm, "Use OCI-based registries"). The tag
leads to a manifest and that to a layer with the archive; the bytes of both are checked against the digests that name
them. Lists of tags come in pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import orjson

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.charts_credentials import ANONYMOUS, ChartCredential, ChartCredentials
from mooring.source.charts_http import Answer, Web, origin, refusal
from mooring.source.charts_places import Place
from mooring.source.oci_auth import EcrPasswords, Tokens
from mooring.source.urls import FIELD

__all__ = ["Content", "Registries", "is_digest"]

_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_CHARTS = (_CHART, "application/tar+gzip")
_ARCHIVES = (
    *_CHARTS,
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_PAGE: Final = 1000
_MOST_TAGS: Final = 100_000
_MANIFEST_LIMIT: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What a tag holds: the digests (hex) of its manifest and its archive, the archive's size in bytes, and whether
    the archive is a chart's.
    """

    manifest: str
    archive: str
    size: int
    chart: bool


def is_digest(revision: str) -> bool:
    """Whether a revision names a manifest by its digest, `sha256:…`."""
    return _DIGEST.fullmatch(revision) is not None


class Registries:
    """OCI registries, with what they ask for."""

    def __init__(self, web: Web, credentials: ChartCredentials, *, ecr: EcrPasswords | None = None) -> None:
        self._web = web
        self._credentials = credentials
        self._tokens = Tokens(web)
        self._ecr = ecr

    def tags(self, place: Place) -> list[str]:
        """All tags of a repository, as versions (`_` is `+`)."""
        found: list[str] = []
        path = f"tags/list?n={_PAGE}"
        while path:
            answer = self._get(place, path, f"the versions of {place.shown}", limit=_MANIFEST_LIMIT)
            names = _object(answer, place).get("tags") or []
            if not isinstance(names, list) or len(found) > _MOST_TAGS:
                raise ConfigurationError(f"{place.shown} has no usable list of tags", field=FIELD)
            found += [name.replace("_", "+") for name in names if isinstance(name, str)]
            path = _next(answer, place) if names else ""
        return found

    def content(self, place: Place, revision: str) -> Content:
        """What a tag, version or digest holds. Raises `ConfigurationError` where it is no single archive."""
        reference = revision if is_digest(revision) else revision.replace("+", "_")
        if not is_digest(reference) and not _TAG.fullmatch(reference):
            raise ConfigurationError(f"{revision!r} can be no tag of a registry", field="spec.source.targetRevision")
        what = f"{place.shown}:{revision}"
        answer = self._get(place, f"manifests/{reference}", what, headers={"Accept": _ACCEPT}, limit=_MANIFEST_LIMIT)
        told = reference if is_digest(reference) else answer.headers.get("docker-content-digest", "")
        if told.startswith("sha256:") and told != f"sha256:{answer.digest}":
            raise _damaged(what)
        body = _object(answer, place)
        if body.get("mediaType") in _INDEXES or "manifests" in body:
            raise ConfigurationError(f"{what} is an index of images; name a chart or one archive", field=FIELD)
        return _content(body, answer.digest, what)

    def download(self, place: Place, content: Content, into: Path, *, limit: int) -> None:
        """Writes an archive to a file, checked against its digest."""
        what = f"the archive of {place.shown}"
        if content.size > limit:
            raise ConfigurationError(f"{what} is larger than {limit >> 20} MiB, which is too large", field=FIELD)
        answer = self._get(place, f"blobs/sha256:{content.archive}", what, limit=limit, into=into)
        if answer.digest != content.archive:
            raise _damaged(what)

    def _get(
        self,
        place: Place,
        path: str,
        what: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int,
        into: Path | None = None,
    ) -> Answer:
        tried: ChartCredential | None = None
        for fresh in (False, True):
            credential = self._credential(place, fresh=fresh)
            if credential == tried:
                break
            tried = credential
            url = path if "://" in path else f"{_scheme(credential)}://{place.host}/v2/{place.path}/{path}"
            header = "" if fresh else self._tokens.known(place, credential)
            for _ in range(2):
                answer = self._web.get(
                    url, credential=credential, authorization=header, headers=headers, limit=limit, into=into
                )
                if answer.status != 401 or origin(answer.url) != origin(url):
                    break
                header = self._tokens.ask(place, credential, answer)
                if not header:
                    break
            if answer.status == 200:
                return answer
            if answer.status not in (401, 403):
                break
        raise refusal(answer, what, known=bool(credential.authorization))

    def _credential(self, place: Place, *, fresh: bool) -> ChartCredential:
        credential = self._credentials.find(f"oci://{place.text}", fresh=fresh) or ANONYMOUS
        if credential.authorization or self._ecr is None:
            return credential
        return self._ecr.credential(place, credential)


def _scheme(credential: ChartCredential) -> str:
    return "http" if credential.plain else "https"


def _content(body: Mapping[str, Any], digest: str, what: str) -> Content:
    layers = body.get("layers")
    layers = [each for each in layers if isinstance(each, dict)] if isinstance(layers, list) else []
    charts = [layer for layer in layers if layer.get("mediaType") in _CHARTS]
    usable = charts or [layer for layer in layers if layer.get("mediaType") in _ARCHIVES]
    if len(usable) != 1 or (not charts and len(layers) != 1):
        raise ConfigurationError(
            f"{what} holds {len(layers)} layers and no single archive of a chart or of manifests; push it with "
            "`helm push`, or as one .tar.gz layer",
            field=FIELD,
        )
    name, size = usable[0].get("digest"), usable[0].get("size")
    if not isinstance(name, str) or not is_digest(name) or not isinstance(size, int):
        raise ConfigurationError(f"{what} has a manifest without a usable digest", field=FIELD)
    return Content(digest, name.removeprefix("sha256:"), size, bool(charts))


def _object(answer: Answer, place: Place) -> dict[str, Any]:
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise ConfigurationError(f"{place.host} does not answer as a registry does; check the address", field=FIELD)
    return body


def _next(answer: Answer, place: Place) -> str:
    """The address of the next page, which has to be on the same server; empty at the end."""
    match = re.search(r'<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
    if match is None:
        return ""
    url: str = urljoin(answer.url, match[1])
    if origin(url) != origin(answer.url) or url == answer.url:
        raise ConfigurationError(f"{place.host} continues its list of tags elsewhere; that isn't followed", field=FIELD)
    return url


def _damaged(what: str) -> UnreachableError:
    return UnreachableError(f"{what} does not have the digest that it is named by; it is tried again", field=FIELD)
