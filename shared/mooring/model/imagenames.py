"""Names of images as people and manifests write them: `nginx`, `ghcr.io/shop/web:v1`, `host:5000/web@sha256:…`.

A name without a registry means the default one, Docker Hub unless an administrator says otherwise, and one without a
folder there means `library/` (Distribution, "References"). Two spellings of the same image are the same `repository`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mooring.errors import ConfigurationError

__all__ = ["DOCKER_HUB", "TAG", "ImageName", "ImageReference", "parse_image", "parse_name"]

DOCKER_HUB: Final = "docker.io"
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")

_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_REGISTRY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
_HUBS = ("docker.io", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True, slots=True, order=True)
class ImageName:
    """An image without tag and digest. `registry` is empty where none was written; `text` is the name as it was."""

    registry: str
    path: str

    @property
    def text(self) -> str:
        """The name as it was written, which is what goes into manifests."""
        return f"{self.registry}/{self.path}" if self.registry else self.path

    @property
    def repository(self) -> str:
        """One spelling for all names of the same image: `docker.io/library/nginx`."""
        registry = self.registry.lower() or DOCKER_HUB
        if registry not in _HUBS:
            return f"{registry}/{self.path}"
        return f"{DOCKER_HUB}/{self.path if '/' in self.path else f'library/{self.path}'}"


@dataclass(frozen=True, slots=True, order=True)
class ImageReference:
    """An image with what follows its name; `tag` and `digest` are empty where they weren't written."""

    name: ImageName
    tag: str = ""
    digest: str = ""

    @property
    def text(self) -> str:
        """As it stands in a manifest."""
        return self.name.text + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def version(self) -> str:
        """What people call it: the tag, else the digest."""
        return self.tag or self.digest


def parse_name(text: str, *, field: str) -> ImageName:
    """A name without tag or digest. Raises `ConfigurationError` for what can be no image."""
    registry, path = _split(text)
    if (registry and not _REGISTRY.fullmatch(registry)) or not _PATH.fullmatch(path):
        raise ConfigurationError(f"{text!r} is no name of an image; write it as registry/path/name", field=field)
    return ImageName(registry, path)


def parse_image(text: str, *, field: str) -> ImageReference:
    """A name with its tag and digest, where it has them. Raises `ConfigurationError`."""
    rest, at, digest = text.strip().partition("@")
    folder, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    if (colon and not TAG.fullmatch(tag)) or (at and not _DIGEST.fullmatch(digest)):
        raise ConfigurationError(f"{text!r} has a tag or digest that can't be one; correct it", field=field)
    return ImageReference(parse_name(f"{folder}{slash}{last}", field=field), tag, digest)


def _split(text: str) -> tuple[str, str]:
    """The registry and the rest: the first part is a registry where it has a dot or a port, or is localhost."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", text
