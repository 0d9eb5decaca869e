"""The single fields of an object by readable paths: what each manager owns of it, and what stands at a path.

A manager's `fieldsV1` is a trie (see `cluster.fingerprint`); its leaves are what it set. A path names a field as people
write it, with entries of lists by their keys: `.spec.containers[name=web].image`, `.data['app.yaml']`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from mooring.cluster.fingerprint import field_step, key_step
from mooring.model.objects import Manifest

__all__ = ["ABSENT", "leaves", "value_at"]

ABSENT: Final = object()
"""What stands at a path that an object does not have."""

_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\['(?P<quoted>(?:[^'])+)'\]|\[=(?P<value>[^\]]*)\]|\[(?P<key>[^\]]*)\]")


def leaves(fields: dict[str, Any], live: Manifest) -> Iterator[tuple[str, Any]]:
    """The paths that a `fieldsV1` owns, each with its value in the live object; those that are not there are left out.

    The keys of an entry of a list come with the entry: they name it and are no fields of their own.
    """
    if fields:
        yield from _leaves(fields, live, "", frozenset())


def _leaves(node: dict[str, Any], value: Any, path: str, named: frozenset[str]) -> Iterator[tuple[str, Any]]:
    steps = {step: below for step, below in node.items() if step != "."}
    if not steps:
        yield path, value
        return
    owns_more = False
    for step, below in steps.items():
        kind, rest = step[:2], step[2:]
        if kind == "f:" and isinstance(value, dict) and rest in value:
            if rest in named:
                continue
            owns_more = True
            yield from _leaves(below or {}, value[rest], path + field_step(rest), frozenset())
        elif kind == "k:" and isinstance(value, list):
            key: dict[str, Any] = orjson.loads(rest)
            entry = next((each for each in value if _has(each, key)), None)
            if entry is not None:
                owns_more = True
                yield from _leaves(below or {}, entry, path + key_step(key), frozenset(key))
        elif kind == "v:" and isinstance(value, list):
            member = orjson.loads(rest)
            if member in value:
                owns_more = True
                yield f"{path}[={member}]", member
    if "." in node and not owns_more and named:
        yield path, value  # an entry of which nothing but its keys is owned


def value_at(manifest: Any, path: str) -> Any:
    """What stands at a readable path, or `ABSENT`."""
    value, end = manifest, 0
    for step in _STEP.finditer(path):
        if step.start() != end:
            return ABSENT
        end = step.end()
        value = _below(value, step)
        if value is ABSENT:
            return ABSENT
    return value if end == len(path) else ABSENT


def _below(value: Any, step: re.Match[str]) -> Any:
    name = step["name"] or step["quoted"]
    if name is not None:
        return value[name] if isinstance(value, dict) and name in value else ABSENT
    if not isinstance(value, list):
        return ABSENT
    if step["value"] is not None:
        return next((each for each in value if str(each) == step["value"]), ABSENT)
    if step["key"].isdigit():
        return value[int(step["key"])] if int(step["key"]) < len(value) else ABSENT
    wanted = dict(part.partition("=")[::2] for part in step["key"].split(","))
    for each in value:
        if isinstance(each, dict) and all(_text(each.get(key, "TCP")) == text for key, text in wanted.items()):
            return each
    return ABSENT


def _has(entry: Any, key: dict[str, Any]) -> bool:
    return isinstance(entry, dict) and all(entry.get(name) == value for name, value in key.items())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
