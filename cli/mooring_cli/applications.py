"""`mooring apply` and `mooring app …`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from mooring.errors import ConfigurationError, MooringError
from mooring_cli.audit import operation_page, operations_table
from mooring_cli.changed import changes_page, fetch_changes
from mooring_cli.client import Api
from mooring_cli.documents import read_documents
from mooring_cli.names import DEFAULT_NAMESPACE, AppName
from mooring_cli.output import add_output_option, emit, warn
from mooring_cli.pages import application_page, applications_table, differences, history_table, results_table
from mooring_cli.waiting import Goal, operation_mark, wait_for, wait_for_absence, wait_for_operation

__all__ = ["add_app_commands", "add_apply_command"]

FAILED = 1


def add_apply_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring apply -f FILE`."""
    parser = commands.add_parser("apply", parents=[shared], help="create or change Applications from files")
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE",
        help="a YAML or JSON file, a folder of them, or - for standard input; may be repeated",
    )
    add_output_option(parser)
    parser.set_defaults(run=apply)


def add_app_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """`mooring app list|get|sync|terminate-op|wait|delete|history`."""
    group = commands.add_parser("app", help="look at Applications and sync them")
    apps = group.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
    named = argparse.ArgumentParser(add_help=False, parents=[shared])
    named.add_argument(
        "--app-namespace",
        "-N",
        default=DEFAULT_NAMESPACE,
        metavar="NAMESPACE",
        help=f"the namespace that the Application was declared in (default {DEFAULT_NAMESPACE})",
    )

    parser = apps.add_parser("list", parents=[shared], help="a line for each Application")
    add_output_option(parser, wide=True)
    parser.set_defaults(run=list_apps)

    parser = apps.add_parser("get", parents=[named], help="everything about one Application")
    parser.add_argument("name", metavar="NAME")
    add_output_option(parser)
    parser.set_defaults(run=get)

    parser = apps.add_parser("history", parents=[named], help="the syncs of one Application")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--id", metavar="ID", help="everything about one operation")
    parser.add_argument("--fields", action="store_true", help="with --id: which fields it changed, from what to what")
    parser.add_argument("--all", action="store_true", help="the newest 200 operations of any kind, however they ended")
    add_output_option(parser)
    parser.set_defaults(run=history)

    parser = apps.add_parser("sync", parents=[named], help="sync an Application now, and wait for the end of it")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--prune", action="store_true", help="delete what is no longer in git, this once")
    parser.add_argument(
        "--resource",
        action="append",
        metavar="GROUP:KIND:[NAMESPACE/]NAME",
        help="only this object, without hooks; may be repeated, * is anything, ! in front leaves out",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    parser.add_argument("--async", dest="asynchronous", action="store_true", help="start it and return")
    parser.add_argument(
        "--timeout", type=_seconds, default=0.0, metavar="SECONDS", help="give up after (default: never)"
    )
    add_output_option(parser)
    parser.set_defaults(run=sync)

    parser = apps.add_parser("diff", parents=[named], help="show what a sync would change in the cluster")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--resource",
        action="append",
        metavar="GROUP:KIND:[NAMESPACE/]NAME",
        help="only this object; may be repeated, * is anything, ! in front leaves out",
    )
    parser.add_argument("--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="give up after (default: 60)")
    add_output_option(parser)
    parser.set_defaults(run=diff)

    parser = apps.add_parser("terminate-op", parents=[named], help="end the operation that runs or waits")
    parser.add_argument("name", metavar="NAME")
    parser.set_defaults(run=terminate)

    parser = apps.add_parser("wait", parents=[named], help="wait until Applications are Synced and Healthy")
    parser.add_argument("names", metavar="NAME", nargs="+")
    parser.add_argument("--sync", action="store_true", help="wait for Synced (with --health: the default)")
    parser.add_argument("--health", action="store_true", help="wait for Healthy")
    parser.add_argument("--operation", action="store_true", help="wait until no operation is running")
    parser.add_argument(
        "--revision", metavar="REVISION", help="wait until this commit (or a short SHA of it) is synced"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=300.0, metavar="SECONDS", help="give up after (default 300; 0 means never)"
    )
    parser.set_defaults(run=wait)

    parser = apps.add_parser("delete", parents=[named], help="delete an Application")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--cascade",
        choices=["true", "false"],
        help="delete its objects too, or keep them (default: as its finalizer says)",
    )
    parser.add_argument("--wait", action="store_true", help="return when it is gone")
    parser.add_argument("--timeout", type=_seconds, default=300.0, metavar="SECONDS", help="how long --wait waits")
    parser.add_argument("-y", "--yes", action="store_true", help="don't ask")
    parser.set_defaults(run=delete)


