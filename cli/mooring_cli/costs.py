"""`mooring costs`: what operations and renders have cost, by application, project, cluster or day."""

from __future__ import annotations

from typing import Any

import click

from mooring_cli.client import Api
from mooring_cli.frame import prints, verb
from mooring_cli.output import Output
from mooring_cli.tables import table

__all__ = ["costs"]


@verb("costs", "what operations have cost")
@click.option("--since", metavar="DAY", help="The first day, as 2026-11-01 (30 days back; 92 at most).")
@click.option("--until", metavar="DAY", help="The last day (today).")
@click.option("--by", "group", type=click.Choice(["application", "project", "cluster", "day"]), default="application",
              help="What is summed up (application).")  # fmt: skip
@prints(watch=True)
def costs(api: Api, out: Output, since: str | None, until: str | None, group: str) -> int:
    """The dearest first; RENDERS is the part of it that renders took. Nothing that is paid anyway (docs/cost.md)."""
    given = {"since": since, "until": until, "group": group}
    found = api.whole("costs", query={name: value for name, value in given.items() if value})
    asked = found["metadata"]
    rows = [_row(each["name"], each) for each in found["items"]]
    heads = [group.upper(), "USD", "RENDERS", "OPERATIONS", "REQUESTS", "GB-SECONDS", "READ", "WRITTEN"]
    prices = asked["prices"]
    told = f"{asked['since']} to {asked['until']}, at list prices of {prices['region']} ({prices['asOf']})"
    out.emit(found, lambda: [table(heads, [*rows, _row("total", asked["total"])]), told])
    return 0


def _row(name: str, cost: dict[str, Any]) -> list[object]:
    usd = [f"{each.get('usd', 0):.6f}" for each in (cost, cost["renders"])]
    return [name, *usd, cost["operations"], cost["requests"], f"{cost['gbSeconds']:.1f}",
            f"{cost['readUnits']:g}", f"{cost['writeUnits']:g}"]  # fmt: skip
