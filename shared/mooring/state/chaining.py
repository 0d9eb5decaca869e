"""Records of a chain as items of the table.

`seq`, `prev`, `hash` and `kind` stand beside the packed body; what else an item holds (what is learnt later) is not
part of the chain. Whoever appends must hold the head: it is written in the same transaction, under a condition.
"""

from __future__ import annotations

from typing import Any

from mooring.model.chain import Chained, Head, append
from mooring.state.packing import unpack
from mooring.state.table import Item

__all__ = ["chained_from", "chained_item"]


def chained_item(
    key: tuple[str, str], head: Head, *, chain: str, kind: str, id_: str, body: bytes
) -> tuple[Item, Head]:
    """The next record of a chain as an item, with `body` as packed bytes, and where the chain ends then."""
    record, after = append(head, chain=chain, kind=kind, id_=id_, body=unpack(body))
    item: Item = {"pk": key[0], "sk": key[1], "kind": kind, "body": body}
    return item | {"seq": record.seq, "prev": record.prev, "hash": record.hash}, after


def chained_from(item: Item, chain: str, id_: str, *, kind: str = "") -> Chained:
    """The inverse of `chained_item`; an item that was never chained comes back with `seq` 0."""
    body: Any = unpack(item["body"])
    seq, prev = item.get("seq", 0), item.get("prev", "")
    return Chained(chain, seq, prev, item.get("kind", kind), id_, body, item.get("hash", ""))
