"""What has to come back after the function `sync` has ended: nothing of it waits here.

Health that is on its way is looked at again, ever more rarely, one message for the applications of a cluster; sets and
promotions hear of applications that have moved on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.errors import MooringError
from mooring.events.messages import Cause, ClusterMessage, Later
from mooring.model.application import AppKey
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["Afterwards", "is_settling"]

_HEALTH_DELAYS = (1, 1, 2, 3, 5, 8, 13, 20, 30, 30, 60, 60, 60, 60, 60, 60)  # seconds between looks after a sync
_UNSETTLED = {"Progressing", "Missing"}


@dataclass(slots=True)
class Afterwards:
    """What has to come back later, gathered over all messages of an invocation."""

    again: list[tuple[Later, float]] = field(default_factory=list)
    unhealthy: dict[tuple[str, int], list[AppKey]] = field(default_factory=dict)
    troubles: list[tuple[AppKey, MooringError]] = field(default_factory=list)
    sets: dict[str, None] = field(default_factory=dict)
    moved_on: list[AppKey] = field(default_factory=list)

    def moved(self, record: Record, status: Status | None) -> None:
        """Remembers an application that has moved on, and the set that decides on its syncs."""
        spec = record.spec
        if _stands(status, record.status):
            self.moved_on.append(record.key)
        if spec is not None and spec.owner and (spec.deleting or (spec.rolling and _stands(status, record.status))):
            self.sets[spec.owner] = None

    def watch(self, cluster: str, app: AppKey, attempt: int) -> None:
        """Has the health of an application looked at again; `attempt` counts such looks since the sync."""
        self.unhealthy.setdefault((cluster, attempt), []).append(app)

    def messages(self) -> list[tuple[Later, float]]:
        """What is sent to the queue `later`, each with its delay in seconds."""
        watches = [
            (
                Later("syncs", ClusterMessage(cluster, Cause("render"), tuple(apps), True, attempt)),
                float(_HEALTH_DELAYS[attempt]),
            )
            for (cluster, attempt), apps in self.unhealthy.items()
            if attempt < len(_HEALTH_DELAYS)
        ]
        return self.again + watches


def is_settling(status: Status) -> bool:
    """Whether health is still on its way after a sync that succeeded; a failed one is looked at when it is retried."""
    succeeded = status.operation is not None and status.operation.phase == "Succeeded"
    return succeeded and status.health.status in _UNSETTLED


def _stands(status: Status | None, before: Status) -> bool:
    """Whether an application stands somewhere else than before."""
    if status is None:
        return False
    now, then = (
        (each.sync, each.health.status, each.bundle, each.operation and (each.operation.id, each.operation.phase))
        for each in (status, before)
    )
    return now != then
