"""Which operation an application is in, or would begin: what is known of it before anything is done.

Pure, but for the clock: what has failed before, what goes on from an earlier invocation, and what kind of operation a
plan makes.
"""

from __future__ import annotations

from typing import Literal

from mooring.events.messages import Cause
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.application import Application
from mooring.model.once import Once
from mooring.plan.steps import Action, Plan
from mooring.state.operations import Operation, Request, RetryState
from mooring.state.records import Record

__all__ = ["begin_operation", "begins", "continued", "exhausted", "retry_of", "wait_delay"]


def retry_of(record: Record) -> RetryState | None:
    """The failures of just this bundle and spec; a new commit or a changed spec starts from nothing."""
    spec, wanted, retry = record.spec, record.wanted, record.retry
    if spec is None or wanted is None or retry is None:
        return None
    return retry if (retry.bundle, retry.generation) == (wanted.bundle, spec.generation) else None


def exhausted(retry: RetryState, application: Application) -> bool:
    """Whether the limit of tries is used up."""
    return 0 <= application.retry.limit < retry.failures


def continued(record: Record) -> Operation | None:
    """The operation that was begun for just this bundle, spec and request and has not ended."""
    operation, spec, git = record.status.operation, record.spec, record.wanted
    if operation is None or operation.phase != "Running" or spec is None or git is None:
        return None
    if (operation.bundle, operation.generation) != (git.bundle, spec.generation):
        return None
    if record.request is not None and record.request.id != operation.id:
        return None
    return operation


def wait_delay(operation: Operation, now: float) -> float:
    """Seconds until an operation that waits is looked at again: more and more, from 1 to 30."""
    return min(30.0, max(1.0, (now - operation.started_at) / 4))


def _is_heal(plan: Plan, record: Record) -> bool:
    """Whether a plan does nothing but put back what was changed by hand, so that it is no sync and runs no hooks.

    Objects that git no longer has and that were found to stay (`Prune=false`) are looked at again in every plan; while
    neither git nor the application has changed, that is no news.
    """
    git, status, spec = record.wanted, record.status, record.spec
    assert git is not None
    assert spec is not None
    judged = (status.bundle, status.generation) == (git.bundle, spec.generation)
    stay = {resource.key for resource in status.resources if resource.requires_pruning} if judged else set()
    return all(step.reason == "drifted" or (step.action is Action.PRUNE and step.key in stay) for step in plan.steps)


def begin_operation(ports: SyncPorts, record: Record, cause: Cause, plan: Plan, *, prune: bool) -> Operation:
    """A new operation for what the record wants."""
    spec, git, request, now = record.spec, record.wanted, record.request, ports.clock()
    assert spec is not None
    assert git is not None
    heal = bool(plan.steps) and _is_heal(plan, record)
    if request is not None:
        cause = Cause("person", request.id, request.by)
    elif not heal:
        cause = git.cause
    retry = retry_of(record)
    return Operation(
        id=request.id if request else new_ulid(now),
        kind=_kind(request, heal=heal),
        phase="Running",
        message="syncing",
        started_at=now,
        finished_at=0.0,
        revision=git.revision,
        bundle=git.bundle,
        generation=spec.generation,
        cause=cause,
        commit=git.commit,
        retries=retry.failures if retry and (request is None or request.once.retry is None) else 0,
        prune=prune,
        former=_former(record, git.bundle),
        chosen=request.resources if request else (),
        returned=request.returned if request else "",
        once=request.once if request else Once(),
    )


def _former(record: Record, bundle: str) -> str:
    """The bundle that the application was at before it is brought to `bundle`, also where that is tried again."""
    known = record.status.operation
    if record.status.bundle == bundle and known is not None and known.bundle == bundle:
        return known.former
    return record.status.bundle


def _kind(request: Request | None, *, heal: bool) -> Literal["sync", "heal", "partial", "dry run"]:
    if request is None:
        return "heal" if heal else "sync"
    return "dry run" if request.dry_run else "partial" if request.resources else "sync"


def begins(plan: Plan, running: Operation | None, record: Record) -> bool:
    """Whether this is a sync, with its hooks, and not just the healing of what was changed by hand."""
    return running.kind == "sync" if running is not None else not _is_heal(plan, record)
