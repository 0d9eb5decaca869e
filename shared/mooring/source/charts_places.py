"""Addresses of chart repositories and OCI registries.

A classic repository is an `https` (or, without credentials, `http`) address beside which `index.yaml` lies. A registry
is `oci://host/path`, or `host/path` without any scheme, as Argo CD writes it (user guide, "Helm"; "OCI"). Host names
compare without case, paths with it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.source.urls import FIELD, parse_url

__all__ = ["Place", "is_registry", "place_of"]

_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart: `scheme` is `https`, `http` or `oci`, `host` has its port where it isn't the usual
    one, `path` has no slash at either end. `text` is the address without a slash at its end.
    """

    scheme: str
    host: str
    path: str
    text: str

    @property
    def shown(self) -> str:
        """What errors call the place."""
        return f"{self.host}/{self.path}" if self.path else self.host


def is_registry(url: str) -> bool:
    """Whether an address names an OCI registry: it begins with `oci://`, or has no scheme."""
    return url.strip().lower().startswith("oci://") or "://" not in url


def place_of(url: str, *, prefix: bool = False, field: str = FIELD) -> Place:
    """Takes an address apart. Raises `ConfigurationError` for what is no repository of charts.

    `prefix` admits a registry without a path.
    """
    text = url.strip().rstrip("/")
    registry = is_registry(text)
    if registry:
        text = re.sub(r"^oci://", "", text, flags=re.IGNORECASE)
    parsed = parse_url(f"https://{text}" if registry else text, prefix=True, field=field)
    if parsed.scheme not in ("https", "http"):
        raise ConfigurationError("is no repository of charts; write https://host/path or oci://host/path", field=field)
    if parsed.user:
        raise ConfigurationError("must not hold a user; store a credential for this address instead", field=field)
    authority, _, path = text.split("://", 1)[-1].partition("/")
    if registry and path and not _REPOSITORY.fullmatch(path):
        raise ConfigurationError("names no repository of a registry; write it in lower-case letters", field=field)
    if registry and not path and not prefix:
        raise ConfigurationError("names a registry but no repository; add its path", field=field)
    return Place("oci" if registry else parsed.scheme, _host(authority, parsed.scheme), path, text)


def _host(authority: str, scheme: str) -> str:
    host = authority.lower()
    return host.removesuffix(":443" if scheme == "https" else ":80")
