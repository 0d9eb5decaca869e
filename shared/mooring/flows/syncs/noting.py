"""What is written down of an application where nothing is done to its cluster: news, troubles, refusals.

A status is written only where it differs from what is written, so looking again costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mooring.errors import MooringError
from mooring.events.messages import Cause
from mooring.flows.syncs.beginning import begin_operation
from mooring.flows.syncs.judging import Findings, rejudge
from mooring.flows.syncs.looking import Seen
from mooring.flows.syncs.ports import SyncPorts, take_lease
from mooring.flows.syncs.reporting import tell_ended
from mooring.health import Health
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry
from mooring.plan.steps import Plan
from mooring.state.codec import as_kept
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.statuses import Status
from mooring.state.wanted import Commit

__all__ = [
    "CLOSED",
    "CLUSTER_TROUBLE",
    "answer_request",
    "as_before",
    "hold",
    "lost",
    "note",
    "note_health",
    "note_trouble",
    "refuse",
]

CLUSTER_TROUBLE = "ClusterError"
CLOSED = "SyncWindow"


def note(
    ports: SyncPorts, record: Record, status: Status, inventory: Mapping[ObjectKey, Entry] | None = None
) -> Status:
    """Writes what was found, if it differs from what is written; a status of which words are left out when it is
    written does not, just because all of its words were found again.
    """
    found = record.inventory if inventory is None else inventory
    if found != record.inventory or (status != record.status and as_kept(status) != record.status):
        ports.applications.observe(record, now=ports.clock(), inventory=found, status=status)
    return status


def note_health(ports: SyncPorts, record: Record, seen: Seen) -> Status:
    """Writes the health that was just seen, if it is news. Raises `ConflictError` where a sync is at work."""
    if record.spec is not None and record.spec.application.marks.skip:
        return record.status
    return note(ports, record, rejudge(record.status, Findings(health=seen.health)))


def note_trouble(ports: SyncPorts, record: Record, error: MooringError) -> Status:
    """Shows that the application's cluster could not be looked at; nothing else is concluded from it."""
    if record.spec is None:
        return record.status
    return note(ports, record, lost(record.status, CLUSTER_TROUBLE, str(error), ports.clock()))


def lost(status: Status, condition: str, message: str, now: float) -> Status:
    """The status of an application of which nothing can be known now; `condition` says what of."""
    unknown = replace(status, sync="Unknown", health=Health("Unknown", message))
    return unknown.because(condition, message, now)


def as_before(base: Status, known: Status) -> Status:
    """Judged against what was judged before, so that the revision counts as not synced yet."""
    return replace(base, bundle=known.bundle, revision=known.revision, generation=known.generation)


def hold(ports: SyncPorts, record: Record, running: Operation, closed: str) -> Status:
    """Lets an operation wait for its sync window, as it waits for anything else; the sweep goes on with it."""
    status = replace(record.status, operation=replace(running, message=f"waiting for a sync window ({closed})"))
    return note(ports, record, status.because(CLOSED, closed, ports.clock()))


def refuse(ports: SyncPorts, record: Record, base: Status, cause: Cause, message: str) -> Status:
    """Ends a sync that can't even be planned; nothing in the cluster is touched, and only a change tries again."""
    now = ports.clock()
    operation = replace(
        begin_operation(ports, record, cause, Plan(()), prune=False), phase="Failed", message=message, finished_at=now
    )
    status = replace(base, sync="OutOfSync", operation=operation)
    known = record.status.operation
    if record.request is None and known is not None and known.message == message and known.bundle == operation.bundle:
        return record.status
    held = take_lease(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(held.record, inventory=record.inventory, status=status, operation=operation, retry=None)
    tell_ended(record, status, operation, now=now)
    return status


def answer_request(ports: SyncPorts, record: Record, status: Status, message: str, revision: str) -> Status:
    """Ends a sync that a person asked for and that can't begin: git could not be rendered, or there is no cluster."""
    spec, request, now = record.spec, record.request, ports.clock()
    assert spec is not None and request is not None
    operation = Operation(
        request.id, "sync", "Error", message, now, now, revision, "", spec.generation,
        Cause("person", request.id, request.by), Commit(), former=record.status.bundle, chosen=request.resources,
        once=request.once,
    )  # fmt: skip
    status = replace(status, operation=operation)
    held = take_lease(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(
        held.record, inventory=record.inventory, status=status, operation=operation, retry=record.retry
    )
    tell_ended(record, status, operation, now=now)
    return status
