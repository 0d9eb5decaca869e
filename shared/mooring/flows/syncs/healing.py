"""Putting back what was changed by hand in an application that is synced by hand: as it was synced last, never newer.

Where `syncPolicy.automated` is on, a heal is the plan of every sync, of which only the changed objects are left. Where
it is off and `mooring.dev/self-heal` is on (`flows.rules.selfhealing`), git may be many commits ahead of the cluster,
and none of them may come in by the way. So each changed object is looked up by its remembered digest in the bundles
that the application was synced to, the newest first, and that very manifest is applied again; a deleted object is made
again. Nothing is pruned, no hook runs and nothing is waited for: what git wants by now is left to whoever syncs.

What can't be found any more (a secret was rotated since, the application's namespace was changed) is told and left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mooring.errors import MooringError
from mooring.events.messages import Cause
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.syncs.beginning import exhausted
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.objects import ObjectKey
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Plan, Wanted, Wave, plan_sync
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.wanted import Commit

__all__ = ["UNHEALABLE", "Healing", "as_applied", "heal_is_due", "plan_healing"]

UNHEALABLE: Final = "SelfHealWarning"
_OPERATIONS: Final = 100  # newest ones of the application
_BUNDLES: Final = 10  # of these are read
_TOLD: Final = 5  # objects that a warning names


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an applied object came from."""

    bundle: str
    revision: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class Healing:
    """What has to be put back, and the operation that does it; `unknown` says what can't be."""

    plan: Plan
    operation: Operation
    unknown: str


def as_applied(
    ports: SyncPorts, record: Record, keys: Collection[ObjectKey], objects_of: Callable[[str], Iterable[Wanted]]
) -> dict[ObjectKey, tuple[Origin, Wanted]]:
    """Some remembered objects as they were applied, as far as a bundle has them; `objects_of` opens a bundle.

    Further back than the last look only where nothing is synced by itself.
    """
    left = {key for key in keys if key in record.inventory}
    found: dict[ObjectKey, tuple[Origin, Wanted]] = {}
    for origin in _origins(ports, record) if left else ():
        try:
            objects = objects_of(origin.bundle)
        except MooringError:
            continue  # its secrets can't be opened, or it is gone: another one may have the object
        for item in objects:
            if item.key in left and item.digest == record.inventory[item.key].digest:
                found[item.key] = (origin, item)
        left -= found.keys()
        if not left:
            break
    return found


def heal_is_due(record: Record, inventory: Inventory, now: float, *, drifted: bool) -> bool:
    """Whether there is something to put back, or to come to an end with, and not just tried in vain."""
    spec, retry = record.spec, record.retry
    assert spec is not None
    if retry is not None and retry.generation == spec.generation:
        return now >= retry.due and not exhausted(retry, spec.application)
    return drifted or bool(_begun(inventory)) or _is_running(record)


def plan_healing(
    ports: SyncPorts,
    record: Record,
    inventory: Inventory,
    cause: Cause,
    drifted: Collection[ObjectKey],
    objects: Iterable[Wanted],
    objects_of: Callable[[str], Iterable[Wanted]],
) -> Healing:
    """What to apply again of the `drifted` objects; `objects` is what git wants by now."""
    git, spec = record.wanted, record.spec
    assert git is not None and spec is not None
    keys = {key for key in drifted if key in inventory} | _begun(inventory)
    found = as_applied(ports, record, keys, objects_of)
    known = {key: inventory[key] for key in found}
    planned = plan_sync([item for _, item in found.values()], known, drifted=found.keys(), prune=False)
    stages = tuple(stage for wave in planned.waves for stage in wave.stages)
    kept = tuple(sorted(inventory.keys() - {item.key for item in objects}))
    first = min((entry.wave for entry in inventory.values()), default=0)  # so that it waits for no other wave
    origins = [origin for origin, _ in found.values()]
    source = origins[0] if origins else Origin(git.bundle, git.revision, git.commit)
    now = ports.clock()
    operation = Operation(
        new_ulid(now), "heal", "Running", "putting back what was changed by hand", now, 0.0,
        source.revision, source.bundle, spec.generation, cause, source.commit,
        retries=record.retry.failures if record.retry else 0,
    )  # fmt: skip
    return Healing(
        Plan((Wave("Sync", first, stages),) if stages else (), kept), operation, _unknown(keys - found.keys())
    )


def _origins(ports: SyncPorts, record: Record) -> Iterator[Origin]:
    """Where the objects may have come from, the likeliest first."""
    git, status, spec = record.wanted, record.status, record.spec
    assert git is not None and spec is not None
    seen = {"", git.bundle}
    yield Origin(git.bundle, git.revision, git.commit)
    if status.bundle not in seen:
        seen.add(status.bundle)
        yield Origin(status.bundle, status.revision, Commit())
    if spec.application.automated is not None:
        return
    for each in ports.applications.operations(record.key, _OPERATIONS):
        if each.kind in ("sync", "partial") and each.bundle not in seen:
            seen.add(each.bundle)
            yield Origin(each.bundle, each.revision, each.commit)
        if len(seen) > _BUNDLES:
            return


def _begun(inventory: Inventory) -> set[ObjectKey]:
    """Objects that were about to be put back when a function died; what a sync was about to write is another's."""
    return {key for key, entry in inventory.items() if entry.unsure and entry.intent == entry.digest}


def _is_running(record: Record) -> bool:
    operation = record.status.operation
    return operation is not None and operation.phase == "Running" and operation.kind == "heal"


def _unknown(keys: Collection[ObjectKey]) -> str:
    if not keys:
        return ""
    named = ", ".join(f"{key.kind}/{key.name}" for key in sorted(keys)[:_TOLD])
    more = f" and {len(keys) - _TOLD} more" if len(keys) > _TOLD else ""
    return (
        f"{named}{more}: changed by hand and not put back, since the manifest that was applied can't be had any more "
        "(a secret was rotated, or the application was changed); sync the application"
    )
