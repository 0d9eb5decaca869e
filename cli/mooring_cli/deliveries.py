"""`mooring webhook deliveries`: what repositories' hosts told of late, and what each delivery caused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from mooring_cli.client import Api
from mooring_cli.frame import prints, verb
from mooring_cli.output import Output
from mooring_cli.tables import table

__all__ = ["list_deliveries"]

_NAMED = 3  # operations that a line names


@verb("deliveries", "the last deliveries, and what each caused")
@click.option("--repo", metavar="URL", help="of this repository: its address, or a part of it")
@click.option("--provider", metavar="NAME", help="of this provider, as github or codecommit")
@click.option("--refused", is_flag=True, help="only what was refused, with the reason")
@click.option("--limit", metavar="N", help="at most so many (25)")
@prints(watch=True)
def list_deliveries(
    api: Api, out: Output, repo: str | None, provider: str | None, refused: bool, limit: str | None
) -> int:
    """Shows the last deliveries, newest first."""
    query = {"repository": repo, "provider": provider, "limit": limit}
    query["outcome"] = "refused" if refused else None
    asked = {name: each for name, each in query.items() if each}
    answer = api.whole("hooks", "deliveries", query=asked, most=int(limit) if limit and limit.isdecimal() else 25)
    heads = ["AT", "PROVIDER", "REPOSITORY", "EVENT", "OUTCOME", "CAUSED"]
    out.emit(answer, lambda: table(heads, map(_row, answer["items"])))
    return 0


def _row(told: dict[str, Any]) -> list[object]:
    event = ", ".join(told["refs"]) or told["event"]
    return [told["at"], told["provider"], told["repository"], event, told["outcome"], _caused(told)]


def _caused(told: dict[str, Any]) -> str:
    if told["reason"]:
        return str(told["reason"])
    done = [f"{each['application']} {each['kind']} {each['phase']}" for each in told["caused"]]
    concerned = f"{told['concerned']} concerned" if told["concerned"] else ""
    sets = f"sets {_some(told['sets'])}" if told["sets"] else ""
    return "; ".join(part for part in (_some(done), concerned, sets) if part)


def _some(names: Iterable[str]) -> str:
    known = list(names)
    more = f" (+{len(known) - _NAMED})" if len(known) > _NAMED else ""
    return ", ".join(known[:_NAMED]) + more
