"""One operation, from taking the lease to writing what came of it, over as many invocations as it takes.

An operation that has to wait stays `Running` in the status, without a lease and without a function; whoever looks at
the application next goes on with it. A newer commit, or a changed spec, takes over from an operation that waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mooring.differences.rules import Rules
from mooring.errors import MooringError
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.asked.asking import Selector, is_chosen
from mooring.flows.clusters.live import Live
from mooring.flows.rules.permitting import permit_namespace, why_closed
from mooring.flows.secrets.opening import NOTHING_OPENED, Sources, told
from mooring.flows.secrets.pushes import run_errands
from mooring.flows.syncs.adopting import note_shared, still_wants, with_left
from mooring.flows.syncs.advancing import advance, still_waits
from mooring.flows.syncs.beginning import begin_operation, continued, exhausted, retry_of, wait_delay
from mooring.flows.syncs.executing import Execution, Hands
from mooring.flows.syncs.fighting import note_reverts
from mooring.flows.syncs.guarding import asked_since, confirm
from mooring.flows.syncs.hooking import terminate_hooks
from mooring.flows.syncs.judging import Findings, judge
from mooring.flows.syncs.namespaces import ensure_namespace, namespace_results
from mooring.flows.syncs.ports import Held, SyncPorts, take_lease
from mooring.flows.syncs.reporting import tell_begun, tell_ended
from mooring.flows.syncs.tidying import tidy
from mooring.flows.syncs.trying import given_up, over_earlier, own_retry, tried_again
from mooring.flows.syncs.witnessing import conclude
from mooring.model.application import Application
from mooring.model.objects import ObjectKey
from mooring.model.tracking import Owner
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Plan, Wanted, intents
from mooring.state.operations import HookRun, Operation, ResourceResult, RetryState
from mooring.state.records import Record
from mooring.state.statuses import Resource, Status

__all__ = ["Task", "operate", "results_of", "with_results"]

_SUCCEEDED = "successfully synced (all tasks run)"


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that one operation is decided on. `base` is the status that its outcome is written into.

    `selectors` are those of a sync of chosen objects; it waits for no others. `left` are objects that an earlier sync
    left to other applications, and that are not planned again; `sources` are the secrets that were opened, or not.
    `begun` is the operation where it is none of what git wants now (`healing`).
    """

    ports: SyncPorts
    record: Record
    inventory: Inventory
    base: Status
    cause: Cause
    target: Live
    objects: tuple[Wanted, ...]
    plan: Plan
    findings: Findings
    rules: Rules
    selectors: tuple[Selector, ...] = ()
    left: Mapping[ObjectKey, Owner] = field(default_factory=dict)
    sources: Sources = NOTHING_OPENED
    begun: Operation | None = None

    @property
    def chosen(self) -> tuple[Wanted, ...]:
        """The objects that the operation is about."""
        return tuple(item for item in self.objects if is_chosen(item.key, self.selectors))

    @property
    def application(self) -> Application:
        """The declared application."""
        assert self.record.spec is not None
        return self.record.spec.application


def operate(task: Task) -> Status:
    """Begins an operation, or goes on with one, and takes it as far as it gets now. Raises `ConflictError`."""
    ports, record, target, plan = task.ports, task.record, task.target, task.plan
    running = None if task.begun else continued(record)
    if running is not None:
        waiting = still_waits(plan, running, task.chosen, task.application, target)
        if waiting:
            _come_back(task, running)
            return _told(task, running, waiting)
    asked_before, waited_before = target.requests, target.answer_seconds
    operation = running or task.begun or begin_operation(ports, record, task.cause, plan, prune=not plan.kept)
    if running is None and not plan.steps and record.request is None:  # only the managed namespace has drifted
        operation = replace(operation, kind="heal", cause=task.cause)
    first = plan.waves[0].steps if plan.waves and not operation.failing else ()
    held = take_lease(
        ports,
        record,
        inventory=intents(first, task.inventory),
        status=replace(task.base, operation=operation),
        steps=len(plan.steps),
        ended=_superseded(record, ports.clock()) if running is None else None,
    )
    if running is None:
        tell_begun(record, target.cluster.name, operation)
    if running is None and record.status.operation is not None:
        _end_superseded(task, record.status.operation)
    execution = Execution(dict(held.record.inventory))
    wants = partial(still_wants, ports.applications, target.cluster.name)
    project = ports.targets.project(task.application.project)

    def closed() -> str:
        started, manual = operation.started_at, record.request is not None
        return why_closed(project, task.application, target.cluster, ports.clock(), manual=manual, started=started)

    hands = Hands(
        target, task.application, ports.pool, ports.width, task.rules, held.checkpoint, held.may_go_on,
        still_wants=wants, asked=asked_since(record.status, operation.started_at),
        retaken=task.findings.retaken, closed=closed,
    )  # fmt: skip
    try:
        permit = partial(permit_namespace, project, task.application, target.cluster)
        ensure_namespace(target, task.application, plan, permit)
        execution.results += namespace_results(task.findings)
    except MooringError as error:
        execution.failures.append((ObjectKey("", "Namespace", "", task.application.destination.namespace), error))
    state = advance(plan, operation, task.chosen, execution, hands, held.record.inventory)
    ended = tidy(
        plan, state, execution, task.application, target,
        lambda so_far: held.checkpoint(execution.inventory, replace(task.base, operation=so_far)),
    )  # fmt: skip
    if not state.waiting and not execution.failures and not execution.unfinished:
        task = _with_errands_run(task, held, execution)
    asked, waited = target.requests - asked_before, target.answer_seconds - waited_before
    operation = replace(ended, requests=operation.requests + asked)
    return _end(task, held.record, operation, execution, state.waiting, answered_in=waited / asked if asked else 0.0)


