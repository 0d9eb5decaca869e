"""Who set each field of a live object, and when: a commit for what is ours, a person or a program for the rest.

Only `sync` reaches a cluster, so it reads the object, and keeps the answer for whoever asked (as with `cluster
doctor`). Whose a field is say its managed fields. Which commit set one of ours is found by walking back through the
bundles that the application was synced to, as long as the field says the same: the first of them brought it in. Who
stands behind another manager is what the audit log and the drift records know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from mooring.cluster.fingerprint import OURS
from mooring.cluster.leaves import ABSENT, leaves, value_at
from mooring.cluster.observe import APP_LABEL
from mooring.differences.attribution import attribute
from mooring.errors import MooringError, PermanentError
from mooring.events.messages import ObjectMessage
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey, canonical_json
from mooring.model.tracking import TRACKING_ANNOTATION
from mooring.plan.driftrecords import ChangedField, DriftRecord
from mooring.secrets.digests import is_secret
from mooring.state.records import Operation
from mooring.state.registry import Cluster

__all__ = ["blame"]

_OPERATIONS: Final = 200  # newest ones of the application
_BUNDLES: Final = 50  # of these are read
_SECRET_SOURCES: Final = ("SealedSecret", "ExternalSecret")
_OWN_MARKS: Final = (APP_LABEL, TRACKING_ANNOTATION)
_SECOND: Final = 1.0
_Row = dict[str, Any]


def blame(ports: SyncPorts, message: ObjectMessage) -> None:
    """Finds out who set the fields of one object, and keeps that under the message's id. Raises as the table does."""
    (key,), app = message.objects, message.app
    assert app is not None
    try:
        cluster = ports.targets.named(message.cluster)
    except PermanentError:
        return  # the cluster was removed since the message was sent
    try:
        found = _found(ports, app, cluster, key)
    except MooringError as error:
        found = {"error": str(error)}
    finally:
        ports.targets.settle()
    ports.targets.note_check(cluster, message.blame, {"application": str(app), **found})


def _found(ports: SyncPorts, app: AppKey, cluster: Cluster, key: ObjectKey) -> dict[str, Any]:
    record = ports.applications.load([app], inventory=True)[app]
    entry = record.inventory.get(key)
    if entry is None or record.spec is None:
        return {"error": "the application has no such object any more"}
    seen = ports.targets.connect(ports.targets.reach(cluster)).get(key, entry.version)
    if seen is None or seen.live is None:
        return {"error": "the object is not in the cluster; `mooring drift list` says who deleted it"}
    operations = _synced(ports.applications.operations(app, _OPERATIONS))
    rows = _rows(ports, seen.live, secret=_was_secret(ports, operations, key))
    ours = [row for row in rows if row["manager"] == OURS and not row["subresource"]]
    _commits(ports, operations, key, ours)
    _people(ports, cluster.name, key, [row for row in rows if row["manager"] != OURS])
    return {"object": str(key), "fields": sorted(rows, key=lambda row: str(row["path"]))}


def _was_secret(ports: SyncPorts, operations: Iterable[Operation], key: ObjectKey) -> bool:
    """Whether it was applied as an object that holds secrets; in the cluster it may not say so any more."""
    try:
        return any(is_secret(_source(ports.bundles.load(each.bundle), key) or {}) for each in list(operations)[:1])
    except MooringError:
        return False  # the bundle is gone


def _rows(ports: SyncPorts, live: Manifest, *, secret: bool) -> list[_Row]:
    secret = secret or is_secret(live)
    return [
        {
            "path": path,
            "value": ports.bundles.digests.shown(value) if secret else value,
            "manager": entry.get("manager") or "",
            "operation": entry.get("operation") or "",
            "subresource": entry.get("subresource") or "",
            "time": entry.get("time") or "",
        }
        for entry in live["metadata"].get("managedFields") or ()
        if entry.get("subresource") != "status"
        for path, value in leaves(entry.get("fieldsV1") or {}, live)
    ]


