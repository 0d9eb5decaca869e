"""An application that is to go: its objects first, where its finalizer says so, then everything that we know of it.

What hooks of syncs have left goes with them. Hooks of PreDelete run before the first object goes, hooks of PostDelete
after the last is gone; the application is known until then. Without the finalizer the objects stay as they are, and no
hook runs. A cluster that can't be reached leaves the deletion pending and visible; it is tried again until it is done.
Source: Argo CD, "App Deletion" and "Resource Hooks".
"""

from __future__ import annotations

from dataclasses import replace
from math import floor

from mooring.differences.rules import Rules
from mooring.errors import ConflictError, MooringError
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.merging import WithMerges
from mooring.flows.renders.following import all_inputs, declared_inputs, repositories_of
from mooring.flows.rules.permitting import acting_for, permit_plan, permitted_part
from mooring.flows.syncs.advancing import Advance, advance, still_goes, still_waits
from mooring.flows.syncs.beginning import wait_delay
from mooring.flows.syncs.executing import Execution, Hands
from mooring.flows.syncs.guarding import CONFIRMATION, confirm
from mooring.flows.syncs.hooking import hook_object
from mooring.flows.syncs.operating import results_of
from mooring.flows.syncs.ports import Held, SyncPorts, take_lease
from mooring.flows.syncs.tidying import tidy
from mooring.model.application import Application
from mooring.model.objects import ObjectKey
from mooring.model.tracking import is_tracked, tracking_value
from mooring.plan.hooks import Hook, read_hook
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.steps import Plan, hook_waves, plan_sync
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.wanted import Commit

__all__ = ["remove"]

_AGAIN = 15.0  # seconds until a deletion that failed is tried again; more the longer it has failed
_MOST = 300.0
_FAILED = "DeletionError"


def remove(ports: SyncPorts, record: Record, cause: Cause) -> None:
    """Deletes the application's objects in reverse order, if it is to cascade, and then the application.

    While it waits for what was deleted to be gone nothing is written. Raises `ConflictError` where another sync of it
    is at work.
    """
    spec, now = record.spec, ports.clock()
    if spec is None or spec.deleting is None:
        return
    if record.lease.expires > now:
        raise ConflictError("another sync of this application is at work", subject=str(record.key))
    operation = _operation(record, now)
    if _awaits_confirmation(record, operation):
        return
    target, plan, trouble = None, Plan(()), None
    if spec.deleting.cascade:
        try:
            target, plan = _reached(ports, record, operation)
            waits = (
                _waits_for(plan, operation, spec.application, target) if operation is record.status.operation else []
            )
            if waits and operation.message == _message(waits):
                _look_again(ports, record, cause, wait_delay(operation, now))
                return
        except MooringError as error:
            trouble = error
    status = record.status.because("DeletionInProgress", "the application is being deleted", now)
    status = confirm(status, (), now)
    held = take_lease(
        ports,
        record,
        inventory=record.inventory,
        status=replace(status, operation=operation),
        steps=len(record.inventory),
    )
    execution = Execution(dict(record.inventory) if spec.deleting.cascade else {})
    state = Advance(operation)
    if trouble is not None:
        execution.failures.append((_itself(record), trouble))
    elif target is not None:
        state = _advance(ports, held, plan, operation, execution, target)
    if not execution.failures and not execution.unfinished and not state.waiting and spec.deleting.cascade:
        _delete_pushed(ports, record, execution)
    if not execution.failures and not execution.unfinished and not state.waiting:
        inputs = all_inputs(declared_inputs(spec.application), record.wanted)
        cost = state.operation.cost.plus(ports.consumption.taken())
        ended = replace(state.operation, results=results_of(state.operation, execution), cost=cost)
        gone = _gone(ended, record, ports.clock())
        ports.applications.forget(held.record, repositories_of(inputs), operation=gone, now=ports.clock())
        return
    _come_back(ports, held, state, execution, cause)