def _with_errands_run(task: Task, held: Held, execution: Execution) -> Task:
    """The task after what is left to do outside of the cluster. Raises `ConflictError` where the lease was lost."""
    errands = [each for each in task.sources.errands if is_chosen(each.source, task.selectors)]
    if not errands:
        return task
    held.checkpoint(execution.inventory)
    sources, results, whole = run_errands(task.sources, errands, held.may_go_on)
    execution.results += results
    execution.unfinished = not whole
    return replace(task, sources=sources, base=sources.told(task.base, task.ports.clock()))


def _waits(waiting: list[str]) -> str:
    return f"waiting for {', '.join(waiting[:5])}"


def _told(task: Task, running: Operation, waiting: list[str]) -> Status:
    """The status of an operation that still waits; it is written only where it waits for something else by now."""
    known = task.record.status
    if running.message == _waits(waiting):
        return known
    status = replace(known, operation=replace(running, message=_waits(waiting)))
    applications = task.ports.applications
    applications.observe(task.record, now=task.ports.clock(), inventory=task.record.inventory, status=status)
    return status


def _superseded(record: Record, now: float) -> Operation | None:
    """An operation that still waited when something newer came, as it goes into the history."""
    old = record.status.operation
    if old is None or old.phase != "Running":
        return None
    hooks = tuple(
        replace(run, state="Failed", message="was ended for a newer one") if run.state == "Running" else run
        for run in old.hooks
    )
    old = replace(old, phase="Failed", message="a newer revision or request took over", finished_at=now, hooks=hooks)
    return with_results(old, Execution({}))


def _end_superseded(task: Task, old: Operation) -> None:
    """Ends the hooks that an older operation still waits for, as terminating it would: two migrations must not run at
    once. One that can't be ended holds nothing up; if it is in the way, its successor says so.
    """
    if old.phase == "Running":
        terminate_hooks(old, task.application, task.target)


def _end(
    task: Task, record: Record, operation: Operation, execution: Execution, waiting: list[str], *, answered_in: float
) -> Status:
    ports, application, now = task.ports, task.application, task.ports.clock()
    applied = {result.key for result in execution.results if result.status != "failed"}
    drift = task.findings.drift
    healed = {key: fields for key, fields in drift.items() if key in applied}
    after = Findings(
        health={**task.findings.health, **execution.health},
        drift={key: fields for key, fields in drift.items() if key not in applied},
        touched=applied | task.findings.touched,
        looked=task.findings.looked,
        namespace=task.findings.namespace,
    )
    retry = record.retry
    unopened = [(row, error) for row, error in task.sources.troubles if is_chosen(row.key, task.selectors)]
    execution.results += [ResourceResult(row.key, row.version, "failed", told(error)) for row, error in unopened]
    if waiting:
        operation = replace(operation, message=_waits(waiting))
    elif execution.failures:
        operation, retry = _failed(record, operation, execution, application, now)
        retry = record.retry if operation.kind == "partial" else retry
    elif execution.unfinished:
        operation = replace(operation, message="goes on in another function")
    elif unopened:  # what failed to open is tried again when `Status.reopen_at` says so: nothing else is left to do
        operation = replace(operation, phase="Failed", message=_unopened(unopened))
        retry = record.retry if operation.kind == "partial" else None
    else:
        operation = replace(operation, phase="Succeeded", message=_success(healed))
        retry = record.retry if operation.kind == "partial" else None
    operation = replace(
        operation,
        finished_at=0.0 if operation.phase == "Running" else now,
        cost=operation.cost.plus(ports.consumption.taken()),
    )
    operation = with_results(operation, execution)
    left = {*task.left, *execution.left}
    shown = with_left(execution.inventory, left)
    kept = (*task.plan.kept, *execution.kept)
    status = judge(task.objects, shown, task.base, after, kept=kept, sources=task.sources)
    status = note_shared(status, record.key, {**task.left, **execution.shared}, left, now)
    if execution.unconfirmed or operation.phase == "Succeeded":
        status = confirm(status, execution.unconfirmed, operation.started_at)
    status = replace(note_reverts(status, healed, now), operation=operation)
    written = [step.wanted for step in task.plan.steps if step.wanted is not None]
    conclude(ports, task.record, applied, [*task.objects, *written], operation, drift, looked=task.findings.looked)
    ports.applications.finish(
        record,
        inventory=execution.inventory,
        status=status,
        operation=operation,
        retry=retry,
    )
    tell_ended(task.record, status, operation, reverted=len(healed), answered_in=answered_in, now=now)
    retries = application.automated is not None or operation.kind == "heal"
    if operation.phase == "Running":
        _come_back(task, operation, at_once=not waiting)
    elif operation.kind != "partial" and retry and retries and not exhausted(retry, application):
        message = AppMessage(record.key, Cause("retry"))
        ports.queues.send_later([(Later("syncs", message), retry.due - now + 0.5)])
    return status


