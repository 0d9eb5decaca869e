"""From an object before and after to a merge patch (RFC 7386), and the objects that a script gives back set right.

A merge patch replaces lists as a whole, so it is only sent for the version of the object that it was made from. Lua
knows no empty list and no whole numbers, so what a script gives back is compared with what it was given: an empty table
is what stood there before, and a number is the one that stood there where it is no other.
"""

from __future__ import annotations

from typing import Any

from mooring.model.objects import Manifest

__all__ = ["merge_patch", "restored", "split"]


def merge_patch(before: Any, after: Any) -> dict[str, Any]:
    """What makes one object of the other; empty where they are the same."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif isinstance(value, dict) and isinstance(before[name], dict):
            if below := merge_patch(before[name], value):
                patch[name] = below
        elif value != before[name]:
            patch[name] = value
    return patch


def split(patch: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A patch without what a person may not change (who the object is), and its part that is the status's.

    Source: Argo CD, `server/application/application.go` (`splitStatusPatch`).
    """
    rest = {name: value for name, value in patch.items() if name not in ("status", "apiVersion", "kind")}
    if isinstance(metadata := rest.get("metadata"), dict):
        kept = {name: metadata[name] for name in ("labels", "annotations", "finalizers") if name in metadata}
        rest = {name: value for name, value in rest.items() if name != "metadata"} | (
            {"metadata": kept} if kept else {}
        )
    return rest, {"status": patch["status"]} if "status" in patch else {}


def restored(after: Any, before: Any) -> Any:
    """What a script gave back, with what Lua can't tell apart as it was before."""
    if isinstance(after, dict) and not after and isinstance(before, list):
        return []
    if isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        return {name: restored(value, old.get(name)) for name, value in after.items()} | _unspoken(after, old)
    if isinstance(after, list):
        olds = before if isinstance(before, list) else []
        return [restored(value, olds[index] if index < len(olds) else None) for index, value in enumerate(after)]
    if _is_number(after) and _is_number(before) and float(after) == float(before):
        return before
    return after


def _unspoken(after: Manifest, before: Manifest) -> dict[str, None]:
    """Fields that were null: Lua has no such thing, so nobody took them away."""
    return {name: None for name, value in before.items() if value is None and name not in after}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
