"""Is what was seen drift? The cheap answer comes from fingerprints, the sure one from the API server.

An object that was seen to differ is read once, so that its changed fields and their managers can be named. A *suspect*
(the fingerprint is as remembered, but the generation moved) gets the deep check: a dry run of our manifest against the
live object. What turns out to be no change of ours is remembered, so that it is asked only once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor
from dataclasses import asdict, replace
from typing import Any

from mooring.cluster.adopting import migrated
from mooring.cluster.observe import Observed
from mooring.differences.rules import Rules
from mooring.differences.settle import ignored_drift, settled
from mooring.flows.clusters.live import Live
from mooring.flows.syncs.foreign import foreign_fields, hidden
from mooring.flows.syncs.judging import ABSENT, Findings
from mooring.flows.syncs.looking import Seen, look_closely, sight_of
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.drift import find_drift
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.steps import Wanted
from mooring.secrets.digests import is_secret

__all__ = ["compare"]

Fields = tuple[dict[str, Any], ...]

_UNNAMED: Fields = ({"path": "(object)", "desired": "as applied", "live": "changed", "manager": "", "time": ""},)
"""For an object whose applied manifest is not at hand any more, since git has changed it meanwhile."""


def compare(
    target: Live,
    inventory: Inventory,
    seen: Seen,
    wanted: Callable[[], Iterable[Wanted]],
    rules: Rules,
    pool: Executor,
    *,
    former: Callable[[Collection[ObjectKey]], Iterable[Wanted]] | None = None,
    hide: Callable[[object], str] = hidden,
) -> tuple[Inventory, Findings]:
    """What was found of the remembered objects, and the inventory with the numbers that moved for no reason of ours.

    `wanted` brings the objects as they would be applied; it is called only where something moved. What `rules` ignore
    is no drift. Of objects that were not looked at (`Seen.only`) nothing is found. `former` brings the objects as they
    were applied, where git wants others by now; `hide` makes of a secret value what may be shown of it.
    """
    looked_at = inventory
    if seen.only is not None:
        looked_at = {key: entry for key, entry in inventory.items() if key in seen.only}
    else:
        for key in find_drift(inventory, seen.sights).missing:
            look_closely(target, key, inventory[key].version, seen)
    drift = find_drift(looked_at, seen.sights)
    findings = Findings(health=dict(seen.health), looked=seen.only is None, touched=set(looked_at))
    for key in drift.missing:
        findings.drift[key] = ABSENT
    questionable = sorted(drift.changed | drift.suspect)
    if not questionable:
        return inventory, findings
    known = _applied(inventory, questionable, wanted, former)
    updated = dict(inventory)

    def check(key: ObjectKey) -> tuple[Observed | None, Entry | None, Fields]:
        entry, item = inventory[key], known.get(key)
        found = seen.read.get(key) or target.get(key, entry.version)
        shown = hide if _secret(item, found) else None
        return found, *_deep_check(target, entry, found, item, rules, shown)

    for key, (found, entry, fields) in zip(questionable, pool.map(check, questionable), strict=True):
        if found is not None:
            findings.found[key] = found
        if entry is not None:
            updated[key] = entry
            if found is not None and found.live is not None:
                secret = _secret(known.get(key), found)
                if added := foreign_fields(found.live, hide, secret=secret):
                    findings.foreign[key] = added
        elif fields:
            findings.drift[key] = fields
            if found is not None and found.live is not None and migrated(found.live["metadata"]) is not None:
                findings.retaken[key] = found
    return updated, findings


def _secret(item: Wanted | None, found: Observed | None) -> bool:
    """Whether an object holds secrets, as git wants it or as it was found."""
    manifests = (None if item is None else item.manifest, None if found is None else found.live)
    return any(each is not None and is_secret(each) for each in manifests)


def _applied(
    inventory: Inventory,
    keys: Iterable[ObjectKey],
    wanted: Callable[[], Iterable[Wanted]],
    former: Callable[[Collection[ObjectKey]], Iterable[Wanted]] | None,
) -> dict[ObjectKey, Wanted]:
    """The objects as they were applied, where that is still known."""
    as_applied = {item.key: item for item in wanted() if item.key in inventory}
    as_applied = {key: item for key, item in as_applied.items() if item.digest == inventory[key].digest}
    unknown = set(keys) - as_applied.keys()
    if unknown and former is not None:
        before = {item.key: item for item in former(unknown) if item.key in inventory}
        as_applied |= {key: item for key, item in before.items() if item.digest == inventory[key].digest}
    return as_applied


def _deep_check(
    target: Live,
    entry: Entry,
    found: Observed | None,
    item: Wanted | None,
    rules: Rules,
    hide: Callable[[object], str] | None,
) -> tuple[Entry | None, Fields]:
    """The entry to remember where nothing of ours was changed, else the fields that were."""
    if found is None or found.live is None:
        return None, ABSENT
    if item is None:
        return None, _UNNAMED
    fields = ignored_drift(item.manifest, found.live, rules, hide=hide)
    if fields:
        return None, tuple(asdict(change) for change in fields)
    if found.uid == entry.uid and _is_settled(target, item, found.live, rules):
        return replace(entry, fingerprint=found.fingerprint or "", generation=sight_of(found).generation), ()
    return None, _UNNAMED


def _is_settled(target: Live, item: Wanted, live: Manifest, rules: Rules) -> bool:
    """Whether an apply would change nothing. What a replacement would take away of others' fields is no drift."""
    if item.options.replace:
        return True
    return settled(target.apply(item.manifest, dry_run=True, validate=item.options.validate).live, live, rules)
