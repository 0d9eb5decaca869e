"""What was last found in the cluster and done there, as values.

It is the item `STATUS`: what people are shown of an application, object by object, and what the next look starts from.
What git wants is in `state.wanted`. Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mooring.health import Health
from mooring.model.objects import ObjectKey
from mooring.model.tracking import Owner
from mooring.state.operations import Operation
from mooring.state.spending import Cost

__all__ = ["Condition", "Fight", "Pushed", "Resource", "Status", "SyncStatus", "Uncounted"]

SyncStatus = Literal["Synced", "OutOfSync", "Unknown"]
Uncounted = Literal["", "sync", "health", "opened"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a reader should know; `since` is when it was first true."""

    type: str
    message: str
    since: float


@dataclass(frozen=True, slots=True)
class Resource:
    """One object as `app get` lists it. `health` is None for kinds that have no rule. `drift` lists changed fields.

    `uncounted` says what of it the application's own status leaves out (Argo CD, "Compare Options", "Resource Health");
    `opened` marks an object that lives in git alone, whose row tells what became of it (see `flows.secrets.opening`).
    """

    key: ObjectKey
    version: str
    wave: int
    sync: SyncStatus
    health: Health | None = None
    requires_pruning: bool = False
    drift: tuple[dict[str, Any], ...] = ()
    uncounted: Uncounted = ""


@dataclass(frozen=True, slots=True)
class Fight:
    """One object whose same `fields` (readable paths) `manager` changes and we put back: when, in order of time."""

    key: ObjectKey
    fields: tuple[str, ...]
    manager: str
    reverted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """A secret of a store (or a property of it) that `source` had written, or was about to, and that goes with it.

    `access` is as whom it is deleted (`model.externalstore.access_text`), `recovery` how many days it can be restored.
    """

    source: ObjectKey
    name: str
    property: str
    access: str
    recovery: int


@dataclass(frozen=True, slots=True)
class Status:
    """What was last found and done, compared against `bundle` of `revision` and the spec's `generation`.

    `cluster` is where the inventory's objects live; `shared` are wanted objects that were left to other applications,
    `fights` what was put back lately; `orphans` the first objects of the namespace that no application has, `orphaned`
    how many there are; `reopen_at` is when secrets have to be opened again (seconds since the epoch), or 0; `pushed`
    are secrets elsewhere that were written for it; `images` those of its objects. `changed_at` is since when sync,
    health and phase are what they are, `synced_at` when a sync last succeeded, `counted` what of `WantedState.spent` is
    in the sums of costs: noted as it is written, and nothing that would make one status another.
    """

    sync: SyncStatus = "Unknown"
    bundle: str = ""
    revision: str = ""
    generation: int = 0
    cluster: str = ""
    health: Health = Health("Unknown")
    resources: tuple[Resource, ...] = ()
    conditions: tuple[Condition, ...] = ()
    operation: Operation | None = None
    shared: tuple[tuple[ObjectKey, Owner], ...] = ()
    fights: tuple[Fight, ...] = ()
    orphans: tuple[ObjectKey, ...] = ()
    orphaned: int = 0
    reopen_at: float = 0.0
    pushed: tuple[Pushed, ...] = ()
    images: tuple[str, ...] = ()
    changed_at: float = field(default=0.0, compare=False)
    synced_at: float = field(default=0.0, compare=False)
    counted: Cost = field(default=Cost(), compare=False)

    def because(self, type_: str, message: str, now: float) -> Status:
        """The status with one condition of this type, or without any where the message is empty."""
        old = next((c for c in self.conditions if c.type == type_), None)
        if old is not None and old.message == message:
            return self
        others = tuple(c for c in self.conditions if c.type != type_)
        since = old.since if old is not None else now
        return replace(self, conditions=(*others, Condition(type_, message, since)) if message else others)
