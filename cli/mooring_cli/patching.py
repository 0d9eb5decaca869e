"""Patches of documents: a list of operations (RFC 6902, by jsonpatch) or a document laid over (RFC 7396)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["json_patched", "merge_patched", "read_patch"]


def read_patch(given: str) -> Any:
    """The decoded patch: text, `@FILE`, or `-` for standard input. Raises `ConfigurationError`."""
    import yaml

    try:
        text = sys.stdin.read() if given == "-" else given
        if given.startswith("@"):
            text = Path(given[1:]).read_text(encoding="utf-8")
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"can't be read: {error}", field="--patch") from error


def json_patched(document: dict[str, Any], patch: Any) -> Any:
    """The document after a list of operations. Raises `ConfigurationError` where one can't be done."""
    import jsonpatch

    if not isinstance(patch, list) or not all(isinstance(each, dict) for each in patch):
        raise ConfigurationError("must be a list of operations; --type merge takes a document", field="--patch")
    try:
        return jsonpatch.apply_patch(document, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        raise ConfigurationError(f"can't be done: {error}", field="--patch") from error


def merge_patched(document: Any, patch: Any) -> Any:
    """The document with the patch laid over: null takes a field away, a list replaces one."""
    if not isinstance(patch, dict):
        raise ConfigurationError("must be a document; --type json takes a list of operations", field="--patch")
    return _merged(document, patch)


def _merged(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = _merged(made.get(key), value)
    return made
