"""What a person reads: the table of applications and the page of one.

Pure text from the API's JSON. A missing field is a dash, never an exception: a new application has no status yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mooring_cli.tables import Page, Table, table

__all__ = [
    "application_page",
    "applications_table",
    "differences",
    "history_table",
    "resources_table",
    "results_table",
    "short",
    "told_once",
]

ALIGNED = 22


def short(revision: str | None) -> str:
    """The first seven characters of a commit, as git prints them; anything else whole."""
    text = revision or ""
    return text[:7] if len(text) >= 40 and all(c in "0123456789abcdef" for c in text) else text


def applications_table(rows: Sequence[dict[str, Any]], *, wide: bool = False) -> Table:
    """One line for each summary of an application, in the order that they come in."""
    headers = ["NAME", "STATUS", "HEALTH", "REVISION", "PHASE", "DESTINATION", "MESSAGE"]
    if wide:
        headers[6:6] = ["PROJECT", "REPO", "PATH", "TARGET", "POLICY"]
    return table(headers, [_row(each, wide=wide) for each in rows])


def history_table(app: dict[str, Any]) -> Table:
    """The syncs of one application, the newest last, as `status.history` holds them."""
    rows = [
        (
            entry.get("id"),
            entry.get("deployedAt"),
            short(entry.get("revision")),
            _initiator(entry.get("initiatedBy")),
            entry.get("author"),
            _first_line(entry.get("message")),
        )
        for entry in _list(app, "status", "history")
    ]
    return table(["ID", "DEPLOYED", "REVISION", "BY", "AUTHOR", "MESSAGE"], rows)


def results_table(app: dict[str, Any]) -> Table:
    """What the last operation did, or would do, to each object."""
    results = _list(app, "status", "operationState", "syncResult", "resources")
    rows = [(r.get("group"), r.get("kind"), r.get("namespace"), r.get("name"), r.get("message")) for r in results]
    return table(["GROUP", "KIND", "NAMESPACE", "NAME", "RESULT"], rows)


def resources_table(app: dict[str, Any]) -> Table:
    """The objects of git, with sync status, health and what the last sync said."""
    return table(["GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "MESSAGE"], _resource_rows(app))


def differences(app: dict[str, Any]) -> str:
    """What the last dry run would change: a heading for each object, and its unified diff."""
    parts = []
    for result in _list(app, "status", "operationState", "syncResult", "resources"):
        message = str(result.get("message") or "")
        if result.get("hookType") or not message.startswith("would "):
            continue
        path = "/".join(str(result[part]) for part in ("group", "kind", "namespace", "name") if result.get(part))
        parts.append(f"===== {path}: {message}\n{result.get('diff') or ''}".rstrip())
    return "\n".join(parts)


def application_page(app: dict[str, Any]) -> Page:
    """Everything about one application: source, destination, status, operation, conditions, drift and resources."""
    parts: list[str | Table] = ["\n".join(f"{label + ':':{ALIGNED}}{value}" for label, value in _facts(app))]
    conditions = _list(app, "status", "conditions")
    if conditions:
        since = [(c.get("type"), c.get("lastTransitionTime"), c.get("message")) for c in conditions]
        parts.append(table(["CONDITION", "SINCE", "MESSAGE"], since))
    drifted = [
        (resource, field) for resource in _list(app, "status", "resources") for field in resource.get("drift") or []
    ]
    if drifted:
        rows = [
            (_resource_name(r), f.get("path"), _value(f, "desired"), _value(f, "live"), f.get("manager"), f.get("time"))
            for r, f in drifted
        ]
        parts.append(table(["DRIFTED", "FIELD", "WANTED", "LIVE", "CHANGED BY", "AT"], rows))
    orphans = _list(app, "status", "orphanedResources")
    if orphans:
        named = [(each.get("group"), each.get("kind"), each.get("namespace"), each.get("name")) for each in orphans]
        parts.append(table(["ORPHANED GROUP", "KIND", "NAMESPACE", "NAME"], named))
    if _list(app, "status", "resources"):
        parts.append(resources_table(app))
    return parts


def _facts(app: dict[str, Any]) -> Iterable[tuple[str, str]]:
    source, destination = _dict(app, "spec", "source"), _dict(app, "spec", "destination")
    sync, health = _dict(app, "status", "sync"), _dict(app, "status", "health")
    operation = _dict(app, "status", "operationState")
    yield "Name", _full_name(app)
    yield "Project", _dict(app, "spec").get("project") or "default"
    yield "Server", destination.get("server") or destination.get("name") or "-"
    yield "Namespace", destination.get("namespace") or "-"
    yield "Repository", source.get("repoURL") or "-"
    yield "Target", source.get("targetRevision") or "HEAD"
    yield "Path", source.get("path") or "-"
    yield "Sync policy", _policy(app)
    heals = _dict(app, "status", "selfHeal")
    if heals:
        yield (
            "Changes by hand",
            f"{'put back' if heals.get('enabled') else 'reported'} ({heals.get('decidedBy') or '-'})",
        )
    yield (
        "Sync status",
        _joined(sync.get("status") or "Unknown", f"({sync['revision']})" if sync.get("revision") else ""),
    )
    yield "Health status", _joined(health.get("status") or "Unknown", health.get("message"), ": ")
    if operation:
        initiator = _initiator(_dict(operation, "operation").get("initiatedBy"))
        yield "Operation", f"{operation.get('phase') or '-'}{f', started by {initiator}' if initiator else ''}"
        yield "  Started", operation.get("startedAt") or "-"
        yield "  Finished", operation.get("finishedAt") or "-"
        if operation.get("retryCount"):
            yield "  Retries", str(operation["retryCount"])
        asked = _dict(operation, "operation")
        if once := told_once(_dict(asked, "sync") | {"retry": asked.get("retry")}):
            yield "  This once", once
        if operation.get("message"):
            yield "  Message", str(operation["message"])
    if waiting := _dict(app, "status", "requested"):
        once = told_once(waiting)
        yield "Asked for", f"{waiting['at']} by {waiting['by']}{f' ({once})' if once else ''}"
        yield (
            "  Waits for",
            {"render": "its render", "operation": "the operation to end"}.get(waiting["waitsFor"], "its turn"),
        )
    yield "Compared at", _dict(app, "status").get("reconciledAt") or "-"


def told_once(each: dict[str, Any]) -> str:
    """What somebody wanted of one sync alone, as an operation, the record or a request that waits has it."""
    hooks = "" if (each.get("syncStrategy") or {}).get("apply") is None else "no hooks"
    limit = (each.get("retry") or {}).get("limit")
    retries = "" if limit is None else f"{limit} retries" if limit >= 0 else "retries without an end"
    return ", ".join(filter(None, (*each.get("syncOptions", ()), hooks, retries)))


def _row(row: dict[str, Any], *, wide: bool) -> list[object]:
    made: list[object] = [
        f"{row['namespace']}/{row['name']}",
        row["sync"],
        row["health"],
        short(row["revision"]),
        row["phase"],
        f"{row['cluster'] or row['server'] or '-'}/{row['destinationNamespace'] or '-'}",
    ]
    if wide:
        where = row["path"] or row["chart"]
        policy = "automated" if row["autoSync"] else "manual"
        made += [row["project"], row["repoURL"], where, row["targetRevision"] or "HEAD", policy]
    return [*made, _clipped(_first_line(row["message"]), wide)]


def _resource_rows(app: dict[str, Any]) -> Iterable[list[object]]:
    results = {
        _identity(result): result for result in _list(_dict(app, "status", "operationState", "syncResult"), "resources")
    }
    for resource in _list(app, "status", "resources"):
        health, result = _dict(resource, "health"), results.get(_identity(resource), {})
        status = str(resource.get("status") or "Unknown")
        if resource.get("requiresPruning"):
            status += " (to prune)"
        yield [
            resource.get("group"),
            resource.get("kind"),
            resource.get("namespace"),
            resource.get("name"),
            status,
            health.get("status"),
            _first_line(health.get("message") or result.get("message")),
        ]


def _identity(resource: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(resource.get(part) or "") for part in ("group", "kind", "namespace", "name"))


def _resource_name(resource: dict[str, Any]) -> str:
    return "/".join(part for part in _identity(resource)[1:] if part)


def _policy(app: dict[str, Any]) -> str:
    automated = _dict(app, "spec", "syncPolicy").get("automated")
    if not isinstance(automated, dict) or automated.get("enabled") is False:
        return "manual"
    extras = [word for word, key in (("prune", "prune"), ("self-heal", "selfHeal")) if automated.get(key)]
    return "automated" + (f" ({', '.join(extras)})" if extras else "")


def _initiator(initiated: Any) -> str:
    if not isinstance(initiated, dict):
        return ""
    return str(initiated.get("username") or ("Mooring" if initiated.get("automated") else ""))


def _full_name(app: dict[str, Any]) -> str:
    metadata = _dict(app, "metadata")
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata.get('name', '')}" if namespace else str(metadata.get("name", ""))


def _value(field: dict[str, Any], key: str) -> str:
    value = field.get(key)
    if value is None:
        return "(none)"
    return _clipped(value if isinstance(value, str) else str(value), False)


def _clipped(text: str, wide: bool) -> str:
    return text if wide or len(text) <= 80 else text[:79] + "…"


def _first_line(text: object) -> str:
    return str(text or "").strip().partition("\n")[0]


def _joined(left: str, right: object, between: str = " ") -> str:
    return f"{left}{between}{right}" if right else left


def _dict(value: Any, *path: str) -> dict[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _list(value: Any, *path: str) -> list[dict[str, Any]]:
    found = _dict(value, *path[:-1]).get(path[-1])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
