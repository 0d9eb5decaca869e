"""Ending an operation that somebody wants ended.

Whoever asks takes the lease's token away: the function that is at work finds that at its next checkpoint, writes
nothing any more and stops, without ever having looked for it. `sync` then deletes the hooks that still run and ends the
operation as Failed. What was begun and not recorded is settled by the next sync, as after a crash. The revision is not
tried again by itself. Source: Argo CD, command reference, `argocd app terminate-op`.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.errors import MooringError
from mooring.flows.ports import SyncPorts, take_lease
from mooring.state.records import HookRun, Operation, Record, RetryState, Status

__all__ = ["end_terminated"]

_NEVER = 1e9  # seconds until a terminated revision would be tried again


def end_terminated(ports: SyncPorts, record: Record) -> Status:
    """Ends an operation that is Terminating; its running hooks are deleted. Raises `ConflictError`."""
    spec, operation, now = record.spec, record.status.operation, ports.clock()
    assert spec is not None
    assert operation is not None
    hooks, trouble = _delete_hooks(ports, record, operation)
    ended = replace(
        operation,
        phase="Failed",
        message=f"{operation.message}; a new commit or a sync by hand goes on{trouble}",
        finished_at=now,
        hooks=hooks,
    )
    retry = record.retry
    if operation.kind not in ("partial", "dry run"):
        failures = max(spec.application.retry.limit, 0) + 1
        retry = RetryState(operation.bundle, operation.generation, failures, now + _NEVER, operation.message)
    status = replace(record.status, operation=ended)
    held = take_lease(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(held.record, inventory=record.inventory, status=status, operation=ended, retry=retry)
    return status


def _delete_hooks(ports: SyncPorts, record: Record, operation: Operation) -> tuple[tuple[HookRun, ...], str]:
    """The hooks as they are then, and in words what could not be deleted."""
    assert record.spec is not None
    running = [run for run in operation.hooks if run.state == "Running"]
    if not running:
        return operation.hooks, ""
    ended = tuple(
        replace(run, state="Failed", message="was terminated") if run.state == "Running" else run
        for run in operation.hooks
    )
    try:
        target = ports.targets.connect(ports.targets.cluster(record.spec.application.destination))
        for run in running:
            found = target.get(run.key, run.version)
            if found is not None and not found.deletion_timestamp:
                target.delete(run.key, found.uid, "Background")
    except MooringError as error:
        return ended, f"; a hook could not be deleted: {error.message}"
    return ended, ""
