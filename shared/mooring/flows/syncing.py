"""One application, one look: decide whether something is to be done, do it under the lease, write down what came of it.

The decision is made from what is remembered (and, where somebody looked at the cluster, from what was seen), never from
the message that brought us here. Nothing is written unless something changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cache

from mooring.errors import ConflictError, MooringError, PermanentError
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.comparing import compare
from mooring.flows.executing import Execution, execute
from mooring.flows.judging import Findings, judge, rejudge
from mooring.flows.looking import Seen, look
from mooring.flows.namespaces import ensure_namespace
from mooring.flows.preparing import prepare
from mooring.flows.targets import Live, Targets
from mooring.flows.ulid import new_ulid
from mooring.health import Health
from mooring.model.application import Application
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.steps import Plan, Wanted, intents, plan_sync
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.records import Commit, DriftEvent, Operation, Record, RetryState, Status

__all__ = ["LEASE_SECONDS", "SyncPorts", "consider", "note_health", "note_trouble", "take_lease_for"]

LEASE_SECONDS = 30.0
_WATCHED_STEPS = 25  # a sync of more steps than this is looked after, should its function die
_SUCCEEDED = "successfully synced (all tasks run)"
_TROUBLE = "ClusterError"
_INVALID = "InvalidSpecError"


@dataclass(frozen=True, slots=True)
class SyncPorts:
    """What a sync works with. `clock` and `deadline` are seconds since the epoch; no step begins after the deadline."""

    applications: Applications
    bundles: Bundles
    targets: Targets
    queues: Queues
    pool: Executor
    width: int
    clock: Callable[[], float]
    owner: str
    deadline: float


def consider(ports: SyncPorts, record: Record, cause: Cause, seen: Seen | None = None) -> Status | None:
    """Does what one application needs now, and returns its status afterwards (None where there is nothing to say).

    `seen` is what a look at the cluster has just found. Raises `ConflictError` where another sync of this application
    is at work, and other errors of `mooring.errors` where the state can't be read or written.
    """
    now = ports.clock()
    spec = record.spec
    if spec is None or spec.deleting is not None:
        return None
    if record.lease.expires > now:
        raise ConflictError("another sync of this application is at work", subject=str(record.key))
    git = record.wanted
    if record.request and git is not None and git.failure is not None:
        return _answer_request(ports, record, record.status, git.failure.message, git.failure.revision)
    if git is None or not git.bundle:
        return None
    application = spec.application
    try:
        cluster = ports.targets.cluster(application.destination)
        target = ports.targets.connect(cluster)
    except PermanentError as error:
        lost = _unknown(record.status, _INVALID, str(error), now)
        if record.request:
            return _answer_request(ports, record, lost, str(error), git.revision)
        return _note(ports, record, lost)
    inventory = record.inventory
    if record.status.cluster not in ("", cluster.name):
        # The objects in the other cluster stay, as they do in Argo CD; here everything begins anew.
        inventory, seen = {}, Seen()
    elif seen is None and record.request:
        seen = look(target, [record])[record.key]

    @cache
    def wanted() -> tuple[Wanted, ...]:
        assert record.wanted is not None
        return prepare(ports.bundles.load(record.wanted.bundle), application, target)

    findings = Findings()
    if seen is not None:
        inventory, findings = compare(target, inventory, seen, wanted, ports.pool)
    if not _is_due(record, inventory, now, drifted=bool(findings.drift)):
        if seen is None:
            return record.status
        status = rejudge(record.status, findings).because(_TROUBLE, "", now).because(_INVALID, "", now)
        return _note(ports, record, status, inventory)
    return _sync(ports, record, inventory, cause, target, wanted, findings)


def _is_due(record: Record, inventory: Inventory, now: float, *, drifted: bool) -> bool:
    """Whether the application has to be planned at all."""
    spec, wanted, status = record.spec, record.wanted, record.status
    assert spec is not None and wanted is not None
    application = spec.application
    if wanted.generation != spec.generation:
        return False  # this bundle is an older spec's: the render of the changed one is on its way, or has failed
    if record.request:
        return True
    current = (status.bundle, status.generation) == (wanted.bundle, spec.generation)
    if application.automated is None:
        return not current
    if (retry := _retry_of(record)) is not None:
        return now >= retry.due and not _exhausted(retry, application)
    crashed = status.operation is not None and status.operation.phase == "Running"
    unsettled = any(entry.unsure for entry in inventory.values())
    return not current or crashed or unsettled or (drifted and application.automated.self_heal)


def _retry_of(record: Record) -> RetryState | None:
    """The failures of just this bundle and spec; a new commit or a changed spec starts from nothing."""
    spec, wanted, retry = record.spec, record.wanted, record.retry
    if spec is None or wanted is None or retry is None:
        return None
    return retry if (retry.bundle, retry.generation) == (wanted.bundle, spec.generation) else None


def _exhausted(retry: RetryState, application: Application) -> bool:
    return 0 <= application.retry.limit < retry.failures


def _sync(
    ports: SyncPorts,
    record: Record,
    inventory: Inventory,
    cause: Cause,
    target: Live,
    wanted: Callable[[], tuple[Wanted, ...]],
    findings: Findings,
) -> Status:
    spec, git = record.spec, record.wanted
    assert spec is not None and git is not None
    automated, request = spec.application.automated, record.request
    heals = bool(request or (automated and automated.self_heal))
    prune = request.prune if request and request.prune is not None else bool(automated and automated.prune)
    base = replace(
        record.status,
        bundle=git.bundle,
        revision=git.revision,
        generation=spec.generation,
        cluster=target.cluster.name,
    )
    base = base.because(_TROUBLE, "", ports.clock()).because(_INVALID, "", ports.clock())
    try:
        objects = wanted()
        plan = plan_sync(
            objects,
            inventory,
            drifted=findings.drift.keys() if heals else (),
            prune=prune,
            allow_empty=bool(automated and automated.allow_empty),
        )
    except PermanentError as error:
        return _refuse(ports, record, base, cause, str(error))
    if automated is None and request is None:
        gone = inventory.keys() - {item.key for item in objects}
        return _note(ports, record, judge(objects, inventory, base, findings, kept=gone), inventory)
    if not plan.steps and request is None and not _running(record.status):
        status = judge(objects, inventory, base, findings, kept=plan.kept)
        return _note(ports, record, status, inventory)
    return _run(ports, record, inventory, base, cause, target, objects, plan, findings)


def _running(status: Status) -> bool:
    return status.operation is not None and status.operation.phase == "Running"


def _run(
    ports: SyncPorts,
    record: Record,
    inventory: Inventory,
    base: Status,
    cause: Cause,
    target: Live,
    objects: tuple[Wanted, ...],
    plan: Plan,
    findings: Findings,
) -> Status:
    spec = record.spec
    assert spec is not None
    asked_before = target.requests
    operation = _begin(ports, record, cause, plan, prune=not plan.kept)
    held = take_lease_for(
        ports,
        record,
        inventory=intents(plan, inventory),
        status=replace(base, operation=operation),
        steps=len(plan.steps),
    )
    execution = Execution(dict(held.inventory))
    lease = [held]

    def checkpoint(inventory: Inventory) -> None:
        lease[0] = ports.applications.checkpoint(
            lease[0], now=ports.clock(), ttl=LEASE_SECONDS, inventory=dict(inventory)
        )

    def may_go_on() -> bool:
        return ports.clock() < min(lease[0].lease.expires, ports.deadline)

    try:
        ensure_namespace(target, spec.application, plan)
    except MooringError as error:
        execution.failures.append((ObjectKey("", "Namespace", "", spec.application.destination.namespace), error))
    execute(
        plan,
        execution,
        target=target,
        application=spec.application,
        pool=ports.pool,
        width=ports.width,
        checkpoint=checkpoint,
        may_go_on=may_go_on,
    )
    return _end(ports, lease[0], base, operation, target, objects, plan, findings, execution, asked_before)


def take_lease_for(ports: SyncPorts, record: Record, *, inventory: Inventory, status: Status, steps: int) -> Record:
    """Takes the lease, writes the intents, and sets a watchdog on a long sync. Raises `ConflictError`."""
    held = ports.applications.begin(
        record, owner=ports.owner, now=ports.clock(), ttl=LEASE_SECONDS, inventory=inventory, status=status
    )
    if steps > _WATCHED_STEPS:
        watchdog = AppMessage(record.key, Cause("watchdog"))
        ports.queues.send_later([(Later("syncs", watchdog), LEASE_SECONDS + 2)])
    return held


def _begin(ports: SyncPorts, record: Record, cause: Cause, plan: Plan, *, prune: bool) -> Operation:
    spec, git, request, now = record.spec, record.wanted, record.request, ports.clock()
    assert spec is not None and git is not None
    heal = bool(plan.steps) and all(step.reason == "drifted" for step in plan.steps)
    if request is not None:
        cause = Cause("person", request.id, request.by)
    elif not heal:
        cause = git.cause
    retry = _retry_of(record)
    return Operation(
        id=request.id if request else new_ulid(now),
        kind="heal" if heal and request is None else "sync",
        phase="Running",
        message="syncing",
        started_at=now,
        finished_at=0.0,
        revision=git.revision,
        bundle=git.bundle,
        generation=spec.generation,
        cause=cause,
        commit=git.commit,
        retries=retry.failures if retry else 0,
        prune=prune,
    )


def _end(
    ports: SyncPorts,
    record: Record,
    base: Status,
    operation: Operation,
    target: Live,
    objects: tuple[Wanted, ...],
    plan: Plan,
    findings: Findings,
    execution: Execution,
    asked_before: int,
) -> Status:
    spec, now = record.spec, ports.clock()
    assert spec is not None
    applied = {result.key for result in execution.results if result.status != "failed"}
    healed = {key: fields for key, fields in findings.drift.items() if key in applied}
    after = Findings(
        health={**findings.health, **execution.health},
        drift={key: fields for key, fields in findings.drift.items() if key not in applied},
        touched=applied,
        looked=findings.looked,
    )
    retry = None
    if execution.unfinished and not execution.failures:
        operation = replace(operation, message="goes on in another function")
    elif execution.failures:
        operation, retry = _failed(record, operation, execution, spec.application, now)
    else:
        operation = replace(operation, phase="Succeeded", message=_success(healed))
    operation = replace(
        operation,
        finished_at=0.0 if operation.phase == "Running" else now,
        results=tuple(execution.results),
        requests=target.requests - asked_before,
    )
    status = judge(objects, execution.inventory, base, after, kept=(*plan.kept, *execution.kept))
    status = replace(status, operation=operation)
    ports.applications.finish(
        record,
        inventory=execution.inventory,
        status=status,
        operation=operation,
        retry=retry,
        drifts=[DriftEvent(new_ulid(now), key, fields, now, "reverted") for key, fields in sorted(healed.items())],
    )
    if execution.unfinished:
        ports.queues.send("syncs", [AppMessage(record.key, Cause("render"))])
    elif retry is not None and spec.application.automated and not _exhausted(retry, spec.application):
        message = AppMessage(record.key, Cause("retry"))
        ports.queues.send_later([(Later("syncs", message), retry.due - now + 0.5)])
    return status


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


def _failed(
    record: Record, operation: Operation, execution: Execution, application: Application, now: float
) -> tuple[Operation, RetryState]:
    key, error = execution.failures[0]
    known = _retry_of(record)
    failures = (known.failures if known else 0) + 1
    delay = application.retry.delay(failures)
    # What may pass by itself never uses up the tries, it only slows down.
    counted = min(failures, max(application.retry.limit, 0)) if execution.transient else failures
    retry = RetryState(operation.bundle, operation.generation, counted, now + delay, error.message)
    more = f" (and {len(execution.failures) - 1} more)" if len(execution.failures) > 1 else ""
    message = f"one or more objects failed to apply, reason: {key.kind} {key.name}: {error.message}{more}"
    if application.automated is None:
        pass
    elif _exhausted(retry, application):
        message += f" (tried {failures} times; a new commit or a sync by hand tries again)"
    else:
        message += f" (attempt {failures}; the next one in {delay:g} s)"
    return replace(operation, phase="Failed", message=message, retries=failures - 1), retry


def _refuse(ports: SyncPorts, record: Record, base: Status, cause: Cause, message: str) -> Status:
    """Ends a sync that can't even be planned; nothing in the cluster is touched, and only a change tries again."""
    now = ports.clock()
    plan = Plan((), ())
    operation = replace(
        _begin(ports, record, cause, plan, prune=False), phase="Failed", message=message, finished_at=now
    )
    status = replace(base, sync="OutOfSync", operation=operation)
    known = record.status.operation
    if record.request is None and known is not None and known.message == message and known.bundle == operation.bundle:
        return record.status
    held = take_lease_for(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(held, inventory=record.inventory, status=status, operation=operation, retry=None)
    return status


def _answer_request(ports: SyncPorts, record: Record, status: Status, message: str, revision: str) -> Status:
    """Ends a sync that a person asked for and that can't begin: git could not be rendered, or there is no cluster."""
    spec, request, now = record.spec, record.request, ports.clock()
    assert spec is not None and request is not None
    operation = Operation(
        request.id, "sync", "Error", message, now, now, revision, "", spec.generation,
        Cause("person", request.id, request.by), Commit(),
    )  # fmt: skip
    status = replace(status, operation=operation)
    held = take_lease_for(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(held, inventory=record.inventory, status=status, operation=operation, retry=record.retry)
    return status


def _unknown(status: Status, condition: str, message: str, now: float) -> Status:
    lost = replace(status, sync="Unknown", health=Health("Unknown", message))
    return lost.because(condition, message, now)


def note_health(ports: SyncPorts, record: Record, seen: Seen) -> Status:
    """Writes the health that was just seen, if it is news. Raises `ConflictError` where a sync is at work."""
    return _note(ports, record, rejudge(record.status, Findings(health=seen.health)))


def note_trouble(ports: SyncPorts, record: Record, error: MooringError) -> None:
    """Shows that the application's cluster could not be looked at; nothing else is concluded from it."""
    if record.spec is not None:
        _note(ports, record, _unknown(record.status, _TROUBLE, str(error), ports.clock()))


def _note(
    ports: SyncPorts, record: Record, status: Status, inventory: Mapping[ObjectKey, Entry] | None = None
) -> Status:
    """Writes what was found, if it differs from what is written."""
    found = record.inventory if inventory is None else inventory
    if status != record.status or found != record.inventory:
        ports.applications.observe(record, now=ports.clock(), inventory=found, status=status)
    return status
