"""Sees to it that every cluster in the mode `watch` has a watcher: the first one, and one where all have died.

One read for each such cluster and sweep; nothing at all where no cluster asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from mooring.errors import ConfigurationError, MooringError
from mooring.state.registry import Cluster

if TYPE_CHECKING:
    from mooring.flows.sweeps.watching import Starter
    from mooring.state.watchers import Watchers

__all__ = ["attend"]


def attend(
    watchers: Watchers | None, start: Starter | None, clusters: Iterable[Cluster], used: Collection[str], now: float
) -> list[MooringError]:
    """Starts what is missing; `used` names the clusters that applications are in. Returns the troubles."""
    troubles: list[MooringError] = []
    for cluster in clusters:
        if cluster.drift != "watch" or cluster.name not in used:
            continue
        if watchers is None or start is None:
            told = f"{cluster.name} is to be watched, and there is no function for that: deploy with WatchConcurrency=2"
            troubles.append(ConfigurationError(told, field="mooring.dev/drift"))
            continue
        try:
            if not watchers.seat(cluster.name).is_watched(now):
                start(cluster.name, {})
        except MooringError as error:
            troubles.append(error)
    return troubles
