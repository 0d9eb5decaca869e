"""What stands for a value that must not be guessed: digests of Secrets are keyed.

A plain hash of a Secret is a copy of it for whoever can guess: a password of a dictionary is found in the time that it
takes to hash the dictionary. So wherever a digest of plaintext is kept (the inventory, the name of a bundle), it is an
HMAC-SHA256 (RFC 2104) under a key of the installation that only the functions which see the plaintext can read. All
other objects keep their plain digest, which needs no key and no call to get one. See ADR 0080.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from functools import cached_property

from mooring.model.objects import Manifest, canonical_json
from mooring.secrets.carried import carries, is_plain_secret

__all__ = ["HASHED", "HIDDEN_ANNOTATION", "Digests", "is_hidden", "is_secret"]

HIDDEN_ANNOTATION = "mooring.dev/hidden"
"""On an object of any kind: its values are treated as those of a Secret. A render sets it where SOPS files were."""

HASHED = "(hmac:"
"""How `Digests.shown` begins."""


def is_secret(manifest: Manifest) -> bool:
    """Whether an object holds what must neither be stored in plain nor under a hash without a key: it is a Secret,
    carries one, or says that its values are hidden.
    """
    return _says_so(manifest) or carries(manifest, canonical_json(manifest))


def _says_so(manifest: Manifest) -> bool:
    return is_plain_secret(manifest) or is_hidden(manifest)


def is_hidden(manifest: Manifest | None) -> bool:
    """Whether an object says by its annotation that any of its values may be secret."""
    metadata = (manifest or {}).get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and HIDDEN_ANNOTATION in annotations


class Digests:
    """Digests of objects and bundles; the key is asked for when the first Secret needs it, once a process."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._ask = key

    def __repr__(self) -> str:
        return "Digests(…)"

    @cached_property
    def _key(self) -> bytes:
        return self._ask()

    def of(self, manifest: Manifest) -> str:
        """The digest of an object: 64 hexadecimal digits, keyed for a Secret. Raises as reading the key does."""
        content = canonical_json(manifest)
        if not _says_so(manifest) and not carries(manifest, content):
            return hashlib.sha256(content).hexdigest()
        return hmac.new(self._key, b"object\n" + content, hashlib.sha256).hexdigest()

    def key(self, purpose: str) -> bytes:
        """A key for digests of one kind that only a page shows: the same each time, and no way back to ours."""
        return hmac.new(self._key, b"key\n" + purpose.encode(), hashlib.sha256).digest()

    def shown(self, value: object) -> str:
        """What people may see of a value that is a secret: a short keyed digest and its length."""
        content = value.encode() if isinstance(value, str) else canonical_json(value)
        short = hmac.new(self._key, b"value\n" + content, hashlib.sha256).hexdigest()[:8]
        return f"{HASHED}{short}, {len(content)} bytes)"

    def of_bundle(self, objects: Iterable[Manifest], *, keyed: bool) -> str:
        """The digest of objects in their order: 64 hexadecimal digits, keyed as it must be where a Secret is."""
        hashed = hashlib.sha256()
        for manifest in objects:
            hashed.update(canonical_json(manifest))
            hashed.update(b"\n")
        if not keyed:
            return hashed.hexdigest()
        return hmac.new(self._key, b"bundle\n" + hashed.digest(), hashlib.sha256).hexdigest()
