"""`mooring notifications …`: who is told of what, what was told, and another try for what could not be."""

from __future__ import annotations

import argparse
from typing import Any

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table

__all__ = ["add_notification_commands"]


def add_notification_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring notifications apply|get|list|retry`."""
    group = commands.add_parser("notifications", help="who is told of what, and what was told").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    parser = group.add_parser("apply", parents=[shared], help="replace the settings by those of a file")
    parser.add_argument(
        "-f", "--filename", required=True, metavar="FILE", help="a ConfigMap argocd-notifications-cm, or - for input"
    )
    parser.set_defaults(run=apply)

    parser = group.add_parser("get", parents=[shared], help="the settings as the ConfigMap argocd-notifications-cm")
    parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml", help="how to print them")
    parser.set_defaults(run=get)

    parser = group.add_parser("list", parents=[shared], help="what was told about an application, or could not be")
    parser.add_argument("app", nargs="?", metavar="[NAMESPACE/]NAME", help="of this application")
    parser.add_argument("--failed", action="store_true", help="only what was given up")
    add_output_option(parser)
    parser.set_defaults(run=list_notes)

    parser = group.add_parser("retry", parents=[shared], help="try again what was given up")
    parser.add_argument("id", nargs="*", metavar="ID", help="as `list --failed` shows it; all of them without any")
    parser.set_defaults(run=retry)


def apply(api: Api, args: argparse.Namespace) -> int:
    """Sends the only document of a file."""
    documents = list(read_documents(args.filename))
    if len(documents) != 1:
        raise ConfigurationError(f"must hold one document, not {len(documents)}", field=args.filename)
    api.call("PUT", "notifications", "settings", body=documents[0][1])
    print("settings of notifications applied")
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """Prints them so that `apply` takes them back."""
    emit(args, api.call("GET", "notifications", "settings"), str)
    return 0


def list_notes(api: Api, args: argparse.Namespace) -> int:
    """Shows notifications, newest first."""
    query = {"failed": "true"} if args.failed or not args.app else {}
    if args.app:
        query["app"] = args.app if "/" in args.app or ":" in args.app else f"argocd/{args.app}"
    answer = api.call("GET", "notifications", query=query)
    heads = ["AT", "ABOUT", "TRIGGER", "TO", "STATE", "TRIES", "SAYS", "ID"]
    emit(args, answer, lambda: table(heads, map(_row, answer["items"])))
    return 0


def _row(note: dict[str, Any]) -> list[object]:
    to = f"{note['service']}:{note['recipient']}" if note["recipient"] else note["service"]
    says = note["error"] or note["title"]
    return [note["at"], note["of"], note["trigger"], to, note["state"], note["attempts"], says, note["id"]]


def retry(api: Api, args: argparse.Namespace) -> int:
    """Has them delivered once more."""
    failed = api.call("GET", "notifications", query={"failed": "true"})["items"]
    chosen = [note for note in failed if not args.id or note["id"] in args.id]
    if missing := set(args.id) - {note["id"] for note in chosen}:
        raise ConfigurationError(f"was not given up: {', '.join(sorted(missing))}", field="ID")
    for note in chosen:
        api.call("POST", "notifications", "retry", body={"of": note["of"], "id": note["id"]})
    print(f"{len(chosen)} to be tried again")
    return 0
