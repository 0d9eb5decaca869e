"""`mooring appset …`: ApplicationSets, what they generate, and what they would change."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.completion import set_names
from mooring_cli.documents import read_documents
from mooring_cli.frame import SECONDS, Group, prints
from mooring_cli.lateness import WaitError
from mooring_cli.names import AppName, one
from mooring_cli.output import Output, warn
from mooring_cli.tables import Page, table

__all__ = ["sets"]

sets = Group("appset", "generate Applications with ApplicationSets")
_one_set = one("--appset-namespace", "ApplicationSet", "chosen", set_names)

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


@sets.verb("create", "create ApplicationSets, or change them")
@click.option(
    "-f", "--filename", required=True, metavar="FILE", help="a file, a folder of files, or - for standard input"
)
def create(api: Api, filename: str) -> int:
    """Sends every document; one that is refused does not keep the others from being sent."""
    failed = 0
    for origin, document in read_documents(filename):
        try:
            answer = api.call("POST", "applicationsets", body=document)
        except MooringError as error:
            print(f"error: {error} (in {origin})", file=sys.stderr)
            failed = 1
            continue
        warn(answer.get("warnings") or [])
        print(f"applicationset {answer['applicationSet']['metadata']['name']} declared")
    return failed


@sets.verb("preview", "show what ApplicationSets would change, and change nothing", alias="generate")
@click.option(
    "-f", "--filename", required=True, metavar="FILE", help="a file, a folder of files, or - for standard input"
)
@click.option("--timeout", type=SECONDS, default=120.0, metavar="SECONDS", help="give up after (120)")
@click.option("--diff", is_flag=True, help="with what changes in each Application")
@prints()
def preview(api: Api, out: Output, filename: str, timeout: float, diff: bool) -> int:
    """Asks for an evaluation that writes nothing, and prints what it found."""
    failed = 0
    for origin, document in read_documents(filename):
        ident = api.call("POST", "applicationsets", "preview", body=document)["preview"]["id"]
        found = _answer(api, ident, timeout)
        if found.get("error"):
            print(f"error: {found['error']} (in {origin})", file=sys.stderr)
            failed = 1
            continue

        def page(found: dict[str, Any] = found) -> str:
            return _preview_page(found, diff=diff)

        out.emit(found, page)
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


@sets.verb("list", "a line for each ApplicationSet")
@prints(watch=True)
def list_sets(api: Api, out: Output) -> int:
    """`mooring appset list`."""
    answer = api.whole("applicationsets")
    rows = []
    for each in answer.get("items") or []:
        conditions = {one["type"]: one for one in each["status"]["conditions"]}
        state = conditions.get("ResourcesUpToDate") or {}
        told = {"True": "yes", "False": "no"}.get(state.get("status", ""), "not evaluated yet")
        metadata = each["metadata"]
        message = state.get("message", "") if told == "no" else ""
        rows.append((metadata["name"], metadata["namespace"], told, message[:80]))
    out.emit(answer, lambda: table(["NAME", "NAMESPACE", "UP TO DATE", "MESSAGE"], rows))
    return 0


@sets.verb("get", "one ApplicationSet and its Applications")
@_one_set
@prints(default="yaml", watch=True)
def get(api: Api, out: Output, chosen: AppName) -> int:
    """Prints it with its status."""
    found = api.call("GET", "applicationsets", chosen.name, query=chosen.query)
    out.emit(found, lambda: _page(found))
    return 0


def _page(found: dict[str, Any]) -> Page:
    status = found.get("status") or {}
    steps = {each["application"]: f"{each['step']} {each['status']}" for each in status.get("applicationStatus") or ()}
    rows = [
        (each["name"], each["status"], (each.get("health") or {}).get("status"), steps.get(each["name"]))
        for each in status.get("resources") or ()
    ]
    conditions = [(each["type"], each["status"], each["message"]) for each in status.get("conditions") or ()]
    held = status.get("heldRemoval")
    waiting = f"a removal waits: `mooring appset confirm {found['metadata']['name']} {held['token']}`" if held else ""
    return [
        table(["CONDITION", "STATUS", "MESSAGE"], conditions),
        table(["APPLICATION", "STATUS", "HEALTH", "STEP"], rows),
        *([waiting] if waiting else []),
    ]


@sets.verb("delete", "delete an ApplicationSet and its Applications")
@_one_set
@click.option("--cascade", type=click.Choice(["true", "false"]), default="true", help="false leaves its Applications")
def delete(api: Api, chosen: AppName, cascade: str) -> int:
    """Deletes one set."""
    query = chosen.query | {"cascade": cascade}
    api.call("DELETE", "applicationsets", chosen.name, query=query)
    left = "its applications go with it" if cascade == "true" else "its applications stay"
    print(f"applicationset {chosen} is being deleted; {left}")
    return 0


@sets.verb("refresh", "have the generators asked now")
@_one_set
def refresh(api: Api, chosen: AppName) -> int:
    """`mooring appset refresh`."""
    api.call("POST", "applicationsets", chosen.name, "refresh", query=chosen.query)
    print(f"applicationset {chosen} is evaluated")
    return 0


@sets.verb("confirm", "let a removal of many Applications happen that waits")
@_one_set
@click.argument("removal", metavar="TOKEN", help="as `appset get` shows it: it stands for just these Applications")
def confirm(api: Api, chosen: AppName, removal: str) -> int:
    """`mooring appset confirm`."""
    answer = api.call("POST", "applicationsets", chosen.name, "confirm", query=chosen.query, body={"token": removal})
    print(f"confirmed: {', '.join(answer['removed'])} will be deleted")
    return 0
