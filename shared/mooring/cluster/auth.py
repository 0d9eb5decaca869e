"""How to reach an API server and who to be there, read from what users already have.

A cluster is registered with the JSON that Argo CD keeps under `config` in a cluster secret (Argo CD documentation,
"Declarative Setup", section Clusters), so an existing secret can be handed over as it is. It is read strictly: a
wrong type, an unknown field, or something Mooring can't honour is an error with the path of the field, since guessing
here would mean talking to the wrong server or to the right one as the wrong user.

Exec plugins don't run in a function: there is no binary to run and nobody to log in. The two that only mint EKS
tokens (`argocd-k8s-auth aws`, `aws eks get-token`) are understood and replaced by our own signing (`eks.py`).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import orjson

from mooring.errors import ConfigurationError

__all__ = ["BasicLogin", "BearerToken", "Connection", "Credentials", "EksLogin", "Tls"]


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token sent as it is, usually a service account's."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """User name and password, for a proxy in front of the API server (Kubernetes itself dropped them in 1.19)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EksLogin:
    """An EKS cluster's name, a role to assume first (empty: be who we are), and a region (empty: the function's)."""

    cluster_name: str
    role_arn: str = ""
    region: str = ""


Credentials: TypeAlias = BearerToken | BasicLogin | EksLogin | None
"""`None` where a client certificate is all there is."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What to trust and what to show: PEM bytes, empty where not given."""

    insecure: bool = False
    server_name: str = ""
    ca: bytes = b""
    cert: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """One API server (`https://host:port[/prefix]`), and who to be there."""

    server: str
    credentials: Credentials = None
    tls: Tls = Tls()

    @classmethod
    def from_argo(cls, server: str, config: str | bytes) -> Connection:
        """Read `server` and `config` of an Argo CD cluster secret. Raises `ConfigurationError`."""
        return cls(_server(server), *_config(_decode(config)))

    def to_argo(self) -> str:
        """The `config` JSON that `from_argo` reads back into the same connection; it holds the secrets."""
        config: dict[str, Any] = {}
        match self.credentials:
            case BearerToken(token):
                config["bearerToken"] = token
            case BasicLogin(username, password):
                config |= {"username": username, "password": password}
            case EksLogin(cluster_name, role_arn, region):
                # Argo CD has no field for a region; only its exec form carries one, as an argument of the AWS CLI.
                if region:
                    arguments = ["eks", "get-token", "--cluster-name", cluster_name, "--region", region]
                    arguments += ["--role-arn", role_arn] if role_arn else []
                    config["execProviderConfig"] = {"command": "aws", "args": arguments}
                else:
                    config["awsAuthConfig"] = {"clusterName": cluster_name} | (
                        {"roleARN": role_arn} if role_arn else {}
                    )
            case None:
                pass
        tls: dict[str, Any] = {"insecure": self.tls.insecure}
        if self.tls.server_name:
            tls["serverName"] = self.tls.server_name
        for name, pem in (("caData", self.tls.ca), ("certData", self.tls.cert), ("keyData", self.tls.key)):
            if pem:
                tls[name] = base64.b64encode(pem).decode()
        return orjson.dumps(config | {"tlsClientConfig": tls}).decode()


