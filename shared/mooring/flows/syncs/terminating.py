"""Ending an operation that somebody wants ended.

Whoever asks takes the lease's token away: the function that is at work finds that at its next checkpoint, writes
nothing any more and stops, without ever having looked for it. `sync` then deletes the hooks that still run and ends the
operation as Failed, or as Error where a hook could not be ended. Hooks of SyncFail don't run: nothing failed but
somebody's patience. What was begun and not recorded is settled by the next sync, as after a crash. The revision is not
tried again by itself. Source: Argo CD, command reference, `argocd app terminate-op`, and gitops-engine's
`sync_context.go` (`Terminate`).
"""

from __future__ import annotations

from dataclasses import replace

from mooring.errors import MooringError
from mooring.flows.rules.permitting import acting_for
from mooring.flows.syncs.executing import Execution
from mooring.flows.syncs.hooking import terminate_hooks
from mooring.flows.syncs.operating import with_results
from mooring.flows.syncs.ports import SyncPorts, take_lease
from mooring.flows.syncs.reporting import tell_ended
from mooring.state.operations import HookRun, Operation, RetryState
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["end_terminated"]

_NEVER = 1e9  # seconds until a terminated revision would be tried again


def end_terminated(ports: SyncPorts, record: Record) -> Status:
    """Ends an operation that is Terminating; its running hooks are deleted. Raises `ConflictError`."""
    spec, operation, now = record.spec, record.status.operation, ports.clock()
    assert spec is not None
    assert operation is not None
    hooks, trouble = _end_hooks(ports, record, operation)
    ended = replace(
        operation,
        phase="Error" if trouble else "Failed",
        message=f"{operation.message}; a new commit or a sync by hand goes on{trouble}",
        finished_at=now,
        hooks=hooks,
    )
    ended = with_results(ended, Execution({}))
    retry = record.retry
    if operation.kind not in ("partial", "dry run"):
        failures = max(spec.application.retry.limit, 0) + 1
        retry = RetryState(operation.bundle, operation.generation, failures, now + _NEVER, operation.message)
    status = replace(record.status, operation=ended)
    held = take_lease(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(held.record, inventory=record.inventory, status=status, operation=ended, retry=retry)
    tell_ended(record, status, ended, now=now)
    return status


def _end_hooks(ports: SyncPorts, record: Record, operation: Operation) -> tuple[tuple[HookRun, ...], str]:
    """The hooks as they are then, and in words what could not be ended."""
    assert record.spec is not None
    application = record.spec.application
    if not any(run.state == "Running" for run in operation.hooks):
        return operation.hooks, ""
    try:
        cluster = ports.targets.cluster(application.destination)
        whom = acting_for(ports.targets.project(application.project), application, cluster)
        target = ports.targets.connect(cluster).acting_as(whom)
    except MooringError as error:
        return operation.hooks, f"; its hooks could not be ended: {error.message}"
    ended, trouble = terminate_hooks(operation, application, target)
    return ended, f"; {trouble}" if trouble else ""
