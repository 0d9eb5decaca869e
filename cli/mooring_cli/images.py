"""`mooring image …`: images that are kept up to date, what would be written, and have it written now."""

from __future__ import annotations

import argparse
import time
from typing import Any

from mooring_cli.client import Api
from mooring_cli.output import add_output_option, emit
from mooring_cli.pages import table
from mooring_cli.waiting import WaitError

__all__ = ["add_image_commands"]

_PAUSE = 0.5  # seconds between two questions


def add_image_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring image list|plan|update|updaters|delete-updater`."""
    image = commands.add_parser("image", help="images that are kept up to date").add_subparsers(
        dest="subcommand", required=True, metavar="COMMAND"
    )
    for name, run, told in (
        ("list", list_images, "what runs, what should, and what is in the way"),
        ("plan", plan, "what would be written now; nothing is"),
        ("update", update, "look now; of one application write what was taken back, too"),
    ):
        parser = image.add_parser(name, parents=[shared], help=told)
        parser.add_argument("app", metavar="APP", nargs="?", default="", help="NAME or NAMESPACE/NAME; without it, all")
        if name == "plan":
            parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="give up (120)")
        if name != "update":
            add_output_option(parser)
        parser.set_defaults(run=run)
    updaters = image.add_parser("updaters", parents=[shared], help="the ImageUpdaters that are declared")
    add_output_option(updaters)
    updaters.set_defaults(run=list_updaters)
    gone = image.add_parser("delete-updater", parents=[shared], help="takes an ImageUpdater out of force")
    gone.add_argument("name", metavar="NAME")
    gone.add_argument("--namespace", dest="updater_namespace", default="argocd", metavar="NAMESPACE")
    gone.set_defaults(run=delete_updater)


def list_images(api: Api, args: argparse.Namespace) -> int:
    """`mooring image list`."""
    answer = api.call("GET", "images", query=_query(args))
    columns = ("application", "image", "current", "wanted", "status", "message")
    rows = [[each[name] for name in columns] for each in answer["items"]]
    emit(args, answer, lambda: table(["APP", "IMAGE", "CURRENT", "WANTED", "STATUS", "MESSAGE"], rows))
    return 0


def plan(api: Api, args: argparse.Namespace) -> int:
    """`mooring image plan`; exits with 1 where nothing can be said."""
    asked = api.call("POST", "images", "plan", query=_query(args))["plan"]["id"]
    deadline = time.monotonic() + args.timeout
    while not (answer := api.call("GET", "images", "plan", asked)):
        if time.monotonic() > deadline:
            raise WaitError(f"no answer after {args.timeout:.0f} s; see the log of the function images")
        time.sleep(_PAUSE)
    emit(args, answer, lambda: _page(answer))
    return 1 if "error" in answer else 0


def update(api: Api, args: argparse.Namespace) -> int:
    """`mooring image update`."""
    apps = api.call("POST", "images", "update", query=_query(args))["applications"]
    print(f"{len(apps)} application{'' if len(apps) == 1 else 's'} looked at; see `mooring image list`")
    return 0


def list_updaters(api: Api, args: argparse.Namespace) -> int:
    """`mooring image updaters`."""
    answer = api.call("GET", "imageupdaters")
    rows = [
        [f"{meta.get('namespace', 'argocd')}/{meta['name']}", "; ".join(each["status"]["warnings"])]
        for each in answer["items"]
        for meta in (each["metadata"],)
    ]
    emit(args, answer, lambda: table(["IMAGEUPDATER", "WARNINGS"], rows))
    return 0


def delete_updater(api: Api, args: argparse.Namespace) -> int:
    """`mooring image delete-updater`."""
    api.call("DELETE", "imageupdaters", args.name, query={"namespace": args.updater_namespace})
    print(f"imageupdater {args.updater_namespace}/{args.name} is deleted")
    return 0


def _page(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"error: {answer['error']}"
    updates = answer["updates"]
    columns = ("application", "image", "from", "to", "method", "branch", "path")
    lines = []
    if updates:
        rows = [[each[name] for name in columns] + ["taken back" if each["held"] else each["why"]] for each in updates]
        lines.append(table(["APP", "IMAGE", "FROM", "TO", "BY", "BRANCH", "PATH", "WHY"], rows))
    lines += [f"{each['application']} {each['image']}: {each['message']}" for each in answer["notes"]]
    lines.append(
        f"{len(updates)} to update, {answer['current']} up to date, {answer['requests']} requests to registries"
    )
    return "\n".join(lines)


def _query(args: argparse.Namespace) -> dict[str, str]:
    return {"app": args.app} if args.app else {}
