"""Clusters as a sync meets them: a destination becomes a connection that stays warm.

Connections outlive invocations; the list of clusters is read once an invocation, so a new registration counts at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace as dataclass_replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mooring.access.project import Project
from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.probing import why_unreachable
from mooring.cluster.trying import DEFAULT_WAITS, Waits
from mooring.errors import ConfigurationError, MooringError
from mooring.flows.clusters.declared import Declared
from mooring.flows.clusters.live import Live, Target
from mooring.flows.clusters.nowhere import Nowhere
from mooring.flows.clusters.places import Places
from mooring.flows.clusters.reaching import Breaker
from mooring.flows.clusters.registering import WithDeclared
from mooring.flows.rules.settings import NO_SETTINGS, read_settings
from mooring.model.application import AppKey, Destination
from mooring.model.promotionkey import PromotionKey
from mooring.state.clusters import ALONE, Limits, find_place
from mooring.state.listedpromotions import ListedPromotion
from mooring.state.registry import Cluster, Registry

if TYPE_CHECKING:
    from mooring.cluster.examining import Use

__all__ = ["Targets"]


class Targets:
    """Destinations of one installation, with their connections; `declared` takes the objects that are no cluster's."""

    def __init__(
        self,
        registry: Registry,
        *,
        connections: int,
        declared: Declared | None = None,
        clock: Callable[[], float] = time.time,
        waits: Waits = DEFAULT_WAITS,
    ) -> None:
        self._registry = registry
        self.declared = declared
        self._breaker = Breaker(registry, self._why_unreachable, clock)
        self._clock = clock
        self._connections = connections
        self._waits = waits
        self._clusters: list[Cluster] = []
        self._projects: dict[str, str] = {}
        self._promotions: tuple[ListedPromotion, ...] = ()
        self._version = ""
        self.settings = NO_SETTINGS
        self._open: dict[str, tuple[tuple[Connection, Limits], Target]] = {}
        self._places = Places(registry)

    def refresh(self) -> None:
        """Reads the registered clusters, and the settings where they have changed; call it once an invocation."""
        known = self._registry.known()
        version = known.settings
        self._clusters, self._projects, self._promotions = known.clusters, known.projects, known.promotions
        if version != self._version:
            self.settings = read_settings(*self._registry.health_scripts.in_force())
            self._version = version

    def promotions_of(self, app: AppKey) -> list[PromotionKey]:
        """The promotions that an application is part of, as it was when this was refreshed."""
        return [each.key for each in self._promotions if app in each.apps]

    def project(self, name: str) -> Project:
        """A project as it was when this was refreshed. Raises `ConfigurationError` where there is none."""
        return self._registry.projects.find(name, self._projects)

    def cluster(self, destination: Destination) -> Cluster:
        """The cluster that a destination means, or the installation itself. Raises `ConfigurationError`."""
        return find_place(self._clusters, destination)

    def named(self, name: str) -> Cluster:
        """A cluster by its registered name. Raises `ConfigurationError`."""
        return find_place(self._clusters, Destination(name=name))

    def reach(self, cluster: Cluster, *, probing: bool = False) -> Cluster:
        """The cluster, if it may be asked; with `probing` one that was out of reach is asked whether it still is.

        Raises `UnreachableError` that says since when and why it can't be reached.
        """
        return self._told(self._breaker.let_through(cluster, probing=probing))

    def settle(self) -> None:
        """Makes sure of every cluster that has just left a request without an answer; call it after each of them."""
        for name, (_, target) in list(self._open.items()):
            known = next((each for each in self._clusters if each.name == name), None)
            if known is not None and (target.server.is_silent or target.server.is_distrusted):
                try:
                    if target.server.is_distrusted:
                        self._move(known)
                    else:
                        self._told(self._breaker.doubt(known))
                except MooringError:
                    continue  # its credentials can't be read, say: that is shown where they are needed

    def examine(self, cluster: Cluster, uses: Iterable[Use], pool: Executor) -> dict[str, Any]:
        """What keeps us from working with a cluster (`cluster.examining`), and whether it can be reached after all."""
        from mooring.cluster.examining import examine  # only where a person asks

        cluster = self._now_known(self._places.find(cluster))
        found = examine(self._places.connection(cluster, fresh=True), uses, pool)
        if found["reachable"] and cluster.outage is not None:
            self._told(self._breaker.let_through(cluster, probing=True))
        return found

    def asked_check(self, cluster: Cluster, check: str) -> dict[str, Any] | None:
        """What somebody wants done under this id; None where it is done, or forgotten."""
        known = self._registry.check(cluster.name, check)
        return None if known is None or "found" in known else known.get("asked")

    def note_check(self, cluster: Cluster, check: str, found: dict[str, Any]) -> None:
        """Keeps what was found for whoever asked."""
        self._registry.put_check(cluster.name, check, found, now=self._clock())

    def news(self) -> list[str]:
        """Clusters that were found out of reach or back, since this was asked last: their applications want a look."""
        return self._breaker.news()

    def _move(self, cluster: Cluster) -> None:
        """What answers isn't what was registered: perhaps the cluster was made anew elsewhere."""
        self._open.pop(cluster.name)[1].server.close()
        if (moved := self._places.moved(cluster)) is not None:
            self._now_known(moved)
            self._breaker.tell(cluster)

    def _told(self, cluster: Cluster) -> Cluster:
        """The cluster as it is known, with what the breaker says of it: a probe may have found it somewhere else."""
        known = next((each for each in self._clusters if each.name == cluster.name), cluster)
        return self._now_known(dataclass_replace(known, outage=cluster.outage))

    def _now_known(self, cluster: Cluster) -> Cluster:
        self._clusters = [cluster if each.name == cluster.name else each for each in self._clusters]
        return cluster

    def _why_unreachable(self, cluster: Cluster) -> str:
        reason = why_unreachable(self._places.connection(cluster))
        if reason and (moved := self._places.moved(cluster)) is not None:
            self._now_known(moved)
            reason = why_unreachable(self._places.connection(moved))
            if not reason:
                self._breaker.tell(moved)
        if not reason and cluster.name in self._open:
            self._open.pop(cluster.name)[1].server.close()  # what was discovered before may be an older cluster's
        return reason

    def connect(self, cluster: Cluster) -> Live:
        """A connection to a cluster: the warm one unless its address or credentials have changed."""
        if cluster == ALONE:
            return self._with_declared(Nowhere(self.settings.health))
        cluster = self._now_known(self._places.find(cluster))
        connection = self._places.connection(cluster)
        known = self._open.get(cluster.name)
        if known is not None and known[0] == (connection, cluster.limits):
            return self._with_declared(Target(cluster, known[1].server, known[1].discovery, self.settings.health))
        limits = cluster.limits
        server = ApiServer(
            connection,
            waits=self._waits,
            pool_size=min(self._connections, limits.at_once or self._connections),
            per_second=limits.per_second,
            renew=partial(self._renew, cluster),
        )
        target = Target(cluster, server, Discovery(server), self.settings.health)
        if known is not None:
            known[1].server.close()
        self._open[cluster.name] = ((connection, limits), target)
        return self._with_declared(target)

    def opened(self, cluster: Cluster) -> Target:
        """The connection to a cluster alone, for whoever watches it. Raises `ConfigurationError` where it has none."""
        target = self.connect(cluster)
        target = target.live if isinstance(target, WithDeclared) else target
        if not isinstance(target, Target):
            raise ConfigurationError("no default cluster is registered, so there is nothing to watch", field="cluster")
        return target

    def connection(self, cluster: Cluster, *, fresh: bool = False) -> Connection:
        """How to reach a cluster; `fresh` reads its credentials anew."""
        return self._places.connection(self._places.find(cluster), fresh=fresh)

    def _with_declared(self, target: Live) -> Live:
        return target if self.declared is None else WithDeclared(target, self.declared)

    def _renew(self, cluster: Cluster) -> Connection:
        """The connection by the credentials as they are registered now, whatever was read a moment ago."""
        connection = self._places.connection(cluster, fresh=True)
        if cluster.name in self._open:  # the open one goes on with them
            self._open[cluster.name] = ((connection, cluster.limits), self._open[cluster.name][1])
        return connection

    def note_versions(self, target: Live) -> None:
        """Remembers what the cluster serves, for charts that ask; writes only when it has changed."""
        if isinstance(target, WithDeclared):
            target = target.live
        if isinstance(target, Target):
            versions = tuple(target.discovery.api_versions())
            self._registry.note_versions(target.cluster, target.discovery.version(), versions)
