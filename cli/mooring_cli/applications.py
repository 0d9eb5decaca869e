"""`mooring app …`: what Applications are like, what became of them, and waiting for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import click

from mooring_cli.audit import operation_page, operations_table
from mooring_cli.blame import blame_object
from mooring_cli.changed import changes_page
from mooring_cli.client import Api
from mooring_cli.completion import app_names, cluster_names, project_names
from mooring_cli.declaring import create_app, set_app
from mooring_cli.diffing import diff_app
from mooring_cli.editing import edit_app, patch_app, unset_app
from mooring_cli.frame import SECONDS, Group, prints
from mooring_cli.handling import actions, delete_object
from mooring_cli.logs import show_logs
from mooring_cli.looks import (
    compare_app,
    fetch_tree,
    get_object,
    list_events,
    list_secrets,
    show_manifests,
    show_tree,
    tree_page,
)
from mooring_cli.names import AppName, app_namespace, one_app
from mooring_cli.output import Output, warn
from mooring_cli.pages import application_page, applications_table, history_table, resources_table, results_table
from mooring_cli.steering import ask_refresh, confirm_app, pause_app, refresh_app, resume_app, roll_back_app
from mooring_cli.syncing import sync_app
from mooring_cli.tables import Page, parts_of
from mooring_cli.waiting import Goal, deadline_in, wait_for, wait_for_absence

__all__ = ["apps"]

apps = Group("app", "look at Applications, change and sync them")
_ELSEWHERE: Final[tuple[click.Command, ...]] = (
    create_app, set_app, unset_app, edit_app, patch_app, sync_app, diff_app, roll_back_app, pause_app, resume_app,
    refresh_app, confirm_app, show_tree, get_object, blame_object, list_events, list_secrets, show_logs, show_manifests,
    compare_app, delete_object, actions,
)  # fmt: skip
for each in _ELSEWHERE:
    apps.add_command(each)
apps.aliases["confirm-deletion"] = "confirm"

FAILED = 1


def _choosing(function: Callable[..., int]) -> Callable[..., int]:
    """The options that say which Applications are meant; all that may be repeated are one or the other."""
    for option in reversed((
        click.option("-p", "--project", multiple=True, shell_complete=project_names, help="Of this project."),
        click.option("-c", "--cluster", multiple=True, shell_complete=cluster_names, help="On this cluster."),
        click.option("-l", "--selector", multiple=True, metavar="K=V", help="With these labels, as with kubectl."),
        click.option("--sync", "--sync-status", "sync", multiple=True, metavar="STATUS", help="Synced, OutOfSync, …"),
        click.option("--health", "--health-status", "health", multiple=True, metavar="STATUS", help="Degraded, …"),
        click.option("-q", "--search", "q", multiple=True, metavar="WORD", help="With this word anywhere."),
    )):  # fmt: skip
        function = option(function)
    return function


@apps.verb("list", "a line for each Application")
@_choosing
@click.option("--sort", metavar="FIELD", default="", help="By name, health, changed, …; with - the other way round.")
@prints(watch=True)
def list_apps(api: Api, out: Output, sort: str, **chosen: tuple[str, ...]) -> int:
    """JSON and YAML print whole Applications as a `List`; everything else comes from summaries."""
    query = {name: (" " if name == "q" else ",").join(given) for name, given in chosen.items() if given}
    summaries = {"view": "summary"} | query | ({"sort": sort} if sort else {})
    if out.form in {"json", "yaml"}:
        items = api.items("applications")
        if query or sort:
            places = {_place(row): n for n, row in enumerate(api.items("applications", query=summaries))}
            known = [app for app in items if _place(app["metadata"]) in places]
            items = sorted(known, key=lambda app: places[_place(app["metadata"])])
        out.emit({"apiVersion": "v1", "kind": "List", "items": items}, str)
        return 0
    rows = api.items("applications", query=summaries)
    out.emit({"items": rows}, lambda: applications_table(rows, wide=out.wide))
    return 0


def _place(named: dict[str, Any]) -> tuple[object, object]:
    return named.get("namespace"), named.get("name")


@apps.verb("get", "everything about one Application")
@one_app
@click.option("--show-operation", is_flag=True, help="What the last operation did to each object, too.")
@click.option("--refresh", is_flag=True, help="Have git and the cluster looked at; what is known is shown at once.")
@click.option("--hard-refresh", is_flag=True, help="The same, with all rendered anew.")
@prints(watch=True)
def get(api: Api, out: Output, app: AppName, show_operation: bool, refresh: bool, hard_refresh: bool) -> int:
    """As the API returns it, or as a page."""
    if refresh or hard_refresh:
        ask_refresh(api, app, hard=hard_refresh)
    found = _get(api, app)

    def page() -> Page:
        parts = parts_of(application_page(found))
        return [*parts, "Last operation:", results_table(found)] if show_operation else parts

    out.emit(found, page)
    return 0


@apps.verb("resources", "the objects of one Application")
@one_app
@click.option("--tree", is_flag=True, help="With all that they own, as they are in the cluster now.")
@prints(watch=True)
def resources(api: Api, out: Output, app: AppName, tree: bool) -> int:
    """Those of git, with sync status and health."""
    if tree:
        grown = fetch_tree(api, app)
        out.emit(grown["nodes"], lambda: tree_page(grown))
        return 0
    found = _get(api, app)
    out.emit((found.get("status") or {}).get("resources") or [], lambda: resources_table(found))
    return 0


@apps.verb("history", "the syncs of one Application")
@one_app
@click.option("--id", metavar="ID", help="Everything about one operation.")
@click.option("--fields", is_flag=True, help="With --id: which fields it changed, from what to what.")
@click.option("--all", is_flag=True, help="The newest 200 operations of any kind, however they ended.")
@prints(watch=True)
def history(api: Api, out: Output, app: AppName, id: str | None, fields: bool, all: bool) -> int:
    """From `status.history`, or from the record."""
    if id and fields:
        found = api.call("GET", "applications", app.name, "operations", id, "changes", query=app.query)
        out.emit(found, lambda: changes_page(found))
        return 0
    if id:
        operation = api.call("GET", "applications", app.name, "operations", id, query=app.query)
        out.emit(operation, lambda: operation_page(operation))
        return 0
    if all:
        items = api.items("applications", app.name, "operations", query=app.query | {"limit": "200"}, most=200)
        out.emit(items, lambda: operations_table(items))
        return 0
    whole = _get(api, app)
    out.emit((whole.get("status") or {}).get("history") or [], lambda: history_table(whole))
    return 0


@apps.verb("terminate-op", "end the operation that runs or waits")
@one_app
def terminate(api: Api, app: AppName) -> int:
    """As in Argo CD's API: the operation is deleted."""
    api.call("DELETE", "applications", app.name, "operation", query=app.query)
    print(f"application {app}: the operation is being terminated")
    return 0


