"""Settle keys that appear twice in a list that has keys.

Server-side apply refuses such a list (`duplicate entries for key [name="A"]`); client-side apply and create accept
some of them, and real repositories contain those: the same environment variable or container port twice. The API
server then lets the last one win, and so does this. Everything else that server-side apply refuses (two containers of
one name, two ports of a Service) is refused by validation as well, so it stays an error.

This is a fallback, driven by what the API server says in its refusal: it names each list by path, and the key with
its defaults filled in. Nothing is guessed from a table of keys.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from mooring.model.objects import Manifest

__all__ = ["settle_duplicates"]

REFUSAL = re.compile(r"(?P<path>\.[^\s:]+(?:\[[^\]]*\][^\s:]*)*): duplicate entries for key \[(?P<key>[^\]]*)\]")
STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<key>[^\]]*)\]")
# What validation accepts twice: the fields of a container, and of a pod template or service account.
ACCEPTED_TWICE = re.compile(
    r"(\.(containers|initContainers|ephemeralContainers)\[[^\]]*\]\.(env|ports)|\.(imagePullSecrets|hostAliases|secrets))$"
)


def settle_duplicates(manifest: Manifest, refusal: str) -> tuple[Manifest, tuple[str, ...]]:
    """The manifest with the duplicates that a refusal names settled (the last one wins), and a warning for each.

    Returns the manifest itself and no warning where there is nothing that may be settled.
    """
    found = [(match["path"], _fields(match["key"])) for match in REFUSAL.finditer(refusal)]
    if not found or not all(ACCEPTED_TWICE.search(path) for path, _ in found):
        return manifest, ()
    copy: Manifest = orjson.loads(orjson.dumps(manifest))
    warnings = []
    for path, key in found:
        entries = _walk(copy, path)
        if isinstance(entries, list) and _keep_last(entries, key):
            name = ", ".join(f"{field}={value}" for field, value in key.items())
            warnings.append(f"{path} holds {name} more than once; the last one is used")
    return (copy, tuple(warnings)) if warnings else (manifest, ())


def _fields(text: str) -> dict[str, Any]:
    """`name="A",port=80` as values."""
    pairs = (part.partition("=") for part in re.split(r",(?=[A-Za-z]\w*=)", text))
    return {name: orjson.loads(value) for name, _, value in pairs}


def _walk(value: Any, path: str) -> Any:
    for step in STEP.finditer(path):
        if step["field"] is not None:
            value = value.get(step["field"]) if isinstance(value, dict) else None
        elif isinstance(value, list):
            key = _fields(step["key"])
            value = next((item for item in value if _matches(item, key, lenient=True)), None)
    return value


def _keep_last(entries: list[Any], key: dict[str, Any]) -> bool:
    """Drop all but the last entry with this key, in place."""
    same = [item for item in entries if _matches(item, key, lenient=False)]
    if len(same) < 2:
        # An entry that leaves a field of its key out has the field's default, which the key in the refusal shows.
        same = [item for item in entries if _matches(item, key, lenient=True)]
    for item in same[:-1]:
        position = next(index for index, other in enumerate(entries) if other is item)
        del entries[position]
    return len(same) > 1


def _matches(item: object, key: dict[str, Any], *, lenient: bool) -> bool:
    if not isinstance(item, dict):
        return False
    return all(item.get(field, value if lenient else None) == value for field, value in key.items())
