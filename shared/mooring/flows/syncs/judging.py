"""From what is wanted, remembered and seen to the status that users read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mooring.cluster.observe import Observed
from mooring.flows.secrets.opening import NOTHING_OPENED, OPENED, Sources
from mooring.health import Health, has_rule, worst
from mooring.images.running import images_of
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Wanted
from mooring.state.statuses import Resource, Status, SyncStatus, Uncounted

if TYPE_CHECKING:
    from mooring.flows.syncs.orphans import Orphans

__all__ = ["ABSENT", "Findings", "judge", "rejudge", "with_drift"]

ABSENT: tuple[dict[str, Any], ...] = (
    {"path": "(object)", "desired": "present", "live": "absent", "manager": "", "time": ""},
)
"""What `Resource.drift` says of an object that was deleted by hand."""
_IMAGES = 50  # that are told of an application


@dataclass(slots=True)
class Findings:
    """What is newly known of an application's objects. `drift` is complete where `looked` is set; `gone` are another
    application's now; `retaken` are drifted objects, as they were read, that somebody applied over what we applied;
    `namespace` is the one whose labels and annotations the application manages, where it was looked at;
    `orphans` are objects of no application, where somebody looked for them. `found` are the objects with drift or
    `foreign` fields (which others added beside ours) as they were read.
    """

    health: dict[ObjectKey, Health] = field(default_factory=dict)
    drift: dict[ObjectKey, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    touched: set[ObjectKey] = field(default_factory=set)
    looked: bool = False
    gone: frozenset[ObjectKey] = frozenset()
    retaken: dict[ObjectKey, Observed] = field(default_factory=dict)
    namespace: ObjectKey | None = None
    orphans: Orphans | None = None
    found: dict[ObjectKey, Observed] = field(default_factory=dict)
    foreign: dict[ObjectKey, tuple[ChangedField, ...]] = field(default_factory=dict)

    def let_go(self, keys: Collection[ObjectKey]) -> None:
        """Takes out objects that belong to another application now."""
        self.gone = frozenset(keys)
        for key in keys:
            self.drift.pop(key, None)
            self.health.pop(key, None)


def judge(
    wanted: Iterable[Wanted],
    inventory: Inventory,
    previous: Status,
    findings: Findings,
    *,
    kept: Collection[ObjectKey] = (),
    sources: Sources = NOTHING_OPENED,
) -> Status:
    """The status of an application after its wanted objects were compared with the inventory.

    `kept` are objects that git no longer wants and that stay. What nothing new is known of keeps what was known before.
    `sources` are objects that were opened, and what stays as it is since some of them could not be.
    """
    before = {resource.key: resource for resource in previous.resources}
    resources = []
    images: set[str] = set()
    for item in sorted(wanted, key=lambda item: (item.wave, item.key)):
        images.update(images_of(item.manifest))
        entry = inventory.get(item.key)
        applied = entry is not None and not entry.unsure and entry.digest == item.digest
        drift = _drift(item.key, before.get(item.key), findings)
        known = entry is not None and bool(entry.digest)
        resources.append(
            Resource(
                item.key,
                item.version,
                item.wave,
                "Synced" if applied and not drift else "OutOfSync",
                _health(item.key, before.get(item.key), findings, exists=known and drift != ABSENT),
                False,
                drift,
                "health" if item.options.ignore_health else "",
            )
        )
    for key in sorted(kept):
        entry = inventory.get(key)
        if entry is not None:
            health = _health(key, before.get(key), findings, exists=True)
            ignored: Uncounted = "sync" if "IgnoreExtraneous" in entry.notes else ""
            resources.append(Resource(key, entry.version, entry.wave, "OutOfSync", health, True, (), ignored))
    resources += sources.rows
    told = {resource.key for resource in resources}
    for key in sorted(sources.held - told):
        entry = inventory.get(key)
        if entry is not None:
            row = before.get(key) or Resource(key, entry.version, entry.wave, "Unknown")
            resources.append(replace(row, drift=_drift(key, before.get(key), findings), requires_pruning=False))
    resources += _namespace(findings)
    return _summed(replace(previous, resources=tuple(resources), images=tuple(sorted(images)[:_IMAGES])))


def rejudge(previous: Status, findings: Findings) -> Status:
    """The status after a look at the cluster, where neither git nor the inventory's digests have changed."""
    resources = []
    for resource in previous.resources:
        if resource.key in findings.gone or resource.key == findings.namespace:
            continue
        if resource.uncounted == OPENED:
            resources.append(resource)
            continue
        drift = _drift(resource.key, resource, findings)
        drifted_before = bool(resource.drift)
        sync: SyncStatus = resource.sync
        if drift and not resource.requires_pruning:
            sync = "OutOfSync"
        elif drifted_before and not drift:
            sync = "Synced"
        health = _health(resource.key, resource, findings, exists=drift != ABSENT)
        resources.append(replace(resource, sync=sync, health=health, drift=drift))
    resources += _namespace(findings)
    return _summed(replace(previous, resources=tuple(resources)))


def with_drift(status: Status, drift: Mapping[ObjectKey, tuple[dict[str, Any], ...]]) -> Status:
    """The status with the drift that was found, before anything is done about it."""
    if not drift:
        return status
    rows = (replace(row, drift=drift[row.key]) if row.key in drift else row for row in status.resources)
    return replace(status, resources=tuple(rows))


def _namespace(findings: Findings) -> list[Resource]:
    """The managed namespace, while its labels and annotations are not as they should be."""
    key = findings.namespace
    if key is None or key not in findings.drift:
        return []
    drift = findings.drift[key]
    health = Health("Missing" if drift == ABSENT else "Healthy")
    return [Resource(key, "v1", 0, "OutOfSync", health, False, drift, "health")]


def _drift(key: ObjectKey, before: Resource | None, findings: Findings) -> tuple[dict[str, Any], ...]:
    if findings.looked or key in findings.drift:
        return findings.drift.get(key, ())
    if before is None or key in findings.touched:
        return ()
    return before.drift


def _health(key: ObjectKey, before: Resource | None, findings: Findings, *, exists: bool) -> Health | None:
    if key in findings.health:
        return findings.health[key]
    if not exists:
        return Health("Missing")
    known = before.health if before is not None else None
    known = None if known is not None and known.status == "Missing" else known
    if not has_rule(key.group, key.kind):  # a user's script may have judged it, as the next look will
        return None if findings.looked else known
    return known or Health("Progressing", "not looked at yet")


def _summed(status: Status) -> Status:
    live = [
        (resource, resource.health)
        for resource in status.resources
        if resource.health is not None and resource.uncounted != "health"
    ]
    total = worst(health.status for resource, health in live if not resource.requires_pruning)
    message = next(
        (
            f"{resource.key.kind} {resource.key.name}: {health.message}"
            for resource, health in live
            if health.status == total and health.message and total != "Healthy"
        ),
        "",
    )
    synced = all(resource.sync == "Synced" or resource.uncounted == "sync" for resource in status.resources)
    return replace(status, sync="Synced" if synced else "OutOfSync", health=Health(total, message))
