"""Importing, listing and removing the public keys that signatures of commits are checked with.

As `argocd gpg`: what is imported is trusted as far as a project names it in `signatureKeys` or `sourceIntegrity`; an
imported key alone allows nothing. Only public keys are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mooring.access.integrity import key_id
from mooring.errors import ConfigurationError
from mooring.source.openpgp import PublicKey, read_public_keys
from mooring.state.gpgkeys import GpgKeys

__all__ = ["UnknownKeyError", "add_keys", "list_keys", "remove_key"]

_NAME = "argocd-gpg-keys-cm"


class UnknownKeyError(ConfigurationError):
    """No key of this id is imported."""


def add_keys(keyring: GpgKeys, document: object) -> list[PublicKey]:
    """Imports keys: `{"key": armored text}`, or a ConfigMap `argocd-gpg-keys-cm`; returns them.

    Raises `ConfigurationError` naming what is no public key, or what the ConfigMap gives under another key's id.
    """
    keys = list(_keys(document))
    known = keyring.read()
    keyring.write(known | {each.id: each.armored for each in keys})
    return keys


def _keys(document: object) -> Iterable[PublicKey]:
    if not isinstance(document, dict):
        raise ConfigurationError(f"must hold a key, or be a ConfigMap {_NAME}", field="body")
    if document.get("kind") == "ConfigMap":
        data = document.get("data") or {}
        if (document.get("metadata") or {}).get("name") != _NAME or not isinstance(data, dict):
            raise ConfigurationError(f"must be {_NAME}", field="metadata.name")
        for name, text in data.items():
            keys = read_public_keys(str(text), field=f"data[{name}]")
            if key_id(str(name)) not in {each.id for each in keys}:
                told = f"holds the key {keys[0].id}; give it that name"
                raise ConfigurationError(told, field=f"data[{name}]")
            yield from keys
        return
    text = document.get("key")
    if not isinstance(text, str):
        raise ConfigurationError("must be a public key in ASCII armor", field="key")
    yield from read_public_keys(text, field="key")


def list_keys(keyring: GpgKeys) -> list[dict[str, Any]]:
    """The imported keys by id, as users read them; an id that a project may name is `keyID`."""
    return [
        show_key(each) for name, text in sorted(keyring.read().items()) for each in read_public_keys(text, field=name)
    ]


def show_key(key: PublicKey) -> dict[str, Any]:
    """One key as users read it."""
    shown: dict[str, Any] = {
        "keyID": key.id,
        "fingerprint": key.fingerprint,
        "owner": key.owner,
        "keyData": key.armored,
    }
    if key.expires is not None:
        shown["expires"] = key.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**shown, "revoked": True} if key.revoked else shown


def remove_key(keyring: GpgKeys, name: str) -> None:
    """Forgets a key by its id or fingerprint. Raises `UnknownKeyError`."""
    keys = keyring.read()
    wanted = key_id(name)
    if wanted is None or wanted not in keys:
        raise UnknownKeyError("no key of this id is imported; `mooring gpg list` shows those that are", subject=name)
    del keys[wanted]
    keyring.write(keys)
