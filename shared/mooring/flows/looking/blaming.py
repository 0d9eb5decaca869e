"""Who set each field of a live object, and when: a commit for what is ours, a person or a program for the rest.

Whose a field is say its managed fields. Which commit set one of ours is found by walking back through the bundles that
the application was synced to, as long as the field says the same: the first of them brought it in, and no git is asked
(ADR 0094). The walk ends where the history does, or the time in which somebody waits; what is not found by then is
`orEarlier`. Who stands behind another manager is what the audit log knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any, Final

from mooring.cluster.fingerprint import OURS
from mooring.cluster.leaves import ABSENT, leaves, value_at
from mooring.cluster.observe import APP_LABEL
from mooring.differences.attribution import attribute
from mooring.errors import PermanentError
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.looking.naming import named_object
from mooring.flows.looking.owned import find_owned
from mooring.flows.looking.ports import LookPorts, place_of
from mooring.flows.looking.veiling import Veil
from mooring.model.application import AppKey
from mooring.model.moments import told_time
from mooring.model.objects import Manifest, ObjectKey, canonical_json
from mooring.model.tracking import TRACKING_ANNOTATION
from mooring.plan.driftrecords import ChangedField, DriftRecord
from mooring.secrets.digests import is_hidden, is_secret
from mooring.state.operations import Operation

__all__ = ["show_blame"]

_OPERATIONS: Final = 200  # newest ones of the application
_BUNDLES: Final = 50  # of these are read
_SECRET_SOURCES: Final = ("SealedSecret", "ExternalSecret")
_OWN_MARKS: Final = (APP_LABEL, TRACKING_ANNOTATION)
_SECOND: Final = 1.0
_NAMES: Final = re.compile(r"(?:\.[^.\[]+|\['[^']+'\])*")  # the part of a path that tells no value of a list
_Row = dict[str, Any]
_Sources = Callable[[str], Manifest | None]


def show_blame(ports: LookPorts, app: AppKey, which: Mapping[str, Any]) -> dict[str, Any]:
    """`{"object", "fields"}`: who set each field of one object, named as `named_object` has it.

    Raises as `place_of` and `named_object`, `NoSuchObjectError` for what is not there or not the application's, and
    `UnreachableError` where bundles can't be read now.
    """
    place = place_of(ports, app)
    key = named_object(place.record, which)
    found = find_owned(place, key)
    if found is None or found.live is None:
        told = "the object is not in the cluster; `mooring drift list` says who deleted it"
        raise NoSuchObjectError(told, subject=str(key))
    operations = ports.applications.operations(app, _OPERATIONS) if key in place.record.inventory else []
    sources = cache(lambda name: _source(ports.bundles.load(name), key))
    rows = _rows(_veil(ports, found.live, operations, sources), found.live)
    _people(ports, place.target.cluster.name, key, [row for row in rows if row["manager"] != OURS])
    _commits(ports, operations, sources, [row for row in rows if row["manager"] == OURS and not row["subresource"]])
    return {"object": str(key), "fields": sorted(rows, key=lambda row: str(row["path"]))}


def _veil(ports: LookPorts, live: Manifest, operations: Iterable[Operation], sources: _Sources) -> Veil | None:
    """What hides the values, where the object holds secrets, or was applied as one that does: in the cluster it may not
    say so any more.
    """
    applied: Manifest | None = None
    newest = next((each.bundle for each in operations if each.bundle), "")
    try:
        applied = sources(newest) if newest else None
    except PermanentError:
        return Veil(live, ports.secret_key, hidden=True)  # the bundle is gone, and with it what it said
    if not is_secret(live) and not (applied is not None and is_secret(applied)):
        return None
    return Veil(live, ports.secret_key, hidden=is_hidden(live) or is_hidden(applied))


def _rows(veil: Veil | None, live: Manifest) -> list[_Row]:
    rows: dict[tuple[str, ...], _Row] = {}
    for entry in live["metadata"].get("managedFields") or ():
        told = {name: str(entry.get(name) or "") for name in ("manager", "operation", "subresource", "time")}
        if told["subresource"] == "status":
            continue
        for path, value in leaves(entry.get("fieldsV1") or {}, live):
            row = {"path": path, "value": value, **told}
            if veil is not None:
                row |= _veiled(veil, live, path, value)
            rows.setdefault((row["path"], *told.values()), row)
    return list(rows.values())


def _veiled(veil: Veil, live: Manifest, path: str, value: Any) -> _Row:
    """A field of an object that holds secrets. Where any value may be one, entries of lists are told as the whole list,
    since their paths name them by their values.
    """
    names = _NAMES.match(path)
    if veil.hidden and names is not None and names.group() != path:
        path = names.group()
        value = value_at(live, path)
    return {"path": path, "value": veil.over(path, None if value is ABSENT else value)}


def _commits(ports: LookPorts, operations: Iterable[Operation], sources: _Sources, rows: list[_Row]) -> None:
    """Adds to each row the commit that brought in what the field says, as far back as the history goes."""
    waiting: dict[str, list[_Row]] = {}
    for row in rows:
        if not any(mark in row["path"] for mark in _OWN_MARKS):
            waiting.setdefault(row["path"], []).append(row)
    newer: Operation | None = None
    says: dict[str, bytes | None] = {}
    for operation in _synced(operations):
        if not waiting or (newer is not None and ports.clock() >= ports.deadline):
            break
        try:
            source = sources(operation.bundle)
        except PermanentError:
            break  # the bundle is gone: what is left is told of the oldest that is there
        now = {path: _says(source, path) for path in waiting}
        if newer is not None:
            for path in [path for path in waiting if now[path] != says[path]]:
                for row in waiting.pop(path):
                    row["commit"] = _commit(newer)
        newer, says = operation, now
    for row in (row for each in waiting.values() for row in each):
        if newer is not None:
            row["commit"] = _commit(newer) | {"orEarlier": True}
    _requests(ports, [row["commit"] for row in rows if "commit" in row])


def _requests(ports: LookPorts, commits: list[dict[str, Any]]) -> None:
    """Adds to commits the merged requests that brought them, where the code host was asked."""
    names = {(each["repository"], each["sha"]) for each in commits}
    known = ports.applications.merged_requests.known(each for each in names if all(each))
    for commit in commits:
        if request := known.get((commit["repository"], commit["sha"])):
            commit["request"] = request.to_json()


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
    synced = told_time(operation.finished_at)
    return commit | {"revision": operation.revision, "operationId": operation.id, "synced": synced}


def _people(ports: LookPorts, cluster: str, key: ObjectKey, rows: list[_Row]) -> None:
    """Adds to the rows of each entry who stood behind its manager, where the audit log still knows."""
    entries: dict[tuple[str, ...], list[_Row]] = {}
    for row in rows:
        names = ("manager", "operation", "subresource", "time")
        entries.setdefault(tuple(row[name] for name in names), []).append(row)
    for (manager, operation, subresource, time), theirs in entries.items():
        if not time:
            continue
        at = datetime.fromisoformat(time).timestamp()
        fields = tuple(ChangedField(row["path"], None, None, manager, operation, subresource, time) for row in theirs)
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
