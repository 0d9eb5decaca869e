"""Records of a chain as items of the table.

`seq`, `prev`, `hash` and `kind` stand beside the packed body; what else an item holds (what is learnt later) is not
part of the chain. Whoever appends must hold the head: it is written in the same transaction, under a condition.

Whoever changed an item by hand may have made it unreadable. It is read as a record whose hash is wrong all the same, so
that one such item hides neither itself nor the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TypeVar

from mooring.model.chain import Chained, Head, append
from mooring.state.packing import unpack
from mooring.state.table import Item

__all__ = ["chained_from", "chained_item", "if_readable"]

_Told = TypeVar("_Told")


def _unpacked(item: Item) -> object:
    return unpack(item["body"])


def chained_item(
    key: tuple[str, str], head: Head, *, chain: str, kind: str, id_: str, body: bytes
) -> tuple[Item, Head]:
    """The next record of a chain as an item, with `body` as packed bytes, and where the chain ends then."""
    record, after = append(head, chain=chain, kind=kind, id_=id_, body=unpack(body))
    item: Item = {"pk": key[0], "sk": key[1], "kind": kind, "body": body}
    return item | {"seq": record.seq, "prev": record.prev, "hash": record.hash}, after


def chained_from(
    item: Item, chain: str, id_: str, *, kind: str = "", body: Callable[[Item], object] = _unpacked
) -> Chained:
    """The inverse of `chained_item`, where `body` reads what is sworn; what was never chained comes back as `seq` 0."""
    seq = item.get("seq", 0)
    prev, kind, hashed = (str(item.get(*field)) for field in (("prev", ""), ("kind", kind), ("hash", "")))
    return Chained(chain, seq if isinstance(seq, int) else 0, prev, kind, id_, if_readable(body, item), hashed)


def if_readable(read: Callable[[Item], _Told], item: Item) -> _Told | None:
    """What an item says, or None where it is not as it was written."""
    try:
        return read(item)
    except (AttributeError, LookupError, TypeError, ValueError, zlib.error):
        return None
