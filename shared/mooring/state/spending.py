"""What operations took of AWS, and the sum of it for each application and day.

An operation knows what it took: the function's seconds with its memory, and what DynamoDB counted (ADR 0124). Sums are
kept beside it, one item for each application and day, which the transaction that ends the operation adds to: so a sum
holds each operation once, whatever crashes, and whoever asks for a month reads thirty partitions and no operations.
Amounts are kept, and no money: prices change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mooring.state.table import Operation as Write
from mooring.state.table import Table, add

if TYPE_CHECKING:
    from mooring.state.operations import Operation
    from mooring.state.records import Spec
    from mooring.state.statuses import Status
    from mooring.state.wanted import WantedState

__all__ = ["Cost", "Spending", "Spent", "spending", "uncounted"]

_KEPT: Final = 400  # days
_DAY: Final = 86_400
_RENDER: Final = "render_"  # begins the names of what renders took


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took: gigabyte-seconds of functions, requests of the table and what DynamoDB counted for them.

    The write that ends an operation is not in its cost, for it holds it.
    """

    gb_seconds: float = 0.0
    table_requests: int = 0
    read_units: float = 0.0
    write_units: float = 0.0

    def minus(self, other: Cost) -> Cost:
        """What is more than that; nothing is less than nothing."""
        return Cost(
            round(max(0.0, self.gb_seconds - other.gb_seconds), 6),
            max(0, self.table_requests - other.table_requests),
            round(max(0.0, self.read_units - other.read_units), 1),
            round(max(0.0, self.write_units - other.write_units), 1),
        )

    def among(self, number: int) -> Cost:
        """The share of one of so many; requests of the table as whole numbers, rounded up."""
        if number < 2:
            return self
        return Cost(
            round(self.gb_seconds / number, 6),
            -(-self.table_requests // number),
            round(self.read_units / number, 1),
            round(self.write_units / number, 1),
        )

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(
            round(self.gb_seconds + other.gb_seconds, 6),
            self.table_requests + other.table_requests,
            round(self.read_units + other.read_units, 1),
            round(self.write_units + other.write_units, 1),
        )


_NOTHING: Final = Cost()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one application's operations took on one day (UTC), and the renders behind them. `requests` are those of API
    servers; `renders` is not in `cost`.
    """

    day: date
    app: str
    project: str
    cluster: str
    operations: int
    requests: int
    cost: Cost
    renders: Cost = _NOTHING


def uncounted(wanted: WantedState | None, status: Status) -> Cost:
    """What renders took of an application since an operation was last counted with them.

    Another revision that was asked for once stands in the place of what git wants, and has no sum of its own.
    """
    return Cost() if wanted is None else wanted.spent.minus(status.counted)


def spending(app: str, spec: Spec | None, cluster: str, operation: Operation, renders: Cost = _NOTHING) -> Write:
    """The write that adds an operation that has ended to the sum of its day, with the renders that led to it."""
    ended = datetime.fromtimestamp(operation.finished_at or operation.started_at, UTC)
    cost = operation.cost
    numbers = {
        "operations": 1,
        "requests": operation.requests,
        "gb_seconds": cost.gb_seconds,
        "table_requests": cost.table_requests,
        "read_units": cost.read_units,
        "write_units": cost.write_units,
    }
    if renders != Cost():
        numbers |= {f"{_RENDER}{name}": value for name, value in asdict(renders).items()}
    project = "" if spec is None else spec.application.project
    until = (int(ended.timestamp()) // _DAY + _KEPT) * _DAY
    return add((_pk(ended.date()), app), numbers, {"project": project, "cluster": cluster, "ttl": until})


class Spending:
    """The sums, for whoever asks."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def between(self, first: date, last: date) -> Iterator[Spent]:
        """The sums of these days (both among them), by day and application: a query a day, a megabyte a request."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            for item in self._table.query(_pk(day)):
                cost = Cost(**{each.name: item[each.name] for each in fields(Cost)})
                renders = Cost(**{each.name: item.get(f"{_RENDER}{each.name}", 0) for each in fields(Cost)})
                operations, requests = item["operations"], item["requests"]
                yield Spent(day, item["sk"], item["project"], item["cluster"], operations, requests, cost, renders)


def _pk(day: date) -> str:
    return f"COSTS#{day.isoformat()}"
