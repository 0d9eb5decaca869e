"""What is known of a cluster at this moment: from what is on record, and from a look that somebody waits for.

On record are the breaker (`flows.clusters.reaching`), who watches it, and when an application was synced there last.
When it was looked at last is not: a sweep that finds nothing writes nothing. So the function `look` is asked to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mooring.flows.asked.summarising import Summary
from mooring.model.moments import told_time
from mooring.state.clusters import Cluster
from mooring.state.watchers import Watchers

__all__ = ["cluster_health"]


def cluster_health(
    cluster: Cluster, rows: Iterable[Summary], watchers: Watchers, look: Callable[[str], dict[str, Any]], *, now: float
) -> dict[str, Any]:
    """How `cluster` is; `rows` are the applications that the reader may see. Raises as `look` does."""
    here = [each for each in rows if each.cluster == cluster.name]
    found = look(cluster.name)
    told: dict[str, Any] = {**found, "name": cluster.name, "at": told_time(found["at"])}
    told["breaker"] = _breaker(cluster)
    told["drift"] = {"mode": cluster.drift}
    if cluster.drift == "watch":
        told["drift"]["watched"] = watchers.seat(cluster.name).is_watched(now)
    told["applications"] = len(here)
    told["lastSync"] = _latest(each.synced_at for each in here)
    told["lastChange"] = _latest(each.changed_at for each in here)
    return told


def _breaker(cluster: Cluster) -> dict[str, Any]:
    outage = cluster.outage
    if outage is None:
        return {"open": False}
    return {
        "open": True,
        "since": told_time(outage.since),
        "reason": outage.reason,
        "retryAt": told_time(outage.retry_at),
    }


def _latest(times: Iterable[float]) -> str | None:
    last = max(times, default=0.0)
    return told_time(last) if last else None
