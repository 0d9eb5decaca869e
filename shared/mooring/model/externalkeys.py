"""What stores prove themselves with: kept keys by reference, and service accounts of the destination.

A reference names a secret that was put there for the application's project, never an object of a cluster: whoever
writes a store may not lend it what a cluster holds (docs/external-secrets.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.model.fields import Fields

__all__ = ["AccountRef", "KeyRef", "account_ref", "key_ref", "needed_ref"]


@dataclass(frozen=True, slots=True)
class KeyRef:
    """A field of a secret of the application's project in Secrets Manager; `field` is where it stands, for errors."""

    name: str
    key: str
    field: str


@dataclass(frozen=True, slots=True)
class AccountRef:
    """A service account in the namespace of the store, and for whom its tokens are."""

    namespace: str
    name: str
    audiences: tuple[str, ...]
    field: str


def key_ref(ref: Fields, key: str = "") -> KeyRef:
    """Reads a reference; `key` is its field unless it names another. Raises `ConfigurationError`."""
    ref.ignore("namespace")  # what it names belongs to the application's project
    read = KeyRef(ref.required_text("name"), ref.text("key") or key or ref.required_text("key"), ref.path)
    ref.close()
    return read


def needed_ref(block: Fields, name: str, key: str = "") -> KeyRef:
    """Reads the reference in a field that must be there. Raises `ConfigurationError`."""
    ref = block.mapping(name)
    if ref is None:
        raise block.error(name, "must not be empty")
    return key_ref(ref, key)


def account_ref(block: Fields, namespace: str) -> AccountRef | None:
    """Reads `serviceAccountRef` of a store in a namespace (empty for a ClusterSecretStore), None where there is none.

    Raises `ConfigurationError`.
    """
    account = block.mapping("serviceAccountRef")
    if account is None:
        return None
    if not namespace:
        raise block.error(
            "serviceAccountRef",
            "is for a SecretStore, whose namespace the account is in: anybody may write a ClusterSecretStore here",
        )
    if account.text("namespace", namespace) != namespace:
        raise account.error("namespace", f"must be {namespace}, the namespace of the store")
    read = AccountRef(namespace, account.required_text("name"), account.texts("audiences"), account.path)
    account.close()
    return read
