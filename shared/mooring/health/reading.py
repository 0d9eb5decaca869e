"""Read a live object the way Go's zero values do: what is absent is empty, zero or no text.

The API server leaves out what is zero, so `status.readyReplicas` is absent while nothing is ready.
"""

from __future__ import annotations

from typing import Any

from mooring.model.objects import Manifest

__all__ = ["condition", "entries", "number", "section", "text"]


def section(parent: Manifest, *path: str) -> dict[str, Any]:
    """The object at a path, empty where absent."""
    value = parent
    for name in path:
        value = value.get(name) or {}
    return value


def entries(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects, empty where absent."""
    value: list[dict[str, Any]] = parent.get(name) or []
    return value


def number(parent: dict[str, Any], name: str, default: int = 0) -> int:
    """A whole number. Raises `ValueError` or `TypeError` for anything else."""
    value = parent.get(name)
    return default if value is None else int(value)


def text(parent: dict[str, Any], name: str) -> str:
    """Text, empty where absent."""
    return str(parent.get(name) or "")


def condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    """The condition of a type, empty where absent."""
    return next((entry for entry in entries(status, "conditions") if entry.get("type") == kind), {})
