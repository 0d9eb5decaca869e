"""Objects that lie in an application's namespace and belong to no application: found where its project asks for them.

They are looked for with the sweep's look at a cluster, once for all applications there, and only in the namespaces of
those whose project has `orphanedResources`; nobody else pays for it. What was found stays in the status, which is
written only where it changed. Nothing is ever deleted. Source: Argo CD, "Orphaned Resources Monitoring".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from mooring.access.orphans import OrphanRules, is_claim_of, is_expected, is_listed
from mooring.access.project import Project
from mooring.access.rules import kind_allowed
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.targets import Targets
from mooring.flows.syncs.looking import Seen
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.tracking import is_tracked, tracking_value
from mooring.state.applications import Applications
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["Orphans", "look_for_orphans", "note_orphans", "orphans_of"]

_CONDITION = "OrphanedResourceWarning"
_KEPT = 100  # objects that a status names
_TOLD = 5  # objects that the warning names


@dataclass(frozen=True, slots=True)
class Orphans:
    """The first of them, how many there are, and whether the project wants a warning."""

    keys: tuple[ObjectKey, ...] = ()
    total: int = 0
    warn: bool = False


def look_for_orphans(
    targets: Targets, target: Live, records: Iterable[Record], seen: Mapping[AppKey, Seen], pool: Executor
) -> None:
    """Adds to what was `seen` of applications the orphans of their namespaces, where their project wants to know.

    `records` are all applications of the cluster. One request for each kind and namespace, or for each kind where
    there are many namespaces. A cluster that can't answer changes nothing.
    """
    records = list(records)
    asked: list[tuple[Record, Project, OrphanRules, str]] = []
    for record in records:
        if record.key not in seen or record.spec is None or record.spec.deleting is not None:
            continue
        application = record.spec.application
        try:
            project = targets.project(application.project)
        except ConfigurationError:
            continue  # said where the application is considered
        namespace = application.destination.namespace
        if project.orphans is not None and namespace:
            asked.append((record, project, project.orphans, namespace))
        elif record.status.orphaned:
            seen[record.key].orphans = Orphans()
    if not asked:
        return
    try:
        lost = _lost(target, records, {namespace for *_, namespace in asked}, pool)
    except MooringError:
        return
    found: dict[tuple[str, str], Orphans] = {}
    for record, project, rules, namespace in asked:
        if (project.name, namespace) not in found:
            keys = [key for key in lost.get(namespace, ()) if not is_expected(rules, key) and _concerns(project, key)]
            found[project.name, namespace] = Orphans(tuple(keys[:_KEPT]), len(keys), rules.warn)
        seen[record.key].orphans = found[project.name, namespace]


def _lost(target: Live, records: Iterable[Record], namespaces: set[str], pool: Executor) -> dict[str, list[ObjectKey]]:
    """By namespace, what belongs to none of the applications."""
    remembered = {key for record in records for key in record.inventory}
    apps = {tracking_value(record.key): record.key for record in records}
    every = target.residents(namespaces, is_listed, pool)
    sets = [each.key for each in every if (each.key.group, each.key.kind) == ("apps", "StatefulSet")]
    lost: dict[str, list[ObjectKey]] = {}
    for each in every:
        key = each.key
        if key in remembered:
            continue
        app = apps.get(each.app_label)
        if app is not None and is_tracked(app, key, each.app_label, each.tracking_id):
            continue
        if key.kind == "PersistentVolumeClaim" and any(
            one.namespace == key.namespace and is_claim_of(key.name, one.name) for one in sets
        ):
            continue
        lost.setdefault(key.namespace, []).append(key)
    return lost


def _concerns(project: Project, key: ObjectKey) -> bool:
    """What the project could not have made is somebody else's business."""
    return kind_allowed(project, key.group, key.kind, key.name, namespaced=True) is None


def note_orphans(status: Status, orphans: Orphans | None, now: float) -> Status:
    """The status with what was found; as it was where nobody looked."""
    if orphans is None:
        return status
    told = ""
    if orphans.warn and orphans.total:
        names = ", ".join(f"{key.kind} {key.name}" for key in orphans.keys[:_TOLD])
        more = f" and {orphans.total - _TOLD} more" if orphans.total > _TOLD else ""
        noun = "resource" if orphans.total == 1 else "resources"
        where = orphans.keys[0].namespace
        told = f"Application has {orphans.total} orphaned {noun} in namespace {where}: {names}{more}"
    return replace(status, orphans=orphans.keys, orphaned=orphans.total).because(_CONDITION, told, now)


def orphans_of(applications: Applications, project: str) -> list[dict[str, Any]]:
    """The orphans of a project's applications, each once, with the applications in whose namespace it lies."""
    keys = [listed.key for listed in applications.registered()]
    members = [
        record.key
        for record in applications.sources(keys).values()
        if record.spec is not None and record.spec.application.project == project
    ]
    found: dict[tuple[str, ObjectKey], list[str]] = {}
    for record in applications.load(members).values():
        for key in record.status.orphans:
            found.setdefault((record.status.cluster, key), []).append(str(record.key))
    return [
        {"cluster": cluster, **named(key), "applications": sorted(apps)}
        for (cluster, key), apps in sorted(found.items())
    ]


def named(key: ObjectKey) -> dict[str, str]:
    """An object's name as the API shows it."""
    return {
        **({"group": key.group} if key.group else {}),
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
    }
