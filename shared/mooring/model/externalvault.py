"""HashiCorp Vault as a `SecretStore` names it: where it is, which KV engine, and by which login it is read.

Source of the fields: external-secrets.io, "HashiCorp Vault"; Vault, "Auth methods". A login that keeps keys where only
a cluster could read them, or that Mooring does not speak, is refused by name.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mooring.errors import ConfigurationError
from mooring.model.externalaws import AwsLogin, aws_login
from mooring.model.externalkeys import AccountRef, KeyRef, account_ref, key_ref, needed_ref
from mooring.model.fields import Fields

__all__ = [
    "AppRoleLogin",
    "CaRef",
    "IamLogin",
    "JwtLogin",
    "NameLogin",
    "TokenLogin",
    "VaultAccess",
    "vault_access",
]

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_ABOUT = "docs/external-secrets.md lists what is supported"
_LOGINS = ("tokenSecretRef", "appRole", "kubernetes", "jwt", "userPass", "ldap", "iam")


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """A token that was made beforehand."""

    token: KeyRef


@dataclass(frozen=True, slots=True)
class AppRoleLogin:
    """A role id, by itself or behind a reference, and the secret id that belongs to it."""

    path: str
    role_id: str | KeyRef
    secret_id: KeyRef


@dataclass(frozen=True, slots=True)
class JwtLogin:
    """A token for the methods Kubernetes and JWT: kept, or asked of the destination's cluster for so many seconds."""

    path: str
    role: str
    token: KeyRef | AccountRef
    seconds: int = 600


@dataclass(frozen=True, slots=True)
class NameLogin:
    """A name and its password, for the methods userpass and LDAP."""

    path: str
    user: str
    password: KeyRef


@dataclass(frozen=True, slots=True)
class IamLogin:
    """An AWS role that is assumed (by `aws`, or as the function), or empty where that login is shown itself.

    `server_id` is what Vault wants in `X-Vault-AWS-IAM-Server-ID`.
    """

    path: str
    region: str
    aws_role: str
    external_id: str
    role: str
    server_id: str
    aws: AwsLogin | None = None


Login: TypeAlias = TokenLogin | AppRoleLogin | JwtLogin | NameLogin | IamLogin


@dataclass(frozen=True, slots=True)
class CaRef:
    """A key of a ConfigMap or Secret with the authority's certificate; `field` is where it stands, for errors."""

    kind: str
    namespace: str
    name: str
    key: str
    field: str

    def certificate(self, manifest: Mapping[str, Any]) -> str:
        """The certificate in the manifest. Raises `ConfigurationError` where there is none."""
        data, plain = manifest.get("data") or {}, manifest.get("stringData") or {}
        text = plain.get(self.key) if self.kind == "Secret" else None
        text = data.get(self.key) if text is None else text
        if self.kind == "Secret" and self.key not in plain:
            try:
                text = base64.b64decode(text or "", validate=True).decode("ascii")
            except (binascii.Error, ValueError, TypeError):
                text = ""
        if not isinstance(text, str) or _CERTIFICATE not in text:
            raise ConfigurationError(
                f"must name a certificate in PEM: the {self.kind} {self.name} has none at {self.key!r}",
                field=self.field,
            )
        return text


@dataclass(frozen=True, slots=True)
class VaultAccess:
    """One KV engine. `path` is its mount, empty where keys begin with it; `ca` is PEM text, empty for public ones."""

    server: str
    path: str
    version: int
    namespace: str
    login_namespace: str
    login: Login
    ca: str = field(default="", repr=False)
    forward: bool = False
    ca_ref: CaRef | None = None

    def split(self, key: str) -> tuple[str, str]:
        """The engine's mount and the path in it; a key may begin with the mount, and with `data` behind that."""
        if self.path:
            mount = self.path
            rest = "" if key == mount else key.removeprefix(f"{mount}/")
        else:
            mount, _, rest = key.partition("/")
        return mount, rest.removeprefix("data/") if self.version == 2 else rest


def vault_access(vault: Fields, namespace: str) -> VaultAccess:
    """Reads `spec.provider.vault`; `namespace` is the store's, empty for a ClusterSecretStore.

    Raises `ConfigurationError` with the field's path.
    """
    server = vault.required_text("server").rstrip("/")
    version = vault.text("version") or "v2"
    if version not in ("v1", "v2"):
        raise vault.error("version", f"must be v1 or v2, not {version!r}")
    for name in ("tls", "headers"):
        if vault.raw(name) not in (None, "", {}, []):
            raise vault.error(name, f"is not supported; {_ABOUT}")
    # Mooring writes nothing to Vault.
    vault.ignore("readYourWrites", "checkAndSet")
    auth = vault.mapping("auth")
    if auth is None:
        raise vault.error("auth", f"must not be empty: {_ABOUT}")
    inside = vault.text("namespace")
    access = VaultAccess(
        server,
        vault.text("path").strip("/"),
        int(version[1]),
        inside,
        auth.text("namespace") or inside,
        _login(auth, namespace),
        _ca(vault),
        vault.boolean("forwardInconsistent", False),
        _ca_ref(vault, namespace),
    )
    auth.close()
    vault.close()
    return access


