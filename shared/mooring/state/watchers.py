"""Who watches a cluster: at most one who does, and one who is about to.

The item of a cluster has two places. Whoever comes takes the first if it is free or its holder is silent, else the
second; a third is refused. The one in the second place takes the first as soon as its watches are open, and the former
holder finds out with its next word and ends. Every write is conditional on the fence that the writer has seen, and
makes it grow, so of two who write at once one reads again; a watcher that was asleep past its time finds itself
replaced and can keep nobody out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.state import codec
from mooring.state.lists import application_pk
from mooring.state.records import Lease
from mooring.state.table import Table, put

__all__ = ["Seat", "Watchers"]

_SK = "WATCHER"
_TRIES = 5
_KEPT = 7 * 24 * 3600  # seconds after which a cluster that nobody watches any more is forgotten


@dataclass(frozen=True, slots=True)
class Seat:
    """The two places of a cluster as they were read; an empty holder is none. Times are seconds since the epoch."""

    fence: int = 0
    holder: str = ""
    expires: float = 0.0
    heir: str = ""
    heir_expires: float = 0.0

    def is_watched(self, now: float) -> bool:
        """Whether somebody who is not silent watches, or is about to."""
        return max(self.expires if self.holder else 0.0, self.heir_expires if self.heir else 0.0) > now


class Watchers:
    """The places of watchers in the table, and the leases of the applications that they look after."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def seat(self, cluster: str) -> Seat:
        """The places of a cluster."""
        key = (_pk(cluster), _SK)
        item = self._table.get_many([key]).get(key)
        if item is None:
            return Seat()
        return Seat(item["fence"], item["holder"], float(item["expires"]), item["heir"], float(item["heir_expires"]))

    def enter(self, cluster: str, owner: str, *, now: float, ttl: float) -> Seat | None:
        """Takes a place; None where both are taken."""
        for seat in self._tries(cluster):
            first = not seat.holder or seat.expires <= now
            if not first and seat.heir and seat.heir_expires > now:
                return None
            taken = (
                Seat(seat.fence + 1, owner, now + ttl)
                if first
                else Seat(seat.fence + 1, seat.holder, seat.expires, owner, now + ttl)
            )
            if self._write(cluster, taken, seat):
                return taken
        return None

    def stay(self, cluster: str, owner: str, *, now: float, ttl: float, leads: bool = False) -> Seat | None:
        """Keeps the place that `owner` has, and with `leads` takes the first one; None where it has none any more."""
        for seat in self._tries(cluster):
            if seat.holder == owner:
                kept = Seat(seat.fence + 1, owner, now + ttl, seat.heir, seat.heir_expires)
            elif seat.heir != owner:
                return None
            elif leads or not seat.holder or seat.expires <= now:
                kept = Seat(seat.fence + 1, owner, now + ttl)
            else:
                kept = Seat(seat.fence + 1, seat.holder, seat.expires, owner, now + ttl)
            if self._write(cluster, kept, seat):
                return kept
        return None

    def leave(self, cluster: str, owner: str) -> None:
        """Gives up the place that `owner` has, if it has one."""
        for seat in self._tries(cluster):
            if owner not in (seat.holder, seat.heir):
                return
            if seat.holder == owner:
                left = Seat(seat.fence + 1, seat.heir, seat.heir_expires)
            else:
                left = Seat(seat.fence + 1, seat.holder, seat.expires)
            if self._write(cluster, left, seat):
                return

    def leases(self, apps: Iterable[AppKey]) -> dict[AppKey, Lease]:
        """The leases of some applications: who is at work on them, and a token that grows with every change."""
        keys = {(application_pk(app), "LEASE"): app for app in apps}
        found = self._table.get_many(keys) if keys else {}
        return {app: codec.lease_from(found[key]) if key in found else Lease() for key, app in keys.items()}

    def _tries(self, cluster: str) -> Iterator[Seat]:
        for _ in range(_TRIES):
            yield self.seat(cluster)
        raise ConflictError("the places of watchers change too fast; it is tried again", subject=cluster)

    def _write(self, cluster: str, seat: Seat, seen: Seat) -> bool:
        item: dict[str, Any] = {
            "pk": _pk(cluster),
            "sk": _SK,
            "fence": seat.fence,
            "holder": seat.holder,
            "expires": float(seat.expires),
            "heir": seat.heir,
            "heir_expires": float(seat.heir_expires),
            "ttl": int(max(seat.expires, seat.heir_expires)) + _KEPT,
        }
        guard = put(item, "fence = :seen", seen=seen.fence) if seen.fence else put(item, "attribute_not_exists(pk)")
        try:
            self._table.write(guard)
        except ConflictError:
            return False
        return True


def _pk(cluster: str) -> str:
    return f"WATCH#{cluster}"
