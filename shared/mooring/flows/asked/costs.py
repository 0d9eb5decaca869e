"""What operations and the renders behind them have cost, by application, project, cluster or day.

Read from the sums that operations leave behind (`state.spending`): a query for each day, at most three months of them.
Only what an operation and its renders took is in it. What is there whether or not anything happens (sweeps, secrets,
queues) is nobody's in particular; docs/cost.md has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.flows.asked.paging import page_of
from mooring.flows.asked.prices import AS_OF, PRICES, priced_region
from mooring.state.spending import Cost, Spending, Spent

__all__ = ["GROUPS", "list_costs", "told_cost"]

GROUPS: Final = ("application", "project", "cluster", "day")
_DAYS: Final = 30  # where nobody says since when
_MOST_DAYS: Final = 92
_DEAREST: Final = 10**20  # billionths of a dollar, more than anything has cost
_NAMED: Final[Mapping[str, Callable[[Spent], str]]] = {
    "application": lambda spent: spent.app,
    "project": lambda spent: spent.project,
    "cluster": lambda spent: spent.cluster,
    "day": lambda spent: spent.day.isoformat(),
}


def told_cost(cost: Cost, region: str = "") -> dict[str, Any]:
    """An operation's cost, with its price in USD where a region is given."""
    told = {
        "gbSeconds": cost.gb_seconds,
        "tableRequests": cost.table_requests,
        "readUnits": cost.read_units,
        "writeUnits": cost.write_units,
    }
    return told | {"usd": _usd(cost, region)} if region else told


def list_costs(
    spending: Spending, asked: Mapping[str, str], sees: Callable[[Spent], bool], *, now: float, region: str
) -> dict[str, Any]:
    """The sums of what `sees` says yes to, dearest first (days in their order), a page of them under the total of all.

    `asked` has `since` and `until` (days, `2026-11-21`, both among them; the last 30 without them), `group`, `limit`
    and `continue`. Raises `ConfigurationError` naming the parameter.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    until = _day(asked.get("until") or "", "until") or today
    since = _day(asked.get("since") or "", "since") or until - timedelta(days=_DAYS - 1)
    if not 0 <= (until - since).days < _MOST_DAYS:
        raise ConfigurationError(
            f"must be no later than `until`, and less than {_MOST_DAYS} days before", field="since"
        )
    group = asked.get("group") or GROUPS[0]
    if group not in _NAMED:
        raise ConfigurationError(f"must be one of {', '.join(GROUPS)}", field="group")
    region = priced_region(region)
    sums: dict[str, list[Any]] = {}
    total: list[Any] = [0, 0, Cost(), Cost()]
    for spent in spending.between(since, until):
        if sees(spent):
            for kept in (sums.setdefault(_NAMED[group](spent), [0, 0, Cost(), Cost()]), total):
                kept[0] += spent.operations
                kept[1] += spent.requests
                kept[2] = kept[2].plus(spent.cost).plus(spent.renders)
                kept[3] = kept[3].plus(spent.renders)
    items = [{"name": name, **_sum(kept, region)} for name, kept in sums.items()]
    metadata = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "group": group,
        "prices": {"region": region, "asOf": AS_OF, "currency": "USD"},
        "total": _sum(total, region),
    }
    page = page_of(((item["name"] if group == "day" else _dearest(item), item) for item in items), asked)
    return {"metadata": metadata | page["metadata"], "items": page["items"]}


def _dearest(item: Mapping[str, Any]) -> str:
    """A name by which the dearest stands first, and among equals the first by name."""
    return f"{_DEAREST - round(item['usd'] * 1e9):021} {item['name']}"


def _sum(kept: list[Any], region: str) -> dict[str, Any]:
    operations, requests, cost, renders = kept
    told = {"operations": operations, "requests": requests, **told_cost(cost, region)}
    return told | {"renders": told_cost(renders, region)}


def _usd(cost: Cost, region: str) -> float:
    region = priced_region(region)
    price = {
        "Lambda, GB-second (arm64)": cost.gb_seconds,
        "DynamoDB, million read units": cost.read_units / 1e6,
        "DynamoDB, million write units": cost.write_units / 1e6,
    }
    return round(sum(amount * PRICES[name][region] for name, amount in price.items()), 9)


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ConfigurationError("must be a day, as 2026-11-21", field=field) from None
