"""What people did through the API, as a chain of its own.

    ACTIONS   <id>#<place>   one action: who, when, what, from where; never changed
    ACTIONS   HEAD           where the chain ends

An action is written before it is carried out, together with the head: of two at once one finds that the head has moved
on, reads it again and comes after the other.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any, Final

from mooring.errors import ConflictError, ThrottledError
from mooring.model.chain import Chained, Head
from mooring.state.chaining import chained_from, chained_item
from mooring.state.packing import pack
from mooring.state.table import Item, Table, put

__all__ = ["ACTIONS", "ACTIONS_CHAIN", "Actions"]

ACTIONS_CHAIN: Final = "installation"
ACTIONS: Final = "ACTIONS"
_HEAD: Final = (ACTIONS, "HEAD")
_TRIES: Final = 12


class Actions:
    """The actions of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._head: Head | None = None

    def head(self) -> Head:
        """Where the chain ends now."""
        return _head_from(self._table.get(_HEAD))

    def note(self, id_: str, body: dict[str, Any]) -> None:
        """Puts one action on record: one request, and another where somebody else was at work since the last.

        Raises `ThrottledError` where too many are at work at once.
        """
        packed = pack(body)
        for attempt in range(_TRIES):
            before = self.head() if self._head is None else self._head
            self._head = None  # until it is known that ours was written
            key = (ACTIONS, f"{id_}#{before.seq + 1:09}")
            item, after = chained_item(key, before, chain=ACTIONS_CHAIN, kind="action", id_=id_, body=packed)
            pk, sk = _HEAD
            end: Item = {"pk": pk, "sk": sk, "seq": after.seq, "hash": after.hash}
            unmoved = put(end, "seq = :seen", seen=before.seq) if before.seq else put(end, "attribute_not_exists(pk)")
            try:
                self._table.write(put(item, "attribute_not_exists(pk)"), unmoved)
            except ConflictError:
                time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 (jitter, not a secret)
                continue
            self._head = after
            return
        raise ThrottledError("too many people are at work at once; try again")

    def between(
        self, low: str, high: str, limit: int = 0, *, newest_first: bool = False
    ) -> Iterator[tuple[str, Chained]]:
        """Records by their place among the items, in order of time, between two places (ids sort by time)."""
        span = low, min(high, "9")
        for item in self._table.query(ACTIONS, between=span, newest_first=newest_first, limit=limit):
            yield item["sk"], chained_from(item, ACTIONS_CHAIN, item["sk"].partition("#")[0])


def _head_from(item: Item | None) -> Head:
    return Head() if item is None else Head(item["seq"], item["hash"])
