"""Desired fields laid over a live object: what an apply would make of it, without asking the API server.

Only what desired sets is changed, lists are merged by the keys that the live object's managed fields name, and a value
that is the same in other words (`1000m` and `1`, an empty list and none) stays as it is live.
"""

from __future__ import annotations

from typing import Any

from mooring.cluster.quantity import holds_quantity, same_quantity
from mooring.differences.ownership import Owner, entry_key, find_entry, list_keys, narrow, owners
from mooring.model.objects import Manifest

__all__ = ["overlaid"]


def overlaid(desired: Manifest, live: Manifest) -> Manifest:
    """The live object with everything that `desired` sets; `live` carries its `managedFields`."""
    merged: Manifest = _over(desired, live, ("", ""), owners(live))
    return merged


def _over(desired: Any, live: Any, names: tuple[str, str], at: tuple[Owner, ...]) -> Any:
    """One place; `names` are the last two field names of its path."""
    if desired is None or (live is None and _empty(desired)):
        return live
    if isinstance(desired, dict) and isinstance(live, dict):
        fields = dict(live)
        for name, value in desired.items():
            merged = _over(value, live.get(name), (names[1], name), narrow(at, f"f:{name}"))
            if merged is not None:
                fields[name] = merged
        return fields
    if isinstance(desired, list) and isinstance(live, list):
        return _over_list(desired, live, names, at)
    return live if holds_quantity(*names) and same_quantity(desired, live) else desired


def _over_list(desired: list[Any], live: list[Any], names: tuple[str, str], at: tuple[Owner, ...]) -> list[Any]:
    keys = list_keys(at)
    if keys and all(isinstance(entry, dict) for entry in desired):
        fields = list(next(iter(keys.values())))
        steps = {tuple(key.values()): step for step, key in keys.items()}
        entries = list(live)
        for entry in desired:
            key = entry_key(entry, fields)
            index = find_entry(entries, dict(zip(fields, key, strict=True)))
            if index is None:
                entries.append(entry)
            else:
                entries[index] = _over(entry, entries[index], names, narrow(at, steps.get(key, "")))
        return entries
    sets = {step for owner in at for step in owner.node if step.startswith("v:")}
    if sets:
        return [*live, *(entry for entry in desired if entry not in live)]
    if len(desired) == len(live):
        return [_over(one, other, names, ()) for one, other in zip(desired, live, strict=True)]
    return desired


def _empty(value: Any) -> bool:
    """Whether Go's JSON leaves the value out (`omitempty`)."""
    return value in ({}, [], "") or value is False or (value == 0 and not isinstance(value, bool))
