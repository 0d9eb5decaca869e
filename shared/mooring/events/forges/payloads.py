"""Payloads read strictly: a field is what the provider documents, or the error names it.

JSON comes in here and nowhere else. Readers ask for texts, mappings and lists by name; what is missing where it may be
is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mooring.errors import ConfigurationError

__all__ = ["addresses", "changed_files", "inner", "listed", "needed", "parse_body", "reference", "text", "texts"]

_MAX_LISTED_FILES = 3000  # GitHub, "Webhook events and payloads": longer lists of changed files are cut


def parse_body(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body. Raises `ConfigurationError` for anything else, such as a form."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not (kind == "application/json" or kind.endswith("+json")):
        raise ConfigurationError(
            f"is {kind[:60]}; set the webhook's content type to application/json", field="Content-Type"
        )
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(
            "is not JSON; set the webhook's content type to application/json", field="body"
        ) from error
    if not isinstance(payload, dict):
        raise ConfigurationError("must be a JSON object", field="body")
    return payload


def inner(payload: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """A mapping within mappings (`repository.links`), empty where there is none."""
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def needed(payload: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """As `inner`. Raises `ConfigurationError` where there is no mapping."""
    found = inner(payload, path)
    if not found:
        raise ConfigurationError("must be a mapping", field=path)
    return found


def text(payload: Mapping[str, Any], path: str) -> str:
    """A text within mappings, empty where there is none; a number is its digits."""
    parent, _, name = path.rpartition(".")
    value = (inner(payload, parent) if parent else payload).get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def texts(values: object) -> list[str]:
    """The texts in a list, nothing where it is none."""
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def listed(payload: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """The mappings in a list within mappings."""
    parent, _, name = path.rpartition(".")
    values = (inner(payload, parent) if parent else payload).get(name)
    return [each for each in values if isinstance(each, Mapping)] if isinstance(values, list) else []


def reference(payload: Mapping[str, Any], path: str = "ref") -> str:
    """A reference in full. Raises `ConfigurationError` where there is none."""
    parent, _, name = path.rpartition(".")
    ref = (inner(payload, parent) if parent else payload).get(name)
    if not isinstance(ref, str) or not ref:
        raise ConfigurationError("must be a string like refs/heads/main", field=path)
    return ref


def addresses(field: str, candidates: Iterable[object]) -> tuple[str, ...]:
    """The addresses that are there, each once. Raises `ConfigurationError` naming `field` where there is none."""
    found = tuple(dict.fromkeys(each for each in candidates if isinstance(each, str) and each))
    if not found:
        raise ConfigurationError("must hold the address of the repository", field=field)
    return found


def changed_files(payload: Mapping[str, Any], *, total: str = "") -> frozenset[str] | None:
    """What `commits` list as added, modified and removed; None unless that is certainly all.

    `total` names the field that counts the commits, where a provider cuts the list.
    """
    commits = payload.get("commits")
    if not isinstance(commits, list) or not commits:
        return None
    count = payload.get(total, len(commits)) if total else len(commits)
    if not isinstance(count, int) or count > len(commits):
        return None
    files: set[str] = set()
    for commit in commits:
        if not isinstance(commit, dict):
            return None
        for name in ("added", "modified", "removed"):
            paths = commit.get(name)
            if paths is None and name in commit:
                paths = []  # Gitea and Gogs write null for an empty list
            if not isinstance(paths, list):
                return None
            files.update(path for path in paths if isinstance(path, str))
    return frozenset(files) if files and len(files) < _MAX_LISTED_FILES else None
