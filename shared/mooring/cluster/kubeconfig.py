"""Read a kubeconfig: a file of a person or of the local stack, or the text in a secret, which has to stand `alone`.

Tokens, certificates and passwords are read here, without the `kubernetes` package, which takes a third of a second to
import. Only an exec plugin that isn't one of the EKS ones is handed to that package, which runs the plugin once; what
the plugin returns is used until it expires, so a long-lived process has to read its kubeconfig again.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from mooring.cluster.auth import BasicLogin, BearerToken, Connection, Credentials, Tls, from_exec, pem
from mooring.errors import ConfigurationError

__all__ = ["from_kubeconfig"]


def from_kubeconfig(source: str | Path, context: str | None = None, *, alone: bool = False) -> Connection:
    """The connection that a kubeconfig describes; `source` is a path (as `Path`) or the text itself.

    Uses `context`, else the file's current one. Relative paths inside are relative to the file, as kubectl reads them
    (Kubernetes documentation, "Organizing Cluster Access Using kubeconfig Files"). With `alone` no file is read and no
    plugin run. Raises `ConfigurationError`.
    """
    folder = source.parent if isinstance(source, Path) else Path()
    try:
        text = source.read_text() if isinstance(source, Path) else source
        config = yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}", field=str(source)) from error
    except yaml.YAMLError:
        raise ConfigurationError("is not YAML", field="kubeconfig") from None
    if not isinstance(config, dict):
        raise ConfigurationError("must be a mapping with clusters, users and contexts", field="kubeconfig")
    wanted = context or config.get("current-context") or ""
    chosen = _named(config, "contexts", "context", wanted)
    cluster = _named(config, "clusters", "cluster", chosen.get("cluster") or "")
    user = _named(config, "users", "user", chosen["user"]) if chosen.get("user") else {}
    server = cluster.get("server")
    if not isinstance(server, str) or not server:
        raise ConfigurationError("is missing", field=f"clusters[{chosen.get('cluster')}].cluster.server")
    if cluster.get("proxy-url"):
        raise ConfigurationError("is not supported", field=f"clusters[{chosen.get('cluster')}].cluster.proxy-url")
    if alone:
        _refuse_what_is_elsewhere(cluster, user)
    credentials, cert, key = _login(user, cluster, folder)
    tls = Tls(
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        server_name=cluster.get("tls-server-name") or "",
        ca=_material(cluster, "certificate-authority", folder),
        cert=cert,
        key=key,
    )
    return Connection(server.rstrip("/"), credentials, tls)


def _refuse_what_is_elsewhere(cluster: dict[str, Any], user: dict[str, Any]) -> None:
    for section, name in ((cluster, "certificate-authority"), (user, "client-certificate"), (user, "client-key")):
        if section.get(name) and not section.get(f"{name}-data"):
            raise ConfigurationError(
                "names a file, and there is none here; embed it (`kubectl config view --flatten --minify`)",
                field=f"kubeconfig.{name}",
            )
    if user.get("tokenFile") and not user.get("token"):
        raise ConfigurationError("names a file, and there is none here; give token", field="kubeconfig.tokenFile")
    if isinstance(plugin := user.get("exec"), dict) and not any(user.get(name) for name in ("token", "username")):
        from_exec(plugin, "kubeconfig.users[].user.exec")


def _named(config: dict[str, Any], plural: str, singular: str, name: str) -> dict[str, Any]:
    entries = config.get(plural)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(singular), dict):
            section: dict[str, Any] = entry[singular]
            return section
    raise ConfigurationError(f"has no entry named {name!r}", field=f"kubeconfig.{plural}")


def _login(user: dict[str, Any], cluster: dict[str, Any], folder: Path) -> tuple[Credentials, bytes, bytes]:
    cert, key = _material(user, "client-certificate", folder), _material(user, "client-key", folder)
    if token := user.get("token"):
        return BearerToken(token), cert, key
    if path := user.get("tokenFile"):
        return BearerToken(_file(folder / path, "tokenFile").decode().strip()), cert, key
    if user.get("username"):
        return BasicLogin(user["username"], user.get("password") or ""), cert, key
    if isinstance(plugin := user.get("exec"), dict):
        try:
            return from_exec(plugin, "users[].user.exec"), cert, key
        except ConfigurationError:
            return _run(plugin, cluster, folder)
    if "auth-provider" in user:
        raise ConfigurationError("was removed from Kubernetes 1.26; use exec", field="users[].user.auth-provider")
    return None, cert, key


def _run(plugin: dict[str, Any], cluster: dict[str, Any], folder: Path) -> tuple[Credentials, bytes, bytes]:
    """Run an exec plugin once, by the `kubernetes` package, which knows the versions of its protocol."""
    # Through Any: the package ships no types for these.
    provider: Any = import_module("kubernetes.config.exec_provider").ExecProvider
    node: Any = import_module("kubernetes.config.kube_config").ConfigNode

    field = "users[].user.exec"
    try:
        status = provider(node("exec", plugin), str(folder), node("cluster", cluster)).run()
    except Exception as error:
        raise ConfigurationError(
            f"the plugin {plugin.get('command')} failed; run it by hand to see why", field=field
        ) from error
    token, cert, key = (status.get(name) or "" for name in ("token", "clientCertificateData", "clientKeyData"))
    return (BearerToken(token) if token else None), cert.encode(), key.encode()


def _material(section: dict[str, Any], name: str, folder: Path) -> bytes:
    """`<name>-data` (base64), else the file that `<name>` points to, else nothing."""
    if section.get(f"{name}-data"):
        return pem(section, "kubeconfig", f"{name}-data")
    return _file(folder / section[name], name) if section.get(name) else b""


def _file(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}", field=f"kubeconfig.{field}") from error
