"""Registries of images that need settings of their own: Image Updater's `registries.conf`.

Most need none: a name says where its registry is, and the login is one that is registered (Argo CD Image Updater,
"Configuration of Container Registries"). What its file says of paths and scripts on its own machine is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.model.imagenames import DOCKER_HUB, ImageName
from mooring.model.imagesettings import PullSecret, parse_pull_secret

__all__ = ["DEFAULT_LIMIT", "Order", "RegistryEndpoint", "Repository", "locate", "parse_registries"]

Order = Literal["", "latest-first", "latest-last"]

DEFAULT_LIMIT: Final = 100.0
"""Requests a second, for a registry of which nothing else is said; with Image Updater's 20, 500 images take 25 s."""

_HUB_API: Final = "registry-1.docker.io"
_ORDERS: Final[dict[str, Order]] = {"": "", "none": "", "latest-first": "latest-first", "latest-last": "latest-last"}


@dataclass(frozen=True, slots=True)
class RegistryEndpoint:
    """Settings for images whose names begin with `prefix`. `host` has its port where it isn't the usual one.

    `order` says that the registry sorts its tags by time, so that `newest-build` needs no look into images. `plain` is
    HTTP without TLS; `limit` are requests a second, none where it is 0; `authority` is in PEM.
    """

    prefix: str
    host: str
    namespace: str = ""
    default: bool = False
    plain: bool = False
    insecure: bool = False
    authority: str = ""
    limit: float = DEFAULT_LIMIT
    order: Order = ""
    pull_secret: PullSecret | None = None


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """Where an image lies: `text` is what logins are found by, `host` and `path` are what is asked."""

    text: str
    host: str
    path: str


def locate(name: ImageName, endpoints: Iterable[RegistryEndpoint]) -> tuple[Repository, RegistryEndpoint | None]:
    """Where an image lies, and the settings of its registry where somebody has made any: the longest prefix counts."""
    endpoints = tuple(endpoints)
    if not name.registry and (own := next((each for each in endpoints if each.default), None)):
        path = name.path if "/" in name.path or not own.namespace else f"{own.namespace}/{name.path}"
        return Repository(f"{own.prefix}/{path}", own.host, path), own
    text = name.repository
    fitting = [each for each in endpoints if f"{text}/".startswith(f"{each.prefix}/")]
    endpoint = max(fitting, key=lambda each: len(each.prefix), default=None)
    registry, _, path = text.partition("/")
    if endpoint is not None and endpoint.namespace and "/" not in path:
        path = f"{endpoint.namespace}/{path}"
        text = f"{registry}/{path}"
    host = _HUB_API if registry == DOCKER_HUB else registry
    return Repository(text, endpoint.host if endpoint else host, path), endpoint


def parse_registries(document: object) -> tuple[RegistryEndpoint, ...]:
    """The registries of a decoded `registries.conf`. Raises `ConfigurationError` with the path of what is wrong."""
    warnings: list[str] = []
    top = Fields(document, "", warnings)
    found = tuple(_endpoint(each) for each in top.mappings("registries"))
    top.close()
    for each in found:
        if sum(other.prefix == each.prefix for other in found) > 1:
            raise ConfigurationError(f"has the prefix {each.prefix} twice; remove one", field="registries")
    if sum(each.default for each in found) > 1:
        raise ConfigurationError("names several default registries; keep one", field="registries")
    if warnings:
        field = warnings[0].partition(":")[0]
        raise ConfigurationError("is no setting of a registry; remove it", field=field)
    return found


def _endpoint(block: Fields) -> RegistryEndpoint:
    block.required_text("name")
    prefix = block.required_text("prefix").lower().rstrip("/")
    api = block.text("api_url") or f"https://{_HUB_API if prefix == DOCKER_HUB else prefix.partition('/')[0]}"
    parts = urlsplit(api.rstrip("/"))
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query or "@" in parts.netloc:
        raise block.error("api_url", "must be https://host or https://host:port, without a path")
    if block.has("ca_file"):
        raise block.error("ca_file", "names a file on Image Updater's own machine; give the certificate in ca_data")
    order = _ORDERS.get(block.text("tagsortmode").lower())
    if order is None:
        raise block.error("tagsortmode", "must be latest-first, latest-last or none")
    secret = block.text("credentials")
    block.ignore("credsexpire", "ping")  # logins are read anew by themselves
    limit = block.integer("limit", int(DEFAULT_LIMIT))
    if limit < 0:
        raise block.error("limit", "must not be negative; 0 is no limit")
    endpoint = RegistryEndpoint(
        prefix=prefix,
        host=parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80"),
        namespace=block.text("defaultns") or ("library" if prefix == DOCKER_HUB else ""),
        default=block.boolean("default", default=False),
        plain=parts.scheme == "http",
        insecure=block.boolean("insecure", default=False),
        authority=block.text("ca_data"),
        limit=float(limit),
        order=order,
        pull_secret=parse_pull_secret(secret, field=f"{block.path}.credentials") if secret else None,
    )
    block.close()
    return endpoint