def apply(api: Api, args: argparse.Namespace) -> int:
    """Sends every document, goes on after a bad one, and fails at the end if there was one."""
    applied: list[dict[str, Any]] = []
    failed = False
    for filename in args.filename:
        for origin, document in read_documents(filename):
            try:
                application, warnings = _apply_one(api, origin, document)
            except MooringError as error:
                failed = True
                print(f"error: {error} (in {origin})", file=sys.stderr)
                continue
            warn(warnings)
            applied.append(application)
            if args.output == "table":
                print(f"{_declared_name(application)} applied")
    if args.output != "table":
        emit(args, applied[0] if len(applied) == 1 else {"apiVersion": "v1", "kind": "List", "items": applied}, str)
    return FAILED if failed else 0


def _apply_one(api: Api, origin: str, document: dict[str, Any]) -> tuple[dict[str, Any], list[object]]:
    kind = document.get("kind")
    if kind == "AppProject":
        answer = api.call("POST", "projects", body=document)
        return answer.get("project") or document, answer.get("warnings") or []
    if kind == "ApplicationSet":
        answer = api.call("POST", "applicationsets", body=document)
        return answer.get("applicationSet") or document, answer.get("warnings") or []
    if kind == "Promotion":
        answer = api.call("POST", "promotions", body=document)
        return answer.get("promotion") or document, answer.get("warnings") or []
    if kind == "ImageUpdater":
        answer = api.call("POST", "imageupdaters", body=document)
        return answer.get("imageUpdater") or document, answer.get("warnings") or []
    if kind != "Application":
        advice = "only Applications, ApplicationSets, AppProjects, Promotions and ImageUpdaters can be applied"
        raise ConfigurationError(f"{kind!r}: {advice}" if kind else f"missing: {advice}", field="kind")
    answer = api.call("POST", "applications", body=document)
    return answer.get("application") or document, answer.get("warnings") or []


def _declared_name(application: dict[str, Any]) -> str:
    metadata = application.get("metadata") or {}
    if application.get("kind") == "AppProject":
        return f"project {metadata.get('name')}"
    kind = str(application.get("kind") or "Application").lower()
    return f"{kind} {metadata.get('namespace') or DEFAULT_NAMESPACE}/{metadata.get('name')}"


def list_apps(api: Api, args: argparse.Namespace) -> int:
    """`mooring app list`: JSON and YAML print the items as a `List`."""
    items = api.items("applications")
    emit(
        args,
        {"apiVersion": "v1", "kind": "List", "items": items},
        lambda: applications_table(items, wide=args.output == "wide"),
    )
    return 0


def get(api: Api, args: argparse.Namespace) -> int:
    """`mooring app get NAME`."""
    app = _get(api, _named(args))
    emit(args, app, lambda: application_page(app))
    return 0


def history(api: Api, args: argparse.Namespace) -> int:
    """`mooring app history NAME`."""
    name = _named(args)
    if args.id and args.fields:
        found = fetch_changes(api, name, args.id)
        emit(args, found, lambda: changes_page(found))
        return 0
    if args.id:
        operation = api.call("GET", "applications", name.name, "operations", args.id, query=name.query)
        emit(args, operation, lambda: operation_page(operation))
        return 0
    if args.all:
        query = name.query | {"limit": "200"}
        items = api.call("GET", "applications", name.name, "operations", query=query)["items"]
        emit(args, items, lambda: operations_table(items))
        return 0
    app = _get(api, name)
    emit(args, (app.get("status") or {}).get("history") or [], lambda: history_table(app))
    return 0


