"""What a cluster holds of some applications: one list for each kind, however many applications there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mooring.cluster.observe import Observed
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.merging import WithMerges
from mooring.flows.clusters.quoting import judged, told
from mooring.flows.syncs.explaining import Explainer
from mooring.health import Health, assess, has_rule
from mooring.model.application import AppKey
from mooring.model.merges import merge_of
from mooring.model.objects import ObjectKey
from mooring.model.tracking import is_tracked, tracking_value
from mooring.plan.drift import Sight
from mooring.state.records import Record

if TYPE_CHECKING:
    from mooring.flows.syncs.orphans import Orphans

__all__ = ["Seen", "look", "look_closely", "notice", "sight_of"]


@dataclass(slots=True)
class Seen:
    """What was seen of one application's objects; health only where the kind has a rule for it.

    `elsewhere` are remembered objects that are tracked as another application's by now; `orphans` are
    there where somebody looked for them (`flows.syncs.orphans`). `only` are the objects that were
    looked at, where not all were; `read` what was read of objects in full, by name.
    """

    sights: dict[ObjectKey, Sight] = field(default_factory=dict)
    health: dict[ObjectKey, Health] = field(default_factory=dict)
    elsewhere: set[ObjectKey] = field(default_factory=set)
    orphans: Orphans | None = None
    only: frozenset[ObjectKey] | None = None
    read: dict[ObjectKey, Observed] = field(default_factory=dict)


def sight_of(found: Observed) -> Sight:
    """What drift is decided on."""
    generation = str(found.generation) if found.generation else found.resource_version
    return Sight(found.uid, found.fingerprint or "", generation)


def look(
    target: Live, records: Iterable[Record], *, health_only: bool = False, explain: bool = False
) -> dict[AppKey, Seen]:
    """Looks for the remembered objects of some applications, by their label.

    Only kinds with a health rule are listed in full, and with `health_only` only those are listed at all. With
    `explain` the pods of workloads that are not well are asked why (see `flows.syncs.explaining`). An object that is
    remembered and not seen is not missing yet: it may have lost its label (see `look_closely`).
    """
    seen: dict[AppKey, Seen] = {}
    owners: dict[ObjectKey, list[AppKey]] = {}
    versions: dict[tuple[str, str], str] = {}
    labels: dict[AppKey, str] = {}
    explainer = Explainer(target, wanted=explain)
    for record in records:
        seen[record.key] = Seen()
        labels[record.key] = tracking_value(record.key)
        for key, entry in record.inventory.items():
            if merge_of(key) is not None:
                if not health_only:
                    _look_at_part(target, record.key, key, seen[record.key])
                continue
            owners.setdefault(key, []).append(record.key)
            versions[key.group, key.kind] = entry.version
    for (group, kind), version in sorted(versions.items()):
        full = has_rule(group, kind, target.health)
        if health_only and not full:
            continue
        for found in target.look(group, kind, version, _selected(labels), full=full):
            for app in owners.get(found.key, ()):
                if is_tracked(app, found.key, found.app_label, found.tracking_id):
                    seen[app].sights[found.key] = sight_of(found)
                    if full:
                        health = explainer.explained(found, assess(found.live, target.health))
                        seen[app].health[found.key] = told(found.live, health)
    return seen


def _look_at_part(target: Live, app: AppKey, key: ObjectKey, seen: Seen) -> None:
    """What an application adds to somebody else's Secret has no label to be listed by: one request for each."""
    found = WithMerges(target, app).get(key)
    if found is not None:
        seen.sights[key] = sight_of(found)


_MOST_SELECTED = 40  # applications named in one selector; beyond that every labelled object is listed


def _selected(labels: Mapping[AppKey, str]) -> list[str]:
    return list(labels.values()) if len(labels) <= _MOST_SELECTED else []


def look_closely(target: Live, key: ObjectKey, version: str, seen: Seen) -> Observed | None:
    """Reads one object by name that the list did not bring, and takes what is found into `seen`.

    An object that is there after all has lost our label: it counts as changed, whatever its managed fields say.
    """
    found = target.get(key, version)
    if found is not None:
        _take_in(target, found, seen, tracked=False)
    return found


def notice(target: Live, app: AppKey, found: Observed, seen: Seen) -> None:
    """Takes an object into `seen` that was read by name, in full, because it may have changed."""
    tracked = is_tracked(app, found.key, found.app_label, found.tracking_id)
    _take_in(target, found, seen, tracked=tracked)
    seen.read[found.key] = found


def _take_in(target: Live, found: Observed, seen: Seen, *, tracked: bool) -> None:
    key, sight = found.key, sight_of(found)
    seen.sights[key] = sight if tracked else Sight(sight.uid, "", sight.generation)
    if found.app_label and not tracked:
        seen.elsewhere.add(key)
    if has_rule(key.group, key.kind, target.health):
        seen.health[key] = judged(found.live, target.health)
