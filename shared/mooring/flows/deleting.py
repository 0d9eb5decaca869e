"""An application that is to go: its objects first, where its finalizer says so, then everything that we know of it.

Source: Argo CD, "App Deletion". Without the finalizer the objects stay as they are. A cluster that can't be reached
leaves the deletion pending and visible; it is tried again until it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mooring.errors import ConflictError, MooringError
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.executing import Execution, execute
from mooring.flows.syncing import LEASE_SECONDS, SyncPorts, take_lease_for
from mooring.flows.ulid import new_ulid
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry
from mooring.plan.steps import plan_sync
from mooring.source.urls import normalise
from mooring.state.records import Commit, Operation, Record

__all__ = ["remove"]

_AGAIN = 15.0  # seconds until a deletion that failed is tried again


def remove(ports: SyncPorts, record: Record) -> None:
    """Deletes the application's objects in reverse order, if it is to cascade, and then the application.

    Raises `ConflictError` where another sync of it is at work.
    """
    spec, now = record.spec, ports.clock()
    if spec is None or spec.deleting is None:
        return
    if record.lease.expires > now:
        raise ConflictError("another sync of this application is at work", subject=str(record.key))
    doomed = record.inventory if spec.deleting.cascade else {}
    plan = plan_sync((), doomed, prune=True, allow_empty=True)
    status = record.status.because("DeletionInProgress", "the application is being deleted", now)
    held = take_lease_for(ports, record, inventory=record.inventory, status=status, steps=len(plan.steps))
    execution = Execution(dict(doomed))
    lease = [held]

    def checkpoint(inventory: Mapping[ObjectKey, Entry]) -> None:
        lease[0] = ports.applications.checkpoint(
            lease[0], now=ports.clock(), ttl=LEASE_SECONDS, inventory=dict(inventory)
        )

    def may_go_on() -> bool:
        return ports.clock() < min(lease[0].lease.expires, ports.deadline)

    if plan.steps:
        try:
            target = ports.targets.connect(ports.targets.cluster(spec.application.destination))
        except MooringError as error:
            execution.failures.append((plan.steps[0].key, error))
        else:
            execute(
                plan, execution, target=target, application=spec.application, pool=ports.pool, width=ports.width,
                checkpoint=checkpoint, may_go_on=may_go_on, guard="Delete",
            )  # fmt: skip
    if not execution.failures and not execution.unfinished:
        ports.applications.forget(record.key, normalise(spec.application.source.repo_url), lease[0].lease.token)
        return
    message = str(execution.failures[0][1]) if execution.failures else "goes on in another function"
    operation = Operation(
        new_ulid(now), "sync", "Failed", f"deletion: {message}", now, ports.clock(), record.status.revision,
        record.status.bundle, spec.generation, Cause("person", by=spec.deleting.by), Commit(), tuple(execution.results),
        prune=True,
    )  # fmt: skip
    status = replace(status.because("DeletionError", message, now), operation=operation)
    ports.applications.finish(lease[0], inventory=execution.inventory, status=status, operation=operation, retry=None)
    delay = _AGAIN if execution.failures else 0.0
    ports.queues.send_later([(Later("syncs", AppMessage(record.key, Cause("retry"))), delay)])