def sync(api: Api, args: argparse.Namespace) -> int:
    """`mooring app sync NAME`: fails when the operation did."""
    name = _named(args)
    before = operation_mark(_get(api, name))
    body: dict[str, object] = {"prune": True} if args.prune else {}
    if args.resource:
        body["resources"] = args.resource
    if args.dry_run:
        body["dryRun"] = True
    answer = api.call("POST", "applications", name.name, "sync", query=name.query, body=body)
    operation = (answer.get("operation") or {}).get("id")
    if args.asynchronous:
        emit(
            args,
            answer,
            lambda: f"application {name}: sync started" + (f" (operation {operation})" if operation else ""),
        )
        return 0
    app = wait_for_operation(api, name, before=before, operation=operation, deadline=_deadline(args.timeout))
    state = app["status"]["operationState"]
    told = f"application {name}: {state.get('phase')}: {state.get('message') or 'no message'}"
    emit(args, app, lambda: f"{results_table(app)}\n\n{told}" if args.dry_run else told)
    return 0 if state.get("phase") == "Succeeded" else FAILED


def diff(api: Api, args: argparse.Namespace) -> int:
    """`mooring app diff NAME`: 0 where nothing differs, 1 where something does or could not be tried."""
    name = _named(args)
    before = operation_mark(_get(api, name))
    body: dict[str, object] = {"dryRun": True, "prune": True}
    if args.resource:
        body["resources"] = args.resource
    answer = api.call("POST", "applications", name.name, "sync", query=name.query, body=body)
    operation = (answer.get("operation") or {}).get("id")
    app = wait_for_operation(api, name, before=before, operation=operation, deadline=_deadline(args.timeout))
    state = app["status"]["operationState"]
    emit(args, (state.get("syncResult") or {}).get("resources") or [], lambda: differences(app) or "nothing differs")
    if state.get("phase") != "Succeeded":
        print(f"error: {state.get('message')}", file=sys.stderr)
        return FAILED
    return FAILED if differences(app) else 0


def terminate(api: Api, args: argparse.Namespace) -> int:
    """`mooring app terminate-op NAME`."""
    name = _named(args)
    api.call("DELETE", "applications", name.name, "operation", query=name.query)
    print(f"application {name}: the operation is being terminated")
    return 0


def wait(api: Api, args: argparse.Namespace) -> int:
    """`mooring app wait NAME…`: one deadline for all of them."""
    everything = not (args.sync or args.health or args.operation)
    goal = Goal(args.sync or everything, args.health or everything, args.operation, args.revision)
    names = [AppName.parse(name, args.app_namespace) for name in args.names]
    print(f"waiting for {', '.join(map(str, names))}: {goal}", file=sys.stderr)
    deadline = _deadline(args.timeout)
    for name in names:
        status = wait_for(api, name, goal, deadline)["status"]
        sync_status, health = (status.get("sync") or {}), (status.get("health") or {})
        print(
            f"application {name}: {sync_status.get('status')} at {sync_status.get('revision')}, {health.get('status')}"
        )
    return 0


def delete(api: Api, args: argparse.Namespace) -> int:
    """`mooring app delete NAME`: asks first when a person is there to answer."""
    name = _named(args)
    if not args.yes and sys.stdin.isatty() and not _agreed(f"Delete application {name}? [y/N] "):
        print("nothing deleted", file=sys.stderr)
        return FAILED
    query = name.query | ({"cascade": args.cascade} if args.cascade else {})
    answer = api.call("DELETE", "applications", name.name, query=query)
    warn(answer.get("warnings") or [])
    if args.wait:
        wait_for_absence(api, name, _deadline(args.timeout))
    print(f"application {name} {'deleted' if args.wait else 'is being deleted'}")
    return 0


def _agreed(question: str) -> bool:
    return input(question).strip().lower() in {"y", "yes"}


def _get(api: Api, name: AppName) -> dict[str, Any]:
    app: dict[str, Any] = api.call("GET", "applications", name.name, query=name.query)
    return app


def _named(args: argparse.Namespace) -> AppName:
    return AppName.parse(args.name, args.app_namespace)


def _seconds(text: str) -> float:
    seconds = float(text.removesuffix("s"))
    if seconds < 0:
        raise ValueError("must not be negative")
    return seconds


def _deadline(timeout: float) -> float | None:
    return time.monotonic() + timeout if timeout else None