def _ca(vault: Fields) -> str:
    try:
        text = base64.b64decode(vault.text("caBundle"), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = "?"
    if text and _CERTIFICATE not in text:
        raise vault.error("caBundle", "must be a certificate in PEM, encoded in base64")
    return text


def _ca_ref(vault: Fields, namespace: str) -> CaRef | None:
    given = vault.mapping("caProvider")
    if given is None:
        return None
    if vault.text("caBundle"):
        raise vault.error("caProvider", "must not stand beside caBundle: leave one of them out")
    kind = given.required_text("type")
    if kind not in ("ConfigMap", "Secret"):
        raise given.error("type", f"must be ConfigMap or Secret, not {kind!r}")
    where = given.text("namespace", namespace)
    if namespace and where != namespace:
        raise given.error("namespace", f"must be {namespace}, the namespace of the store")
    ref = CaRef(kind, where, given.required_text("name"), given.required_text("key"), given.path)
    given.close()
    return ref


def _login(auth: Fields, namespace: str) -> Login:
    for name in ("cert", "gcp"):
        if auth.raw(name) is not None:
            raise auth.error(name, f"is not supported: Mooring logs in with {', '.join(_LOGINS)}; {_ABOUT}")
    given = [name for name in _LOGINS if auth.has(name)]
    if len(given) != 1:
        raise auth.error(given[0] if given else _LOGINS[0], f"must stand alone: exactly one of {', '.join(_LOGINS)}")
    block = auth.mapping(given[0])
    assert block is not None
    match given[0]:
        case "tokenSecretRef":
            return TokenLogin(key_ref(block))
        case "appRole":
            login: Login = _app_role(block)
        case "kubernetes":
            login = _kubernetes(block, namespace)
        case "jwt":
            login = _jwt(block, namespace)
        case "userPass" | "ldap":
            path = block.text("path") or given[0].lower()
            login = NameLogin(path, block.required_text("username"), needed_ref(block, "secretRef"))
        case _:
            login = _iam(block, namespace)
    block.close()
    return login


def _app_role(block: Fields) -> AppRoleLogin:
    ref = block.mapping("roleRef")
    role = block.text("roleId") if ref is None else key_ref(ref)
    if not role:
        raise block.error("roleId", "must stand here, or roleRef")
    return AppRoleLogin(block.text("path") or "approle", role, needed_ref(block, "secretRef"))


def _kubernetes(block: Fields, namespace: str) -> JwtLogin:
    path, role = block.text("mountPath") or "kubernetes", block.required_text("role")
    if block.has("serviceAccountRef") == block.has("secretRef"):
        raise block.error("serviceAccountRef", "must stand here, or secretRef (one of them)")
    account = account_ref(block, namespace)
    return JwtLogin(path, role, account or needed_ref(block, "secretRef", "jwt"))


def _jwt(block: Fields, namespace: str) -> JwtLogin:
    path, role = block.text("path") or "jwt", block.text("role")
    asked = block.mapping("kubernetesServiceAccountToken")
    if (asked is None) == (not block.has("secretRef")):
        raise block.error("kubernetesServiceAccountToken", "must stand here, or secretRef (one of them)")
    if asked is None:
        return JwtLogin(path, role, needed_ref(block, "secretRef", "jwt"))
    account = account_ref(asked, namespace)
    if account is None:
        raise asked.error("serviceAccountRef", "must not be empty")
    seconds = asked.integer("expirationSeconds", 600)
    if not 600 <= seconds <= 86400:
        raise asked.error("expirationSeconds", "must be between 600 and 86400")
    # "vault" is the operator's own default.
    audiences = asked.texts("audiences") or account.audiences or ("vault",)
    asked.close()
    return JwtLogin(path, role, replace(account, audiences=audiences), seconds)


def _iam(block: Fields, namespace: str) -> IamLogin:
    given = {name: block.raw(name) for name in ("secretRef", "jwt") if block.has(name)}
    login = aws_login(Fields(given, block.path, block.warnings), namespace)
    return IamLogin(
        block.text("path") or "aws",
        block.text("region"),
        block.text("role") if login is not None else block.required_text("role"),
        block.text("externalID"),
        block.required_text("vaultRole"),
        block.text("vaultAwsIamServerID"),
        login,
    )
