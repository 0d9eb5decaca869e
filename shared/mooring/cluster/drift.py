"""Say in fields how a live object differs from what we want, and whose doing that is.

Only leaves that the wanted object sets are compared: what the API server defaults, what controllers add and what
other managers own beside us is no difference. Lists are compared as the API server merges them. Whether a list is
keyed, and by what, is read from the `k:` steps in the object's own managed fields, so it is right for every kind,
custom ones included, without a table. A value that Go's JSON leaves out when it is empty (`false`, `0`, `""`) equals
one that is absent.

Pure. Nobody may learn a Secret's values from a drift report: they are replaced before they get here into a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from mooring.cluster.fingerprint import OURS, field_step, key_step
from mooring.cluster.quantity import holds_quantity, same_quantity
from mooring.model.objects import Manifest

__all__ = ["FieldChange", "drifted_fields"]

HIDDEN = "(secret)"
# The one part of a list's keys that manifests of Kubernetes' own kinds may leave to its default.
KEY_DEFAULTS = {"protocol": "TCP"}
# What names an object can't drift.
IDENTITY = frozenset({".apiVersion", ".kind", ".metadata.name", ".metadata.namespace"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not as wanted. `live` is `None` where it is gone.

    `manager` and `time` (RFC 3339 in UTC) say who owns it now; empty where nobody does, which is so after a removal.
    """

    path: str
    desired: Any
    live: Any
    manager: str
    time: str


@dataclass(frozen=True, slots=True)
class _Owner:
    """One manager's trie, narrowed to the place being compared; `owned` where a leaf above covers the place."""

    manager: str
    time: str
    node: dict[str, Any]

    def below(self, step: str) -> _Owner | None:
        if step in self.node:
            return _Owner(self.manager, self.time, self.node[step] or {})
        # A leaf owns all that is below it: an atomic list or map.
        return self if not self.node else None


def drifted_fields(
    desired: Manifest, live: Manifest, *, hide: Callable[[object], str] | None = None
) -> tuple[FieldChange, ...]:
    """Every leaf that `desired` sets and `live` holds differently, in the order of `desired`.

    `desired` is the object as it is sent (so a Secret has `data` only); `live` is read in the same version, with its
    `managedFields`. `hide` makes of a value what may be shown of it, where the object holds secrets.
    """
    owners = [
        _Owner(entry.get("manager") or "", entry.get("time") or "", entry.get("fieldsV1") or {})
        for entry in (live.get("metadata") or {}).get("managedFields") or ()
        if entry.get("subresource") != "status"
    ]
    changes = _compare(desired, live, "", ("", ""), owners)
    if hide is not None:
        return tuple(
            FieldChange(
                change.path,
                None if change.desired is None else hide(change.desired),
                None if change.live is None else hide(change.live),
                change.manager,
                change.time,
            )
            for change in changes
        )
    if desired.get("kind") == "Secret" and desired.get("apiVersion") == "v1":
        return tuple(
            FieldChange(change.path, HIDDEN, None if change.live is None else HIDDEN, change.manager, change.time)
            for change in changes
        )
    return tuple(changes)


def _compare(desired: Any, live: Any, path: str, names: tuple[str, str], owners: list[_Owner]) -> Iterator[FieldChange]:
    """Compare one place; `names` are the last two field names of its path."""
    if path in IDENTITY or _same(desired, live, names):
        return
    if isinstance(desired, dict) and isinstance(live, dict):
        for field, value in desired.items():
            narrowed = _narrow(owners, f"f:{field}")
            yield from _compare(value, live.get(field), path + field_step(field), (names[1], field), narrowed)
    elif isinstance(desired, list) and isinstance(live, list):
        yield from _compare_lists(desired, live, path, names, owners)
    else:
        yield _change(path, desired, live, owners)


def _compare_lists(
    desired: list[Any], live: list[Any], path: str, names: tuple[str, str], owners: list[_Owner]
) -> Iterator[FieldChange]:
    keys = _entry_keys(owners)
    if keys and all(isinstance(item, dict) for item in desired):
        yield from _compare_keyed(desired, live, path, names, owners, keys)
    elif any(step.startswith("v:") for owner in owners for step in owner.node):
        for value in desired:
            if value not in live:
                step = f"v:{orjson.dumps(value).decode()}"
                yield _change(f"{path}[={value}]", value, None, _narrow(owners, step))
    elif len(desired) == len(live):
        for index, (wanted, found) in enumerate(zip(desired, live, strict=True)):
            yield from _compare(wanted, found, f"{path}[{index}]", names, owners)
    else:
        yield _change(path, desired, live, owners)


def _compare_keyed(
    desired: list[dict[str, Any]],
    live: list[Any],
    path: str,
    names: tuple[str, str],
    owners: list[_Owner],
    keys: dict[str, dict[str, Any]],
) -> Iterator[FieldChange]:
    fields = list(next(iter(keys.values())))
    # Where `desired` holds a key twice the last one wins, as when it was applied.
    lasting = {tuple(_key(wanted, fields).values()): wanted for wanted in desired}
    for wanted in lasting.values():
        shown = {field: wanted[field] for field in fields if field in wanted}
        known = {field: value for field, value in _key(wanted, fields).items() if value is not None}
        found = next((item for item in live if isinstance(item, dict) and _holds(item, known)), None)
        at = path + key_step(shown)
        # The step's own text is needed to narrow: managed fields spell it with the defaults that `wanted` leaves out.
        full = _key(found or wanted, fields)
        step = next((text for text, key in keys.items() if key == full), "")
        narrowed = _narrow(owners, step) if step else []
        if found is None:
            yield _change(at, wanted, None, narrowed)
        else:
            yield from _compare(wanted, found, at, names, narrowed)


def _entry_keys(owners: list[_Owner]) -> dict[str, dict[str, Any]]:
    """The `k:` steps that any manager has at this place, with their keys."""
    return {
        step: orjson.loads(step.removeprefix("k:")) for owner in owners for step in owner.node if step.startswith("k:")
    }


def _key(item: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    return {field: item.get(field, KEY_DEFAULTS.get(field)) for field in fields}


def _holds(item: dict[str, Any], key: dict[str, Any]) -> bool:
    return all(item.get(field) == value for field, value in key.items())


def _narrow(owners: list[_Owner], step: str) -> list[_Owner]:
    return [narrowed for owner in owners if (narrowed := owner.below(step)) is not None]


def _same(desired: Any, live: Any, names: tuple[str, str]) -> bool:
    if desired is None:
        return True
    if live is None:
        return desired in ({}, [], "") or desired is False or (desired == 0 and not isinstance(desired, bool))
    if isinstance(desired, bool | dict | list) or isinstance(live, bool):
        # Containers are looked into: Python's equality would take 1 for true inside them.
        return desired is live
    return bool(desired == live) or (holds_quantity(*names) and same_quantity(desired, live))


def _change(path: str, desired: Any, live: Any, owners: list[_Owner]) -> FieldChange:
    # Somebody else's ownership says more than ours, and the latest says most.
    latest = max(owners, key=lambda owner: (owner.manager != OURS, owner.time), default=None)
    if latest is None:
        return FieldChange(path, desired, live, "", "")
    return FieldChange(path, desired, live, latest.manager, latest.time)
