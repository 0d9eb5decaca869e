"""`mooring app rollback|pause|resume|refresh|confirm`: what people decide beside git, with Argo CD's words for it."""

from __future__ import annotations

import sys
from typing import Any

import click

from mooring_cli.client import Api
from mooring_cli.frame import SECONDS, prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.output import Output
from mooring_cli.pages import short
from mooring_cli.syncing import follow_to_its_end
from mooring_cli.waiting import operation_mark

__all__ = ["confirm_app", "pause_app", "refresh_app", "resume_app", "roll_back_app"]


@verb("rollback", "go back to what a past sync brought")
@one_app
@click.argument("id", required=False)
@click.option("--prune/--no-prune", default=None, help="Delete what came later (default: as its policy says).")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--async", "asynchronous", is_flag=True, help="Start it and return.")
@click.option("--timeout", type=SECONDS, default=0.0, help="Give up after (default: never).")
@prints()
def roll_back_app(
    api: Api, out: Output, app: AppName, id: str | None, prune: bool | None, dry_run: bool, asynchronous: bool,
    timeout: float,
) -> int:  # fmt: skip
    """ID is a number of `app history`, or an operation's id; without one it is the sync before the last.

    Automated sync is paused where it is on.
    """
    body: dict[str, Any] = {"dryRun": True} if dry_run else {}
    if id:
        body |= {"id": int(id)} if id.isdecimal() else {"operation": id}
    if prune is not None:
        body["prune"] = prune
    before = operation_mark(api.call("GET", "applications", app.name, query=app.query))
    answer = api.call("POST", "applications", app.name, "rollback", query=app.query, body=body)
    to, operation = answer["to"], answer["operation"]["id"]
    print(f"back to {short(to['revision']) or to['operation']}, synced at {to['deployedAt']}", file=sys.stderr)
    if answer.get("paused"):
        print(f"automated sync is paused: `mooring app resume {app}` lets it go on", file=sys.stderr)
    if asynchronous:
        out.emit(answer, lambda: f"application {app}: rollback started (operation {operation})")
        return 0
    return follow_to_its_end(api, out, app, before, operation, timeout, results=dry_run)


@verb("pause", "stop automated sync and self-heal")
@one_app
@click.option("--why", metavar="TEXT", default="", help="For whoever sees it, as: incident 7.")
@prints()
def pause_app(api: Api, out: Output, app: AppName, why: str) -> int:
    """Until `app resume`, or a sync by hand of all that git wants."""
    answer = api.call("POST", "applications", app.name, "pause", query=app.query, body={"why": why} if why else {})
    paused = answer["paused"]
    reason = f": {paused['why']}" if paused["why"] else ""
    out.emit(answer, lambda: f"application {app}: paused by {paused['by']} at {paused['at']}{reason}")
    return 0


@verb("resume", "let automated sync and self-heal go on")
@one_app
@prints()
def resume_app(api: Api, out: Output, app: AppName) -> int:
    """What was held back is made up for."""
    answer = api.call("POST", "applications", app.name, "resume", query=app.query)
    out.emit(answer, lambda: f"application {app}: {'resumed' if answer['resumed'] else 'was not paused'}")
    return 0


@verb("refresh", "have git and the cluster looked at now")
@one_app
@click.option("--hard", is_flag=True, help="Render anew, whatever is remembered.")
def refresh_app(api: Api, app: AppName, hard: bool) -> int:
    """Asks for it; `app wait` waits for what comes of it."""
    ask_refresh(api, app, hard=hard)
    print(f"application {app}: {'hard refresh' if hard else 'refresh'} asked for")
    return 0


def ask_refresh(api: Api, app: AppName, *, hard: bool) -> None:
    """Asks for a look at git and cluster."""
    query = app.query | ({"hard": "true"} if hard else {})
    api.call("POST", "applications", app.name, "refresh", query=query)


@verb("confirm", "confirm the deletions that wait for your word")
@one_app
@prints()
def confirm_app(api: Api, out: Output, app: AppName) -> int:
    """Those of `Prune=confirm` and `Delete=confirm`, and nothing else that git has by now."""
    answer = api.call("POST", "applications", app.name, "confirm", query=app.query)
    operation = (answer.get("operation") or {}).get("id")
    by = f"operation {operation}" if operation else "the one under way"
    out.emit(answer, lambda: f"application {app}: deletions confirmed ({by})")
    return 0
