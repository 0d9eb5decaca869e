"""What is on record of applications: their operations, newest first, and as the links of a chain (ADR 0095)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

from mooring.model.application import AppKey
from mooring.model.chain import Chained, Head
from mooring.state import codec
from mooring.state.chaining import if_readable
from mooring.state.lists import APPLICATIONS, GONE, application_pk
from mooring.state.operationcodec import operation_from, operation_link
from mooring.state.operations import Operation
from mooring.state.table import Table

__all__ = ["Histories"]


class Histories:
    """Operations of applications, also of those that are gone."""

    _table: Table

    def operations(self, key: AppKey, limit: int) -> list[Operation]:
        """The newest operations of an application, newest first; none of an earlier one that had its name."""
        items = self._table.query(application_pk(key), "OP#", newest_first=True, limit=limit)
        read = (operation_from(item) for item in items)
        return list(takewhile(lambda each: (each.kind, each.phase) != ("delete", "Succeeded"), read))

    def operations_since(self, key: AppKey, id_: str, limit: int) -> list[Operation]:
        """The first operations of an application whose id is not below `id_` (they sort by time), oldest first."""
        items = self._table.query(application_pk(key), between=(f"OP#{id_}", "OP#~"), limit=limit)
        return [operation_from(item) for item in items]

    def on_record(self) -> list[AppKey]:
        """Every application that there is or was, by name."""
        names = {item["sk"] for pk in (APPLICATIONS, GONE) for item in self._table.query(pk, fields=("sk",))}
        return [AppKey.parse(name) for name in sorted(names)]

    def ends(self, keys: Iterable[AppKey]) -> dict[AppKey, Head]:
        """Where the chains of operations of some applications end, a hundred a request."""
        leases = {(application_pk(key), "LEASE"): key for key in keys}
        items = self._table.get_many(leases) if leases else {}
        return {leases[at]: codec.lease_from(item).head for at, item in items.items()}

    def links(
        self, key: AppKey, low: str, high: str, limit: int = 0, *, newest_first: bool = False
    ) -> Iterator[tuple[str, Chained, Operation | None]]:
        """The operations with ids between two, in order of time, each as a record of its chain, too, and before them
        where each stands among the items. One that somebody made unreadable is None.
        """
        span = f"OP#{low}", f"OP#{high}"
        for item in self._table.query(application_pk(key), between=span, newest_first=newest_first, limit=limit):
            yield (
                item["sk"].removeprefix("OP#"),
                operation_link(item),
                if_readable(operation_from, item),
            )

    def newest_links(self, key: AppKey, limit: int, before: str = "") -> list[tuple[str, Chained, Operation | None]]:
        """The newest operations of an application, or of whatever had its name, newest first, each with where it
        stands among the items as `links` has it; none that stands at `before` or behind it.
        """
        found = self.links(key, "", before or "~", limit + 1, newest_first=True)
        return [each for each in found if each[0] != before][:limit]
