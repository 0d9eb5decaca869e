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
    """Write a kubeconfig with one context that uses the bearer token; readable by us alone."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "local",
                "cluster": {"server": access.server, "certificate-authority-data": _encode(access.ca_data)},
            }
        ],
        "users": [{"name": "local", "user": {"token": access.token}}],
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
    token = user.get("token")
    if token is None and user.get("tokenFile"):
        token = _beside(path, user["tokenFile"]).read_text().strip()
    certificate, key = _pem(path, user, "client-certificate"), _pem(path, user, "client-key")
    if token is None and (certificate is None or key is None):
        raise AccessError(
            f"{path}: users.user: must hold a token or a client certificate with its key; create a token instead"
        )
    return Access(server.rstrip("/"), authority, token, certificate, key)


def _named(path: Path, config: dict[str, Any], section: str, name: object, kind: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if entry.get("name") == name and isinstance(entry.get(kind), dict):
            return dict(entry[kind])
    raise AccessError(f"{path}: {section}: has no entry {name!r}")


def _pem(path: Path, entry: dict[str, Any], name: str) -> str | None:
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return _beside(path, entry[name]).read_text() if entry.get(name) else None


def _beside(path: Path, name: str) -> Path:
    return path.parent / name


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
