"""Kubernetes objects as values: what names one, and what makes two of them the same.

An object's *key* is its group, kind, namespace and name: the API version is left out, because the same object can be
read through several versions. An object's *digest* is the SHA-256 of its canonical JSON (RFC 8785's idea of sorted
keys without white space; numbers as orjson writes them), so equal objects have equal digests wherever they are
computed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

__all__ = ["Manifest", "ObjectKey", "canonical_json", "digest"]

Manifest: TypeAlias = dict[str, Any]
"""One Kubernetes object as decoded JSON."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Names one object of a cluster; `namespace` is empty for cluster-scoped objects, `group` for the core group."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Manifest) -> ObjectKey:
        """The key of a manifest that has `apiVersion`, `kind` and `metadata.name`."""
        group, _, version = manifest["apiVersion"].rpartition("/")
        metadata = manifest["metadata"]
        return cls(group if version else "", manifest["kind"], metadata.get("namespace") or "", metadata["name"])

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        """The inverse of `str()`. Raises `ValueError` for anything else."""
        group, kind, namespace, name = text.split("/")
        return cls(group, kind, namespace, name)

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: keys sorted, no white space, UTF-8.

    Raises `TypeError` for what JSON can't hold (and for integers beyond 64 bits).
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """Lower-case hexadecimal SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
