"""What a kubeconfig says about a cluster, in the form of Argo CD's cluster secret.

Certificates named by path are read and embedded, because the functions that will use them see no files of this machine.
An exec plugin is passed on by name: it runs where the functions run.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.yaml_reader import read_yaml

__all__ = ["read_kubeconfig"]


def read_kubeconfig(path: Path, context: str | None) -> tuple[str, dict[str, Any]]:
    """The server's address and the cluster secret's `config`. Raises `ConfigurationError`, naming what is missing."""
    try:
        documents = read_yaml(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read: {error}", field=str(path)) from error
    config = documents[0] if documents and isinstance(documents[0], dict) else {}
    name = context or config.get("current-context")
    if not name:
        raise ConfigurationError("has no current context: name one with --context", field=str(path))
    chosen = _entry(config, "contexts", "context", name)
    cluster = _entry(config, "clusters", "cluster", chosen.get("cluster"))
    user = _entry(config, "users", "user", chosen.get("user")) if chosen.get("user") else {}
    tls = {
        "caData": _data(cluster, "certificate-authority", path),
        "certData": _data(user, "client-certificate", path),
        "keyData": _data(user, "client-key", path),
        "serverName": cluster.get("tls-server-name"),
        "insecure": cluster.get("insecure-skip-tls-verify") or None,
    }
    result: dict[str, Any] = {"tlsClientConfig": {key: value for key, value in tls.items() if value}}
    token = user.get("token") or (_file(user["tokenFile"], path).decode().strip() if user.get("tokenFile") else None)
    if token:
        result["bearerToken"] = token
    if user.get("username"):
        result |= {"username": user["username"], "password": user.get("password", "")}
    if isinstance(user.get("exec"), dict):
        result["execProviderConfig"] = _exec(user["exec"])
    return str(cluster.get("server") or ""), result


def _entry(config: dict[str, Any], group: str, inner: str, name: object) -> dict[str, Any]:
    for entry in config.get(group) or []:
        if entry.get("name") == name:
            found: dict[str, Any] = entry.get(inner) or {}
            return found
    raise ConfigurationError(f"no entry named {name!r}", field=group)


def _data(entry: dict[str, Any], key: str, kubeconfig: Path) -> str | None:
    if entry.get(f"{key}-data"):
        return str(entry[f"{key}-data"])
    return base64.b64encode(_file(entry[key], kubeconfig)).decode() if entry.get(key) else None


def _file(name: str, kubeconfig: Path) -> bytes:
    path = kubeconfig.parent / name  # a relative path counts from the kubeconfig's folder
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"can't read: {error}", field=str(path)) from error


def _exec(plugin: dict[str, Any]) -> dict[str, Any]:
    environment = {item["name"]: item["value"] for item in plugin.get("env") or []}
    wanted = {
        "command": plugin.get("command"),
        "args": plugin.get("args"),
        "env": environment,
        "apiVersion": plugin.get("apiVersion"),
        "installHint": plugin.get("installHint"),
    }
    return {key: value for key, value in wanted.items() if value}
