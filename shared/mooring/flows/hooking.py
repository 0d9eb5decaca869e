"""Running hooks: made once for each operation, judged by their health, deleted as their policy says.

A hook carries the id of the operation that made it, so a function that takes over after a crash knows its own hooks
from those of an earlier sync, and no hook runs twice in one operation. Source: Argo CD, "Resource Hooks".
"""

from __future__ import annotations

from dataclasses import replace

from mooring.cluster.observe import APP_LABEL, Observed
from mooring.errors import ConflictError, MooringError
from mooring.flows.targets import Live
from mooring.health import assess, has_rule
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import tracking_value
from mooring.plan.hooks import Hook, Phase
from mooring.state.records import HookRun, Operation

__all__ = ["OPERATION_ANNOTATION", "hook_object", "known_run", "run_hook", "still_runs"]

OPERATION_ANNOTATION = "mooring.dev/operation"
_MAKING = "the one of an earlier sync is being deleted"


def hook_object(hook: Hook, phase: Phase, operation: Operation, application: Application, target: Live) -> Manifest:
    """The object that a hook becomes in one phase of one operation.

    A generated name is made of the revision, the phase and the operation's start, as in Argo CD, so that it is the same
    however often it is worked out.
    """
    manifest = hook.manifest
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "generateName"}
    if not metadata.get("name"):
        suffix = f"{operation.revision[:7]}-{phase.lower()}-{int(operation.started_at)}"
        metadata["name"] = f"{manifest['metadata']['generateName']}{suffix}"
    group, _, version = manifest["apiVersion"].rpartition("/")
    if target.namespaced(group, manifest["kind"], version) is False:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = application.destination.namespace or "default"
    metadata["labels"] = {**(metadata.get("labels") or {}), APP_LABEL: tracking_value(application.key)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), OPERATION_ANNOTATION: operation.id}
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

    Raises what the cluster answers where the hook can't be made or looked at.
    """
    manifest, known = known_run(hook, phase, operation, application, target)
    if known is not None and known.state != "Running":
        return known
    key, version = ObjectKey.of(manifest), manifest["apiVersion"].rpartition("/")[2]
    found = target.get(key, version)
    if found is None and known is not None and known.message != _MAKING:
        return _gone(known, manifest)
    if found is not None and found.live is not None and _operation_of(found) == operation.id:
        return _finished(_judged(HookRun(key, version, phase, "Running"), found.live, target), hook, target)
    if found is not None and "BeforeHookCreation" in hook.policies:
        _delete(target, found)
        return HookRun(key, version, phase, "Running", _MAKING)
    try:
        live = target.apply(manifest).live
    except ConflictError:  # the one of an earlier sync is not quite gone
        return HookRun(key, version, phase, "Running", _MAKING)
    return _finished(_judged(HookRun(key, version, phase, "Running"), live, target), hook, target)


def _operation_of(found: Observed) -> str:
    annotations = (found.live or {}).get("metadata", {}).get("annotations") or {}
    return str(annotations.get(OPERATION_ANNOTATION, ""))


def _judged(run: HookRun, live: Manifest, target: Live) -> HookRun:
    if not has_rule(run.key.group, run.key.kind, target.health):
        return replace(run, state="Succeeded")
    health = assess(live, target.health)
    if health.status == "Healthy":
        return replace(run, state="Succeeded", message=health.message)
    return replace(run, state="Failed" if health.status == "Degraded" else "Running", message=health.message)


def _gone(known: HookRun, manifest: Manifest) -> HookRun:
    """A hook that was made and is not there any more: its own time to live, or somebody's hand."""
    if (manifest.get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
        return replace(known, state="Succeeded", message="finished, and was removed by its time to live")
    return replace(known, state="Failed", message="was deleted before it finished")


def _finished(run: HookRun, hook: Hook, target: Live) -> HookRun:
    """Deletes a hook that has ended, where its policy says so; a hook that can't be deleted has still ended."""
    policy = {"Succeeded": "HookSucceeded", "Failed": "HookFailed"}.get(run.state)
    if policy not in hook.policies:
        return run
    try:
        found = target.get(run.key, run.version)
        if found is not None:
            _delete(target, found)
    except MooringError as error:
        return replace(run, message=f"{run.message}; could not be deleted: {error.message}".lstrip("; "))
    return run


def _delete(target: Live, found: Observed) -> None:
    if not found.deletion_timestamp:
        target.delete(found.key, found.uid, "Background")
