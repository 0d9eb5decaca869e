"""Leave out fields that the API server does not know, where the user asked for that (`Validate=false`).

Server-side apply refuses fields that a kind's schema does not declare, whatever validation is asked for, while
client-side apply without validation drops them. The refusal names each of them by path, so they are taken out and the
rest is sent again: that needs no schema, costs one more request where there is such a field, and none elsewhere.
Source: Argo CD, "Sync Options", section Disable Kubectl Validation; tried on API server 1.36.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from mooring.model.objects import Manifest

__all__ = ["drop_undeclared"]

REFUSAL = re.compile(r"(?P<path>\.[^\s:]+(?:\[[^\]]*\][^\s:]*)*): field not declared in schema")
STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<key>[^\]]*)\]")


def drop_undeclared(manifest: Manifest, refusal: str) -> tuple[Manifest, tuple[str, ...]]:
    """The manifest without the fields that a refusal calls undeclared, and a warning for each; else the manifest."""
    paths = list(dict.fromkeys(match["path"] for match in REFUSAL.finditer(refusal)))
    if not paths:
        return manifest, ()
    copy: Manifest = orjson.loads(orjson.dumps(manifest))
    dropped = [path for path in paths if _drop(copy, path)]
    warnings = tuple(f"{path} is not declared in the schema and was left out (Validate=false)" for path in dropped)
    return (copy, warnings) if dropped else (manifest, ())


def _drop(value: Any, path: str) -> bool:
    steps = list(STEP.finditer(path))
    for step in steps[:-1]:
        value = _into(value, step)
    last = steps[-1]["field"]
    if last is None or not isinstance(value, dict) or last not in value:
        return False
    del value[last]
    return True


def _into(value: Any, step: re.Match[str]) -> Any:
    if step["field"] is not None:
        return value.get(step["field"]) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return None
    if step["key"].isdigit():
        index = int(step["key"])
        return value[index] if index < len(value) else None
    pairs = (part.partition("=") for part in re.split(r",(?=[A-Za-z]\w*=)", step["key"]))
    key = {name: orjson.loads(text) for name, _, text in pairs}
    # An entry may leave a field of its key out, which then has the default that the refusal shows.
    return next(
        (item for item in value if isinstance(item, dict) and all(item.get(n, v) == v for n, v in key.items())), None
    )
