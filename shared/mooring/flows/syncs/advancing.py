"""Going through the waves of a plan: how far one invocation gets, and what it has to wait for.

Before a wave of objects, everything in the waves before it must be well; before the hooks of PostSync, everything.
What is on its way is waited for, without a running function: the operation stays Running in the table and a message
comes back. What is degraded fails the sync, and so does a hook; then the hooks of SyncFail run. What was pruned must be
gone before anything else begins. Of where an operation stands its hooks and results are remembered; the rest follows
from the inventory and the cluster, so it survives any crash. Source: Argo CD, "Sync Phases and Waves", and
gitops-engine's `sync_context.go` (`Sync`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mooring.errors import MooringError, RejectedError
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.quoting import judged
from mooring.flows.syncs.executing import Execution, Hands, execute
from mooring.flows.syncs.hooking import known_run, run_hook, still_runs
from mooring.health import has_rule
from mooring.model.application import Application
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Action, Plan, Step, Wanted, Wave, intents
from mooring.state.operations import HookRun, Operation, ResourceResult

__all__ = ["Advance", "advance", "still_goes", "still_waits"]


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
        if closed := hands.closed():
            state.waiting.append(f"a sync window ({closed})")
            return
        _look_back(wave, state, objects, execution, hands)
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
        standing, execution = _Standing(), Execution({})
        for item in _before(wave, objects, target):
            _judge(item, standing, execution, target)
        if standing.degraded or standing.missing:
            return []
        waiting = standing.waiting or still_goes(operation.results, application, target)
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


def _look_back(wave: Wave, state: Advance, objects: list[Wanted], execution: Execution, hands: Hands) -> None:
    """Sees to it that what the wave stands on is there and well, and that what was pruned before it is gone."""
    standing = _Standing()
    for item in _before(wave, objects, hands.target):
        try:
            _judge(item, standing, execution, hands.target)
        except MooringError as error:
            execution.failures.append((item.key, error))
            return
    execution.failures += standing.degraded
    if standing.missing and not execution.failures:
        _bring_back(standing.missing, state, execution, hands)
    state.waiting += standing.waiting
    if state.waiting or execution.failures or execution.unfinished:
        return
    results = (*state.operation.results, *execution.results)
    try:
        state.waiting += still_goes(results, hands.application, hands.target)
    except MooringError as error:
        pruned = next(result.key for result in results if result.status == "pruned")
        execution.failures.append((pruned, error))


def _bring_back(missing: list[Wanted], state: Advance, execution: Execution, hands: Hands) -> None:
    """Applies what an earlier sync applied and what is not there any more, as Argo CD does in every sync.

    What this operation has applied itself and somebody has deleted since fails it, or it would wait for ever.
    """
    applied = {result.key for result in (*state.operation.results, *execution.results)}
    for item in missing:
        if item.key in applied:
            message = "is missing; it might have been deleted while the sync waited for it"
            execution.failures.append((item.key, RejectedError(message, subject=str(item.key))))
    if execution.failures:
        return
    steps = tuple(Step(Action.APPLY, item.key, "drifted", item, execution.inventory.get(item.key)) for item in missing)
    begun = intents(steps, execution.inventory)
    hands.checkpoint(begun)
    execution.inventory.update(begun)
    execute((steps,), execution, hands)
    state.waiting += [f"{item.key.kind} {item.key.name}" for item in missing]


def still_goes(results: Iterable[ResourceResult], application: Application, target: Live) -> list[str]:
    """What of the objects that were pruned is still there, in words: the first of them that is found.

    Lists each of their kinds until then, nothing where nothing was pruned. Raises as reads do. Source: Argo CD, "Sync
    Phases and Waves", on pruning.
    """
    pruned = {result.key: result.version for result in results if result.status == "pruned"}
    label = tracking_value(application.key)
    for group, kind, version in sorted({(key.group, key.kind, version) for key, version in pruned.items()}):
        for found in target.look(group, kind, version, [label], full=False):
            if found.key in pruned and found.deletion_timestamp:
                return [f"deletion of {kind} {found.key.name}"]
    return []


@dataclass(slots=True)
class _Standing:
    """Of the objects that a wave stands on: what is on its way to health, in words, what is degraded, what is gone."""

    waiting: list[str] = field(default_factory=list)
    degraded: list[tuple[ObjectKey, MooringError]] = field(default_factory=list)
    missing: list[Wanted] = field(default_factory=list)


def _judge(item: Wanted, standing: _Standing, execution: Execution, target: Live) -> None:
    health = execution.health.get(item.key)
    if health is None:
        found = target.get(item.key, item.version)
        health = execution.health[item.key] = judged(None if found is None else found.live, target.health)
    if health.status == "Degraded":
        message = f"is degraded, so later waves were not begun: {health.message}"
        standing.degraded.append((item.key, RejectedError(message, subject=str(item.key))))
    elif health.status == "Missing":
        standing.missing.append(item)
    elif health.status != "Healthy":
        standing.waiting.append(f"{item.key.kind} {item.key.name}" + (f" ({health.message})" if health.message else ""))


def _run_hooks(wave: Wave, state: Advance, execution: Execution, hands: Hands) -> None:
    if wave.phase == "Prune":
        return
    for hook in wave.hooks:
        refused: MooringError | None = None
        try:
            run = run_hook(hook, wave.phase, state.operation, hands.application, hands.target)
        except MooringError as error:
            manifest, _ = known_run(hook, wave.phase, state.operation, hands.application, hands.target)
            key, version = ObjectKey.of(manifest), manifest["apiVersion"].rpartition("/")[2]
            run, refused = HookRun(key, version, wave.phase, "Failed", error.message), error
        others = tuple(each for each in state.operation.hooks if (each.key, each.phase) != (run.key, run.phase))
        state.operation = replace(state.operation, hooks=(*others, run))
        if run.state == "Running":
            state.waiting.append(f"hook {run.key.kind} {run.key.name}")
        elif run.state == "Failed":
            failed = RejectedError(f"the hook failed: {run.message}", subject=str(run.key))
            execution.failures.append((run.key, refused or failed))
