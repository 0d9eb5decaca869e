"""Ways into a document: names of mappings and indexes of lists. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

from mooring.writeback.spelling import New

__all__ = ["Path", "at_path", "dotted", "nested", "put_at"]

Path: TypeAlias = "tuple[str | int, ...]"


def dotted(path: Path) -> str:
    """A path as people write it: `images[0].tag`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def at_path(value: Any, path: Path) -> Any:
    """What is at a path of a document; None where nothing is."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def put_at(value: Any, path: Path, new: Any) -> Any:
    """A document with something else at a path; what leads there is made where it is missing. The given one changes."""
    if not path:
        return new
    step = path[0]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        value[step] = put_at(value[step], path[1:], new)
        return value
    there = value if isinstance(value, dict) else {}
    there[step] = put_at(there.get(step), path[1:], new)
    return there


def nested(path: Path, value: New) -> New:
    """A value inside of mappings."""
    for step in reversed(path):
        value = {str(step): value}
    return value