@apps.verb("wait", "wait until Applications are Synced and Healthy")
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=app_names)
@app_namespace
@click.option("--sync", is_flag=True, help="Wait for Synced (with --health: the default).")
@click.option("--health", is_flag=True, help="Wait for Healthy.")
@click.option("--operation", is_flag=True, help="Wait until no operation is running.")
@click.option("--revision", metavar="REVISION", help="Wait until this commit (or a short SHA of it) is synced.")
@click.option("--timeout", type=SECONDS, default=300.0, help="Give up after (default 300; 0 means never).")
def wait(
    api: Api, names: tuple[str, ...], app_namespace: str, sync: bool, health: bool, operation: bool,
    revision: str | None, timeout: float,
) -> int:  # fmt: skip
    """One deadline for all of them."""
    everything = not (sync or health or operation)
    goal = Goal(sync or everything, health or everything, operation, revision)
    named = [AppName.parse(name, app_namespace) for name in names]
    print(f"waiting for {', '.join(map(str, named))}: {goal}", file=sys.stderr)
    deadline = deadline_in(timeout)
    for app in named:
        status = wait_for(api, app, goal, deadline)["status"]
        synced, healthy = status.get("sync") or {}, status.get("health") or {}
        print(f"application {app}: {synced.get('status')} at {synced.get('revision')}, {healthy.get('status')}")
    return 0


@apps.verb("delete", "delete an Application")
@one_app
@click.option("--cascade", type=click.Choice(["true", "false"]),
              help="Delete its objects too, or keep them (default: as its finalizer says).")  # fmt: skip
@click.option("--wait", is_flag=True, help="Return when it is gone.")
@click.option("--timeout", type=SECONDS, default=300.0, help="How long --wait waits (300).")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def delete(api: Api, app: AppName, cascade: str | None, wait: bool, timeout: float, yes: bool) -> int:
    """Asks first when a person is there to answer."""
    if not yes and sys.stdin.isatty() and not click.confirm(f"Delete application {app}?", err=True):
        print("nothing deleted", file=sys.stderr)
        return FAILED
    query = app.query | ({"cascade": cascade} if cascade else {})
    answer = api.call("DELETE", "applications", app.name, query=query)
    warn(answer.get("warnings") or [])
    if wait:
        wait_for_absence(api, app, deadline_in(timeout))
    print(f"application {app} {'deleted' if wait else 'is being deleted'}")
    return 0


def _get(api: Api, app: AppName) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", "applications", app.name, query=app.query)
    return found
