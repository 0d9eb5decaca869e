"""Which applications of a rolling sync may be synced now, and which may be deleted.

Steps come one after the other: a step begins when every application of those before it is synced and healthy. Within a
step no more than `maxUpdate` are on their way at a time. What matches several steps belongs to the first, and what
matches none is synced by hand only (Argo CD, "Progressive Syncs").

Nothing is remembered from one decision to the next: where an application stands follows from its status. So a decision
can be taken again at any time, by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mooring.model.applicationset import Rollout, Step

__all__ = ["Member", "Progress", "Stage", "may_delete", "progress"]

Stage = Literal["Waiting", "Pending", "Progressing", "Healthy"]


@dataclass(frozen=True, slots=True)
class Member:
    """An application of the set. `sync` and `health` are those of its status.

    `requested` is set while a sync was asked for and has not begun; `operating` while one runs; `attempted` when one
    for what is wanted now has ended, well or not.
    """

    name: str
    labels: Mapping[str, str]
    sync: str
    health: str
    requested: bool = False
    operating: bool = False
    attempted: bool = False

    @property
    def stage(self) -> Stage:
        """Argo CD's word for where it stands."""
        if self.operating:
            return "Progressing"
        if self.requested:
            return "Pending"
        if self.sync == "Synced":
            return "Healthy" if self.health == "Healthy" else "Progressing"
        return "Progressing" if self.attempted else "Waiting"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a rollout stands. `steps` counts from 0, None for an application of no step.

    `current` is the first step that is not over, None when all are.
    """

    steps: Mapping[str, int | None]
    stages: Mapping[str, Stage]
    current: int | None
    may_sync: tuple[str, ...]


def progress(rollout: Rollout, members: Iterable[Member]) -> Progress:
    """Decides what may be synced now, by name. Without steps everything that waits may."""
    ordered = sorted(members, key=lambda each: each.name)
    steps = {each.name: _step(rollout.steps, each.labels) for each in ordered}
    stages = {each.name: each.stage for each in ordered}
    if not rollout.steps:
        return Progress(steps, stages, None, tuple(name for name, stage in stages.items() if stage == "Waiting"))
    for number, step in enumerate(rollout.steps):
        names = [name for name, own in steps.items() if own == number]
        if all(stages[name] == "Healthy" for name in names):
            continue
        waiting = [name for name in names if stages[name] == "Waiting"]
        busy = sum(stages[name] in {"Pending", "Progressing"} for name in names)
        room = max(0, _allowed(step, len(names)) - busy)
        return Progress(steps, stages, number, tuple(waiting[:room]))
    return Progress(steps, stages, None, ())


def may_delete(rollout: Rollout, members: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Which of the applications that are left, by name and labels, may be deleted now that the set is being deleted.

    In reverse, those of no step go first, then those of the last step, and so on; the next ones once these are gone.
    """
    if not rollout.reverse:
        return tuple(sorted(members))
    last = len(rollout.steps)
    steps = {name: _step(rollout.steps, labels) for name, labels in members.items()}
    ranks = {name: last if step is None else step for name, step in steps.items()}
    return tuple(sorted(name for name, rank in ranks.items() if rank == max(ranks.values())))


def _step(steps: Sequence[Step], labels: Mapping[str, str]) -> int | None:
    for number, step in enumerate(steps):
        if all(each.holds(labels) for each in step.requirements):
            return number
    return None


def _allowed(step: Step, total: int) -> int:
    """A percentage is rounded down, but to no less than 1 unless it is 0%."""
    limit = step.max_update
    if limit is None:
        return total
    if isinstance(limit, int):
        return limit
    percent = int(limit.removesuffix("%"))
    return max(1, total * percent // 100) if percent else 0
