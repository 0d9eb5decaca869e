"""How nested values are kept in one attribute: JSON, compressed, in chunks that fit an item."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import orjson

__all__ = ["pack", "pack_rows", "unpack", "unpack_rows"]

_CHUNK = 300 * 1024


def pack(value: Any) -> bytes:
    """A JSON value as compressed bytes; equal values give equal bytes."""
    return zlib.compress(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), 6)


def unpack(data: bytes) -> Any:
    """The inverse of `pack`."""
    return orjson.loads(zlib.decompress(data))


def pack_rows(rows: list[Any]) -> list[bytes]:
    """Rows as chunks of at most 300 KB each; no rows give no chunks."""
    if not rows:
        return []
    whole = pack(rows)
    if len(whole) <= _CHUNK or len(rows) == 1:
        return [whole]
    middle = len(rows) // 2
    return pack_rows(rows[:middle]) + pack_rows(rows[middle:])


def unpack_rows(chunks: Iterable[bytes]) -> list[Any]:
    """The inverse of `pack_rows`."""
    return [row for chunk in chunks for row in unpack(chunk)]
