"""A sync that somebody asked for, tried again as the same operation.

What is synced by itself is tried again as a new operation, because whatever is wanted by then is tried. What somebody
asked for (with options of its own, and so many tries) is theirs: it stays one operation with one id, Running between
its tries, which can be waited for, seen and terminated; the request stands until it has ended, so each try has the
options of the first. When the next is due is written with the operation: a message that was lost is made up for by the
sweep. Each try runs its hooks anew. Source: Argo CD, `controller/appcontroller.go` (`processRequestedAppOperation`)
and its command reference, `argocd app sync --retry-limit`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mooring.flows.syncs.beginning import continued
from mooring.model.application import Application, Retry
from mooring.model.once import Once
from mooring.state.operations import Operation, ResourceResult, RetryState
from mooring.state.records import Record

__all__ = ["begun_again", "given_up", "is_early", "once_of", "over_earlier", "own_retry", "tried_again"]

_NEVER: Final = 1e9  # seconds until automated sync would try what somebody's tries could not do


def own_retry(operation: Operation, application: Application) -> Retry | None:
    """How an operation is tried again as itself; None where it is not.

    Options that somebody asked for hold in every try, so with some of them an automated application is tried again as
    its policy says, but by this operation.
    """
    if operation.once.retry is not None:
        return operation.once.retry
    asked = bool(operation.once.options) or not operation.once.hooks
    return application.retry if asked and application.automated is not None else None


def tried_again(operation: Operation, policy: Retry, now: float, *, at_least: float, transient: bool) -> Operation:
    """The operation after a try that failed, with why as its message: Running until the next one, or Failed.

    `at_least` are seconds that somebody asked to be left alone. What may pass by itself uses up no try of a policy
    that is declared; where somebody said how often, it does.
    """
    tries = operation.tries + 1
    counts = operation.once.retry is not None or not transient
    if counts and 0 <= policy.limit < tries:
        told = f"{operation.message} (tried {tries} times)" if tries > 1 else operation.message
        return replace(operation, phase="Failed", message=told, retries=operation.tries)
    delay = max(policy.delay(tries), at_least)
    of = f"retry {tries} of {policy.limit}" if counts and policy.limit >= 0 else f"retry {tries}"
    told = f"{operation.message} ({of} in {delay:g} s)"
    return replace(operation, message=told, retries=tries, tries=tries, again_at=now + delay)


def given_up(record: Record, operation: Operation, application: Application, now: float) -> RetryState | None:
    """What is remembered after a try that failed: what somebody's tries could not do is not tried again by itself."""
    if operation.phase == "Running" or application.automated is None:
        return record.retry
    failures = max(application.retry.limit, 0) + 1
    return RetryState(operation.bundle, operation.generation, failures, now + _NEVER, operation.message)


def once_of(record: Record) -> Once:
    """What somebody wants of the sync that is due alone, or of the one that goes on."""
    if record.request is not None:
        return record.request.once
    running = continued(record)
    return Once() if running is None else running.once


def is_early(record: Record, now: float) -> bool:
    """Whether an operation waits for its next try, and nothing newer is wanted."""
    running = continued(record)
    return running is not None and running.again_at > now


def begun_again(record: Record) -> Record:
    """The record with the next try of its operation begun, where that is due; else as it is."""
    running = continued(record)
    if running is None or not running.again_at:
        return record
    fresh = replace(
        running, message="syncing", hooks=(), failing="", again_at=0.0, results=(),
        earlier=over_earlier(running, running.results),
    )  # fmt: skip
    return replace(record, status=replace(record.status, operation=fresh))


def over_earlier(operation: Operation, results: tuple[ResourceResult, ...]) -> tuple[ResourceResult, ...]:
    """The results of all tries: of each object, and each hook in its phase, the newest."""
    return tuple({(each.key, each.phase): each for each in (*operation.earlier, *results)}.values())
