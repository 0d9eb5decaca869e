"""Which clusters can be reached: a circuit breaker that all functions share, kept beside the cluster in the table.

A cluster that answers nothing would cost each of its applications a connection's timeout, in a function that others
wait for. So the first function that meets it makes sure (`cluster.probing`) and writes down since when and why. Every
sync reads the registered clusters anyway; while the breaker is open, messages about the cluster's applications end
without a request. The sweep's look at the cluster is the probe that closes it again; so is, once a minute, a message
about an application. Both ways of the breaker are news: all applications of the cluster get one look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mooring.errors import ConflictError, UnreachableError
from mooring.model.moments import told_time
from mooring.state.clusters import Cluster, Outage
from mooring.state.registry import Registry

__all__ = ["Breaker", "OutageError"]

_PROBED = 60.0  # seconds between probes by messages about applications; sweeps probe whenever they come


class OutageError(UnreachableError):
    """A cluster is known to be out of reach: since when, and why. Nothing needs to come back for it."""

    def __init__(self, cluster: Cluster, outage: Outage) -> None:
        since = told_time(outage.since)
        super().__init__(
            f"the cluster {cluster.name} can't be reached since {since}: {outage.reason}; "
            f"its applications are synced as soon as it answers (`mooring cluster doctor {cluster.name}` says more)"
        )


class Breaker:
    """Opens and closes; `probe` says why a cluster can't be reached, or nothing. `clock` is seconds since the epoch."""

    def __init__(self, registry: Registry, probe: Callable[[Cluster], str], clock: Callable[[], float]) -> None:
        self._registry = registry
        self._probe = probe
        self._clock = clock
        self._news: dict[str, None] = {}

    def let_through(self, cluster: Cluster, *, probing: bool) -> Cluster:
        """The cluster as it is known now, if it may be asked; `probing` asks it whenever it was asked last.

        Raises `OutageError` while the breaker is open.
        """
        outage = cluster.outage
        if outage is None:
            return cluster
        if not probing:
            if self._clock() < outage.retry_at:
                raise OutageError(cluster, outage)
            claimed = replace(outage, retry_at=self._clock() + _PROBED)
            if not self._write(cluster, claimed):
                raise OutageError(cluster, outage)
            cluster, outage = replace(cluster, outage=claimed), claimed
        reason = self._probe(cluster)
        if not reason:
            return self._closed(cluster)
        if reason != outage.reason:
            told = replace(outage, reason=reason)
            self._write(cluster, told)
            outage = told
        raise OutageError(cluster, outage)

    def doubt(self, cluster: Cluster) -> Cluster:
        """Makes sure of a cluster that left a request without an answer; opens the breaker where nobody is there."""
        if cluster.outage is not None or not (reason := self._probe(cluster)):
            return cluster
        now = self._clock()
        outage = Outage(now, reason, now + _PROBED)
        if self._write(cluster, outage):
            self._news[cluster.name] = None
        return replace(cluster, outage=outage)

    def tell(self, cluster: Cluster) -> None:
        """The cluster was found somewhere else: that is news as well."""
        self._news[cluster.name] = None

    def news(self) -> list[str]:
        """The clusters for which the breaker has opened or closed here since it was asked last."""
        names = list(self._news)
        self._news.clear()
        return names

    def _closed(self, cluster: Cluster) -> Cluster:
        if self._write(cluster, None):
            self._news[cluster.name] = None
        return replace(cluster, outage=None)

    def _write(self, cluster: Cluster, outage: Outage | None) -> bool:
        """False where another function was faster."""
        try:
            self._registry.note_outage(cluster, outage)
        except ConflictError:
            return False
        return True
