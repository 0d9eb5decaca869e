"""A rolling sync: the set asks for the syncs of its applications, step by step.

Generated applications are written with their automated sync switched off, as Argo CD writes them, so that nothing but
the set (or a person) begins one: no sync has to ask whether it may. What may be synced now follows from where the
applications stand (`appsets.rolling`); asking twice does no harm, since one that was asked for is not asked for again.
Source: Argo CD, "Progressive Syncs".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mooring.appsets.generating import Generated
from mooring.appsets.rolling import Member, progress
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.sets.concluding import rollout_condition
from mooring.flows.sets.enacting import EnactPorts, author
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.state.applicationsets import SetMember, SetRecord, SetStatus
from mooring.state.operations import Request
from mooring.state.records import Record

__all__ = ["held_back", "roll"]

_UNDER_WAY = ("Running", "Terminating")


def held_back(generated: Generated) -> Generated:
    """An application whose automated sync waits for the set; its other words (prune) stay, for when it is asked."""
    document = generated.document
    policy = document["spec"].get("syncPolicy")
    if not isinstance(policy, dict) or not isinstance(policy.get("automated"), dict):
        return generated
    automated = {**policy["automated"], "enabled": False}
    spec: dict[str, Any] = {**document["spec"], "syncPolicy": {**policy, "automated": automated}}
    return Generated(generated.name, {**document, "spec": spec}, generated.origin)


def roll(ports: EnactPorts, record: SetRecord, keys: Iterable[AppKey], status: SetStatus, now: float) -> SetStatus:
    """Asks for the syncs that may begin now; returns the status with where all of the applications stand.

    Raises `ConflictError` where the set's lease is lost.
    """
    assert record.spec is not None
    rollout = record.spec.application_set.rollout
    loaded = ports.applications.load(keys)
    records = {key.name: each for key, each in loaded.items() if each.spec is not None and each.spec.deleting is None}
    found = progress(rollout, [_member(each) for each in records.values()])
    asked = [each for name in found.may_sync if (each := records[name]).spec and each.spec.paused is None]
    requests = [Request(new_ulid(now), author(record), now, _prunes(each)) for each in asked]
    groups = [[ports.applications.requesting(each.key, own)] for each, own in zip(asked, requests, strict=True)]
    done = ports.registry.sets.write(record, groups)
    ports.queues.send(
        "syncs",
        [
            AppMessage(each.key, Cause("person", own.id, own.by))
            for each, own, ok in zip(asked, requests, done, strict=True)
            if ok
        ],
    )
    begun = {each.key.name for each, ok in zip(asked, done, strict=True) if ok}
    members = tuple(
        SetMember(name, found.steps[name], "Pending" if name in begun else stage)
        for name, stage in found.stages.items()
    )
    conditions = rollout_condition(status.conditions, members, found.current, now)
    return SetStatus(conditions, status.digest, status.held, status.token, members)


def _member(record: Record) -> Member:
    spec, status, wanted = record.spec, record.status, record.wanted
    assert spec is not None
    operation = status.operation
    shown = show_application(record, brief=True)["status"]
    return Member(
        record.key.name,
        spec.application.declared["metadata"].get("labels") or {},
        shown["sync"]["status"],
        status.health.status,
        requested=record.request is not None,
        operating=operation is not None and operation.phase in _UNDER_WAY,
        attempted=wanted is not None
        and (
            wanted.failure is not None
            or wanted.generation != spec.generation
            or (
                operation is not None
                and operation.kind == "sync"
                and operation.phase not in _UNDER_WAY
                and (operation.revision, operation.generation) == (wanted.revision, spec.generation)
            )
        ),
    )


def _prunes(record: Record) -> bool:
    assert record.spec is not None
    declared: Manifest = record.spec.application.declared
    automated = (declared["spec"].get("syncPolicy") or {}).get("automated") or {}
    return bool(automated.get("prune", False))
