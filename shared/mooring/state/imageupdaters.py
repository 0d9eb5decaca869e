"""The resources `ImageUpdater` in the table: `IMAGEUPDATER#<ns>/<name>` `SPEC`, and an entry beside the clusters.

The entry is what every function reads anyway: so an installation without any asks nothing more for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.model.tracking import APP_LABEL
from mooring.state.packing import pack, unpack
from mooring.state.projects import CLUSTERS
from mooring.state.table import Item, Key, Table, delete, put

__all__ = ["UPDATER_ENTRY", "DeclaredUpdater", "ImageUpdaters"]

UPDATER_ENTRY = "#images#"  # beside the clusters, whose names can't hold a #


@dataclass(frozen=True, slots=True)
class DeclaredUpdater:
    """One as it was declared; `generation` counts its changes, `by` is who made the last one."""

    key: AppKey
    declared: Manifest
    generation: int
    by: str

    @property
    def label(self) -> str:
        """The tracking label of the application that declares it, empty where a person does."""
        return str((self.declared["metadata"].get("labels") or {}).get(APP_LABEL, ""))


class ImageUpdaters:
    """The `ImageUpdater`s of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def declare(self, updater: DeclaredUpdater, previous: DeclaredUpdater | None) -> None:
        """Writes one. Raises `ConflictError` where somebody else did since `previous` was read."""
        pk, sk = _key(updater.key)
        body = pack({"declared": updater.declared, "by": updater.by})
        item: Item = {"pk": pk, "sk": sk, "generation": updater.generation, "body": body}
        seen = 0 if previous is None else previous.generation
        self._table.write(
            put(item, "generation = :seen", seen=seen) if previous else put(item, "attribute_not_exists(pk)"),
            put({"pk": CLUSTERS, "sk": f"{UPDATER_ENTRY}{updater.key}"}),
        )

    def remove(self, key: AppKey) -> None:
        """Removes one; what it had written stays."""
        self._table.write(delete((CLUSTERS, f"{UPDATER_ENTRY}{key}")), delete(_key(key)))

    def names(self) -> list[AppKey]:
        """All of them, by name."""
        return [
            AppKey.parse(item["sk"].removeprefix(UPDATER_ENTRY)) for item in self._table.query(CLUSTERS, UPDATER_ENTRY)
        ]

    def load(self, keys: Iterable[AppKey]) -> dict[AppKey, DeclaredUpdater]:
        """Some of them, a hundred a request; those that are not there are left out."""
        asked = {_key(key): key for key in keys}
        found = self._table.get_many(asked) if asked else {}
        return {asked[at]: _read(asked[at], item) for at, item in found.items()}


def _key(key: AppKey) -> Key:
    return f"IMAGEUPDATER#{key}", "SPEC"


def _read(key: AppKey, item: Item) -> DeclaredUpdater:
    body = unpack(item["body"])
    return DeclaredUpdater(key, body["declared"], item["generation"], body["by"])
