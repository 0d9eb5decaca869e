"""Carrying out a plan, step by step, so that a crash anywhere loses nothing.

The intents are in the table before the first step. Steps of one stage run side by side; what they did is recorded as
facts, from time to time and at the end of everything, under the lease. A step whose end was not recorded is *settled*
by the next sync: the API server is asked what a dry run would change, and only an object that differs is applied again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace

from mooring.cluster.apply import Applied
from mooring.cluster.fingerprint import own_fingerprint
from mooring.cluster.observe import APP_LABEL, Observed
from mooring.differences.rules import Rules
from mooring.differences.settle import settled
from mooring.errors import ConflictError, MooringError, RejectedError, TransientError
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.quoting import judged
from mooring.flows.syncs.adopting import SharedError, claim, claimed_by, first_apply, take_over
from mooring.flows.syncs.guarding import Guard, as_noted, keeps
from mooring.flows.syncs.writing import as_sent, is_immutable, leaves_out, write
from mooring.health import Health, has_rule
from mooring.model.application import Application
from mooring.model.merges import merge_of
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import Owner, is_tracked
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.steps import Action, Step, Wanted
from mooring.state.operations import DIGITS, ResourceResult

__all__ = ["Execution", "Hands", "execute"]

_CHECKPOINT_EVERY = 2.0  # seconds between records of what was done


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step did. `entry` is the inventory's new entry, or None where the object is remembered no more.

    `owner` is the other application that an object says it belongs to; `unconfirmed` is set where the object is to be
    deleted once somebody confirms it.
    """

    result: ResourceResult
    entry: Entry | None
    health: Health | None = None
    owner: Owner | None = None
    unconfirmed: bool = False


@dataclass(slots=True)
class Execution:
    """What a plan did so far. `failures` holds the errors of the steps that failed, in the order they came.

    `shared` are the objects that another application claims, `left` those of them that stay its own.
    """

    inventory: dict[ObjectKey, Entry]
    results: list[ResourceResult] = field(default_factory=list)
    health: dict[ObjectKey, Health] = field(default_factory=dict)
    failures: list[tuple[ObjectKey, MooringError]] = field(default_factory=list)
    kept: list[ObjectKey] = field(default_factory=list)
    unconfirmed: list[ObjectKey] = field(default_factory=list)
    shared: dict[ObjectKey, Owner] = field(default_factory=dict)
    left: set[ObjectKey] = field(default_factory=set)
    unfinished: bool = False

    @property
    def transient(self) -> bool:
        """Whether nothing but passing troubles went wrong."""
        return all(isinstance(error, TransientError) for _, error in self.failures)

    @property
    def asked_wait(self) -> float:
        """The longest wait in seconds that a busy API server has asked for, at most five minutes."""
        waits = [error.retry_after for _, error in self.failures if isinstance(error, TransientError)]
        return min(300.0, max((wait for wait in waits if wait is not None), default=0.0))


def _nobody(_owner: Owner, _key: ObjectKey) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Hands:
    """What carries out steps.

    `checkpoint` records the inventory and raises `ConflictError` where the lease was lost; `may_go_on` says before each
    step whether lease and time suffice; `rules` name the fields that are ignored; `guard` names the option that keeps
    an object from being deleted, and a confirmation of that counts from the time `asked` on; `still_wants` asks whether
    another application has and wants an object; `retaken` are objects that somebody applied over what we applied;
    `closed` says before each wave why it must not begin now, or nothing.
    """

    target: Live
    application: Application
    pool: Executor
    width: int
    rules: Rules
    checkpoint: Callable[[Inventory], None]
    may_go_on: Callable[[], bool]
    guard: Guard = "Prune"
    asked: float = 0.0
    still_wants: Callable[[Owner, ObjectKey], bool] = _nobody
    retaken: Mapping[ObjectKey, Observed] = field(default_factory=dict)
    closed: Callable[[], str] = str


def execute(stages: Iterable[tuple[Step, ...]], execution: Execution, hands: Hands) -> None:
    """Carries out stages in order; after a failure the rest of its stage still runs, and no later stage does.

    Raises `ConflictError` when the lease is gone: whoever holds it goes on.
    """
    for stage in stages:
        if execution.failures or execution.unfinished:
            return
        _run_stage(stage, execution, hands)


