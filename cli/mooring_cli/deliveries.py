"""`mooring webhook deliveries`: what repositories' hosts told of late, and what each delivery caused."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_delivery_command"]

_NAMED = 3  # operations that a line names


def add_delivery_command(hooks: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring webhook deliveries`."""
    parser = hooks.add_parser("deliveries", parents=[shared], help="the last deliveries, and what each caused")
    parser.add_argument("--repo", metavar="URL", help="of this repository: its address, or a part of it")
    parser.add_argument("--provider", metavar="NAME", help="of this provider, as github or codecommit")
    parser.add_argument("--refused", action="store_true", help="only what was refused, with the reason")
    parser.add_argument("--limit", metavar="N", help="at most so many (25)")
    add_output_option(parser)
    parser.set_defaults(run=list_deliveries)


def list_deliveries(api: Api, args: argparse.Namespace) -> int:
    """Shows the last deliveries, newest first."""
    query = {"repository": args.repo, "provider": args.provider, "limit": args.limit}
    query["outcome"] = "refused" if args.refused else None
    answer = api.call("GET", "hooks", "deliveries", query={name: each for name, each in query.items() if each})
    heads = ["AT", "PROVIDER", "REPOSITORY", "EVENT", "OUTCOME", "CAUSED"]
    emit(args, answer, lambda: table(heads, map(_row, answer["items"])))
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
