"""A set of places in one object, and the object without them.

A *removal* is a trie: its steps are field names and list indexes, and an empty trie stands for a place as a whole. All
places are found in the object as it was, and taken out at once, so `/spec/ports/0` and `/spec/ports/1` are the first
two ports, whatever their order. What names an object, and the `managedFields` that say who owns it, always stay.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from mooring.model.objects import Manifest

__all__ = ["GONE", "Removal", "add_path", "add_pointer", "cut", "merged", "protected"]

Removal: TypeAlias = dict[str | int, Any]
"""Steps to removals; empty for all that is here."""

GONE: Final = object()
"""What is left of a place that is taken out as a whole."""

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_IDENTITY: Final = ("apiVersion", "kind")
_METADATA: Final = ("name", "namespace", "managedFields")


def add_pointer(removal: Removal, manifest: Manifest, steps: tuple[str, ...]) -> None:
    """Adds the place that a parsed JSON pointer names, if the manifest has it (RFC 6901: names and indexes)."""
    path: list[str | int] = []
    place: Any = manifest
    for step in steps:
        if isinstance(place, list) and _INDEX.fullmatch(step) and int(step) < len(place):
            path.append(int(step))
            place = place[int(step)]
        elif isinstance(place, dict) and step in place:
            path.append(step)
            place = place[step]
        else:
            _add_empty(removal, path, place)
            return
    _add(removal, path)


def add_path(removal: Removal, manifest: Manifest, path: list[Any]) -> None:
    """Adds the places that a path of jq names, if the manifest has them (jq's manual, "path" and "delpaths")."""
    steps: list[str | int] = []
    place: Any = manifest
    for position, step in enumerate(path):
        if isinstance(place, list) and isinstance(step, dict):
            start, end = step.get("start"), step.get("end")
            chosen = slice(None if start is None else int(start), None if end is None else int(end))
            for offset, index in enumerate(range(*chosen.indices(len(place)))):
                _add_below(removal, manifest, steps, index, offset, path[position + 1 :])
            return
        if isinstance(place, list) and isinstance(step, int) and -len(place) <= step < len(place):
            steps.append(step % len(place))
        elif isinstance(place, dict) and isinstance(step, str) and step in place:
            steps.append(step)
        else:
            _add_empty(removal, steps, place)
            return
        place = place[steps[-1]]
    _add(removal, steps)


def _add_below(
    removal: Removal, manifest: Manifest, steps: list[str | int], index: int, offset: int, rest: list[Any]
) -> None:
    """One entry of a slice: a path may go on inside the slice, by an index that counts from its start."""
    if not rest:
        _add(removal, [*steps, index])
    elif rest[0] == offset:
        add_path(removal, manifest, [*steps, index, *rest[1:]])


def _add_empty(removal: Removal, path: list[str | int], place: Any) -> None:
    """For a place that is not there: a container that holds nothing counts as one that was emptied by taking it."""
    if place in ({}, []):
        _add(removal, path)


def _add(removal: Removal, path: list[str | int]) -> None:
    if not path:
        # The object as a whole: Argo CD can't take that out either, so nothing is.
        return
    node = removal
    for step in path[:-1]:
        below = node.get(step)
        if below is None:
            below = node[step] = {}
        elif not below:
            return  # taken out as a whole already
        node = below
    node[path[-1]] = {}


def merged(one: Removal | None, other: Removal | None) -> Removal | None:
    """The places of both; `None` is no place at all."""
    if one is None or other is None:
        return other if one is None else one
    if not one or not other:
        return {}
    return {step: merged(one.get(step), other.get(step)) for step in one.keys() | other.keys()}


def protected(removal: Removal, manifest: Manifest) -> Removal | None:
    """The removal without what must stay of every object; `None` where nothing is left to take out."""
    kept = {step: below for step, below in removal.items() if step not in _IDENTITY}
    if "metadata" in kept:
        below = kept["metadata"] or {step: {} for step in manifest["metadata"]}
        kept["metadata"] = {step: deeper for step, deeper in below.items() if step not in _METADATA}
        if not kept["metadata"]:
            del kept["metadata"]
    return kept or None


def cut(value: Any, removal: Removal) -> Any:
    """`value` without the places; what stays is shared with it. `GONE` where nothing stays.

    A container that the removal empties goes with its content, so that no empty remainder counts as a difference.
    """
    if not removal:
        return GONE
    if isinstance(value, dict):
        fields = {
            name: kept
            for name, below in value.items()
            if (kept := cut(below, removal[name]) if name in removal else below) is not GONE
        }
        return fields or GONE
    entries = [kept for index, below in enumerate(value) if (kept := _entry(below, index, removal)) is not GONE]
    return entries or GONE


def _entry(value: Any, index: int, removal: Removal) -> Any:
    return cut(value, removal[index]) if index in removal else value
