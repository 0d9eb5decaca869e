"""The plan: what a sync has to do, as ordered stages of steps.

Three facts about each object decide: what git wants (its digest), what was applied (the remembered digest), and whether
the cluster still holds it (drift, found by fingerprints; see `plan.drift`). Objects that agree on all three are not
touched.

Waves run one after the other, in the order of phases: hooks of PreSync, the objects with the hooks of Sync, prunes
(waves in reverse), hooks of PostSync. Inside a wave stages run one after the other, by kind, and the steps of a stage
may run at the same time. Source: Argo CD, "Sync Phases and Waves".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby
from typing import Literal, TypeAlias

from mooring.errors import ConfigurationError
from mooring.model.merges import merge_of
from mooring.model.objectoptions import ObjectOptions
from mooring.model.objects import Manifest, ObjectKey
from mooring.plan.hooks import Hook, Phase, in_phase
from mooring.plan.inventory import Entry, Inventory
from mooring.plan.order import provides, rank, sort_key, uses

__all__ = ["Action", "Plan", "Step", "Wanted", "Wave", "hook_waves", "intents", "plan_sync"]


class Action(Enum):
    """What a step does to its object."""

    APPLY = "apply"
    SETTLE = "settle"  # an apply was begun and its end is not known: look first, apply only where it is missing
    PRUNE = "prune"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object that git wants, ready to be sent; `digest` is that of `manifest`, or of what it was opened from.

    `source` is the object of git that it was opened from, or None where it stands there itself.
    """

    key: ObjectKey
    manifest: Manifest = field(repr=False)
    digest: str
    wave: int
    options: ObjectOptions = ObjectOptions()
    source: ObjectKey | None = None

    @property
    def notes(self) -> str:
        """What its inventory entry remembers of its options."""
        options = self.options
        noted = [
            ("PruneLast", options.prune_last),
            ("IgnoreExtraneous", options.ignore_extraneous),
            ("Replace", options.replace),
        ]
        if merge_of(self.key) is not None:  # other objects carry these themselves
            for name, choice in (("Prune", options.prune), ("Delete", options.delete)):
                noted.append((f"{name}={'false' if options.keep else choice}", options.keep or bool(choice)))
        return ",".join(name for name, on in noted if on)

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
class Wave:
    """What may be begun once everything before it is done and well. Prunes are a phase of their own here.

    `last` is for prunes that wait until every object is well.
    """

    phase: Phase | Literal["Prune"]
    number: int
    stages: tuple[tuple[Step, ...], ...] = ()
    hooks: tuple[Hook, ...] = ()
    last: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for stage in self.stages for step in stage)


@dataclass(frozen=True, slots=True)
class Plan:
    """Waves in order, and the objects that git no longer wants but that stay, because pruning is off.

    `on_failure` are the waves of SyncFail hooks, which run when anything else has failed.
    """

    waves: tuple[Wave, ...]
    kept: tuple[ObjectKey, ...] = ()
    on_failure: tuple[Wave, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for wave in self.waves for step in wave.steps)


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
    hooks: Collection[Hook] = (),
    prune_last: bool = False,
) -> Plan:
    """What to do so that the cluster holds what git wants.

    `drifted` names the remembered objects to be applied again although git did not change them; `hooks` are those that
    are to run if there is anything to do; `prune_last` prunes only when all else is done and well. Raises
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
    early, applies = _ahead_of_hooks(decided, hooks)
    kept = tuple(sorted(entry.key for entry in gone)) if not prune else ()
    backwards = sorted(gone, key=lambda entry: sort_key(entry.wave, entry.key), reverse=True) if prune else []
    prunes, last = _prunes(backwards, prune_last=prune_last)
    sync = sorted(({hook.wave: () for hook in in_phase(hooks, "Sync")} | _by_wave(applies)).items())
    waves = (
        *(replace(wave, stages=early.get(wave.number, ())) for wave in hook_waves(hooks, "PreSync")),
        *(
            Wave("Sync", number, stages, tuple(hook for hook in in_phase(hooks, "Sync") if hook.wave == number))
            for number, stages in sync
        ),
        *(Wave("Prune", number, stages) for number, stages in _by_wave(prunes).items()),
        *(Wave("Prune", number, stages, last=True) for number, stages in _by_wave(last).items()),
        *hook_waves(hooks, "PostSync"),
    )
    return Plan(waves, kept, tuple(hook_waves(hooks, "SyncFail")))


_Numbered: TypeAlias = list[tuple[int, Step]]


def _prunes(entries: Iterable[Entry], *, prune_last: bool) -> tuple[_Numbered, _Numbered]:
    """The prunes that run at once and those that run at the very end (Argo CD, "Sync Options", Prune Last)."""
    early: _Numbered = []
    last: _Numbered = []
    for entry in entries:
        step = Step(Action.PRUNE, entry.key, "not in git", None, entry)
        (last if prune_last or "PruneLast" in entry.notes else early).append((entry.wave, step))
    return early, last


def hook_waves(hooks: Collection[Hook], phase: Phase) -> Iterator[Wave]:
    """The waves of one phase's hooks, in order."""
    for number, group in groupby(in_phase(hooks, phase), lambda hook: hook.wave):
        yield Wave(phase, number, (), tuple(group))


_Stages: TypeAlias = dict[int, tuple[tuple[Step, ...], ...]]


def _ahead_of_hooks(steps: list[tuple[int, Step]], hooks: Collection[Hook]) -> tuple[_Stages, list[tuple[int, Step]]]:
    """Stages that go into the waves of PreSync, and the steps that stay, since a Namespace or CustomResourceDefinition
    comes before the first hook that uses it (gitops-engine, `syncTasks`).
    """
    first: dict[tuple[str, str], tuple[bool, int]] = {}
    for phase in ("Sync", "PreSync"):
        for hook in reversed(in_phase(hooks, phase)):
            first |= dict.fromkeys(uses(hook.manifest), (phase == "PreSync", hook.wave))
    if not first:
        return {}, steps
    early: list[tuple[int, Step]] = []
    rest: list[tuple[int, Step]] = []
    for wave, step in steps:
        provided = None if step.wanted is None else provides(step.wanted.manifest)
        before, number = (False, wave) if provided is None else first.get(provided, (False, wave))
        (early if before else rest).append((number if before else min(wave, number), step))
    return _by_wave(_in_order(early)), _in_order(rest)


def _in_order(steps: list[tuple[int, Step]]) -> list[tuple[int, Step]]:
    return sorted(steps, key=lambda pair: sort_key(pair[0], pair[1].key))


def _by_wave(steps: Iterable[tuple[int, Step]]) -> _Stages:
    """The stages of each wave, in the order of the steps: a stage is the steps of one wave and one place by kind."""
    return {
        number: tuple(tuple(step for _, step in stage) for _, stage in groupby(wave, lambda pair: rank(pair[1].key)))
        for number, wave in groupby(steps, lambda pair: pair[0])
    }


def intents(steps: Iterable[Step], remembered: Inventory) -> dict[ObjectKey, Entry]:
    """The inventory to write before the first of these steps is taken."""
    inventory = dict(remembered)
    for step in steps:
        if step.wanted is None:
            continue
        entry = step.entry or Entry(step.key, step.wanted.version)
        inventory[step.key] = entry.intending(step.wanted.digest, step.wanted.version, step.wanted.wave)
    return inventory
