"""Single fields of an object that holds secrets, as pages may have them: digests, the same as in its manifest."""

from __future__ import annotations

from typing import Any

from mooring.cluster.leaves import value_at
from mooring.differences.redaction import hashed, redacted
from mooring.model.objects import Manifest
from mooring.secrets.digests import HASHED

__all__ = ["Veil"]


class Veil:
    """What hides the values of one object; `hidden` says that any of them may be a secret."""

    def __init__(self, manifest: Manifest, key: bytes, *, hidden: bool = False) -> None:
        self.hidden = hidden
        self._page = redacted(manifest, key, hidden=hidden)
        self._key = key

    def over(self, path: str, value: Any) -> str:
        """The digest of what stands at a path, which is `value`."""
        told = value_at(self._page, path)
        return told if isinstance(told, str) and told.startswith(HASHED) else hashed(value, self._key, encoded=False)