def _decode(config: str | bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(config or b"{}")
    except orjson.JSONDecodeError:
        # The decoder's own message quotes the text, which holds the token.
        raise ConfigurationError("must be JSON; copy it unchanged from the cluster secret", field="config") from None
    return _section(value, "config")


def _server(server: str) -> str:
    parts = urlsplit(server)
    if (
        parts.scheme not in {"https", "http"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ConfigurationError("must be the address of an API server, like https://10.0.0.1:6443", field="server")
    return server.rstrip("/")


def _config(config: dict[str, Any]) -> tuple[Credentials, Tls]:
    known = {"username", "password", "bearerToken", "tlsClientConfig", "awsAuthConfig", "execProviderConfig"}
    _only(config, "config", known | {"disableCompression", "proxyUrl"})
    if config.get("proxyUrl"):
        raise ConfigurationError(
            "is not supported yet: reach the API server directly, or run the function inside its network",
            field="config.proxyUrl",
        )
    logins: list[Credentials] = []
    if token := _text(config, "config", "bearerToken"):
        logins.append(BearerToken(token))
    username, password = _text(config, "config", "username"), _text(config, "config", "password")
    if username or password:
        logins.append(BasicLogin(username, password))
    if (aws := config.get("awsAuthConfig")) is not None:
        logins.append(_aws(_section(aws, "config.awsAuthConfig")))
    if (plugin := config.get("execProviderConfig")) is not None:
        logins.append(from_exec(_section(plugin, "config.execProviderConfig"), "config.execProviderConfig"))
    if len(logins) > 1:
        raise ConfigurationError(
            "names more than one way to log in; keep one of bearerToken, username and password, awsAuthConfig, "
            "execProviderConfig",
            field="config",
        )
    return (logins[0] if logins else None), _tls(config.get("tlsClientConfig"))


def _tls(value: object) -> Tls:
    where = "config.tlsClientConfig"
    section = _section({} if value is None else value, where)
    _only(section, where, {"insecure", "serverName", "caData", "certData", "keyData"})
    insecure = section.get("insecure", False)
    if not isinstance(insecure, bool):
        raise ConfigurationError("must be true or false", field=f"{where}.insecure")
    tls = Tls(
        insecure,
        _text(section, where, "serverName"),
        pem(section, where, "caData"),
        pem(section, where, "certData"),
        pem(section, where, "keyData"),
    )
    if insecure and tls.ca:
        raise ConfigurationError("can't be combined with caData; remove one of them", field=f"{where}.insecure")
    if bool(tls.cert) != bool(tls.key):
        missing = "keyData" if tls.cert else "certData"
        raise ConfigurationError("is missing: a client certificate needs its key", field=f"{where}.{missing}")
    return tls


def _aws(section: dict[str, Any]) -> EksLogin:
    where = "config.awsAuthConfig"
    _only(section, where, {"clusterName", "roleARN", "profile"})
    if section.get("profile"):
        raise ConfigurationError(
            "is not supported: a function has no AWS profiles; use roleARN", field=f"{where}.profile"
        )
    name = _text(section, where, "clusterName")
    if not name:
        raise ConfigurationError("must name the EKS cluster", field=f"{where}.clusterName")
    return EksLogin(name, _text(section, where, "roleARN"))


def from_exec(section: dict[str, Any], where: str) -> EksLogin:
    """An exec plugin's section that only mints EKS tokens, as a login of our own. Raises `ConfigurationError`."""
    command, arguments = section.get("command"), section.get("args") or []
    words = [word for word in arguments if isinstance(word, str)]
    name = command.rsplit("/", 1)[-1] if isinstance(command, str) else ""
    if (name == "argocd-k8s-auth" and words[:1] == ["aws"]) or (name == "aws" and {"eks", "get-token"} <= set(words)):
        options = _options(words)
        if cluster := options.get("--cluster-name"):
            role = options.get("--role-arn") or options.get("--role") or ""
            return EksLogin(cluster, role, options.get("--region", ""))
    raise ConfigurationError(
        "is not supported: exec plugins can't run in a function; use awsAuthConfig for EKS, "
        "or the bearerToken of a service account",
        field=where,
    )


def _options(words: list[str]) -> dict[str, str]:
    """`--name value` and `--name=value` of a command line."""
    options: dict[str, str] = {}
    for position, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, equals, value = word.partition("=")
        if equals:
            options[name] = value
        elif position + 1 < len(words):
            options[name] = words[position + 1]
    return options


def pem(section: dict[str, Any], where: str, name: str) -> bytes:
    """Base64 of PEM text in a field; empty where the field is absent. Raises `ConfigurationError`."""
    text = _text(section, where, name)
    if not text:
        return b""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError("must be base64", field=f"{where}.{name}") from None
    if b"-----BEGIN " not in value:
        raise ConfigurationError("must be base64 of PEM text (-----BEGIN …)", field=f"{where}.{name}")
    return value


def _section(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError("must be an object", field=where)
    return value


def _text(section: dict[str, Any], where: str, name: str) -> str:
    value = section.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigurationError("must be text", field=f"{where}.{name}")
    return value


def _only(section: dict[str, Any], where: str, known: set[str]) -> None:
    for name in section:
        if name not in known:
            raise ConfigurationError(
                f"is not a known field; known are {', '.join(sorted(known))}", field=f"{where}.{name}"
            )
