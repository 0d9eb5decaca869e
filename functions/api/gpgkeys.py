"""The routes of the keys that signatures of commits are checked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import PAGES, Access
from objects import place

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_key_routes"]


def add_key_routes(desk: Desk) -> None:
    """Adds what `mooring gpg` asks for."""
    keyring = desk.composition.registry.gpg_keys

    @desk.get(
        "/api/v1/gpgkeys",
        does="The imported public keys",
        access=Access("gpgkeys", "get", "*"),
        tag="gpgkeys",
        query=PAGES,
        answers="GpgKeys",
    )
    def list_gpg_keys() -> Any:
        from mooring.flows.asked.gpgkeys import list_keys  # with the OpenPGP library, which nothing else here needs

        return desk.page((f"{each['keyID']} {each['fingerprint']}", each) for each in list_keys(keyring))

    @desk.post(
        "/api/v1/gpgkeys",
        does="Imports public keys: one text in ASCII armor, or a ConfigMap argocd-gpg-keys-cm",
        access=Access("gpgkeys", "create", "*"),
        tag="gpgkeys",
        body="GpgKeyForm",
        answers="ImportedGpgKeys",
    )
    def import_gpg_keys() -> Any:
        from mooring.flows.asked.gpgkeys import add_keys, show_key

        return {"items": [show_key(each) for each in add_keys(keyring, desk.body())]}

    @desk.delete(
        "/api/v1/gpgkeys/<name>",
        does="Removes a public key",
        access=Access("gpgkeys", "delete", place),
        tag="gpgkeys",
    )
    def delete_gpg_key(name: str) -> None:
        from mooring.flows.asked.gpgkeys import UnknownKeyError, remove_key

        desk.missing(UnknownKeyError)
        remove_key(keyring, name)
