"""Keeps what came out of encrypted files out of what people read.

A value of a SOPS file may end anywhere: charts put values into arguments, generators into ConfigMaps, and tools quote
what they stumble over. So errors are searched for the values (`secrets.masking`), and an object other than a Secret
that holds one says so by an annotation: it is sealed, digested and shown as a Secret is (`secrets.digests`).
A Secret says so where one of its labels or annotations holds a value, since those are shown of Secrets. Short values
(fewer than eight characters) stand in too many places by chance to be looked for in objects; whoever wants such a value
hidden puts it into a Secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from mooring.errors import RenderError
from mooring.model.objects import Manifest
from mooring.secrets.carried import is_plain_secret
from mooring.secrets.digests import HIDDEN_ANNOTATION, is_hidden
from mooring.secrets.masking import RECOGNISED

__all__ = ["marked", "refuse_encrypted"]


def marked(objects: Iterable[Manifest], values: Iterable[str]) -> tuple[Manifest, ...]:
    """The objects, each that holds one of the values where people would read it with the annotation that hides it."""
    hidden = [value.strip() for value in values if len(value.strip()) >= RECOGNISED]
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
    if not is_plain_secret(manifest):
        return manifest
    metadata = manifest.get("metadata") or {}
    return [metadata.get("labels"), metadata.get("annotations")]


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