def _run_stage(stage: tuple[Step, ...], execution: Execution, hands: Hands) -> None:
    waiting = list(reversed(stage))
    running: dict[Future[Outcome], Step] = {}
    recorded = time.monotonic()
    while waiting or running:
        while waiting and len(running) < hands.width:
            if not hands.may_go_on():
                execution.unfinished = True
                waiting.clear()
                break
            step = waiting.pop()
            running[hands.pool.submit(_take, step, hands)] = step
        done = wait(running, timeout=_CHECKPOINT_EVERY, return_when=FIRST_COMPLETED).done if running else set()
        for future in done:
            _record(running.pop(future), future, execution)
        if time.monotonic() - recorded > _CHECKPOINT_EVERY and (waiting or running):
            hands.checkpoint(execution.inventory)
            recorded = time.monotonic()


def _record(step: Step, future: Future[Outcome], execution: Execution) -> None:
    try:
        outcome = future.result()
    except MooringError as error:
        execution.failures.append((step.key, error))
        if isinstance(error, SharedError):
            execution.shared[step.key] = error.owner
        version = step.wanted.version if step.wanted else step.entry.version if step.entry else ""
        message = f"{error.field}: {error.message}" if error.field else error.message
        execution.results.append(ResourceResult(step.key, version, "failed", message))
        return
    execution.results.append(outcome.result)
    if outcome.owner is not None:
        execution.shared[step.key] = outcome.owner
        if outcome.entry is None:
            execution.left.add(step.key)
    if outcome.health is not None:
        execution.health[step.key] = outcome.health
    if outcome.entry is None:
        execution.inventory.pop(step.key, None)
    else:
        execution.inventory[step.key] = outcome.entry
        if step.action is Action.PRUNE:
            execution.kept.append(step.key)
        if outcome.unconfirmed:
            execution.unconfirmed.append(step.key)


def _take(step: Step, hands: Hands) -> Outcome:
    match step.action:
        case Action.APPLY:
            assert step.wanted is not None
            return _apply(step, step.wanted, hands)
        case Action.SETTLE:
            assert step.wanted is not None
            return _settle(step, step.wanted, hands)
        case Action.PRUNE:
            assert step.entry is not None
            return _prune(step.entry, hands)


def _apply(step: Step, wanted: Wanted, hands: Hands, found: Observed | None = None) -> Outcome:
    if step.entry is None or not step.entry.digest:
        return _first(step, wanted, hands, found)
    if step.key in hands.retaken and not wanted.options.replace:
        take_over(hands.target, hands.application, hands.retaken[step.key])
    elif "Replace" in step.entry.notes and not wanted.options.replace:
        found = found or hands.target.get(step.key, step.entry.version)
        if found is not None and found.live is not None:
            take_over(hands.target, hands.application, found)
    return _configured(hands, step, wanted, write(hands.target, wanted, _sent(step, wanted, hands, found)))


def _configured(hands: Hands, step: Step, wanted: Wanted, applied: Applied, *also: str) -> Outcome:
    word = "created" if applied.created else "configured"
    return _applied(
        hands, step, wanted, applied.live, word, "; ".join((*also, *applied.warnings, *wanted.options.warnings))
    )


def _first(step: Step, wanted: Wanted, hands: Hands, found: Observed | None) -> Outcome:
    """Applies an object of which nothing is known to be ours, unless another application has it."""
    target, app = hands.target, hands.application.key
    if found is None:
        made = first_apply(target, wanted.manifest, validate=wanted.options.validate)
        if made is not None:
            return _configured(hands, step, wanted, made)
        found = target.get(wanted.key, wanted.version)
    if found is None or found.live is None:
        return _configured(hands, step, wanted, write(target, wanted, wanted.manifest))
    strict = hands.application.options.fail_on_shared_resource
    claimed = claim(target, hands.application, found, hands.still_wants)
    if claimed.owner is None:
        return _configured(hands, step, wanted, write(target, wanted, _sent(step, wanted, hands, found)))
    message = claimed_by(app, claimed.owner, wanted.key)
    if claimed.refused and strict:
        raise SharedError(f"Shared resource found: {message}", claimed.owner, subject=str(wanted.key))
    if claimed.refused:
        health = _health(wanted.key, found.live, hands)
        result = ResourceResult(wanted.key, wanted.version, "skipped", f"{message}, so it was left alone")
        return Outcome(result, None, health, claimed.owner)
    outcome = _configured(
        hands, step, wanted, write(target, wanted, _sent(step, wanted, hands, found)), f"{message}; taken over"
    )
    # Nobody knows whether Argo CD is still at work, so that is told; an application of ours has let the object go.
    return outcome if claimed.owner.label else replace(outcome, owner=claimed.owner)


