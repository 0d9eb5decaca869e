"""Running hooks: made once for each operation, judged by their health, deleted as their policy says.

A hook carries the id of the operation that made it and its phase, so a function that takes over after a crash knows its
own hooks from those of an earlier sync, and no hook runs twice in one phase of an operation; one of several phases is
made anew for each. It is tracked as objects are; since it is never
in the inventory, it is neither pruned nor drift. What a policy deletes goes when the operation ends (`tidying`).
Source: Argo CD, "Resource Hooks", and gitops-engine's `sync_context.go`.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.cluster.observe import APP_LABEL, Observed
from mooring.errors import ConflictError, MooringError
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.quoting import judged
from mooring.flows.syncs.adopting import claimed_by
from mooring.health import has_rule
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import TRACKING_ANNOTATION, owner_of, tracking_id, tracking_value
from mooring.plan.hooks import Hook, Phase, read_hook
from mooring.state.operations import HookRun, Operation

__all__ = [
    "OPERATION_ANNOTATION",
    "delete_hook",
    "hook_object",
    "is_deleted",
    "known_run",
    "made_by",
    "run_hook",
    "still_runs",
    "terminate_hooks",
]

OPERATION_ANNOTATION = "mooring.dev/operation"
_MAKING = "the one of an earlier sync is being deleted"
_TERMINATED = "Terminated"


def hook_object(hook: Hook, phase: Phase, operation: Operation, application: Application, target: Live) -> Manifest:
    """The object that a hook becomes in one phase of one operation.

    A generated name is made of the revision, the phase and the operation's start, as in Argo CD, so that it is the same
    however often it is worked out.
    """
    manifest = hook.manifest
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "generateName"}
    if not metadata.get("name"):
        again = f"-{operation.tries}" if operation.tries else ""
        suffix = f"{operation.revision[:7]}-{phase.lower()}-{int(operation.started_at)}{again}"
        metadata["name"] = f"{manifest['metadata']['generateName']}{suffix}"
    group, _, version = manifest["apiVersion"].rpartition("/")
    if target.namespaced(group, manifest["kind"], version) is False:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = application.destination.namespace or "default"
    metadata["labels"] = {**(metadata.get("labels") or {}), APP_LABEL: tracking_value(application.key)}
    key = ObjectKey.of({**manifest, "metadata": metadata})
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        OPERATION_ANNOTATION: _made_in(operation, phase),
        TRACKING_ANNOTATION: tracking_id(application.key, key),
    }
    return {**manifest, "metadata": metadata}


def known_run(
    hook: Hook, phase: Phase, operation: Operation, application: Application, target: Live
) -> tuple[Manifest, HookRun | None]:
    """The object that the hook becomes, and how far it was when the operation was written last."""
    manifest = hook_object(hook, phase, operation, application, target)
    key = ObjectKey.of(manifest)
    return manifest, next((run for run in operation.hooks if (run.key, run.phase) == (key, phase)), None)


def still_runs(run: HookRun, target: Live) -> bool:
    """Whether a hook that was made and was running then is running still. Raises as a read of the cluster does."""
    found = None if run.message == _MAKING else target.get(run.key, run.version)
    return found is not None and found.live is not None and _judged(run, found.live, target).state == "Running"


def run_hook(hook: Hook, phase: Phase, operation: Operation, application: Application, target: Live) -> HookRun:
    """Makes a hook, or looks at the one that was made, and says how far it is.

    What another application of the installation has under its name is neither deleted nor written: the hook has failed.

    Raises what the cluster answers where the hook can't be made or looked at.
    """
    manifest, known = known_run(hook, phase, operation, application, target)
    if known is not None and known.state != "Running":
        return known
    key, version = ObjectKey.of(manifest), manifest["apiVersion"].rpartition("/")[2]
    found = target.get(key, version)
    if found is None and known is not None and known.message != _MAKING:
        return _gone(known, manifest)
    running = HookRun(key, version, phase, "Running")
    if found is not None and found.live is not None and made_by(operation, phase, found):
        return _judged(running, found.live, target)
    if (
        found is not None
        and found.live is not None
        and (other := owner_of(found.live, application.key))
        and other.label
    ):
        told = f"{claimed_by(application.key, other, key)}: it is left alone; give one of the two another name"
        return replace(running, state="Failed", message=told)
    if found is not None and found.live is not None and _goes_first(hook, _judged(running, found.live, target)):
        delete_hook(target, found, application)
        return replace(running, message=_MAKING)
    try:
        live = target.apply(manifest).live
    except ConflictError:  # the one of an earlier sync is not quite gone
        return replace(running, message=_MAKING)
    return _judged(running, live, target)


def _goes_first(hook: Hook, earlier: HookRun) -> bool:
    """Whether the hook of an earlier sync is deleted before it is made anew; `earlier` is how that one ended.

    What its policy would have deleted at the end of that sync goes now, where that sync never came to its end.
    """
    return "BeforeHookCreation" in hook.policies or is_deleted(hook, earlier)


def is_deleted(hook: Hook, run: HookRun) -> bool:
    """Whether its policy deletes a hook for having ended as it did."""
    policy = {"Succeeded": "HookSucceeded", "Failed": "HookFailed"}.get(run.state)
    return policy in hook.policies


def _made_in(operation: Operation, phase: Phase) -> str:
    """Which operation and phase made a hook, and at which of its tries, each of which makes its own."""
    return f"{operation.id}/{phase}" + (f"/{operation.tries}" if operation.tries else "")


def made_by(operation: Operation, phase: Phase, found: Observed) -> bool:
    """Whether a live hook was made in this phase of this operation."""
    annotations = (found.live or {}).get("metadata", {}).get("annotations") or {}
    return bool(annotations.get(OPERATION_ANNOTATION) == _made_in(operation, phase))


def _judged(run: HookRun, live: Manifest, target: Live) -> HookRun:
    if not has_rule(run.key.group, run.key.kind, target.health):
        return replace(run, state="Succeeded")
    health = judged(live, target.health)
    if health.status == "Healthy":
        return replace(run, state="Succeeded", message=health.message)
    failed = health.status in ("Degraded", "Unknown")
    return replace(run, state="Failed" if failed else "Running", message=health.message)


def _gone(known: HookRun, manifest: Manifest) -> HookRun:
    """A hook that was made and is not there any more: its own time to live, or somebody's hand."""
    if (manifest.get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
        return replace(known, state="Succeeded", message="finished, and was removed by its time to live")
    return replace(known, state="Failed", message="was deleted before it finished")


def _terminate(run: HookRun, operation: Operation, application: Application, target: Live) -> HookRun:
    """Ends a hook that was running when its operation was terminated, and says how it ended.

    It is deleted unless it has ended meanwhile; then it is what it is, and goes only if its policy is HookFailed, since
    the operation fails. Raises what the cluster answers. Source: gitops-engine, `terminateHooksPreemptively`.
    """
    found = target.get(run.key, run.version)
    if found is None or found.live is None:
        return replace(run, state="Succeeded", message=_TERMINATED)
    if not made_by(operation, run.phase, found):
        return replace(run, state="Failed", message=_TERMINATED)
    now = _judged(run, found.live, target)
    hook = read_hook(found.live)
    if now.state == "Running" or (hook is not None and "HookFailed" in hook.policies):
        delete_hook(target, found, application)
    return now if now.state != "Running" else replace(now, state="Failed", message=_TERMINATED)


def terminate_hooks(operation: Operation, application: Application, target: Live) -> tuple[tuple[HookRun, ...], str]:
    """Ends the hooks of an operation that still run: all hooks as they are then, and what could not be ended."""
    trouble = ""
    ended = list(operation.hooks)
    for index, run in enumerate(operation.hooks):
        if run.state != "Running":
            continue
        try:
            ended[index] = _terminate(run, operation, application, target)
        except MooringError as error:
            trouble = f"a hook could not be ended: {error.message}"
            ended[index] = replace(run, state="Failed", message=f"could not be ended: {error.message}")
    return tuple(ended), trouble


def delete_hook(target: Live, found: Observed, application: Application) -> None:
    """Deletes a live hook as the application prunes: in the foreground unless it says otherwise."""
    if not found.deletion_timestamp:
        target.delete(found.key, found.uid, application.propagation)
