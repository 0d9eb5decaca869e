"""`mooring app tree|events|secrets|manifests|compare`: what is live in the cluster, and what a revision holds.

All of it is read from the cluster, or from what was rendered, at the moment of the question, and changes nothing.
Values of Secrets are digests in all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.frame import prints, verb
from mooring_cli.names import AppName, one_app
from mooring_cli.objectnames import found_object, named, object_options
from mooring_cli.output import Output, warn
from mooring_cli.pages import short
from mooring_cli.tables import Table, table

__all__ = [
    "compare_app",
    "differences_page",
    "events_table",
    "get_object",
    "list_events",
    "list_secrets",
    "show_manifests",
    "show_tree",
    "tree_page",
]

FAILED: Final = 1
_SOURCES: Final = {"wanted": "wanted", "git": "wanted", "synced": "synced"}  # `git` is Argo CD's word
_Node = Mapping[str, Any]


@verb("tree", "an Application's objects and all that they own, down to pods")
@one_app
@prints(watch=True)
def show_tree(api: Api, out: Output, app: AppName) -> int:
    """As the cluster has them now."""
    found = fetch_tree(api, app)
    out.emit(found, lambda: tree_page(found))
    return 0


def fetch_tree(api: Api, app: AppName) -> dict[str, Any]:
    """The tree; what is missing in it is told on standard error."""
    found: dict[str, Any] = api.call("GET", "applications", app.name, "resource-tree", query=app.query)
    warn(f"{each['kind']} could not be listed: {each['message']}" for each in found.get("unlisted") or [])
    warn(f"{count} of kind {kind} did not fit" for kind, count in (found.get("cut") or {}).items())
    return found


def tree_page(tree: Mapping[str, Any]) -> Table:
    """Children below their first owner that is there."""
    nodes: Sequence[_Node] = tree["nodes"]
    known = {node["uid"] for node in nodes if node["uid"]}
    children: dict[str, list[_Node]] = {}
    roots = []
    for node in nodes:
        owner = next((ref["uid"] for ref in node.get("parentRefs") or () if ref["uid"] in known), "")
        if node.get("managed") or not owner:
            roots.append(node)
        else:
            children.setdefault(owner, []).append(node)

    def rows(node: _Node, indent: str, mark: str) -> Iterator[tuple[object, ...]]:
        health = node.get("health") or {}
        info = ", ".join(f"{each['name']} {each['value']}" for each in node.get("info") or ())
        where = node["namespace"] or None
        yield (f"{indent}{mark}{node['kind']}/{node['name']}", where, node.get("status"), health.get("status"),
               info or health.get("message"))  # fmt: skip
        below = children.get(node["uid"], []) if node["uid"] else []
        indent += {"": "", "├─ ": "│  ", "└─ ": "   "}[mark]
        for place, child in enumerate(below, 1):
            yield from rows(child, indent, "└─ " if place == len(below) else "├─ ")

    return table(
        ["OBJECT", "NAMESPACE", "STATUS", "HEALTH", "INFO"], [row for root in roots for row in rows(root, "", "")]
    )


@verb("get-resource", "one object: as it is, as git wants it, and what differs")
@one_app
@object_options()
@click.option("--desired", is_flag=True, help="What git wants instead of what is live.")
@prints("yaml", "json", "table", default="yaml")
def get_object(api: Api, out: Output, app: AppName, desired: bool, **which: Any) -> int:
    """The live manifest; as a table who set which field."""
    query = app.query | found_object(api, app, named(**which))
    found = api.call("GET", "applications", app.name, "resource", query=query)
    shown = found.get("desired") or found.get("source") if desired else found["live"]
    if shown is None:
        raise ConfigurationError("git does not have it" if desired else "it is not in the cluster", field="object")
    rows = [(each["path"], each["manager"], each["operation"], each["time"]) for each in found["fields"]]
    out.emit(shown, lambda: table(["FIELD", "MANAGER", "OPERATION", "TIME"], rows))
    return 0


@verb("events", "Kubernetes' events of an Application's objects, the newest last")
@one_app
@object_options()
@click.option("--limit", type=click.IntRange(1, 500), default=100, help="At most so many (100).")
@prints(watch=True)
def list_events(api: Api, out: Output, app: AppName, limit: int, **which: Any) -> int:
    """Of all its objects, or of the one that is named."""
    asked = named(**which)
    query = app.query | {"limit": str(limit)} | (found_object(api, app, asked) if asked.kind else {})
    found = api.call("GET", "applications", app.name, "events", query=query)
    if found.get("leftOut"):
        warn([f"{found['leftOut']} older events are left out"])
    out.emit(found["items"], lambda: events_table(found["items"]))
    return 0


def events_table(events: Sequence[Mapping[str, Any]]) -> Table:
    """The newest last, where a terminal's prompt is."""
    rows = [
        (e["last"], e["type"], e["reason"], f"{e['object']['kind']}/{e['object']['name']}", e["count"], e["message"])
        for e in reversed(events)
    ]
    return table(["LAST", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"], rows)


@verb("secrets", "how an Application's secrets are, and where each comes from; never a value")
@one_app
@prints(watch=True)
def list_secrets(api: Api, out: Output, app: AppName) -> int:
    """As it was noted when they were last opened; failing ones first."""
    found = api.call("GET", "applications", app.name, "secrets", query=app.query)
    if seal := found["sealing"]:
        warn([f"what is sealed now is sealed for {seal['fingerprint']}, whose certificate ends {seal['until']}"])
    out.emit(found, lambda: secrets_table(found["items"]))
    return 0


def secrets_table(secrets: Sequence[Mapping[str, Any]]) -> Table:
    """One line for each source, or Secret without one."""
    rows = []
    for each in secrets:
        stores = ", ".join(f"{one['name']} ({one['provider'] or one['kind']})" for one in each["stores"])
        remote = [one.get("key") or one.get("find") or one.get("generator") for one in each["remote"]]
        changed = (each["changed"] or {}).get("at")
        rows.append(
            (f"{each['kind']}/{each['name']}", each["namespace"] or None, each["state"], stores or None,
             ", ".join(dict.fromkeys(filter(None, remote))) or None, changed, each["message"] or None)
        )  # fmt: skip
    return table(["OBJECT", "NAMESPACE", "STATE", "STORE", "FROM", "CHANGED", "MESSAGE"], rows)


@verb("manifests", "all manifests of a revision")
@one_app
@click.option("--source", type=click.Choice([*_SOURCES, "live"]), default="wanted",
              help="What git wants (wanted, git), what is applied (synced), or what is there (live).")  # fmt: skip
@click.option("--operation", metavar="ID", help="What this past operation brought, instead.")
@click.option("--revision", metavar="REVISION", help="What the last sync to this commit brought, instead.")
@prints("yaml", "json", default="yaml")
def show_manifests(
    api: Api, out: Output, app: AppName, source: str, operation: str | None, revision: str | None
) -> int:
    """YAML documents as `kubectl` reads them; the values of Secrets in them are digests."""
    if operation and revision:
        raise ConfigurationError("can't be given together with --operation", field="--revision")
    if revision:
        operation = _operation_at(api, app, revision)
    if operation:
        found = api.call("GET", "applications", app.name, "operations", operation, "manifests", query=app.query)
    elif source == "live":
        found = {"manifests": list(_live(api, app))}
    else:
        query = app.query | {"at": _SOURCES[source]}
        found = api.call("GET", "applications", app.name, "manifests", query=query)
    if out.form == "json":
        out.emit(found, str)
    else:
        for each in found["manifests"]:
            print("---")
            out.emit(each, str)
    return 0


def _operation_at(api: Api, app: AppName, revision: str) -> str:
    """The last sync to a commit. Raises `ConfigurationError` where there was none."""
    status = api.call("GET", "applications", app.name, query=app.query).get("status") or {}
    for entry in reversed(status.get("history") or []):
        if any(str(each).startswith(revision) for each in (entry.get("revision"), *(entry.get("revisions") or ()))):
            return str(entry["operation"])
    raise ConfigurationError(
        "was not synced; `mooring app history` has the commits that were, and `app diff --local` renders any other",
        field="--revision",
    )


def _live(api: Api, app: AppName) -> Iterator[dict[str, Any]]:
    for node in fetch_tree(api, app)["nodes"]:
        if node.get("managed") and node["uid"]:
            place = {"resourceNamespace": node["namespace"], "resourceName": node["name"]}
            query = app.query | place | {name: node[name] for name in ("group", "kind", "version")}
            live = api.call("GET", "applications", app.name, "resource", query=query)["live"]
            if live is not None:
                yield live


@verb("compare", "what differs between two revisions")
@one_app
@click.argument("from", metavar="FROM")
@click.argument("to", metavar="[TO]", required=False, default="wanted")
@click.option("--exit-code/--no-exit-code", default=True, help="1 where something differs (the default), or 0.")
@prints("table", "json", "yaml")
def compare_app(api: Api, out: Output, app: AppName, to: str, exit_code: bool, **given: str) -> int:
    """FROM and TO are ids of operations or numbers of `app history`, wanted, or synced."""
    ends = {side: _at(api, app, each) for side, each in (("from", given["from"]), ("to", to))}
    found = api.call("GET", "applications", app.name, "compare", query=app.query | ends)
    heading = " → ".join(f"{found[side]['at']} ({short(found[side]['revision']) or 'nothing'})" for side in ends)
    items = [{**each, "diff": {**each, "kind": each["kindOfChange"], "dryRun": ""}} for each in found["items"]]
    out.emit(found, lambda: [heading, *differences_page(items, found["leftOut"])])
    return FAILED if found["items"] and exit_code else 0


def _at(api: Api, app: AppName, given: str) -> str:
    if not given.isdecimal():
        return given
    status = api.call("GET", "applications", app.name, query=app.query).get("status") or {}
    for entry in status.get("history") or []:
        if entry.get("id") == int(given):
            return str(entry["operation"])
    raise ConfigurationError(f"has no number {given}; `mooring app history {app}` lists them", field="history")


def differences_page(items: Sequence[Mapping[str, Any]], left_out: int) -> list[str | Table]:
    """A heading for each object that differs, and its unified diff."""
    parts = []
    for each in items:
        path = "/".join(each[part] for part in ("group", "kind", "namespace", "name") if each.get(part))
        diff = each["diff"]
        trouble = "" if diff["dryRun"] in ("", "done") else f"\n# {diff['dryRun']}"
        text = "(too long; `app get-resource` shows it)" if diff.get("cut") else str(diff["text"])
        parts.append(f"===== {path}: {diff['kind']}{trouble}\n{text}".rstrip())
    if left_out:
        parts.append(f"… and {left_out} more objects that may differ")
    return list(parts) or ["nothing differs"]