def _sent(step: Step, wanted: Wanted, hands: Hands, found: Observed | None) -> Manifest:
    """What is sent (see `writing.as_sent`); the object is read first only where that matters."""
    if not leaves_out(wanted, hands.application, hands.rules) or (step.reason == "new" and found is None):
        return wanted.manifest
    seen = found or hands.target.get(wanted.key, wanted.version)
    return as_sent(wanted, None if seen is None else seen.live, hands.application, hands.rules)


def _health(key: ObjectKey, live: Manifest, hands: Hands) -> Health | None:
    judged_by = hands.target.health
    return judged(live, judged_by) if has_rule(key.group, key.kind, judged_by) else None


def _applied(hands: Hands, step: Step, wanted: Wanted, live: Manifest, word: str, message: str) -> Outcome:
    metadata = live["metadata"]
    generation = metadata.get("generation")
    entry = step.entry or Entry(wanted.key, wanted.version, wanted.wave)
    entry = entry.intending(wanted.digest, wanted.version, wanted.wave).applied(
        wanted.digest,
        uid=metadata.get("uid", ""),
        fingerprint=own_fingerprint(metadata) or "",
        generation=str(generation) if generation else metadata.get("resourceVersion", ""),
    )
    entry = replace(entry, notes=wanted.notes)
    health = _health(wanted.key, live, hands)
    before = step.entry.digest[:DIGITS] if step.entry else ""
    told = ResourceResult(wanted.key, wanted.version, word, message, before=before, after=wanted.digest[:DIGITS])
    return Outcome(told, entry, health)


def _settle(step: Step, wanted: Wanted, hands: Hands) -> Outcome:
    """An apply was begun and its end not recorded: apply only what a dry run finds different."""
    found = hands.target.get(wanted.key, wanted.version)
    if wanted.options.replace:  # of which the dry run of an apply says nothing
        return _apply(step, wanted, hands, found)
    if found is None or found.live is None or not found.fingerprint or not _is_ours(found, hands):
        return _apply(step, wanted, hands, found)
    try:
        tried = hands.target.apply(_sent(step, wanted, hands, found), dry_run=True, validate=wanted.options.validate)
    except RejectedError as error:
        if not is_immutable(error):
            raise
        return _apply(step, wanted, hands, found)
    same = settled(tried.live, found.live, hands.rules)
    if own_fingerprint(tried.live["metadata"]) != found.fingerprint or not same:
        return _apply(step, wanted, hands, found)
    return _applied(hands, step, wanted, found.live, "unchanged", "")


def _is_ours(found: Observed, hands: Hands) -> bool:
    return is_tracked(hands.application.key, found.key, found.app_label, found.tracking_id)


def _prune(entry: Entry, hands: Hands) -> Outcome:
    """Deletes an object that git no longer wants, if it is still ours and may be deleted."""
    target, application = hands.target, hands.application
    found = target.get(entry.key, entry.version)

    def outcome(word: str, message: str, kept: Entry | None = None) -> Outcome:
        before = entry.digest[:DIGITS] if word == "pruned" else ""
        return Outcome(ResourceResult(entry.key, entry.version, word, message, before=before), kept)

    if found is None:
        return outcome("pruned", "was gone already")
    if merge_of(entry.key) is not None:
        found = as_noted(found, entry)
    if not _is_ours(found, hands) or (entry.uid and entry.uid != found.uid):
        return outcome("released", f"is not tracked as this application's any more (label {APP_LABEL}), so it stays")
    if stays := keeps(found, hands.guard, application, hands.asked):
        return replace(outcome("kept", stays.reason, entry), unconfirmed=stays.unconfirmed)
    if found.deletion_timestamp:
        return outcome("pruned", "is being deleted")
    try:
        deleting = hands.guard == "Delete"
        propagation = application.deletion_propagation if deleting else application.propagation
        target.delete(entry.key, found.uid, propagation)
    except ConflictError:
        return outcome("released", "was replaced by another object of the same name, which stays")
    return outcome("pruned", "")
