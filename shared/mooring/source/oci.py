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

from mooring.errors import ConfigurationError, UnreachableError
from mooring.source.charts_credentials import ChartCredentials
from mooring.source.charts_http import Web
from mooring.source.charts_places import Place
from mooring.source.distribution import Distribution, read_object
from mooring.source.oci_auth import EcrPasswords
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
        self._server = Distribution(web, credentials, ecr=ecr)

    def tags(self, place: Place) -> list[str]:
        """All tags of a repository, as versions (`_` is `+`)."""
        names = self._server.tags(place, f"the versions of {place.shown}")
        return [name.replace("_", "+") for name in names]

    def content(self, place: Place, revision: str) -> Content:
        """What a tag, version or digest holds. Raises `ConfigurationError` where it is no single archive."""
        reference = revision if is_digest(revision) else revision.replace("+", "_")
        if not is_digest(reference) and not _TAG.fullmatch(reference):
            raise ConfigurationError(f"{revision!r} can be no tag of a registry", field="spec.source.targetRevision")
        what = f"{place.shown}:{revision}"
        answer = self._server.get(
            place, f"manifests/{reference}", what, headers={"Accept": _ACCEPT}, limit=_MANIFEST_LIMIT
        )
        told = reference if is_digest(reference) else answer.headers.get("docker-content-digest", "")
        if told.startswith("sha256:") and told != f"sha256:{answer.digest}":
            raise _damaged(what)
        body = read_object(answer, place)
        if body.get("mediaType") in _INDEXES or "manifests" in body:
            raise ConfigurationError(f"{what} is an index of images; name a chart or one archive", field=FIELD)
        return _content(body, answer.digest, what)

    def download(self, place: Place, content: Content, into: Path, *, limit: int) -> None:
        """Writes an archive to a file, checked against its digest."""
        what = f"the archive of {place.shown}"
        if content.size > limit:
            raise ConfigurationError(f"{what} is larger than {limit >> 20} MiB, which is too large", field=FIELD)
        answer = self._server.get(place, f"blobs/sha256:{content.archive}", what, limit=limit, into=into)
        if answer.digest != content.archive:
            raise _damaged(what)


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


def _damaged(what: str) -> UnreachableError:
    return UnreachableError(f"{what} does not have the digest that it is named by; it is tried again", field=FIELD)