def _commits(ports: SyncPorts, operations: Iterable[Operation], key: ObjectKey, rows: list[_Row]) -> None:
    """Adds to each row the commit that brought in what the field says, as far back as the history goes."""
    waiting = {str(row["path"]): row for row in rows if not any(mark in row["path"] for mark in _OWN_MARKS)}
    newer: Operation | None = None
    says: dict[str, bytes | None] = {}
    for operation in operations:
        try:
            source = _source(ports.bundles.load(operation.bundle), key)
        except MooringError:
            break  # the bundle is gone: what is left is told of the oldest that is there
        now = {path: _says(source, path) for path in waiting}
        if newer is not None:
            for path in [path for path in waiting if now[path] != says[path]]:
                waiting.pop(path)["commit"] = _commit(newer)
        newer, says = operation, now
        if not waiting:
            break
    for row in waiting.values():
        if newer is not None:
            row["commit"] = _commit(newer) | {"orEarlier": True}
    named = {(row["commit"]["repository"], row["commit"]["sha"]) for row in rows if "commit" in row}
    requests = ports.applications.merged_requests.known(each for each in named if all(each))
    for row in rows:
        if "commit" in row and (request := requests.get((row["commit"]["repository"], row["commit"]["sha"]))):
            row["commit"]["request"] = request.to_json()


def _synced(operations: Iterable[Operation]) -> list[Operation]:
    """The oldest operation of each run that brought the same bundle, newest run first."""
    runs: list[Operation] = []
    for each in operations:
        if each.kind not in ("sync", "partial") or each.phase != "Succeeded" or not each.bundle:
            continue
        if runs and runs[-1].bundle == each.bundle:
            runs[-1] = each
        else:
            runs.append(each)
    return runs[:_BUNDLES]


def _source(bundle: Iterable[Manifest], key: ObjectKey) -> Manifest | None:
    """The object in a bundle, or the one that is opened into it."""
    named = [each for each in bundle if each["metadata"].get("name") == key.name]
    named = [each for each in named if each["metadata"].get("namespace") in (None, "", key.namespace)]
    exact = [each for each in named if (ObjectKey.of(each).group, each["kind"]) == (key.group, key.kind)]
    opened = [each for each in named if key.kind == "Secret" and each["kind"] in _SECRET_SOURCES]
    return next(iter((*exact, *opened)), None)


def _says(source: Manifest | None, path: str) -> bytes | None:
    """What a field says in git: of what is not there by this path (a sealed value) the whole object counts."""
    if source is None:
        return None
    value = value_at(source, path)
    return canonical_json(source if value is ABSENT else value)


def _commit(operation: Operation) -> dict[str, Any]:
    commit = {name: value for name, value in asdict(operation.commit).items() if isinstance(value, str)}
    synced = datetime.fromtimestamp(operation.finished_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return commit | {"revision": operation.revision, "operationId": operation.id, "synced": synced}


def _people(ports: SyncPorts, cluster: str, key: ObjectKey, rows: list[_Row]) -> None:
    """Adds to the rows of each entry who stood behind its manager, where the audit log still knows."""
    entries: dict[tuple[str, ...], list[_Row]] = {}
    for row in rows:
        names = ("manager", "operation", "subresource", "time")
        entries.setdefault(tuple(str(row[name]) for name in names), []).append(row)
    for (manager, operation, subresource, time), theirs in entries.items():
        if not time:
            continue
        at = datetime.fromisoformat(time).timestamp()
        fields = tuple(
            ChangedField(str(row["path"]), None, None, manager, operation, subresource, time) for row in theirs
        )
        asked = DriftRecord(
            "", "", cluster, key, "foreign", fields, "look", at + _SECOND, "left", "", since=at - _SECOND
        )  # fmt: skip
        deeds = ports.applications.deeds.find(cluster, key, at - 3 * _SECOND, at + 3 * _SECOND)
        who = [
            {"user": each.user, "certain": each.certain, **dict(each.told)}
            for each in attribute(asked, deeds)
        ]  # fmt: skip
        for row in theirs:
            if who:
                row["who"] = who
