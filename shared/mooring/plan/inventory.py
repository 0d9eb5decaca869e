"""What Mooring remembers of every object that it applies.

An entry is written twice: before the object is touched, as an *intent*, and after, as a *fact*. Whatever crashes in
between, the entry says that the object may exist and what it should have become, so no object is ever forgotten and
nothing needs to be applied twice to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from mooring.model.objects import ObjectKey

__all__ = ["Entry", "Inventory", "from_rows", "to_rows"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of an application's inventory.

    `digest` is that of the manifest known to be applied, empty until the first apply is confirmed; `intent` is that of
    the manifest whose apply was begun and not confirmed, empty otherwise. `generation` is `metadata.generation`, or for
    kinds without one the `resourceVersion`. `notes` are the object's own options that count once git has it no more
    (`PruneLast`, `IgnoreExtraneous`), and `Replace` where it was replaced instead of applied.
    """

    key: ObjectKey
    version: str
    wave: int = 0
    digest: str = ""
    intent: str = ""
    uid: str = ""
    fingerprint: str = ""
    generation: str = ""
    notes: str = ""

    def intending(self, digest: str, version: str, wave: int) -> Entry:
        """The entry to write before the object is applied."""
        return replace(self, intent=digest, version=version, wave=wave)

    def applied(self, digest: str, *, uid: str, fingerprint: str, generation: str) -> Entry:
        """The entry to write after the object was applied."""
        return replace(self, digest=digest, intent="", uid=uid, fingerprint=fingerprint, generation=generation)

    @property
    def unsure(self) -> bool:
        """Whether an apply was begun whose end nobody recorded."""
        return bool(self.intent)


Inventory: TypeAlias = Mapping[ObjectKey, Entry]


def to_rows(inventory: Inventory) -> list[list[Any]]:
    """The inventory as JSON rows, in a stable order."""
    return [
        [
            str(e.key),
            e.version,
            e.wave,
            e.digest,
            e.intent,
            e.uid,
            e.fingerprint,
            e.generation,
            *([e.notes] if e.notes else []),
        ]
        for _, e in sorted(inventory.items())
    ]


def from_rows(rows: Iterable[list[Any]]) -> dict[ObjectKey, Entry]:
    """The inverse of `to_rows`."""
    entries = (Entry(ObjectKey.parse(key), *rest) for key, *rest in rows)
    return {entry.key: entry for entry in entries}
