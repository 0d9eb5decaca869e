"""A dry-run sync: every step is tried on the API server and nothing is changed.

The server's admission, validation and conflicts are real; what the sync itself would only make (a namespace, a
definition of a kind) isn't there to be tried against, and the result says so. Hooks are tried too. What would have to
be deleted first (a hook of an earlier sync, an object with `Force=true`) can't be tried under its name, so it is tried
under another one. Only the operation and its results are written, each with what it would change as a diff; values of
Secrets are hashes there, keyed anew for each dry run, which still show whether two differ. Source: Argo CD, command
reference, `argocd app sync --dry-run` and `argocd app diff`, and gitops-engine's `sync_context.go` (`runTasks`).
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace

from mooring.differences.readable import diff
from mooring.differences.rules import Rules
from mooring.errors import MooringError, TransientError
from mooring.flows.clusters.live import Live
from mooring.flows.syncs.guarding import asked_since, keeps
from mooring.flows.syncs.hooking import hook_object
from mooring.flows.syncs.ports import SyncPorts, take_lease
from mooring.flows.syncs.writing import as_sent, try_anew, try_write
from mooring.model.application import Application
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import is_tracked
from mooring.plan.hooks import Hook, Phase
from mooring.plan.steps import Plan, Step
from mooring.state.operations import Operation, ResourceResult
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["rehearse"]

_LONGEST_DIFF = 16_000  # characters
_MADE_BEFORE = "could not be tried: its namespace or its kind would only be made by this sync"
_TOO_LATE = "was not tried: the function's time was over"
_ANEW = "it would be deleted first, so it was tried under another name"


@dataclass(frozen=True, slots=True)
class _Made:
    """What the sync would make before other objects need it."""

    namespaces: frozenset[str]
    kinds: frozenset[tuple[str, str]]

    def covers(self, key: ObjectKey) -> bool:
        return key.namespace in self.namespaces or (key.group, key.kind) in self.kinds


def rehearse(ports: SyncPorts, record: Record, target: Live, plan: Plan, operation: Operation, rules: Rules) -> Status:
    """Tries every step of a plan with a dry run and writes what would be done. Raises `ConflictError`."""
    assert record.spec is not None
    application = record.spec.application
    made = _made(plan, application)
    asked_before = target.requests
    asked = asked_since(record.status, operation.started_at)
    key = os.urandom(32)

    def attempt(step: Step) -> ResourceResult:
        version = step.wanted.version if step.wanted else step.entry.version if step.entry else ""
        if ports.clock() >= ports.deadline:
            return ResourceResult(step.key, version, "failed", _TOO_LATE)
        try:
            word, message, changes = _attempt(step, application, target, rules, asked, key)
        except MooringError as error:
            return ResourceResult(step.key, version, *_refusal(error, step.key, made, "would be created"))
        return ResourceResult(step.key, version, word, message, diff=_cut(changes))

    def attempt_hook(named: tuple[Phase, Hook]) -> ResourceResult:
        phase, hook = named
        manifest = hook_object(hook, phase, operation, application, target)
        hook_key, version = ObjectKey.of(manifest), manifest["apiVersion"].rpartition("/")[2]
        word = "would run if the sync failed" if phase == "SyncFail" else "would run"
        if ports.clock() >= ports.deadline:
            return ResourceResult(hook_key, version, "failed", _TOO_LATE, phase)
        try:
            message = _attempt_hook(manifest, hook, target)
        except MooringError as error:
            return ResourceResult(hook_key, version, *_refusal(error, hook_key, made, word), phase)
        return ResourceResult(hook_key, version, word, message, phase)

    results = [*ports.pool.map(attempt, plan.steps), *ports.pool.map(attempt_hook, _hooks(plan))]
    failed = [result for result in results if result.status == "failed"]
    operation = replace(
        operation,
        phase="Failed" if failed else "Succeeded",
        message=_refused(failed) if failed else _told(results),
        finished_at=ports.clock(),
        results=tuple(_worded(result) for result in results),
        requests=target.requests - asked_before,
        cost=ports.consumption.taken(),
    )
    status = replace(record.status, operation=operation)
    held = take_lease(ports, record, inventory=record.inventory, status=status, steps=0)
    ports.applications.finish(
        held.record, inventory=record.inventory, status=status, operation=operation, retry=record.retry
    )
    return status


def _worded(result: ResourceResult) -> ResourceResult:
    told = result.message if result.status == "failed" else "; ".join(filter(None, (result.status, result.message)))
    return replace(result, message=told)


def _made(plan: Plan, application: Application) -> _Made:
    manifests = [step.wanted.manifest for step in plan.steps if step.wanted is not None and step.reason == "new"]
    namespaces = {each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"}
    if application.create_namespace:
        namespaces.add(application.destination.namespace)
    kinds = {
        (spec.get("group", ""), (spec.get("names") or {}).get("kind", ""))
        for each in manifests
        if each["kind"] == "CustomResourceDefinition" and isinstance(spec := each.get("spec"), dict)
    }
    return _Made(frozenset(namespaces - {""}), frozenset(kinds))


def _attempt(
    step: Step, application: Application, target: Live, rules: Rules, asked: float, key: bytes
) -> tuple[str, str, str]:
    """The word for what would be done, what there is to say about it, and the diff."""
    if step.wanted is not None:
        found = target.get(step.key, step.wanted.version)
        live = None if found is None else found.live
        sent = as_sent(step.wanted, live, application, rules)
        tried, anew = try_write(target, step.wanted, sent, exists=live is not None)
        changes = diff(step.wanted.manifest, live, tried.live, rules, key).text
        word = "made anew" if anew else "created" if tried.created else "configured"
        return f"would be {word}", "; ".join((*((_ANEW,) if anew else ()), *tried.warnings)), changes
    assert step.entry is not None
    found = target.get(step.key, step.entry.version)
    if found is None:
        return "would be pruned", "is gone already", ""
    ours = is_tracked(application.key, found.key, found.app_label, found.tracking_id)
    if not ours or (step.entry.uid and step.entry.uid != found.uid):
        return "would be released", "is not the object that was applied, so it would stay", ""
    if stays := keeps(found, "Prune", application, asked):
        return "would be kept", stays.reason, ""
    return "would be pruned", "", diff(None, found.live, None, rules, key).text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_DIFF else f"{text[:_LONGEST_DIFF]}\n… cut after {_LONGEST_DIFF} characters\n"


def _attempt_hook(manifest: Manifest, hook: Hook, target: Live) -> str:
    """Tries to make a hook; what there is to say about it."""
    found = target.get(ObjectKey.of(manifest), manifest["apiVersion"].rpartition("/")[2])
    anew = found is not None and "BeforeHookCreation" in hook.policies
    tried = try_anew(target, manifest) if anew else target.apply(manifest, dry_run=True)
    return "; ".join((*((f"the one of an earlier sync is there: {_ANEW}",) if anew else ()), *tried.warnings))


def _refusal(error: MooringError, key: ObjectKey, made: _Made, word: str) -> tuple[str, str]:
    """The word and message for what was refused; what the sync would make before excuses it."""
    if made.covers(key) and not isinstance(error, TransientError):
        return word, _MADE_BEFORE
    return "failed", error.message


def _hooks(plan: Plan) -> list[tuple[Phase, Hook]]:
    return [
        (wave.phase, hook) for wave in (*plan.waves, *plan.on_failure) if wave.phase != "Prune" for hook in wave.hooks
    ]


def _refused(failed: list[ResourceResult]) -> str:
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    first = failed[0]
    return f"dry run: one or more objects would fail, reason: {first.key.kind} {first.key.name}: {first.message}{more}"


def _told(results: list[ResourceResult]) -> str:
    counted = Counter(result.status for result in results)
    return "dry run: " + (", ".join(f"{count} {word}" for word, count in sorted(counted.items())) or "nothing to do")
