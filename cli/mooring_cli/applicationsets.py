"""`mooring appset …`: ApplicationSets, what they generate, and what they would change."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.names import DEFAULT_NAMESPACE
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import table
from mooring_cli.waiting import WaitError

__all__ = ["add_set_commands"]

_SECTIONS = (
    ("added", "would be added"),
    ("changed", "would be changed"),
    ("removed", "would be removed"),
    ("held", "would be removed after a confirmation"),
    ("kept", "would stay, though nothing generates them"),
    ("outdated", "would stay as they are"),
    ("conflicts", "belong to somebody else"),
    ("refused", "would be refused"),
)


def add_set_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring appset create|list|get|delete|preview|refresh|confirm`."""
    sets = commands.add_parser("appset", help="generate Applications with ApplicationSets").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    named = argparse.ArgumentParser(add_help=False, parents=[shared])
    named.add_argument("name", metavar="NAME")
    named.add_argument(
        "--appset-namespace",
        "-N",
        default=DEFAULT_NAMESPACE,
        metavar="NAMESPACE",
        help=f"the namespace that the ApplicationSet was declared in (default {DEFAULT_NAMESPACE})",
    )
    for name, run, told in (
        ("create", create, "create ApplicationSets, or change them"),
        ("preview", preview, "show what ApplicationSets would change, and change nothing"),
    ):
        parser = sets.add_parser(name, parents=[shared], help=told)
        parser.add_argument(
            "-f", "--filename", required=True, metavar="FILE", help="a file, a folder of files, or - for standard input"
        )
        if name == "preview":
            parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="give up after (120)")
            parser.add_argument("--diff", action="store_true", help="with what changes in each Application")
            add_output_option(parser)
        parser.set_defaults(run=run)

    parser = sets.add_parser("list", parents=[shared], help="a line for each ApplicationSet")
    add_output_option(parser)
    parser.set_defaults(run=list_sets)

    parser = sets.add_parser("get", parents=[named], help="one ApplicationSet and its Applications")
    parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml", help="how to print it")
    parser.set_defaults(run=get)

    parser = sets.add_parser("delete", parents=[named], help="delete an ApplicationSet and its Applications")
    parser.add_argument("--cascade", choices=["true", "false"], default="true", help="false leaves its Applications")
    parser.set_defaults(run=delete)

    parser = sets.add_parser("refresh", parents=[named], help="have the generators asked now")
    parser.set_defaults(run=refresh)

    parser = sets.add_parser("confirm", parents=[named], help="let a removal of many Applications happen that waits")
    parser.add_argument(
        "removal", metavar="TOKEN", help="as `appset get` shows it: it stands for just these Applications"
    )
    parser.set_defaults(run=confirm)


def create(api: Api, args: argparse.Namespace) -> int:
    """Sends every document; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(args.filename):
        try:
            answer = api.call("POST", "applicationsets", body=document)
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
            continue
        warn(answer.get("warnings") or [])
        print(f"applicationset {answer['applicationSet']['metadata']['name']} declared")
    return failed


def preview(api: Api, args: argparse.Namespace) -> int:
    """Asks for an evaluation that writes nothing, and prints what it found."""
    failed = 0
    for origin, document in read_documents(args.filename):
        ident = api.call("POST", "applicationsets", "preview", body=document)["preview"]["id"]
        found = _answer(api, ident, args.timeout)
        if found.get("error"):
            print(f"error: {found['error']} (in {origin})", file=sys.stderr)
            failed = 1
            continue

        def page(found: dict[str, Any] = found) -> str:
            return _preview_page(found, diff=args.diff)

        emit(args, found, page)
    return failed


def _answer(api: Api, ident: str, timeout: float) -> dict[str, Any]:
    until = time.monotonic() + timeout
    while True:
        answer = api.call("GET", "applicationsets", "preview", ident)
        if answer["done"]:
            found: dict[str, Any] = answer["preview"]
            return found
        if time.monotonic() > until:
            raise WaitError("the preview is not there yet; the queue renders.fifo may be long")
        time.sleep(0.3)


def _preview_page(found: dict[str, Any], *, diff: bool) -> str:
    lines = [f"{found['generated']} applications, {found['unchanged']} of them as they are"]
    for section, told in _SECTIONS:
        if entries := found.get(section):
            lines.append(f"{len(entries)} {told}:")
            for entry in entries:
                reason = entry.get("why") or entry.get("from") or ""
                lines.append(f"  {entry['name']}" + (f" ({reason})" if reason else ""))
                if diff and entry.get("diff"):
                    lines.append(entry["diff"].rstrip("\n"))
    return "\n".join(lines)


def list_sets(api: Api, args: argparse.Namespace) -> int:
    """`mooring appset list`."""
    answer = api.call("GET", "applicationsets")
    rows = []
    for each in answer.get("items") or []:
        conditions = {one["type"]: one for one in each["status"]["conditions"]}
        state = conditions.get("ResourcesUpToDate") or {}
        told = {"True": "yes", "False": "no"}.get(state.get("status", ""), "not evaluated yet")
        metadata = each["metadata"]
        message = state.get("message", "") if told == "no" else ""
        rows.append((metadata["name"], metadata["namespace"], told, message[:80]))
    emit(args, answer, lambda: table(["NAME", "NAMESPACE", "UP TO DATE", "MESSAGE"], rows))
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """Prints it with its status."""
    emit(args, api.call("GET", "applicationsets", args.name, query=_query(args)), str)
    return 0


def delete(api: Api, args: argparse.Namespace) -> int:
    """Deletes one set."""
    query = {**_query(args), "cascade": args.cascade}
    api.call("DELETE", "applicationsets", args.name, query=query)
    left = "its applications go with it" if args.cascade == "true" else "its applications stay"
    print(f"applicationset {args.name} is being deleted; {left}")
    return 0


def refresh(api: Api, args: argparse.Namespace) -> int:
    """`mooring appset refresh`."""
    api.call("POST", "applicationsets", args.name, "refresh", query=_query(args))
    print(f"applicationset {args.name} is evaluated")
    return 0


def confirm(api: Api, args: argparse.Namespace) -> int:
    """`mooring appset confirm`."""
    answer = api.call("POST", "applicationsets", args.name, "confirm", query=_query(args), body={"token": args.removal})
    print(f"confirmed: {', '.join(answer['removed'])} will be deleted")
    return 0


def _query(args: argparse.Namespace) -> dict[str, str]:
    return {"namespace": args.appset_namespace}
