"""Deliveries of forges: which were seen, so that none counts twice, and what became of the last ones.

    DELIVERY#id#<digest> SEEN        a delivery by its id, DELIVERY#twin#… by its content; for a week
    DELIVERIES           <time>#…    what was told and what it caused, in the order of arrival; for a week
    DELIVERIES#refused   <slot>      one of the last refusals; there are as many slots as can ever be, so that whoever
                                     has no secret can fill nothing: a newer refusal takes the place of an older one

What is seen and what is told are written in one request.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Key, Table, put

__all__ = ["REFUSALS_KEPT", "Deliveries", "Told"]

REFUSALS_KEPT: Final = 64
_LONGEST: Final = 500  # characters of any text
_LISTED: Final = 50  # applications and sets of one delivery that are named
_REMEMBERED: Final = 7 * 24 * 3600  # seconds; GitHub redelivers for three days
_AT_ONCE: Final = 100  # deliveries read in one request
_TOLD, _REFUSED = "DELIVERIES", "DELIVERIES#refused"


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery as people see it.

    `at` is in seconds since 1970, `outcome` is `queued`, `ignored`, `pong` or `refused` (then `reason` says why).
    `repository` is normalised, `refs` are references in full or `pull request 7 opened`; `id` is the `cause.id` of what
    the delivery caused. Of `applications` and `sets` (`namespace/name`) the first fifty are named, `concerned` counts
    all; `touched` are those whose files were changed.
    """

    at: float
    provider: str
    event: str
    id: str
    outcome: str
    reason: str = ""
    repository: str = ""
    refs: tuple[str, ...] = ()
    by: str = ""
    source: str = ""
    applications: tuple[str, ...] = ()
    touched: int = 0
    sets: tuple[str, ...] = ()
    concerned: int = 0


class Deliveries:
    """The deliveries of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def seen(self, provider: str, names: Mapping[str, str]) -> set[str]:
        """Which of these names of a delivery were remembered: `names` maps a kind (`id`, `twin`) to the name."""
        keys = {_seen(provider, kind, name): kind for kind, name in names.items()}
        return {keys[key] for key in self._table.get_many(keys)}

    def note(self, told: Told, names: Mapping[str, str]) -> None:
        """Remembers a delivery for a week, by its names and as it is told; doing it twice does no harm."""
        ttl = int(told.at) + _REMEMBERED
        items: list[Item] = [
            {"pk": pk, "sk": sk, "ttl": ttl}
            for pk, sk in (_seen(told.provider, kind, name) for kind, name in names.items())
        ]
        items.append({"pk": _TOLD, "sk": _mark(told), "ttl": ttl, "body": _body(told)})
        self._table.put_all(items)

    def refuse(self, told: Told) -> None:
        """Remembers a refusal in the slot of its source and reason, in place of what was there."""
        slot = int(_digest(f"{told.source} {told.provider} {told.reason}")[:8], 16) % REFUSALS_KEPT
        item: Item = {"pk": _REFUSED, "sk": f"{slot:02}", "ttl": int(told.at) + _REMEMBERED, "body": _body(told)}
        self._table.write(put(item))

    def last(self, limit: int = 100) -> list[Told]:
        """The last deliveries and refusals, newest first: two queries, no scan."""
        items = [*self._table.query(_TOLD, newest_first=True, limit=limit), *self._table.query(_REFUSED)]
        return sorted((_told(item["body"]) for item in items), key=lambda told: told.at, reverse=True)[:limit]

    def newest(self, before: str = "") -> Iterator[tuple[str, Told]]:
        """All deliveries and refusals, newest first, read as they are taken; each with the mark that `before` takes up.

        Marks sort by time. A list that is gone through in several requests misses nothing that was there at its start.
        """
        refusals = ((_mark(told), told) for told in (_told(item["body"]) for item in self._table.query(_REFUSED)))
        older = sorted((each for each in refusals if not before or each[0] < before), reverse=True, key=_by_mark)
        return heapq.merge(self._newest_told(before), older, key=_by_mark, reverse=True)

    def _newest_told(self, before: str) -> Iterator[tuple[str, Told]]:
        last = before or "~"
        while True:
            items = list(self._table.query(_TOLD, between=("0", last), newest_first=True, limit=_AT_ONCE))
            yield from ((item["sk"], _told(item["body"])) for item in items if item["sk"] != last)
            if len(items) < _AT_ONCE:
                return
            last = items[-1]["sk"]


def _by_mark(each: tuple[str, Told]) -> str:
    return each[0]


def _mark(told: Told) -> str:
    return f"{told.at:017.6f}#{_digest(told.id or told.reason)[:8]}"


def _seen(provider: str, kind: str, name: str) -> Key:
    return f"DELIVERY#{kind}#{_digest(f'{provider} {name}')}", "SEEN"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _body(told: Told) -> bytes:
    cut: dict[str, Sequence[str]] = {
        name: [each[:_LONGEST] for each in getattr(told, name)[:_LISTED]] for name in ("applications", "sets", "refs")
    }
    texts = {name: value[:_LONGEST] for name, value in asdict(told).items() if isinstance(value, str)}
    return pack(asdict(told) | cut | texts)


def _told(body: bytes) -> Told:
    value: dict[str, Any] = unpack(body)
    lists = {name: tuple(value.get(name, ())) for name in ("refs", "applications", "sets")}
    known = {field.name for field in fields(Told)}
    return Told(**{name: each for name, each in value.items() if name in known} | lists)