def _gone(operation: Operation, record: Record, now: float) -> Operation:
    """The deletion as it goes on record."""
    spec = record.spec
    cascade = spec is not None and spec.deleting is not None and spec.deleting.cascade
    message = "deleted with its objects" if cascade else "deleted; its objects stay"
    return replace(operation, phase="Succeeded", message=message, finished_at=now)


def _delete_pushed(ports: SyncPorts, record: Record, execution: Execution) -> None:
    """Deletes what PushSecrets of the application wrote elsewhere, as far as that is to go with them."""
    if record.status.pushed and ports.pushes is not None:
        try:
            ports.pushes.delete(record.status.pushed, str(record.key))
        except MooringError as error:
            execution.failures.append((record.status.pushed[0].source, error))


def _reached(ports: SyncPorts, record: Record, operation: Operation) -> tuple[Live, Plan]:
    """The cluster, and what is to be deleted there. Raises where it can't be reached, or its project is in the way."""
    assert record.spec is not None
    application = record.spec.application
    project = ports.targets.project(application.project)
    cluster = ports.targets.cluster(application.destination)
    acting = acting_for(project, application, cluster) if ports.targets.settings.impersonation else ""
    target = WithMerges(ports.targets.connect(cluster).acting_as(acting), record.key)
    hooks = _hooks(ports, record)
    everything = {**_left_behind(record, hooks, operation, target), **record.inventory}
    inventory = permitted_part(project, application, cluster, everything)
    inventory = {key: entry for key, entry in inventory.items() if key != _own(record)}  # it may declare itself
    plan = _plan(inventory, hooks)
    permit_plan(project, application, cluster, plan)
    return target, plan


def _waits_for(plan: Plan, operation: Operation, application: Application, target: Live) -> list[str]:
    """What this operation has deleted, or a hook of its, that has to be waited for before anything else can be done."""
    return still_waits(plan, operation, (), application, target) or still_goes(operation.results, application, target)


def _message(waiting: list[str]) -> str:
    return f"deletion: waiting for {', '.join(waiting)}"


def _operation(record: Record, now: float) -> Operation:
    """The deletion that was begun, or a new one."""
    spec, known = record.spec, record.status.operation
    assert spec is not None
    assert spec.deleting is not None
    if known is not None and known.kind == "delete" and known.phase == "Running":
        return known
    return Operation(
        new_ulid(now), "delete", "Running", "deleting", now, 0.0, record.status.revision, record.status.bundle,
        spec.generation, Cause("person", by=spec.deleting.by), Commit(), prune=True,
    )  # fmt: skip


def _hooks(ports: SyncPorts, record: Record) -> list[Hook]:
    if record.wanted is None or not record.wanted.bundle:
        return []
    return [hook for manifest in ports.bundles.load(record.wanted.bundle) if (hook := read_hook(manifest)) is not None]


def _plan(inventory: Inventory, hooks: list[Hook]) -> Plan:
    prunes = plan_sync((), inventory, prune=True, allow_empty=True)
    return Plan((*hook_waves(hooks, "PreDelete"), *prunes.waves, *hook_waves(hooks, "PostDelete")))


def _left_behind(record: Record, hooks: list[Hook], operation: Operation, target: Live) -> dict[ObjectKey, Entry]:
    """What the hooks of syncs have left, found by their tracking, as if it were in the inventory.

    Argo CD, which tracks hooks as it does objects, deletes them with the application too. The hooks of the deletion
    itself are their policies' matter. Lists each kind of hook once; raises as reads do.
    """
    assert record.spec is not None
    application = record.spec.application
    spared = {
        ObjectKey.of(hook_object(hook, phase, operation, application, target))
        for hook in hooks
        for phase in hook.phases
        if phase in ("PreDelete", "PostDelete")
    }
    kinds = {(*hook.manifest["apiVersion"].rpartition("/")[::2], hook.manifest["kind"]) for hook in hooks}
    label = tracking_value(record.key)
    return {
        found.key: Entry(found.key, version, uid=found.uid)
        for group, version, kind in sorted(kinds)
        for found in target.look(group, kind, version, [label], full=False)
        if found.key not in record.inventory and found.key not in spared and found.tracking_id
        if is_tracked(record.key, found.key, found.app_label, found.tracking_id)
    }


