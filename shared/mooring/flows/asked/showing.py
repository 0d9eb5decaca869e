"""An application as Argo CD's API shows it: the declared document with a `status` worked out from what is remembered.

Nothing shown here is stored twice. Whether git is ahead of the cluster, for example, follows from comparing what git
wants with what the status was judged against. Field names follow Argo CD's `ApplicationStatus`; `drift` is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from mooring.flows.asked.costs import told_cost
from mooring.flows.asked.requested import told_once, told_request, unbegun
from mooring.flows.asked.summarising import sync_of
from mooring.model.moments import told_time
from mooring.state.operations import Operation, ResourceResult
from mooring.state.records import Record
from mooring.state.statuses import Resource, SyncStatus
from mooring.state.summaries import desired_of, found_of

__all__ = ["deployments", "show_application"]


def show_application(
    record: Record, history: Iterable[Operation] = (), *, brief: bool = False, region: str = ""
) -> dict[str, Any]:
    """The application with its status; `history` are its operations, newest first. The record must have a spec.

    `brief` leaves out what grows with the number of objects. In a `region` the last operation's cost has a price.
    """
    spec = record.spec
    assert spec is not None
    declared = spec.application.declared
    metadata = {**declared["metadata"], "namespace": record.key.namespace, "generation": spec.generation}
    if spec.deleting is not None:
        metadata["deletionTimestamp"] = told_time(spec.deleting.at)
    if spec.owner:
        owner = {"apiVersion": declared["apiVersion"], "kind": "ApplicationSet", "name": spec.owner.partition("/")[2]}
        metadata["ownerReferences"] = [{**owner, "controller": True}]
    status = record.status
    sync, revision = _sync(record)
    operation = status.operation
    shown: dict[str, Any] = {
        "sync": {"status": sync, **_revision(revision)},
        "health": {"status": status.health.status} | _optional(message=status.health.message),
        **({} if brief else {"resources": [_resource(resource) for resource in status.resources]}),
        "history": [_history(index, each) for index, each in enumerate(deployments(record, history), start=1)],
        "conditions": _conditions(record),
    }
    if record.wanted is not None and record.wanted.rendering.source_type:
        types = record.wanted.rendering.source_type.split(",")
        shown |= {"sourceType": types[0]} if len(types) == 1 else {"sourceTypes": types}
    if status.orphans and not brief:
        shown["orphanedResources"] = [
            {**_optional(group=key.group), "kind": key.kind, "namespace": key.namespace, "name": key.name}
            for key in status.orphans
        ]
    if spec.paused is not None:
        shown["paused"] = {"by": spec.paused.by, "at": told_time(spec.paused.at), "why": spec.paused.why}
    if (request := unbegun(record)) is not None:
        shown["requested"] = told_request(record, request, told_time(request.at))
    if operation is not None:
        shown["operationState"] = _operation(operation, brief=brief, region=region)
        shown["reconciledAt"] = told_time(operation.finished_at or operation.started_at)
    return {**declared, "metadata": metadata, "status": shown}


def _sync(record: Record) -> tuple[SyncStatus, str]:
    """The sync status and the revision that it is about."""
    wanted, spec = record.wanted, record.spec
    assert spec is not None
    return sync_of(spec.generation, None if wanted is None else desired_of(wanted), found_of(record.status))


def _conditions(record: Record) -> list[dict[str, str]]:
    spec, wanted = record.spec, record.wanted
    assert spec is not None
    shown = [{"type": "UnknownFieldWarning", "message": message} for message in spec.warnings]
    if (paused := spec.paused) is not None:
        why = f": {paused.why}" if paused.why else ""
        message = f"automated sync and self-heal were paused by {paused.by}{why}; resume, or sync, to go on"
        shown.append({"type": "AutoSyncPaused", "message": message, "lastTransitionTime": told_time(paused.at)})
    if wanted is not None:
        shown += [{"type": "RenderWarning", "message": message} for message in wanted.rendering.warnings]
        if wanted.failure is not None:
            since = told_time(wanted.failure.at)
            shown.append({"type": "ComparisonError", "message": wanted.failure.message, "lastTransitionTime": since})
    shown += [
        {"type": each.type, "message": each.message, "lastTransitionTime": told_time(each.since)}
        for each in record.status.conditions
    ]
    operation = record.status.operation
    if operation is not None and operation.phase in ("Failed", "Error"):
        since = told_time(operation.finished_at)
        shown.append({"type": "SyncError", "message": operation.message, "lastTransitionTime": since})
    return shown


def _resource(resource: Resource) -> dict[str, Any]:
    key = resource.key
    shown: dict[str, Any] = {
        **_optional(group=key.group),
        "version": resource.version,
        "kind": key.kind,
        **_optional(namespace=key.namespace),
        "name": key.name,
        "status": resource.sync,
    }
    if resource.health is not None:
        shown["health"] = {"status": resource.health.status} | _optional(message=resource.health.message)
    if resource.wave:
        shown["syncWave"] = resource.wave
    if resource.requires_pruning:
        shown["requiresPruning"] = True
    if resource.drift:
        shown["drift"] = list(resource.drift)
    return shown


def _operation(operation: Operation, *, brief: bool, region: str) -> dict[str, Any]:
    once = told_once(operation.once)
    retry = {"retry": once.pop("retry")} if "retry" in once else {}
    shown: dict[str, Any] = {
        "phase": operation.phase,
        "message": operation.message,
        "startedAt": told_time(operation.started_at),
        "operation": {
            "initiatedBy": _initiator(operation),
            "sync": {**_revision(operation.revision), "prune": operation.prune, **once},
            **retry,
        },
        "syncResult": {
            **_revision(operation.revision),
            **({} if brief else {"resources": [_result(result) for result in operation.results]}),
        },
        "retryCount": operation.retries,
        "id": operation.id,
        "kind": operation.kind,
        "requests": operation.requests,
        "cost": told_cost(operation.cost, region),
        **_optional(returnedTo=operation.returned),
    }
    if operation.finished_at:
        shown["finishedAt"] = told_time(operation.finished_at)
    return shown


def _initiator(operation: Operation) -> dict[str, Any]:
    if operation.cause.kind == "person":
        return {"username": operation.cause.by}
    if operation.cause.kind == "image":
        pusher = f", pushed by {operation.cause.by}" if operation.cause.by else ""
        return {"automated": True, "username": f"image {operation.cause.id}{pusher}"}
    return {"automated": True} | _optional(username=operation.cause.by)


def _result(result: ResourceResult) -> dict[str, Any]:
    key = result.key
    return {
        **_optional(group=key.group),
        "version": result.version,
        "kind": key.kind,
        **_optional(namespace=key.namespace),
        "name": key.name,
        "status": "SyncFailed" if result.status == "failed" else "Pruned" if result.status == "pruned" else "Synced",
        "message": result.message or result.status,
        **_optional(hookType=result.phase, hookPhase=result.status.capitalize() if result.phase else ""),
        **_optional(diff=result.diff),
    }


def deployments(record: Record, operations: Iterable[Operation]) -> list[Operation]:
    """The last successful syncs, oldest first, as many as the application keeps in its history."""
    spec = record.spec
    assert spec is not None
    done = [each for each in operations if each.kind == "sync" and each.phase == "Succeeded"]
    return done[: spec.application.history_limit][::-1]


def _history(index: int, operation: Operation) -> dict[str, Any]:
    commit = operation.commit
    return {
        "id": index,
        "operation": operation.id,
        **_revision(operation.revision),
        "deployStartedAt": told_time(operation.started_at),
        "deployedAt": told_time(operation.finished_at),
        "initiatedBy": _initiator(operation),
        "cause": asdict(operation.cause),
        **_optional(returnedTo=operation.returned),
        **told_once(operation.once),
        **_optional(author=commit.author, authorEmail=commit.email, message=commit.subject, committedAt=commit.at),
    }


def _revision(name: str) -> dict[str, Any]:
    """The revision, or those of several sources, as Argo CD shows them."""
    return {"revisions": name.split(",")} if "," in name else {"revision": name}


def _optional(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}
