"""What is sent of an object when `RespectIgnoreDifferences` is set and the object exists.

An ignored field is left out, so whoever sets it keeps it and our apply never owns it. With two exceptions, because
server-side apply *removes* a field that its only owner no longer sends (Kubernetes enhancement proposal 555). A field
that we own alone, from the time when we created the object, is sent as it is live, until somebody else takes it: a
Deployment must not fall back to one replica because its owner began to ignore `replicas`. And inside a list or map that
is replaced as a whole, the live value is sent, since leaving it out would take it away.
"""

from __future__ import annotations

from typing import Any

import orjson

from mooring.differences.ignoring import ignored
from mooring.differences.ownership import Owner, find_entry, list_keys, narrow, owners
from mooring.differences.removal import GONE, Removal
from mooring.differences.rules import Rules
from mooring.model.objects import Manifest

__all__ = ["to_send"]


def to_send(manifest: Manifest, live: Manifest, rules: Rules, *, replace: bool = False) -> Manifest:
    """The manifest as it is applied over `live`: ignored fields left out; the same object where none is ignored.

    `replace` is for objects that are sent as a whole (`Replace=true`): there every ignored field is sent as it is live.
    `live` carries its `managedFields`. Raises as `without`. Source: Argo CD, "Sync Options", "Respect ignore difference
    configs".
    """
    removal = ignored(manifest, rules, live=live)
    if removal is None:
        return manifest
    if "status" in removal:
        manifest = {name: value for name, value in manifest.items() if name != "status"}
        removal = {step: below for step, below in removal.items() if step != "status"}
        if not removal:
            return manifest
    sent = _sent(manifest, live, removal, owners(live), whole=replace)
    assert sent is not GONE
    return sent  # type: ignore[no-any-return]


def _sent(value: Any, live: Any, removal: Removal, at: tuple[Owner, ...], *, whole: bool) -> Any:
    """One place of the manifest. `whole` inside what is replaced as a whole; `live` is `GONE` where nothing is."""
    if not removal:
        return live if whole or live is GONE else _ours_alone(live, at)
    whole = whole or any(not owner.node for owner in at)
    if isinstance(value, dict):
        fields = {}
        for name, below in value.items():
            kept = below
            if name in removal:
                found = live.get(name, GONE) if isinstance(live, dict) else GONE
                kept = _sent(below, found, removal[name], narrow(at, f"f:{name}"), whole=whole)
            if kept is not GONE:
                fields[name] = kept
        return fields or GONE
    keys = list_keys(at)
    entries = []
    for index, below in enumerate(value):
        kept = below
        if index in removal:
            step, found = _counterpart(value, index, live, keys)
            kept = _sent(below, found, removal[index], narrow(at, step), whole=whole)
        if kept is not GONE:
            entries.append(kept)
    return entries or GONE


def _counterpart(entries: list[Any], index: int, live: Any, keys: dict[str, dict[str, Any]]) -> tuple[str, Any]:
    """The step and the live value of an entry: by its keys, or by its place in lists that have none."""
    if not isinstance(live, list):
        return "", GONE
    for step, key in keys.items():
        if find_entry([entries[index]], key) is not None:
            position = find_entry(live, key)
            return step, GONE if position is None else live[position]
    if keys or len(live) != len(entries):
        return "", GONE
    return f"i:{index}", live[index]


def _ours_alone(live: Any, at: tuple[Owner, ...]) -> Any:
    """What of a live value nobody but us owns; `GONE` where that is nothing."""
    ours = [owner for owner in at if owner.ours]
    if not ours:
        return GONE
    if any(owner.whole or not owner.node for owner in ours):
        return live if len(ours) == len(at) else GONE
    if isinstance(live, dict):
        fields = {
            name: kept
            for name, value in live.items()
            if (kept := _ours_alone(value, narrow(at, f"f:{name}"))) is not GONE
        }
        return fields or GONE
    if not isinstance(live, list):
        return GONE
    keys, entries = list_keys(ours), []
    for step in ours[0].node:
        at_entry = narrow(at, step)
        if (key := keys.get(step)) is not None and (index := find_entry(live, key)) is not None:
            if (kept := _ours_alone(live[index], at_entry)) is not GONE:
                # An entry is nothing without its keys, even where others own those too.
                entries.append({**key, **kept} if isinstance(kept, dict) else kept)
        elif step.startswith("v:") and len(at_entry) == 1:
            value = orjson.loads(step[2:])
            entries.extend(entry for entry in live if entry == value)
    return entries or GONE
