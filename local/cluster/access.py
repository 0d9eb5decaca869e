"""How to reach one API server: address, authority, and a credential; and the kubeconfig file that says the same.

A kubeconfig is read as far as a machine can use it alone: a bearer token or a client certificate. One that runs a
program or asks for a password is refused with what to do instead, because what starts here has to work unattended.
See the page "Organizing Cluster Access Using kubeconfig Files" of the Kubernetes documentation.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Access", "AccessError", "read_kubeconfig", "write_kubeconfig"]


class AccessError(Exception):
    """A kubeconfig can't be used; names the field, and what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """An API server as a client sees it. Certificates and key are PEM; `token` or the client pair is set, or both."""

    server: str
    ca_data: str
    token: str | None = field(default=None, repr=False)
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)


def write_kubeconfig(path: Path, access: Access) -> Path:
    """Write a kubeconfig whose one context uses the credentials that there are; readable by us alone."""
    texts = {"token": access.token}
    if access.client_certificate and access.client_key:
        texts["client-certificate-data"] = _encode(access.client_certificate)
        texts["client-key-data"] = _encode(access.client_key)
    cluster = {
        "server": access.server,
        "certificate-authority-data": _encode(access.ca_data),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [
            {
                "name": "local",
                "user": {name: text for name, text in texts.items() if text},
            }
        ],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        "current-context": "local",
    }
    path.touch(0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def read_kubeconfig(path: Path) -> Access:
    """What the current context of a kubeconfig says. Raises `AccessError`."""
    try:
        config = yaml.safe_load(path.read_text())
    except OSError as error:
        raise AccessError(f"{path} can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise AccessError(f"{path} is not YAML") from error
    if not isinstance(config, dict) or not config.get("current-context"):
        raise AccessError(f"{path}: current-context: must name a context; set one with kubectl config use-context")
    context = _named(path, config, "contexts", config["current-context"], "context")
    cluster = _named(path, config, "clusters", context.get("cluster"), "cluster")
    user = _named(path, config, "users", context.get("user"), "user")
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith("https://"):
        raise AccessError(f"{path}: clusters.cluster.server: must be an https address")
    authority = _pem(path, cluster, "certificate-authority")
    if authority is None:
        raise AccessError(
            f"{path}: clusters.cluster.certificate-authority-data: must be set; give the cluster's authority"
        )
    token = user.get("token") or _file(path, user, "tokenFile")
    certificate, key = (
        _pem(path, user, "client-certificate"),
        _pem(path, user, "client-key"),
    )
    if token is None and (certificate is None or key is None):
        raise AccessError(
            f"{path}: users.user: must hold a token or a client certificate with its key; create a token instead"
        )
    return Access(
        server.rstrip("/"),
        authority,
        token.strip() if token else None,
        certificate,
        key,
    )


def _named(path: Path, config: dict[str, Any], section: str, name: object, kind: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if entry.get("name") == name and isinstance(entry.get(kind), dict):
            return dict(entry[kind])
    raise AccessError(f"{path}: {section}: has no entry {name!r}")


def _pem(path: Path, entry: dict[str, Any], name: str) -> str | None:
    data = entry.get(f"{name}-data")
    if not data:
        return _file(path, entry, name)
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError as error:
        raise AccessError(f"{path}: {name}-data: is not base64") from error


def _file(path: Path, entry: dict[str, Any], name: str) -> str | None:
    if not entry.get(name):
        return None
    try:
        return Path(path.parent, entry[name]).read_text()
    except OSError as error:
        raise AccessError(f"{path}: {name}: {entry[name]} can't be read: {error.strerror}") from error


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
