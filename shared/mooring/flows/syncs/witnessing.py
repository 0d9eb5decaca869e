"""Nothing moves unseen: every change beside git becomes a record before anything is done about it.

A look that finds what the status does not know yet writes one record for each object, and only then is it put back. A
look that finds nothing new reads and writes nothing. What others added to our objects is recorded where a look had to
read the object anyway, because its numbers moved; what the cluster's own controllers write is not.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from mooring.cluster.fingerprint import OURS, ManagerEntry
from mooring.cluster.leaves import ABSENT as NOTHING
from mooring.cluster.leaves import value_at
from mooring.cluster.observe import APP_LABEL, Observed
from mooring.events.deeds import ObjectName
from mooring.events.messages import Cause
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.syncs.accusing import accuse
from mooring.flows.syncs.judging import ABSENT, Findings
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.reporting import tell_drift
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, Done, DriftRecord, What, evidence_of
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Wanted
from mooring.secrets.digests import HASHED, Digests, is_secret
from mooring.state.drifts import Drifts
from mooring.state.fitting import drift_digest
from mooring.state.operations import Operation
from mooring.state.records import Record

__all__ = ["conclude", "witness"]

_SEEN_BY: Final = {"tick": "sweep", "watch": "watch", "audit": "audit"}
_KNOWN_ORPHANS: Final = 100  # as many as a status names
_LABEL: Final = f".metadata.labels['{APP_LABEL}']"
_Rows = tuple[dict[str, Any], ...]


def witness(
    ports: SyncPorts,
    record: Record,
    cluster: str,
    inventory: Inventory,
    findings: Findings,
    cause: Cause,
    held: Collection[ObjectKey],
    *,
    heals: bool,
) -> None:
    """Records what was found and is news, and ends the records of what is over. Raises as writing to the table does.

    `held` are objects that are not put back yet, since somebody fights about them; `heals` says that others are.
    """
    before = {row.key: row.drift for row in record.status.resources if row.drift}
    orphans_moved = findings.orphans is not None and findings.orphans.keys != record.status.orphans
    if not findings.drift and not findings.foreign and not before and not orphans_moved:
        return
    spec = record.spec
    assert spec is not None
    now = ports.clock()
    seen_by = _SEEN_BY.get(cause.kind, "look")
    drifts, records = ports.applications.drifts, list[DriftRecord]()

    def add(what: What, key: ObjectKey, fields: Iterable[ChangedField], done: Done, *mark: object) -> None:
        found, told = findings.found.get(key), tuple(fields)
        records.append(
            DriftRecord(
                new_ulid(now), str(record.key), cluster, key, what, told, seen_by, now, done,
                evidence_of(record.key, what, *mark, fields=told),
                since=max(_since(found), _seen_last(drifts, cluster, key) if key in before else 0.0),
                ended_at=now if done == "left" else 0.0,
                uid="" if found is None else found.uid,
                resource_version="" if found is None else found.resource_version,
                generation="" if found is None or not found.generation else str(found.generation),
            )
        )  # fmt: skip

    for key, rows in findings.drift.items():
        news = _news(rows, before.get(key))
        if news:
            entry, found = inventory.get(key), findings.found.get(key)
            done: Done = "reported" if not heals else "held back" if key in held else "noticed"
            base = (record.lease.token,) if entry is None else (entry.uid, entry.generation, entry.digest)
            recreated = entry is not None and found is not None and found.uid != entry.uid
            fields = _fields(news, found)
            add(_what(news, recreated=recreated), key, fields, done, *base, found.uid if found and recreated else "")
    for key, added in findings.foreign.items():
        for one in _by_writer(added):
            add("foreign", key, one, "left", findings.found[key].uid)
    if findings.orphans is not None:
        _orphans(record, findings.orphans.keys, add)
    accusing = partial(accuse, drifts, ports.applications.deeds.find)
    recorded = drifts.record(records)
    tell_drift(record, cluster, cause, recorded)
    list(ports.pool.map(accusing, recorded))
    running = record.status.operation
    if running is not None and running.phase == "Running":
        return  # what is over is its doing, and ended with it
    scope = before.keys() if findings.looked else before.keys() & findings.touched
    if over := scope - findings.drift.keys():
        drifts.conclude(record.key, over, "ended", now=now)


def conclude(
    ports: SyncPorts, record: Record, applied: Collection[ObjectKey], objects: Iterable[Wanted], operation: Operation,
    drift: Mapping[ObjectKey, _Rows], *, looked: bool,
) -> None:  # fmt: skip
    """Ends the records of objects that an operation has applied: reverted, or adopted where git says the same by now.

    `drift` is what was found just now. What was known as drift and is none any more was put back by a function that
    could not say so.
    """
    before = {row.key: row.drift for row in record.status.resources if row.drift}
    over = set(applied) & (before.keys() | drift.keys()) | (before.keys() - drift.keys() if looked else set())
    before |= dict(drift)
    if not over:
        return
    wanted = {item.key: item for item in objects}
    adopted = {key for key in over if key in wanted and _says(wanted[key], before[key], ports.bundles.digests)}
    drifts, now = ports.applications.drifts, ports.clock()
    if adopted:
        drifts.conclude(record.key, adopted, "adopted", now=now, operation=operation.id)
    if over - adopted:
        drifts.conclude(record.key, over - adopted, "reverted", now=now, operation=operation.id)


def _says(item: Wanted, rows: _Rows, digests: Digests) -> bool:
    """Whether an object, as git wants it, has every field as it was found in the cluster."""
    hidden = is_secret(item.manifest)
    for row in rows:
        value = value_at(item.manifest, row["path"])
        if value is NOTHING:
            value = None
        elif hidden or str(row["live"]).startswith(HASHED):
            value = digests.shown(value)
        if value != row["live"] or str(row["path"]).startswith("("):
            return False
    return True


def _news(rows: _Rows, known: _Rows | None) -> _Rows:
    if known is None:
        return rows
    if len(known) == 1 and "digest" in known[0]:  # the status had no room for its words
        return () if drift_digest(known) == drift_digest(rows) else rows
    said = [(row["path"], row["live"]) for row in known]
    return tuple(row for row in rows if (row["path"], row["live"]) not in said)


def _what(rows: _Rows, *, recreated: bool) -> What:
    if rows == ABSENT:
        return "deleted"
    if recreated:
        return "recreated"
    return "label lost" if any(row["path"] == _LABEL and row["live"] is None for row in rows) else "changed"


def _fields(rows: _Rows, found: Observed | None) -> tuple[ChangedField, ...]:
    managers = () if found is None else found.managers
    return tuple(
        ChangedField(
            row["path"], row["desired"], row["live"], row["manager"], *_verb(managers, row), row["time"]
        )
        for row in rows
    )  # fmt: skip


def _verb(managers: Iterable[ManagerEntry], row: Mapping[str, Any]) -> tuple[str, str]:
    """Operation and subresource of the entry that a changed field was found in."""
    fitting = [each for each in managers if (each.manager, each.time) == (row["manager"], row["time"])]
    scaled = [each for each in fitting if each.subresource == "scale"]
    if scaled and (row["path"] == ".spec.replicas" or len(fitting) == 1):
        return scaled[0].operation, "scale"
    plain = [each for each in fitting if not each.subresource]
    return (plain[0].operation, "") if plain else ("", "")


def _since(found: Observed | None) -> float:
    """When we last wrote the object: whoever changed it did so later."""
    ours = [each.time for each in (() if found is None else found.managers) if each.manager == OURS]
    return datetime.fromisoformat(max(ours)).timestamp() if any(ours) else 0.0


def _seen_last(drifts: Drifts, cluster: str, key: ObjectKey) -> float:
    """When the drift was seen that is known already: what is news was done later."""
    known = drifts.of_object(cluster, ObjectName(key.group, key.kind.lower(), key.namespace, key.name), 0.0, math.inf)
    return max((each.noticed_at for each in known), default=0.0)


def _by_writer(added: Iterable[ChangedField]) -> list[list[ChangedField]]:
    writers: dict[tuple[str, str, str, str], list[ChangedField]] = {}
    for each in added:
        writers.setdefault((each.manager, each.operation, each.subresource, each.time), []).append(each)
    return list(writers.values())


def _orphans(record: Record, now: tuple[ObjectKey, ...], add: Any) -> None:
    """Objects of no application that came or went; both lists are in order and cut, so only what both cover counts."""
    known, cut = record.status.orphans, _KNOWN_ORPHANS
    common = min([each[-1] for each in (known, now) if len(each) >= cut], default=None)
    token = record.lease.token
    for key in sorted(set(now) - set(known)):
        if common is None or key <= common:
            add("orphan", key, (ChangedField("(object)", "absent", "present"),), "left", token)
    for key in sorted(set(known) - set(now)):
        if common is None or key <= common:
            add("orphan gone", key, (ChangedField("(object)", "present", "absent"),), "left", token)
