"""What of a request to the API goes on record as somebody's action: never a secret, always who, what and from where.

A body may hold credentials, and documents are large; so of a body only fields are told that are known to be harmless,
addresses without what stands in front of their host, and of a document its name and its digest. What is told is decided
here in one place for every route, so that a new route is on record without doing anything for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from mooring.model.moments import told_time
from mooring.model.objects import digest

__all__ = ["action_of", "is_action"]

_LOOKS: Final = re.compile(r"/api/v1/(stream|hooks/list|images/plan|applicationsets/preview|clusters/[^/]+/check)")
"""Requests that change nothing, and are no GET for another reason."""

_TOLD: Final = (
    "prune",
    "dryRun",
    "resources",
    "revision",
    "revisions",
    "operation",
    "action",
    "why",
    "id",
    "kind",
    "type",
    "name",
    "project",
    "user",
    "events",
    "provider",
)
_ADDRESSES: Final = ("url", "repository", "repoURL", "server", "address")
_LONGEST: Final = 500  # characters of one value
_MOST: Final = 50  # values of one list


def is_action(method: str, path: str) -> bool:
    """Whether a request changes something."""
    return method not in ("GET", "HEAD", "OPTIONS") and _LOOKS.fullmatch(path) is None


def action_of(
    method: str, path: str, query: Mapping[str, str], body: bytes, *, actor: str, now: float, source: str, agent: str
) -> dict[str, Any]:
    """The action as it goes on record; `outcome` is `asked`, for it is written before it is carried out."""
    told = {name: _cut(_bare(value)) for name, value in query.items()} | _told(body)
    return {
        "time": told_time(now),
        "actor": _cut(actor),
        "action": _cut(f"{method} {path}"),
        "outcome": "asked",
        "message": "",
        "told": told,
        "source": source,
        "agent": _cut(agent),
    }


def _told(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(document, dict):
        return {}
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        named = {name: _cut(metadata[name]) for name in ("namespace", "name") if isinstance(metadata.get(name), str)}
        secret = document.get("kind") == "Secret"  # a digest of a password is a copy of it for whoever can guess
        return {"kind": _cut(str(document.get("kind", ""))), **named} | ({} if secret else {"digest": digest(document)})
    told = {name: value for name in _TOLD if isinstance(value := document.get(name), str | bool | int | list)}
    told |= {name: _bare(value) for name in _ADDRESSES if isinstance(value := document.get(name), str)}
    return {name: _bounded(value) for name, value in told.items()}


def _bounded(value: str | bool | int | list[Any]) -> str | bool | int | list[str]:
    if isinstance(value, list):
        return [_cut(str(each)) for each in value[:_MOST]]
    return value if isinstance(value, bool | int) else _cut(value)


def _bare(address: str) -> str:
    """An address without user, password, query and fragment."""
    without = re.sub(r"(?<=://)[^/?#]*@", "", address)
    return re.split(r"[?#]", without, maxsplit=1)[0] if "://" in without else without


def _cut(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # half a character, which JSON can spell, can't be stored
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
