"""What is left to do when an operation ends: deleting the hooks whose policy says so.

They go at the end and not as soon as each has ended, because later hooks may need them: a Job its ServiceAccount, as
charts have it. How they ended is written down first, so that a function that takes over after a crash does not take a
hook that we deleted for one that somebody else did. Nothing is read or written where no policy deletes anything.
Source: Argo CD, "Resource Hooks", and gitops-engine's `sync_context.go` (`deleteHooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mooring.errors import MooringError
from mooring.flows.clusters.live import Live
from mooring.flows.syncs.advancing import Advance
from mooring.flows.syncs.executing import Execution
from mooring.flows.syncs.hooking import delete_hook, is_deleted, known_run, made_by
from mooring.model.application import Application
from mooring.plan.steps import Plan
from mooring.state.operations import HookRun, Operation

__all__ = ["tidy"]


def tidy(
    plan: Plan,
    state: Advance,
    execution: Execution,
    application: Application,
    target: Live,
    note: Callable[[Operation], None],
) -> Operation:
    """Deletes the hooks of an operation that has come to its end; the operation says of which it can't.

    `note` records how the hooks ended, and raises `ConflictError` where the lease was lost.
    """
    operation = state.operation
    if state.waiting or execution.unfinished:
        return operation
    ended = _ended(plan, operation, application, target)
    if not ended:
        return operation
    failing = operation.failing
    if execution.failures and not failing:
        key, error = execution.failures[0]
        failing = f"{key.kind} {key.name}: {error.message}"
    note(replace(operation, failing=failing))
    runs = {(run.key, run.phase): run for run in operation.hooks}
    for run in ended:
        try:
            found = target.get(run.key, run.version)
            if found is not None and made_by(operation, run.phase, found):
                delete_hook(target, found, application)
        except MooringError as error:
            message = f"{run.message}; could not be deleted: {error.message}".removeprefix("; ")
            runs[run.key, run.phase] = replace(run, message=message)
    return replace(operation, hooks=tuple(runs.values()))


def _ended(plan: Plan, operation: Operation, application: Application, target: Live) -> list[HookRun]:
    ended: list[HookRun] = []
    for wave in (*plan.waves, *plan.on_failure):
        if wave.phase == "Prune":
            continue
        for hook in wave.hooks:
            _, run = known_run(hook, wave.phase, operation, application, target)
            if run is not None and is_deleted(hook, run):
                ended.append(run)
    return ended
