"""`mooring app sync`: operations that are started here and followed to their end."""

from __future__ import annotations

import sys
from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import app_names, project_names
from mooring_cli.frame import SECONDS, prints, verb
from mooring_cli.names import AppName, app_namespace
from mooring_cli.output import Output
from mooring_cli.pages import differences, results_table
from mooring_cli.progress import following
from mooring_cli.waiting import OperationMark, deadline_in, operation_mark, wait_for_operation
from mooring_cli.wishes import sync_body, wishes

__all__ = ["follow_to_its_end", "sync_app", "try_sync"]

FAILED = 1
_MAKES_ANEW = "what does not differ is neither replaced nor made anew; `mooring app delete-resource` has one made anew"


@verb("sync", "sync Applications now, and wait for the end of it")
@click.argument("names", nargs=-1, metavar="[NAME]…", shell_complete=app_names)
@app_namespace
@click.option("-l", "--selector", metavar="K=V", help="All with these labels instead of NAME, as with kubectl.")
@click.option("--project", metavar="NAME", shell_complete=project_names, help="All of this project instead of NAME.")
@wishes
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--preview-changes", is_flag=True, help="Show what would differ, by a dry run, and ask before syncing.")
@click.option("-y", "--yes", "--assumeYes", is_flag=True, help="Don't ask.")
@click.option("--async", "asynchronous", is_flag=True, help="Start it and return.")
@click.option("--timeout", type=SECONDS, default=0.0, help="Give up after (default: never).")
@prints()
def sync_app(
    api: Api, out: Output, names: tuple[str, ...], app_namespace: str, selector: str | None, project: str | None,
    dry_run: bool, preview_changes: bool, yes: bool, asynchronous: bool, timeout: float, **wanted: Any,
) -> int:  # fmt: skip
    """Fails when an operation did. Several are asked for at once, then followed one after the other."""
    apps = _chosen(api, names, app_namespace, selector, project)
    bodies = {app: sync_body(api, app, wanted) | ({"dryRun": True} if dry_run else {}) for app in apps}
    if preview_changes and not dry_run and not _agreed(api, bodies, timeout, yes=yes):
        print("nothing synced", file=sys.stderr)
        return FAILED
    asked: list[tuple[AppName, OperationMark, dict[str, Any]]] = []
    for app, body in bodies.items():
        before = operation_mark(api.call("GET", "applications", app.name, query=app.query))
        asked.append((app, before, api.call("POST", "applications", app.name, "sync", query=app.query, body=body)))
    if asynchronous:
        told = [f"application {app}: sync started{_operation(answer)}" for app, _, answer in asked]
        out.emit(_one_or_list([answer for _, _, answer in asked]), lambda: "\n".join(told))
        return 0
    found = [_followed(api, app, before, answer, timeout) for app, before, answer in asked]
    pages = [page for app, each in zip(apps, found, strict=True) for page in _page(app, each, results=dry_run)]
    out.emit(_one_or_list(found), lambda: pages)
    states = [each["status"]["operationState"] for each in found]
    ended_well = all(each.get("phase") == "Succeeded" for each in states)
    if (wanted["replace"] or wanted["force"]) and ended_well and not any(_results(each) for each in states):
        print(f"note: {_MAKES_ANEW}", file=sys.stderr)
    return 0 if ended_well else FAILED


def follow_to_its_end(
    api: Api, out: Output, app: AppName, before: OperationMark, operation: str | None, timeout: float, *, results: bool
) -> int:
    """Shows an operation as it goes on and what came of it, object by object if `results`; the command's exit code.

    `before` is the mark of the operation before it, `timeout` is in seconds (0: for ever). Raises as
    `wait_for_operation`.
    """
    found = _followed(api, app, before, {"operation": {"id": operation}}, timeout)
    out.emit(found, lambda: _page(app, found, results=results))
    return 0 if found["status"]["operationState"].get("phase") == "Succeeded" else FAILED


def try_sync(api: Api, app: AppName, body: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The application after a dry run of what `body` asks for; `timeout` is in seconds. Raises as
    `wait_for_operation`.
    """
    before = operation_mark(api.call("GET", "applications", app.name, query=app.query))
    asked = body | {"dryRun": True}
    answer = api.call("POST", "applications", app.name, "sync", query=app.query, body=asked)
    operation = (answer.get("operation") or {}).get("id")
    return wait_for_operation(api, app, before=before, operation=operation, deadline=deadline_in(timeout))


def _chosen(
    api: Api, names: tuple[str, ...], namespace: str, selector: str | None, project: str | None
) -> list[AppName]:
    """The Applications that are meant. Raises `ConfigurationError` where none is, or two things say which."""
    if names and (selector or project):
        raise ConfigurationError("can't be given together with NAME", field="--selector" if selector else "--project")
    if names:
        return list(dict.fromkeys(AppName.parse(name, namespace) for name in names))
    if not selector and not project:
        raise ConfigurationError("is missing: name an Application, or choose by --selector or --project", field="NAME")
    given = {"selector": selector, "project": project}
    query = {"view": "summary"} | {name: value for name, value in given.items() if value}
    found = [AppName(row["namespace"], row["name"]) for row in api.items("applications", query=query)]
    if not found:
        raise ConfigurationError(
            "chooses no Application that you may see", field="--selector" if selector else "--project"
        )
    return found


def _agreed(api: Api, bodies: dict[AppName, dict[str, Any]], timeout: float, *, yes: bool) -> bool:
    """Whether the changes that were shown are wanted; where nothing differs, too."""
    if not yes and not sys.stdin.isatty():
        raise ConfigurationError(
            "asks a person: give --yes, or look with `mooring app diff`", field="--preview-changes"
        )
    for app, body in bodies.items():
        tried = try_sync(api, app, body, timeout)
        state = tried["status"]["operationState"]
        print(f"application {app}: {state.get('message')}", file=sys.stderr)
        print(differences(tried) or "nothing differs", file=sys.stderr)
    return yes or click.confirm("Sync this?", err=True)


def _followed(api: Api, app: AppName, before: OperationMark, answer: dict[str, Any], timeout: float) -> dict[str, Any]:
    operation = (answer.get("operation") or {}).get("id")
    with following() as seen:
        return wait_for_operation(
            api, app, before=before, operation=operation, deadline=deadline_in(timeout), seen=seen
        )  # fmt: skip


def _page(app: AppName, found: dict[str, Any], *, results: bool) -> list[Any]:
    state = found["status"]["operationState"]
    told = f"application {app}: {state.get('phase')}: {state.get('message') or 'no message'}"
    return [results_table(found), told] if results else [told]


def _results(state: dict[str, Any]) -> list[Any]:
    return (state.get("syncResult") or {}).get("resources") or []


def _operation(answer: dict[str, Any]) -> str:
    operation = (answer.get("operation") or {}).get("id")
    return f" (operation {operation})" if operation else ""


def _one_or_list(found: list[dict[str, Any]]) -> dict[str, Any]:
    return found[0] if len(found) == 1 else {"apiVersion": "v1", "kind": "List", "items": found}
