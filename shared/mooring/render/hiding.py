"""Keeps what came out of encrypted files out of what people read.

A value of a SOPS file may end anywhere: charts put values into arguments, generators into ConfigMaps, and tools quote
what they stumble over. So errors are searched for the values, and an object other than a Secret that holds one says so
by an annotation: such an object is sealed, digested and shown as a Secret is (see `secrets.digests`). A Secret says so
where one of its labels or annotations holds a value, since those are shown of Secrets. Short values
(fewer than eight characters) stand in too many places by chance to be looked for in objects; whoever wants such a value
hidden puts it into a Secret. In errors all that have three characters or more are masked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mooring.errors import MooringError, RenderError
from mooring.model.objects import Manifest
from mooring.secrets.digests import HIDDEN_ANNOTATION, is_hidden, is_secret

__all__ = ["marked", "masked", "refuse_encrypted"]

_IN_OBJECTS: Final = 8  # characters
_IN_ERRORS: Final = 3
_MASK: Final = "(hidden)"


def masked(error: MooringError, values: Iterable[str]) -> MooringError:
    """The same error without the values, in plain, quoted or in base64; without its cause, which may hold them too."""
    spelled = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)
    error.message = _without(error.message, spelled)
    error.args = (error.message,)
    error.__cause__ = error.__context__ = None
    error.__suppress_context__ = True
    return error


def marked(objects: Iterable[Manifest], values: Iterable[str]) -> tuple[Manifest, ...]:
    """The objects, each that holds one of the values where people would read it with the annotation that hides it."""
    hidden = [value.strip() for value in values if len(value.strip()) >= _IN_OBJECTS]
    encoded = [base64.b64encode(value.encode()).decode() for value in hidden]
    sought = (*hidden, *encoded)
    return tuple(_mark(each) if _holds(_shown(each), sought) and not is_hidden(each) else each for each in objects)


def refuse_encrypted(objects: Iterable[Manifest]) -> None:
    """Raises `RenderError` for an object that is still a SOPS file (of a remote base, or generated): as it is, it would
    reach the cluster with ciphertext for values.
    """
    for each in objects:
        metadata = each.get("sops")
        if isinstance(metadata, dict) and "mac" in metadata and "lastmodified" in metadata:
            raise RenderError(
                f"{each['kind']} {each['metadata'].get('name', '')} is still encrypted with SOPS: files are opened "
                "where the source itself names them; see docs/sops.md",
            )


def _shown(manifest: Manifest) -> Any:
    """What of an object people would read: of a Secret labels and annotations."""
    if not is_secret(manifest):
        return manifest
    metadata = manifest.get("metadata") or {}
    return [metadata.get("labels"), metadata.get("annotations")]


def _forms(value: str) -> Iterator[str]:
    for text in {value, value.strip(), *value.splitlines()}:
        if len(text) >= _IN_ERRORS:
            yield text
            yield json.dumps(text)[1:-1]
            yield json.dumps(text, ensure_ascii=False)[1:-1]
            yield base64.b64encode(text.encode()).decode()


def _without(text: str, spelled: Iterable[str]) -> str:
    for each in spelled:
        text = text.replace(each, _MASK)
        # Long texts are cut off, and the cut may be inside of a value.
        head = text.removesuffix(" …")
        for length in range(min(len(each), len(head)), 3, -1) if head != text else ():
            if head.endswith(each[:length]):
                text = f"{head[:-length]}{_MASK} …"
                break
    return text


def _holds(value: Any, sought: Iterable[str]) -> bool:
    match value:
        case str():
            return any(each in value for each in sought)
        case list():
            return any(_holds(each, sought) for each in value)
        case dict():
            return any(_holds(name, sought) or _holds(each, sought) for name, each in value.items())
        case _:
            return False


def _mark(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), HIDDEN_ANNOTATION: "sops"}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
