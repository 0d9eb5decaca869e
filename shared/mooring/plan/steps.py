"""The plan: what a sync has to do, as ordered stages of steps.

Three facts about each object decide: what git wants (its digest), what was applied (the remembered digest), and whether
the cluster still holds it (drift, found by fingerprints; see `plan.drift`). Objects that agree on all three are not
touched. Steps of one stage may run at the same time; stages run one after the other, prunes after all applies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from mooring.errors import ConfigurationError
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.order import sort_key

__all__ = ["Action", "Plan", "Step", "Wanted", "intents", "plan_sync"]


class Action(Enum):
    """What a step does to its object."""

    APPLY = "apply"
    SETTLE = "settle"  # an apply was begun and its end is not known: look first, apply only where it is missing
    PRUNE = "prune"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object that git wants, ready to be sent; `digest` is that of `manifest`."""

    key: ObjectKey
    manifest: Manifest = field(repr=False)
    digest: str
    wave: int

    @property
    def version(self) -> str:
        """The API version without its group."""
        version: str = self.manifest["apiVersion"].rpartition("/")[2]
        return version


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to one object. `wanted` is there for applies, `entry` where the object is remembered."""

    action: Action
    key: ObjectKey
    reason: str
    wanted: Wanted | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages in order, and the objects that git no longer wants but that stay, because pruning is off."""

    stages: tuple[tuple[Step, ...], ...]
    kept: tuple[ObjectKey, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for stage in self.stages for step in stage)


def _decide(wanted: Wanted, entry: Entry | None, drifted: Collection[ObjectKey]) -> Step | None:
    if entry is None:
        return Step(Action.APPLY, wanted.key, "new", wanted)
    if entry.unsure and entry.intent == wanted.digest:
        return Step(Action.SETTLE, wanted.key, "unsure", wanted, entry)
    if entry.unsure or entry.digest != wanted.digest:
        return Step(Action.APPLY, wanted.key, "changed", wanted, entry)
    if wanted.key in drifted:
        return Step(Action.APPLY, wanted.key, "drifted", wanted, entry)
    return None


def plan_sync(
    wanted: Iterable[Wanted],
    remembered: Inventory,
    *,
    drifted: Collection[ObjectKey] = (),
    prune: bool,
    allow_empty: bool = False,
) -> Plan:
    """What to do so that the cluster holds what git wants.

    `drifted` names the remembered objects to be applied again although git did not change them. Raises
    `ConfigurationError` when everything would be pruned and `allow_empty` is off (Argo CD, "Automated Sync Policy").
    """
    by_key = {item.key: item for item in wanted}
    gone = [entry for key, entry in remembered.items() if key not in by_key]
    if prune and gone and not by_key and not allow_empty:
        raise ConfigurationError(
            f"this revision has no objects left, so all {len(gone)} objects would be deleted; "
            "set allowEmpty: true if that is meant",
            field="spec.syncPolicy.automated.allowEmpty",
        )
    ordered = sorted(by_key.values(), key=lambda item: sort_key(item.wave, item.key))
    decided = [
        (item.wave, step) for item in ordered if (step := _decide(item, remembered.get(item.key), drifted)) is not None
    ]
    stages = [tuple(step for _, step in group) for _, group in groupby(decided, lambda pair: _stage(*pair))]
    kept = tuple(sorted(entry.key for entry in gone)) if not prune else ()
    if prune:
        backwards = sorted(gone, key=lambda entry: sort_key(entry.wave, entry.key), reverse=True)
        steps = [(entry.wave, Step(Action.PRUNE, entry.key, "not in git", None, entry)) for entry in backwards]
        stages += [tuple(step for _, step in group) for _, group in groupby(steps, lambda pair: _stage(*pair))]
    return Plan(tuple(stages), kept)


def _stage(wave: int, step: Step) -> tuple[int, int]:
    return sort_key(wave, step.key)[:2]


def intents(plan: Plan, remembered: Inventory) -> dict[ObjectKey, Entry]:
    """The inventory to write before the first step of the plan is taken."""
    inventory = dict(remembered)
    for step in plan.steps:
        if step.wanted is None:
            continue
        entry = step.entry or Entry(step.key, step.wanted.version)
        inventory[step.key] = entry.intending(step.wanted.digest, step.wanted.version, step.wanted.wave)
    return inventory
