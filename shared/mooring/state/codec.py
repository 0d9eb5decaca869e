"""Records as items of the table, and back.

Attributes that conditions or lists need stand on their own; the rest is one packed JSON attribute. What is read here
was written here, so it is trusted. How an operation is kept is in `state.operationcodec`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mooring.events.messages import Cause
from mooring.health import Health
from mooring.model.application import parse_application
from mooring.model.chain import Head
from mooring.model.objects import ObjectKey
from mooring.model.once import Once
from mooring.model.tracking import Owner
from mooring.state.fitting import MAX_BODY, shortened_status
from mooring.state.operationcodec import commit_from, commit_row, operation_body, operation_of
from mooring.state.operations import Instead, Request, RetryState
from mooring.state.packing import pack, unpack
from mooring.state.records import Deleting, Lease, Spec
from mooring.state.said import said_from, said_item
from mooring.state.spending import Cost
from mooring.state.statuses import Condition, Fight, Pushed, Resource, Status
from mooring.state.summaries import declared_of, desired_of, found_of, indexed
from mooring.state.table import Item
from mooring.state.wanted import Input, RenderFailure, Rendering, WantedState

__all__ = [
    "as_kept",
    "lease_from",
    "request_from",
    "request_item",
    "retry_from",
    "retry_item",
    "spec_from",
    "spec_item",
    "status_from",
    "status_item",
    "wanted_from",
    "wanted_item",
]


def spec_item(pk: str, spec: Spec) -> Item:
    """The item `SPEC`."""
    deleting = spec.deleting
    body: dict[str, Any] = {
        "declared": spec.application.declared,
        "warnings": spec.warnings,
        "by": spec.by,
        "deleting": None if deleting is None else [deleting.cascade, deleting.by, deleting.at],
    }
    if spec.owner:
        body |= {"owner": spec.owner, "rolling": spec.rolling}
    kept = {"pk": pk, "sk": "SPEC", "generation": spec.generation, "body": pack(body)}
    return kept | said_item(spec) | indexed(pk, declared_of(spec))


def spec_from(item: Item) -> Spec:
    """The inverse of `spec_item`."""
    body = unpack(item["body"])
    deleting = Deleting(*body["deleting"]) if body["deleting"] else None
    application = parse_application(body["declared"]).application
    owner, rolling = body.get("owner", ""), body.get("rolling", False)
    paused, approved = said_from(item)
    if approved > application.marks.approved:
        application = replace(application, marks=replace(application.marks, approved=approved))
    return Spec(
        application, item["generation"], tuple(body["warnings"]), deleting, body["by"], owner, rolling, paused, approved
    )


def wanted_item(pk: str, wanted: WantedState) -> Item:
    """The item `WANTED`."""
    body = {
        "cause": wanted.cause.to_json(),
        "commit": commit_row(wanted.commit),
        "failure": wanted.failure,
        "rendering": wanted.rendering,
        "earlier": wanted.earlier,
        **({"spent": wanted.spent} if wanted.spent != Cost() else {}),
    }
    return {
        "pk": pk,
        "sk": "WANTED",
        "revision": wanted.revision,
        "generation": wanted.generation,
        "resolved_at": wanted.resolved_at,
        "renderer": wanted.renderer,
        "body": pack(body),
        **indexed(pk, desired_of(wanted)),
    }


def wanted_from(item: Item) -> WantedState:
    """The inverse of `wanted_item`."""
    body = unpack(item["body"])
    return WantedState(
        revision=item["revision"],
        generation=item["generation"],
        resolved_at=item["resolved_at"],
        cause=Cause.from_json(body["cause"]),
        commit=commit_from(body["commit"]),
        renderer=item["renderer"],
        rendering=_rendering(body["rendering"]),
        earlier=tuple(_rendering(each) for each in body["earlier"]),
        failure=None if body["failure"] is None else RenderFailure(**body["failure"]),
        spent=Cost(**body.get("spent", {})),
    )


def _rendering(body: dict[str, Any]) -> Rendering:
    inputs = tuple(Input(**each | {"depends": tuple(each["depends"])}) for each in body["inputs"])
    read = {"inputs": inputs, "warnings": tuple(body["warnings"]), "parts": tuple(body.get("parts", ()))}
    return Rendering(**body | read)


def _resource_row(resource: Resource) -> list[Any]:
    health = resource.health
    return [
        str(resource.key),
        resource.version,
        resource.wave,
        resource.sync,
        None if health is None else [health.status, health.message],
        resource.requires_pruning,
        resource.drift,
        *([resource.uncounted] if resource.uncounted else []),
    ]


def _resource_from(row: list[Any]) -> Resource:
    key, version, wave, sync, health, requires_pruning, drift, *uncounted = row
    return Resource(
        ObjectKey.parse(key),
        version,
        wave,
        sync,
        None if health is None else Health(*health),
        requires_pruning,
        tuple(drift),
        *uncounted,
    )


def status_item(pk: str, status: Status) -> Item:
    """The item `STATUS`; words that would not fit an item are left out (see `state.fitting`)."""
    body = _status_body(status)
    if len(body) > MAX_BODY:
        body = _status_body(shortened_status(status))
    return {
        "pk": pk,
        "sk": "STATUS",
        "sync": status.sync,
        "health": status.health.status,
        "bundle": status.bundle,
        "revision": status.revision,
        "generation": status.generation,
        "cluster": status.cluster,
        "body": body,
        **indexed(pk, found_of(status)),
    }


def _status_body(status: Status) -> bytes:
    operation = status.operation
    body = {
        "health": [status.health.status, status.health.message],
        "resources": [_resource_row(resource) for resource in status.resources],
        "conditions": [[c.type, c.message, c.since] for c in status.conditions],
        "operation": None if operation is None else operation_body(operation),
        "shared": [[str(key), owner.app, owner.label] for key, owner in status.shared],
        "fights": [[str(f.key), f.fields, f.manager, f.reverted] for f in status.fights],
        **({"orphans": [status.orphaned, [str(key) for key in status.orphans]]} if status.orphaned else {}),
        **({"reopen_at": status.reopen_at} if status.reopen_at else {}),
        **({"pushed": [_pushed_row(each) for each in status.pushed]} if status.pushed else {}),
        **({"images": status.images} if status.images else {}),
        **({"times": [status.changed_at, status.synced_at]} if status.changed_at else {}),
        **({"counted": status.counted} if status.counted != Cost() else {}),
    }
    return pack(body)


def status_from(item: Item) -> Status:
    """The inverse of `status_item`."""
    body = unpack(item["body"])
    orphaned, orphans = body.get("orphans", (0, ()))
    changed_at, synced_at = body.get("times", (0.0, 0.0))
    return Status(
        sync=item["sync"],
        bundle=item["bundle"],
        revision=item["revision"],
        generation=item["generation"],
        cluster=item["cluster"],
        health=Health(*body["health"]),
        resources=tuple(_resource_from(row) for row in body["resources"]),
        conditions=tuple(Condition(*row) for row in body["conditions"]),
        operation=None if body["operation"] is None else operation_of(body["operation"]),
        shared=tuple((ObjectKey.parse(key), Owner(app, label)) for key, app, label in body.get("shared", ())),
        fights=tuple(
            Fight(ObjectKey.parse(key), tuple(fields), manager, tuple(reverted))
            for key, fields, manager, reverted in body.get("fights", ())
        ),
        orphans=tuple(ObjectKey.parse(key) for key in orphans),
        orphaned=orphaned,
        reopen_at=body.get("reopen_at", 0.0),
        pushed=tuple(Pushed(ObjectKey.parse(source), *rest) for source, *rest in body.get("pushed", ())),
        images=tuple(body.get("images", ())),
        changed_at=changed_at,
        synced_at=synced_at,
        counted=Cost(**body.get("counted", {})),
    )


def _pushed_row(pushed: Pushed) -> list[object]:
    return [str(pushed.source), pushed.name, pushed.property, pushed.access, pushed.recovery]


def as_kept(status: Status) -> Status:
    """The status as it comes back once it was written, without the words that would not fit."""
    return status_from(status_item("", status))


def retry_item(pk: str, retry: RetryState) -> Item:
    """The item `RETRY`."""
    return {
        "pk": pk,
        "sk": "RETRY",
        "bundle": retry.bundle,
        "generation": retry.generation,
        "failures": retry.failures,
        "due": retry.due,
        "message": retry.message,
    }


def retry_from(item: Item) -> RetryState:
    """The inverse of `retry_item`."""
    return RetryState(item["bundle"], item["generation"], item["failures"], item["due"], item["message"])


def request_item(pk: str, request: Request) -> Item:
    """The item `REQUEST`."""
    prune = {} if request.prune is None else {"prune": request.prune}
    chosen = {"resources": "\n".join(request.resources)} if request.resources else {}
    tried = {"dry_run": True} if request.dry_run else {}
    asked = {"id": request.id, "person": request.by, "at": request.at}
    other = {"revisions": "\n".join(request.revisions)} if request.revisions else {}
    back = {"returned": request.returned} if request.returned else {}
    brings = {} if request.instead is None else {"instead": pack(request.instead)}
    once = {"once": pack(request.once.to_json())} if request.once != Once() else {}
    return {"pk": pk, "sk": "REQUEST", **asked, **prune, **chosen, **tried, **other, **back, **brings, **once}


def request_from(item: Item) -> Request:
    """The inverse of `request_item`."""
    resources = tuple(item["resources"].split("\n")) if "resources" in item else ()
    instead = unpack(item["instead"]) if "instead" in item else None
    return Request(
        item["id"],
        item["person"],
        item["at"],
        item.get("prune"),
        resources,
        item.get("dry_run", False),
        tuple(item["revisions"].split("\n")) if "revisions" in item else (),
        None if instead is None else Instead(**instead | {"commit": commit_from(instead["commit"])}),
        item.get("returned", ""),
        Once.from_json(unpack(item["once"])) if "once" in item else Once(),
    )


def lease_from(item: Item) -> Lease:
    """The item `LEASE` as a value."""
    head = Head(item.get("links", 0), item.get("head", ""))
    return Lease(item["fence"], item["holder"], item["expires"], head)
