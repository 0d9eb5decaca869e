"""Words about an object or a file, without the values that are in it.

Tools, API servers and admission webhooks quote what they stumble over, and what they say is kept and shown. So it is
searched for the values first, in plain, quoted and in base64. Values of fewer than three characters are left, since no
sentence would be readable any more; of an object that holds secrets in places that nobody knows (`mooring.dev/hidden`)
those of eight characters and more are masked, as many as are needed to recognise one there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from mooring.errors import MooringError
from mooring.model.objects import Manifest
from mooring.secrets.carried import carried
from mooring.secrets.digests import is_hidden, is_secret

__all__ = ["RECOGNISED", "masked", "masked_text", "values_of"]

RECOGNISED: Final = 8
"""Characters that a value must have to be looked for in objects."""

_IN_WORDS: Final = 3
_MASK: Final = "(hidden)"
_NAMING: Final = ("apiVersion", "kind")
_Error = TypeVar("_Error", bound=MooringError)


def masked(error: _Error, values: Iterable[str]) -> _Error:
    """The same error without the values; without its cause, which may hold them too."""
    error.message = masked_text(error.message, values)
    error.args = (error.message,)
    error.__cause__ = error.__context__ = None
    error.__suppress_context__ = True
    return error


def masked_text(text: str, values: Iterable[str]) -> str:
    """The text without the values, in any of their spellings."""
    for each in sorted({form for value in values for form in _forms(value)}, key=len, reverse=True):
        text = text.replace(each, _MASK)
        # Long texts are cut off, and the cut may be inside of a value.
        head = text.removesuffix(" …")
        for length in range(min(len(each), len(head)), 3, -1) if head != text else ():
            if head.endswith(each[:length]):
                text = f"{head[:-length]}{_MASK} …"
                break
    return text


def values_of(manifest: Manifest) -> set[str]:
    """The texts of an object that may be secret: values of Secrets in it; of a hidden object all but its name."""
    found: set[str] = set()
    if not is_secret(manifest):
        return found
    for secret in carried(manifest):
        found.update(_texts(secret.get("stringData")))
        found.update(_decoded(text) for text in _texts(secret.get("data")))
    if is_hidden(manifest):
        metadata = {field: manifest["metadata"].get(field) for field in ("labels", "annotations")}
        rest = {name: below for name, below in manifest.items() if name not in (*_NAMING, "metadata")}
        found.update(text for text in _texts([metadata, rest]) if len(text) >= RECOGNISED)
    return found


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


def _forms(value: str) -> Iterator[str]:
    for text in {value, value.strip(), *value.splitlines()}:
        if len(text) >= _IN_WORDS:
            yield text
            yield json.dumps(text)[1:-1]
            yield json.dumps(text, ensure_ascii=False)[1:-1]
            yield base64.b64encode(text.encode()).decode()
