"""Has the cluster drifted from what was applied? Decided from metadata alone.

Server-side apply moves a field out of our `managedFields` entry as soon as anyone else changes or removes it, so the
hash of that entry (the *fingerprint*) tells a drifted object without reading its content (KEP-555, "Server-side
Apply"). The hash can be forged by someone who restores our entry in a second edit, or who changes fields that we don't
own; the `generation` that moved gives that away, and such a *suspect* gets one deep check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Inventory

__all__ = ["Drift", "Sight", "find_drift"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a metadata list tells of one live object. `fingerprint` is empty where Mooring has no entry in it.

    `generation` is `metadata.generation`, or for kinds without one the `resourceVersion`.
    """

    uid: str
    fingerprint: str
    generation: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Remembered objects by what became of them; each in one group at most."""

    missing: frozenset[ObjectKey]
    changed: frozenset[ObjectKey]
    suspect: frozenset[ObjectKey]

    @property
    def drifted(self) -> frozenset[ObjectKey]:
        """Objects that are certainly not as they were applied."""
        return self.missing | self.changed


def find_drift(remembered: Inventory, seen: Mapping[ObjectKey, Sight]) -> Drift:
    """Compares remembered objects with what was seen of them.

    Objects that were never confirmed as applied are left out: a sync settles those first. An object that was deleted
    and made anew by somebody (another uid) has changed, whatever its fingerprint.
    """
    missing, changed, suspect = set(), set(), set()
    for key, entry in remembered.items():
        if entry.unsure or not entry.digest:
            continue
        sight = seen.get(key)
        if sight is None:
            missing.add(key)
        elif sight.fingerprint != entry.fingerprint or sight.uid != entry.uid:
            changed.add(key)
        elif sight.generation != entry.generation:
            suspect.add(key)
    return Drift(frozenset(missing), frozenset(changed), frozenset(suspect))