def _come_back(task: Task, operation: Operation, *, at_once: bool = False) -> None:
    if operation.again_at:
        delay = operation.again_at - task.ports.clock() + 0.5
        task.ports.queues.send_later([(Later("syncs", AppMessage(task.record.key, Cause("retry"))), delay)])
    elif at_once:
        task.ports.queues.send("syncs", [AppMessage(task.record.key, Cause("render"))])
    elif task.cause.kind != "tick":  # the message that waits for this operation is on its way already
        delay = wait_delay(operation, task.ports.clock())
        task.ports.queues.send_later([(Later("syncs", AppMessage(task.record.key, Cause("retry"))), delay)])


def with_results(operation: Operation, execution: Execution) -> Operation:
    """The operation with what it did; once it has ended, with what its earlier tries did, too."""
    results = results_of(operation, execution)
    if operation.phase == "Running":
        return replace(operation, results=results)
    return replace(operation, results=over_earlier(operation, results), earlier=(), again_at=0.0)


def results_of(operation: Operation, execution: Execution) -> tuple[ResourceResult, ...]:
    """What was done to each object in all invocations of the operation, hooks last."""
    objects = [*(result for result in operation.results if not result.phase), *execution.results]
    latest = {result.key: result for result in objects}
    return (*latest.values(), *(_hook_result(run) for run in operation.hooks))


def _hook_result(run: HookRun) -> ResourceResult:
    return ResourceResult(run.key, run.version, run.state.lower(), run.message, run.phase)


def _success(healed: Mapping[ObjectKey, tuple[dict[str, object], ...]]) -> str:
    if not healed:
        return _SUCCEEDED
    told = []
    for key, fields in sorted(healed.items())[:5]:
        changes = ", ".join(
            f"{field['path']} (by {field['manager']} at {field['time']})" if field["manager"] else str(field["path"])
            for field in fields[:5]
        )
        told.append(f"{key.kind} {key.name}: {changes}")
    return f"{_SUCCEEDED}; reverted " + "; ".join(told)


def _unopened(troubles: Sequence[tuple[Resource, MooringError]]) -> str:
    row, error = troubles[0]
    more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"one or more secrets could not be opened, reason: {row.key.kind} {row.key.name}: {told(error)}{more}"


def _failed(
    record: Record, operation: Operation, execution: Execution, application: Application, now: float
) -> tuple[Operation, RetryState | None]:
    key, error = execution.failures[0]
    known = retry_of(record)
    failures = (known.failures if known else 0) + 1
    delay = max(application.retry.delay(failures), execution.asked_wait)
    # What may pass by itself never uses up the tries, it only slows down.
    counted = min(failures, max(application.retry.limit, 0)) if execution.transient else failures
    retry = RetryState(operation.bundle, operation.generation, counted, now + delay, error.message)
    more = f" (and {len(execution.failures) - 1} more)" if len(execution.failures) > 1 else ""
    reason = operation.failing or f"{key.kind} {key.name}: {error.message}{more}"
    message = f"one or more objects failed to apply, reason: {reason}"
    if (policy := own_retry(operation, application)) is not None:
        told = replace(operation, message=message)
        again = tried_again(told, policy, now, at_least=execution.asked_wait, transient=execution.transient)
        return again, given_up(record, again, application, now)
    if (application.automated is None and operation.kind != "heal") or operation.kind == "partial":
        pass
    elif exhausted(retry, application):
        message += f" (tried {failures} times; a new commit or a sync by hand tries again)"
    else:
        message += f" (attempt {failures}; the next one in {delay:g} s)"
    return replace(operation, phase="Failed", message=message, retries=failures - 1), retry
