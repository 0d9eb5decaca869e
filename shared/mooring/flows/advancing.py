"""Going through the waves of a plan: how far one invocation gets, and what it has to wait for.

Before a wave of objects, everything in the waves before it must be well; before the hooks of PostSync, everything.
What is on its way is waited for, without a running function: the operation stays Running in the table and a message
comes back. What is degraded fails the sync, and so does a hook; then the hooks of SyncFail run. Nothing of where an
operation stands is remembered but its hooks: the rest follows from the inventory and the cluster, so it survives any
crash. Source: Argo CD, "Sync Phases and Waves".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mooring.errors import MooringError, RejectedError
from mooring.flows.executing import Execution, Hands, execute
from mooring.flows.hooking import known_run, run_hook, still_runs
from mooring.flows.targets import Live
from mooring.health import assess, has_rule
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Plan, Wanted, Wave, intents
from mooring.state.records import HookRun, Operation

__all__ = ["Advance", "advance", "still_waits"]


@dataclass(slots=True)
class Advance:
    """How far an operation got: `operation` with its hooks as they are now, `waiting` in words, empty at the end."""

    operation: Operation
    waiting: list[str] = field(default_factory=list)


def advance(
    plan: Plan,
    operation: Operation,
    objects: Iterable[Wanted],
    execution: Execution,
    hands: Hands,
    recorded: Inventory,
) -> Advance:
    """Carries out as many waves as can be begun now; failures are in `execution`.

    `recorded` is the inventory as it was written last. Raises `ConflictError` when the lease is gone.
    """
    state = Advance(operation)
    known = list(objects)
    if not operation.failing:
        _go_through(plan.waves, state, known, execution, hands, recorded)
        if not execution.failures or execution.unfinished or state.waiting:
            return state
        if not plan.on_failure:
            return state
        key, error = execution.failures[0]
        state.operation = replace(state.operation, failing=f"{key.kind} {key.name}: {error.message}")
    aside = Execution(execution.inventory)
    _go_through(plan.on_failure, state, known, aside, hands, execution.inventory)
    execution.results += aside.results
    execution.unfinished = execution.unfinished or aside.unfinished
    if not state.waiting and not execution.failures:
        # The failure itself was in an earlier invocation.
        execution.failures.append((ObjectKey("", "", "", ""), RejectedError(state.operation.failing)))
    execution.failures += aside.failures
    return state


def _go_through(
    waves: tuple[Wave, ...],
    state: Advance,
    objects: list[Wanted],
    execution: Execution,
    hands: Hands,
    recorded: Inventory,
) -> None:
    for wave in waves:
        if execution.failures or execution.unfinished:
            return
        if wave.phase == "PostDelete" and execution.unconfirmed:
            return
        if _is_over(wave, _known_runs(wave, state.operation, hands.application, hands.target)):
            continue
        _look_back(wave, state, objects, execution, hands.target)
        if state.waiting or execution.failures:
            return
        if wave.stages:
            begun = intents(wave.steps, execution.inventory)
            if begun != recorded:
                hands.checkpoint(begun)
                execution.inventory.update(begun)
            execute(wave.stages, execution, hands)
        if not execution.failures and not execution.unfinished:
            _run_hooks(wave, state, execution, hands)
        if state.waiting:
            return


def _is_over(wave: Wave, runs: Iterable[HookRun | None]) -> bool:
    """Whether nothing is left to do in a wave whose hooks got as far as `runs` says."""
    return not wave.stages and all(run is not None and run.state != "Running" for run in runs)


def _known_runs(wave: Wave, operation: Operation, application: Application, target: Live) -> list[HookRun | None]:
    if wave.phase == "Prune":
        return []
    return [known_run(hook, wave.phase, operation, application, target)[1] for hook in wave.hooks]


def still_waits(
    plan: Plan, operation: Operation, objects: Iterable[Wanted], application: Application, target: Live
) -> list[str]:
    """What an operation that was begun before still waits for, in words; nothing is changed. Raises as reads do."""
    for wave in plan.on_failure if operation.failing else plan.waves:
        runs = _known_runs(wave, operation, application, target)
        if _is_over(wave, runs):
            continue
        waiting, degraded = _waits_for(_before(wave, objects, target), Execution({}), target)
        if degraded:
            return []
        hooks = [run for run in runs if run is not None and run.state == "Running"]
        return waiting + [f"hook {run.key.kind} {run.key.name}" for run in hooks if still_runs(run, target)]
    return []


def _before(wave: Wave, objects: Iterable[Wanted], target: Live) -> list[Wanted]:
    """The objects that have to be well before the wave may begin, as far as their kind has health at all."""
    if wave.phase not in ("Sync", "PostSync") and not wave.last:
        return []
    return [
        item
        for item in objects
        if has_rule(item.key.group, item.key.kind, target.health) and (wave.phase != "Sync" or item.wave < wave.number)
    ]


def _look_back(wave: Wave, state: Advance, objects: list[Wanted], execution: Execution, target: Live) -> None:
    """Sees to it that what the wave stands on is well."""
    try:
        waiting, degraded = _waits_for(_before(wave, objects, target), execution, target)
    except MooringError as error:
        execution.failures.append((ObjectKey("", "", "", ""), error))
        return
    state.waiting += waiting
    execution.failures += degraded


def _waits_for(
    items: Iterable[Wanted], execution: Execution, target: Live
) -> tuple[list[str], list[tuple[ObjectKey, MooringError]]]:
    """Which of these objects are on their way to health, in words, and which are degraded."""
    waiting: list[str] = []
    degraded: list[tuple[ObjectKey, MooringError]] = []
    for item in items:
        health = execution.health.get(item.key)
        if health is None:
            found = target.get(item.key, item.version)
            health = execution.health[item.key] = assess(None if found is None else found.live, target.health)
        if health.status == "Degraded":
            message = f"is degraded, so later waves were not begun: {health.message}"
            degraded.append((item.key, RejectedError(message, subject=str(item.key))))
        elif health.status != "Healthy":
            waiting.append(f"{item.key.kind} {item.key.name}" + (f" ({health.message})" if health.message else ""))
    return waiting, degraded


def _run_hooks(wave: Wave, state: Advance, execution: Execution, hands: Hands) -> None:
    if wave.phase == "Prune":
        return
    for hook in wave.hooks:
        try:
            run = run_hook(hook, wave.phase, state.operation, hands.application, hands.target)
        except MooringError as error:
            execution.failures.append((ObjectKey("", hook.manifest["kind"], "", _name(hook.manifest)), error))
            return
        others = tuple(each for each in state.operation.hooks if (each.key, each.phase) != (run.key, run.phase))
        state.operation = replace(state.operation, hooks=(*others, run))
        if run.state == "Running":
            state.waiting.append(f"hook {run.key.kind} {run.key.name}")
        elif run.state == "Failed":
            execution.failures.append((run.key, RejectedError(f"the hook failed: {run.message}", subject=str(run.key))))


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return str(metadata.get("name") or metadata.get("generateName"))
