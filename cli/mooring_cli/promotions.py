"""`mooring promotion …`: what moves from one application to the next, and what came of it."""

from __future__ import annotations

import argparse
from typing import Any

from mooring_cli.client import Api
from mooring_cli.names import DEFAULT_NAMESPACE
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_promotion_commands"]


def add_promotion_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring promotion list|get|run|suspend|resume|delete`."""
    group = commands.add_parser("promotion", help="carry what is well from one Application to the next")
    promotions = group.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
    named = argparse.ArgumentParser(add_help=False, parents=[shared])
    named.add_argument("name", metavar="NAME")
    named.add_argument(
        "--promotion-namespace",
        "-N",
        default=DEFAULT_NAMESPACE,
        metavar="NAMESPACE",
        help=f"the namespace that the Promotion was declared in (default {DEFAULT_NAMESPACE})",
    )
    parser = promotions.add_parser("list", parents=[shared], help="a line for each Promotion")
    add_output_option(parser)
    parser.set_defaults(run=list_promotions)
    parser = promotions.add_parser("get", parents=[named], help="where one stands, and what came of it before")
    add_output_option(parser)
    parser.set_defaults(run=get)
    for name, run, told in (
        ("run", run_now, "look at one now, and propose again what was turned down"),
        ("suspend", suspend, "hold one back until it is resumed, or declared anew"),
        ("resume", resume, "let one go on that was suspended"),
        ("delete", delete, "delete one; a pull request that it opened stays open"),
    ):
        parser = promotions.add_parser(name, parents=[named], help=told)
        parser.set_defaults(run=run)


def list_promotions(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion list`."""
    answer = api.call("GET", "promotions")
    rows = []
    for each in answer.get("items") or []:
        spec, status = each["spec"], each["status"]
        to = spec["to"].get("applications") or [spec["to"].get("application")]
        about = status.get("pullRequest") or status["message"]
        rows.append((each["metadata"]["name"], spec["from"]["application"], ",".join(to), status["phase"], about[:80]))
    emit(args, answer, lambda: table(["NAME", "FROM", "TO", "PHASE", "MESSAGE"], rows))
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion get`."""
    answer = api.call("GET", "promotions", args.name, query=_query(args))
    emit(args, answer, lambda: _page(answer))
    return 0


def _page(answer: dict[str, Any]) -> str:
    spec, status = answer["spec"], answer["status"]
    to = spec["to"].get("applications") or [spec["to"].get("application")]
    lines = [
        f"Promotion:     {answer['metadata']['namespace']}/{answer['metadata']['name']}",
        f"From:          {spec['from']['application']}",
        f"To:            {', '.join(to)}",
        f"Phase:         {status['phase']}" + (f", since {status['since']}" if status.get("since") else ""),
        f"               {status['message']}",
    ]
    if status.get("pullRequest"):
        lines.append(f"Pull request:  {status['pullRequest']}")
    if carried := status.get("carried"):
        lines += ["Carries:", *(f"  {each}" for each in carried["changes"])]
        lines += [f"  {name}: {value}" for name, value in carried["from"].items()]
    if verified := status.get("verification"):
        lines.append(f"Verification:  {verified['outcome']}: {verified['message']}")
    if history := status.get("history"):
        lines += ["", table(["AT", "WHAT", "MESSAGE"], [(e["at"], e["what"], e["message"]) for e in history])]
    return "\n".join(lines)


def run_now(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion run`."""
    api.call("POST", "promotions", args.name, "run", query=_query(args))
    print(f"promotion {args.name} is looked at; see `mooring promotion get {args.name}`")
    return 0


def suspend(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion suspend`."""
    api.call("POST", "promotions", args.name, "suspend", query=_query(args))
    print(f"promotion {args.name} is suspended; where it is declared in git, say so there too (spec.suspend)")
    return 0


def resume(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion resume`."""
    api.call("POST", "promotions", args.name, "resume", query=_query(args))
    print(f"promotion {args.name} goes on")
    return 0


def delete(api: Api, args: argparse.Namespace) -> int:
    """`mooring promotion delete`."""
    api.call("DELETE", "promotions", args.name, query=_query(args))
    print(f"promotion {args.name} is deleted")
    return 0


def _query(args: argparse.Namespace) -> dict[str, str]:
    return {"namespace": args.promotion_namespace}