def _advance(
    ports: SyncPorts, held: Held, plan: Plan, operation: Operation, execution: Execution, target: Live
) -> Advance:
    assert held.record.spec is not None
    application = held.record.spec.application
    hands = Hands(target, application, ports.pool, ports.width, Rules(()), held.checkpoint, held.may_go_on, "Delete")
    if held.record.spec.deleting is not None:
        hands = replace(hands, asked=held.record.spec.deleting.at)
    # An object that is kept leaves the inventory with the application; it is not asked about again.
    state = advance(plan, operation, (), execution, hands, held.record.inventory)
    for key in execution.kept:
        if key not in execution.unconfirmed:
            execution.inventory.pop(key, None)
    if execution.unconfirmed:
        state.waiting.append("somebody to confirm the rest")
    elif not state.waiting and not execution.failures and not execution.unfinished:
        try:
            state.waiting += still_goes((*operation.results, *execution.results), application, target)
        except MooringError as error:
            execution.failures.append((_itself(held.record), error))
    state.operation = tidy(
        plan, state, execution, application, target,
        lambda so_far: held.checkpoint(execution.inventory, replace(held.record.status, operation=so_far)),
    )  # fmt: skip
    return state


def _own(record: Record) -> ObjectKey:
    return ObjectKey("argoproj.io", "Application", record.key.namespace, record.key.name)


def _itself(record: Record) -> ObjectKey:
    return ObjectKey("", "Application", record.key.namespace, record.key.name)


def _awaits_confirmation(record: Record, operation: Operation) -> bool:
    """Whether all that is left to delete has to be confirmed first; declaring the application again says so."""
    spec = record.spec
    assert spec is not None
    assert spec.deleting is not None
    asked = any(condition.type == CONFIRMATION for condition in record.status.conditions)
    begun = record.status.operation is not None and record.status.operation.id == operation.id
    return asked and begun and spec.application.marks.approved < floor(spec.deleting.at)


def _come_back(ports: SyncPorts, held: Held, state: Advance, execution: Execution, cause: Cause) -> None:
    """Writes how far the deletion got and has it looked at again."""
    now, operation = ports.clock(), state.operation
    if execution.failures:
        message = str(execution.failures[0][1])
        operation = replace(operation, phase="Failed", message=f"deletion: {message}", finished_at=now)
        since = min((each.since for each in held.record.status.conditions if each.type == _FAILED), default=now)
        delay = min(_MOST, max(_AGAIN, (now - since) / 2))
    else:
        message = _message(state.waiting) if state.waiting else "deletion: goes on in another function"
        operation = replace(operation, message=message)
        delay = wait_delay(operation, now) if state.waiting else 0.0
    cost = operation.cost.plus(ports.consumption.taken())
    operation = replace(operation, results=results_of(operation, execution), cost=cost)
    status = held.record.status
    status = replace(status.because(_FAILED, message if execution.failures else "", now), operation=operation)
    unconfirmed = () if execution.failures or execution.unfinished else execution.unconfirmed
    status = confirm(status, unconfirmed, now)
    ports.applications.finish(
        held.record, inventory=execution.inventory, status=status, operation=operation, retry=None
    )
    if not unconfirmed:
        _look_again(ports, held.record, Cause("retry") if execution.unfinished else cause, delay)


def _look_again(ports: SyncPorts, record: Record, cause: Cause, delay: float) -> None:
    if cause.kind != "tick":  # the message that waits for this deletion is on its way already
        ports.queues.send_later([(Later("syncs", AppMessage(record.key, Cause("retry"))), delay)])
