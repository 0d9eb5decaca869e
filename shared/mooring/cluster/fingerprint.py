"""Read `metadata.managedFields`: who owns something of an object, and whether somebody took something from us.

Server-side apply keeps an entry for each manager with the set of fields it owns, as a trie whose steps are
`f:<field>`, `k:<keys of a list entry>`, `v:<value of a set>` and `i:<index>`, and `.` for the place itself
(Kubernetes enhancement proposal 555; structured-merge-diff, `fieldpath`). When anyone else changes or removes one of
our fields it leaves our entry; so a hash of our entry tells drift without looking at a single value.

This module is pure, and nothing in it sees values of fields: a fingerprint can be kept and shown anywhere.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from mooring.model.objects import canonical_json

__all__ = [
    "ManagerEntry",
    "fingerprint",
    "manager_entries",
    "own_fingerprint",
]

OURS = "mooring"
PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True, slots=True)
class ManagerEntry:
    """Who manages some of an object's fields: `operation` is Apply or Update, `time` RFC 3339 in UTC, to the second."""

    manager: str
    operation: str
    subresource: str
    time: str


def fingerprint(metadata: dict[str, Any], *, operation: Literal["Apply", "Update"] = "Apply") -> str | None:
    """Lower-case hexadecimal SHA-256 of the fields that Mooring's entry owns; `None` where there is no such entry.

    `operation` is `Update` for objects sent by replacement.
    """
    for entry in metadata.get("managedFields") or ():
        if entry.get("manager") == OURS and entry.get("operation") == operation and not entry.get("subresource"):
            return hashlib.sha256(canonical_json(entry.get("fieldsV1"))).hexdigest()
    return None


def own_fingerprint(metadata: dict[str, Any]) -> str | None:
    """The fingerprint by which drift is found: of what we applied, or else of what we replaced."""
    return fingerprint(metadata) or fingerprint(metadata, operation="Update")


def manager_entries(metadata: dict[str, Any]) -> tuple[ManagerEntry, ...]:
    """Every manager of an object, without its fields."""
    return tuple(_entry(raw) for raw in metadata.get("managedFields") or ())


def field_step(name: str) -> str:
    """One field as a step of a readable path: `.spec`, or `['app.kubernetes.io/name']` where a dot would mislead."""
    return f".{name}" if PLAIN_FIELD.match(name) else f"['{name}']"


def key_step(key: dict[str, Any]) -> str:
    """One entry of a list with keys as a step of a readable path: `[name=web]`."""
    return "[" + ",".join(f"{name}={_bare(value)}" for name, value in key.items()) + "]"


def _bare(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _entry(raw: dict[str, Any]) -> ManagerEntry:
    return ManagerEntry(
        raw.get("manager") or "", raw.get("operation") or "", raw.get("subresource") or "", raw.get("time") or ""
    )
