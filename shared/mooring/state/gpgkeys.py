"""The public keys that signatures of commits are checked with, kept as Argo CD's ConfigMap `argocd-gpg-keys-cm`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mooring.errors import ConfigurationError
from mooring.state.packing import pack, unpack
from mooring.state.table import Key, Table, put

__all__ = ["GpgKeys"]

_KEYS: Final[Key] = ("SETTINGS", "argocd-gpg-keys-cm")
_LARGEST: Final = 300 * 1024  # bytes of all keys when compressed; an item holds 400 KB


class GpgKeys:
    """The keyring of one installation: key id → public key in ASCII armor."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> dict[str, str]:
        """All keys, in one request."""
        item = self._table.get(_KEYS)
        return {} if item is None else dict(unpack(item["body"]))

    def write(self, keys: Mapping[str, str]) -> None:
        """Replaces all keys. Raises `ConfigurationError` where they are too large to be kept."""
        body = pack(dict(keys))
        if len(body) > _LARGEST:
            raise ConfigurationError(f"would be larger than the {_LARGEST} bytes that are kept", field="keys")
        pk, sk = _KEYS
        self._table.write(put({"pk": pk, "sk": sk, "body": body}))
