"""HashiCorp Vault as a `SecretStore` names it: where it is, which KV engine, and by which login it is read.

Source of the fields: external-secrets.io, "HashiCorp Vault"; Vault, "Auth methods". A login that keeps keys where only
a cluster could read them, or that Mooring does not speak, is refused by name.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TypeAlias

from mooring.model.fields import Fields

__all__ = ["AppRoleLogin", "IamLogin", "KeyRef", "KubernetesLogin", "TokenLogin", "VaultAccess", "vault_access"]

_ABOUT = "docs/external-secrets.md lists what is supported"
_LOGINS = ("tokenSecretRef", "appRole", "kubernetes", "iam")


@dataclass(frozen=True, slots=True)
class KeyRef:
    """A field of a secret of the application's project in Secrets Manager; `field` is where it stands, for errors."""

    name: str
    key: str
    field: str


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
class KubernetesLogin:
    """A service account's token: kept (`jwt`), or asked of the destination's cluster for `account`."""

    path: str
    role: str
    jwt: KeyRef | None
    account: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IamLogin:
    """An AWS role that is assumed; `server_id` is what Vault wants in `X-Vault-AWS-IAM-Server-ID`."""

    path: str
    region: str
    aws_role: str
    external_id: str
    role: str
    server_id: str


Login: TypeAlias = TokenLogin | AppRoleLogin | KubernetesLogin | IamLogin


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
    for name in ("caProvider", "tls", "headers"):
        if vault.raw(name) not in (None, "", {}, []):
            more = "put the certificate into caBundle" if name == "caProvider" else _ABOUT
            raise vault.error(name, f"is not supported; {more}")
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
    )
    auth.close()
    vault.close()
    return access


def _ca(vault: Fields) -> str:
    try:
        return base64.b64decode(vault.text("caBundle"), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise vault.error("caBundle", "must be a certificate in PEM, encoded in base64") from None


def _login(auth: Fields, namespace: str) -> Login:
    for name in ("ldap", "jwt", "cert", "userPass", "gcp"):
        if auth.raw(name) is not None:
            raise auth.error(name, f"is not supported: Mooring logs in with {', '.join(_LOGINS)}; {_ABOUT}")
    given = [name for name in _LOGINS if auth.has(name)]
    if len(given) != 1:
        raise auth.error(given[0] if given else _LOGINS[0], f"must stand alone: exactly one of {', '.join(_LOGINS)}")
    block = auth.mapping(given[0])
    assert block is not None
    match given[0]:
        case "tokenSecretRef":
            return TokenLogin(_ref(block))
        case "appRole":
            login: Login = _app_role(block)
        case "kubernetes":
            login = _kubernetes(block, namespace)
        case _:
            login = _iam(block)
    block.close()
    return login


def _app_role(block: Fields) -> AppRoleLogin:
    ref = block.mapping("roleRef")
    role = block.text("roleId") if ref is None else _ref(ref)
    if not role:
        raise block.error("roleId", "must stand here, or roleRef")
    return AppRoleLogin(block.text("path") or "approle", role, _needed_ref(block, "secretRef"))


def _kubernetes(block: Fields, namespace: str) -> KubernetesLogin:
    path, role = block.text("mountPath") or "kubernetes", block.required_text("role")
    account, secret = block.mapping("serviceAccountRef"), block.mapping("secretRef")
    if (account is None) == (secret is None):
        raise block.error("serviceAccountRef", "must stand here, or secretRef (one of them)")
    if account is None:
        return KubernetesLogin(path, role, _needed_ref(block, "secretRef", "jwt"))
    if not namespace:
        raise block.error(
            "serviceAccountRef",
            "is for a SecretStore, whose namespace the account is in: anybody may write a ClusterSecretStore here",
        )
    if account.text("namespace", namespace) != namespace:
        raise account.error("namespace", f"must be {namespace}, the namespace of the store")
    login = KubernetesLogin(path, role, None, account.required_text("name"), account.texts("audiences"))
    account.close()
    return login


def _iam(block: Fields) -> IamLogin:
    for name in ("secretRef", "jwt"):
        if block.raw(name) is not None:
            raise block.error(name, f"is not supported: name a role in {block.path}.role, which the function assumes")
    return IamLogin(
        block.text("path") or "aws",
        block.text("region"),
        block.required_text("role"),
        block.text("externalID"),
        block.required_text("vaultRole"),
        block.text("vaultAwsIamServerID"),
    )


def _needed_ref(block: Fields, name: str, key: str = "") -> KeyRef:
    ref = block.mapping(name)
    if ref is None:
        raise block.error(name, "must not be empty")
    return _ref(ref, key)


def _ref(ref: Fields, key: str = "") -> KeyRef:
    ref.ignore("namespace")  # what it names belongs to the application's project
    read = KeyRef(ref.required_text("name"), ref.text("key") or key or ref.required_text("key"), ref.path)
    ref.close()
    return read
