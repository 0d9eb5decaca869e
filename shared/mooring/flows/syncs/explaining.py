"""Words for a workload that is not well: what its pods say.

A Deployment's own status never tells that an image can't be pulled, and that is what somebody wants to know. So the
pods of a workload are listed where its status tells of some that are not ready. That costs a request for each such
workload, so the looks of the first seconds after a sync, in which pods just start, go without; so does everything
beyond the first few workloads of one look. Only words are added: how well the workload is follows from its own status.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.cluster.observe import Observed
from mooring.errors import MooringError
from mooring.flows.clusters.live import Live
from mooring.health import Health
from mooring.health.pods_of import pod_selector, troubles_of

__all__ = ["Explainer"]

_MOST = 20


class Explainer:
    """Adds words to health, for at most twenty workloads."""

    def __init__(self, target: Live, *, wanted: bool) -> None:
        self._target = target
        self._left = _MOST if wanted else 0

    def explained(self, found: Observed, health: Health) -> Health:
        """The health of a live object, with what its pods say if it is not well. Raises nothing of `mooring.errors`."""
        if self._left <= 0 or found.live is None or health.status not in ("Progressing", "Degraded"):
            return health
        selector = pod_selector(found.live)
        if not selector:
            return health
        self._left -= 1
        try:
            words = troubles_of(self._target.pods(found.key.namespace, selector))
        except MooringError:  # rights to see pods may be missing; the health itself is known
            return health
        return replace(health, message="; ".join(filter(None, (health.message, words)))) if words else health
