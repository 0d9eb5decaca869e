"""What operations and looks tell of themselves: facts with metrics, one line each (`mooring.metrics`).

An operation is told when it begins and when it ends, by whichever function ends it; one that waits says nothing. The
cause is that of the operation, so that its lines stand in one chain with the push that it carries to the cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from mooring.events.messages import Cause
from mooring.flows.syncs.fighting import count_fights
from mooring.metrics import tell
from mooring.metrics.names import DRIFT_FOUND, SYNC_BEGUN, SYNC_ENDED
from mooring.plan.driftrecords import DriftRecord
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["tell_begun", "tell_drift", "tell_ended"]

_APPLIED: Final = ("created", "configured")


def tell_begun(record: Record, cluster: str, operation: Operation) -> None:
    """An operation has taken its lease for the first time."""
    tell(SYNC_BEGUN, {"SyncsBegun": 1}, cause=operation.cause.id, cluster=cluster, **_about(record, operation))


def tell_ended(
    record: Record, status: Status, operation: Operation, *, now: float, reverted: int = 0, answered_in: float = 0.0
) -> None:
    """An operation has ended, or waits, in which case nothing is told; `now` in seconds since the epoch.

    `answered_in` is how long the API server took for a request, in seconds, on average; 0 where it was not asked.
    """
    if operation.phase == "Running":
        return
    good, seconds = operation.phase == "Succeeded", max(0.0, now - operation.started_at)
    words = Counter(each.status for each in operation.results if not each.phase)
    values: dict[str, float] = {
        "SyncsSucceeded" if good else "SyncsFailed": 1,
        "SyncRetries": 1 if operation.retries else 0,
        "SyncSeconds": seconds,
        "ObjectsApplied": sum(words[each] for each in _APPLIED),
        "ObjectsPruned": words["pruned"],
        "ObjectsFailed": words["failed"],
        "ClusterRequests": operation.requests,
        "DriftReverted": reverted,
        "Fights": count_fights(status),
    }
    if answered_in:
        values["ClusterAnswerSeconds"] = answered_in
    if good and operation.kind == "sync" and record.status.revision != operation.revision:
        values |= _latencies(record, operation, now)
    told = _about(record, operation) | {"outcome": operation.phase.lower(), "result": operation.message}
    tell(SYNC_ENDED, values, cause=operation.cause.id, seconds=seconds, cluster=status.cluster, **told)


def tell_drift(record: Record, cluster: str, cause: Cause, recorded: Sequence[DriftRecord]) -> None:
    """Changes beside git were put on record."""
    if not recorded or record.spec is None:
        return
    project, what = record.spec.application.project, Counter(each.what for each in recorded)
    tell(
        DRIFT_FOUND, {"DriftFound": len(recorded)}, cause=cause.id, trigger=cause.kind, cluster=cluster,
        application=str(record.key), project=project, what=dict(what),
    )  # fmt: skip


def _about(record: Record, operation: Operation) -> dict[str, Any]:
    return {
        "application": str(record.key),
        "project": record.spec.application.project if record.spec else "",
        "operation": operation.id,
        "kind": operation.kind,
        "trigger": operation.cause.kind,
        "revision": operation.revision,
    }


def _latencies(record: Record, operation: Operation, now: float) -> dict[str, float]:
    """How long git was ahead of the cluster: since the commit, and since git was looked at for a push."""
    found = {}
    if operation.commit.at:
        found["CommitToSyncedSeconds"] = now - datetime.fromisoformat(operation.commit.at).timestamp()
    if operation.cause.kind == "push" and record.wanted is not None:
        found["PushToSyncedSeconds"] = now - record.wanted.resolved_at
    return {name: seconds for name, seconds in found.items() if seconds >= 0}
