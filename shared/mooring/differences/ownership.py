"""Whose are the fields of an object: `fieldsV1` tries laid over values.

A manager's entry in `metadata.managedFields` is a trie of `f:` (field), `k:` (entry of a list, by its keys), `v:`
(entry of a set, by its value) and `i:` (index) steps; an empty node owns all below it, and `.` is the place itself
(Kubernetes enhancement proposal 555; structured-merge-diff, `fieldpath`). Here they are followed into real values,
desired or live, so that an entry of a list is found by its keys wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mooring.cluster.fingerprint import OURS
from mooring.differences.removal import Removal
from mooring.model.objects import Manifest, canonical_json

__all__ = ["Owner", "entry_key", "find_entry", "list_keys", "narrow", "owned", "owners"]

# The one part of a list's keys that manifests of Kubernetes' own kinds may leave to its default.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


@dataclass(frozen=True, slots=True)
class Owner:
    """One manager's trie, narrowed to a place. `whole` where a leaf above the place owns it: an atomic list or map."""

    ours: bool
    node: dict[str, Any]
    whole: bool = False

    def below(self, step: str) -> Owner | None:
        """The same manager one step further down; `None` where it owns nothing there."""
        if step in self.node:
            return Owner(self.ours, self.node[step] or {})
        return Owner(self.ours, self.node, whole=True) if not self.node else None


def owners(live: Manifest) -> tuple[Owner, ...]:
    """Everyone who manages fields of a live object, but for what they write to its status."""
    return tuple(
        Owner(entry.get("manager") == OURS and entry.get("operation") == "Apply", entry.get("fieldsV1") or {})
        for entry in (live.get("metadata") or {}).get("managedFields") or ()
        if entry.get("subresource") != "status"
    )


def narrow(at: Iterable[Owner], step: str) -> tuple[Owner, ...]:
    """The owners of the place one step further down."""
    return tuple(below for owner in at if (below := owner.below(step)) is not None)


def list_keys(at: Iterable[Owner]) -> dict[str, dict[str, Any]]:
    """The `k:` steps that anyone has at this place, each with its keys; empty for lists that have none."""
    return {step: orjson.loads(step[2:]) for owner in at for step in owner.node if step.startswith("k:")}


def entry_key(entry: dict[str, Any], fields: Iterable[str]) -> tuple[Any, ...]:
    """The values of a list entry's keys, with the default of the one that may be left out."""
    key = (entry.get(field, _KEY_DEFAULTS.get(field)) for field in fields)
    # A key that is no scalar is a mistake that the API server will name; here it only has to be a value.
    return tuple(canonical_json(value) if isinstance(value, dict | list) else value for value in key)


def find_entry(entries: list[Any], key: dict[str, Any]) -> int | None:
    """Where the entry with this key stands; the last one counts where a list holds it twice, as in an apply."""
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if isinstance(entry, dict) and entry_key(entry, key) == tuple(key.values()):
            return index
    return None


def owned(value: Any, node: dict[str, Any]) -> Removal | None:
    """The places of `value` that a trie owns; `None` where there are none.

    A container of which everything is owned is one place. The keys of a list's entry are taken only with the whole
    entry: an entry without them would be another.
    """
    if not node:
        return {}
    places: Removal = {}
    if isinstance(value, dict):
        for step, below in node.items():
            name = step[2:]
            if step.startswith("f:") and name in value and (place := owned(value[name], below or {})) is not None:
                places[name] = place
    elif isinstance(value, list):
        for step, below in node.items():
            index = _index(value, step)
            if index is None:
                continue
            if (place := _owned_entry(value[index], below or {}, step)) is not None:
                places[index] = place
    else:
        return None
    return _whole(value, places, "." in node)


def _index(entries: list[Any], step: str) -> int | None:
    kind, rest = step[:2], step[2:]
    if kind == "k:":
        return find_entry(entries, orjson.loads(rest))
    if kind == "v:":
        wanted = orjson.loads(rest)
        return next((index for index, entry in enumerate(entries) if _equal(entry, wanted)), None)
    if kind == "i:" and int(rest) < len(entries):
        return int(rest)
    return None


def _owned_entry(entry: Any, node: dict[str, Any], step: str) -> Removal | None:
    if not node or not isinstance(entry, dict) or not step.startswith("k:"):
        return owned(entry, node)
    rest = entry.keys() - orjson.loads(step[2:]).keys()
    places = {
        name: place
        for name in rest
        if (below := node.get(f"f:{name}")) is not None and (place := owned(entry[name], below)) is not None
    }
    if "." in node and all(places.get(name) == {} for name in rest):
        return {}
    return places or None


def _whole(value: dict[str, Any] | list[Any], places: Removal, present: bool) -> Removal | None:
    """The places, or one place where they are all that `value` holds."""
    if not value:
        return {} if present else None
    steps = value if isinstance(value, dict) else range(len(value))
    return {} if all(places.get(step) == {} for step in steps) else places or None


def _equal(one: Any, other: Any) -> bool:
    # Python takes 1 for true.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
