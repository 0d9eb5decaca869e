"""`mooring app sync`: an operation that is started here and followed to its end."""

from __future__ import annotations

import click

from mooring_cli.client import Api
from mooring_cli.frame import SECONDS, prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.output import Output
from mooring_cli.pages import results_table
from mooring_cli.progress import following
from mooring_cli.waiting import OperationMark, deadline_in, operation_mark, wait_for_operation

__all__ = ["follow_to_its_end", "sync_app"]

FAILED = 1
_RESOURCE = "GROUP:KIND:[NAMESPACE/]NAME"


@verb("sync", "sync an Application now, and wait for the end of it")
@one_app
@click.option("--prune", is_flag=True, help="Delete what is no longer in git, this once.")
@click.option("--resource", multiple=True, metavar=_RESOURCE,
              help="Only this object, without hooks; may be repeated, * is anything, ! leaves out.")  # fmt: skip
@click.option("--revision", metavar="REVISION", help="A commit, tag, branch or chart's version, this once.")
@click.option("--revisions", multiple=True, metavar="REVISION",
              help="The same of one of several sources; with --source-positions.")  # fmt: skip
@click.option("--source-positions", multiple=True, type=click.IntRange(1), metavar="N",
              help="Which source each of --revisions is of, from 1.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--async", "asynchronous", is_flag=True, help="Start it and return.")
@click.option("--timeout", type=SECONDS, default=0.0, help="Give up after (default: never).")
@prints()
def sync_app(
    api: Api, out: Output, app: AppName, prune: bool, resource: tuple[str, ...], revision: str | None,
    revisions: tuple[str, ...], source_positions: tuple[int, ...], dry_run: bool, asynchronous: bool, timeout: float,
) -> int:  # fmt: skip
    """Fails when the operation did."""
    body: dict[str, object] = {"prune": True} if prune else {}
    if revision:
        body["revision"] = revision
    if revisions or source_positions:
        body |= {"revisions": revisions, "sourcePositions": source_positions}
    if resource:
        body["resources"] = resource
    if dry_run:
        body["dryRun"] = True
    before = operation_mark(api.call("GET", "applications", app.name, query=app.query))
    answer = api.call("POST", "applications", app.name, "sync", query=app.query, body=body)
    operation = (answer.get("operation") or {}).get("id")
    if asynchronous:
        started = f"application {app}: sync started" + (f" (operation {operation})" if operation else "")
        out.emit(answer, lambda: started)
        return 0
    return follow_to_its_end(api, out, app, before, operation, timeout, results=dry_run)


def follow_to_its_end(
    api: Api, out: Output, app: AppName, before: OperationMark, operation: str | None, timeout: float, *, results: bool
) -> int:
    """Shows an operation as it goes on and what came of it, object by object if `results`; the command's exit code.

    `before` is the mark of the operation before it, `timeout` is in seconds (0: for ever). Raises as
    `wait_for_operation`.
    """
    with following() as seen:
        found = wait_for_operation(
            api, app, before=before, operation=operation, deadline=deadline_in(timeout), seen=seen
        )  # fmt: skip
    state = found["status"]["operationState"]
    told = f"application {app}: {state.get('phase')}: {state.get('message') or 'no message'}"
    out.emit(found, lambda: [results_table(found), told] if results else told)
    return 0 if state.get("phase") == "Succeeded" else FAILED
