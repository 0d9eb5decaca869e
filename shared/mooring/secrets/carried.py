"""Secrets that other objects carry: the manifests of a ManifestWork, of a Crossplane Object, of an add-on, of a List.

Such an object is read by whoever may read its kind, in git and in the cluster; what Mooring keeps and shows of it is
treated as a Secret all the same. A Secret is a mapping with that kind, of API version v1 or none, and with values. It
is looked for at any depth, but not in texts: a manifest that stands in a string is not taken apart.

Nearly no object carries one, so that is asked of the object's JSON first, which costs less than a walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mooring.model.objects import Manifest

__all__ = ["carried", "carries", "is_plain_secret"]

_NAMED: Final = b'"kind":"Secret'
_VERSIONS: Final = ("v1", None)
_VALUES: Final = ("data", "stringData")


def is_plain_secret(manifest: Manifest) -> bool:
    """Whether an object is a Secret itself."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def carries(manifest: Manifest, content: bytes) -> bool:
    """Whether a Secret with values stands anywhere in an object; `content` is its JSON without white space."""
    return _NAMED in content and any(True for _ in carried(manifest))


def carried(value: Any) -> Iterator[Manifest]:
    """Every Secret with values in a value, at any depth, the value itself included."""
    if isinstance(value, list):
        for each in value:
            yield from carried(each)
    elif isinstance(value, dict):
        kind, ours = value.get("kind"), value.get("apiVersion") in _VERSIONS
        if kind == "Secret" and ours and any(value.get(name) for name in _VALUES):
            yield value
        if kind == "SecretList" and ours and isinstance(value.get("items"), list):
            # Items of a list don't have to say what they are.
            yield from (each for each in value["items"] if isinstance(each, dict) and "kind" not in each)
        for each in value.values():
            yield from carried(each)
