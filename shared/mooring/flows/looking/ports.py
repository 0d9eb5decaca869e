"""What a look works with, and the application that it is about.

Who may look was decided before (`functions/api`); here holds what holds for syncs: the project must permit the
application to be where it is, and a cluster that is known to be out of reach is not asked. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import UnreachableError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.looks import NoSuchObjectError
from mooring.flows.clusters.fronting import Front
from mooring.flows.clusters.live import Live, Target
from mooring.flows.clusters.merging import WithMerges
from mooring.flows.clusters.targets import Targets
from mooring.flows.rules.permitting import permit_application
from mooring.model.application import AppKey, Application
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.records import Record

__all__ = ["LookPorts", "Place", "place_of", "record_of"]


@dataclass(frozen=True, slots=True)
class LookPorts:
    """What a look works with. `clock` and `deadline` are seconds since the epoch; no list begins after the latter."""

    applications: Applications
    bundles: Bundles
    targets: Targets
    pool: Executor
    expressions: Expressions
    clock: Callable[[], float]
    deadline: float

    @property
    def secret_key(self) -> bytes:
        """By which values of Secrets are hashed for pages."""
        return self.bundles.digests.key("look")

    def hurry(self) -> None:
        """Raises `UnreachableError` once the time is over in which somebody waits."""
        if self.clock() >= self.deadline:
            raise UnreachableError("the cluster answers too slowly for somebody who waits; ask again, or for less")


@dataclass(frozen=True, slots=True)
class Place:
    """One application and its cluster. `target` is how its objects are found; `reached` is None without a cluster."""

    record: Record
    application: Application
    target: Live
    reached: Target | None
    rules: Rules

    @property
    def server(self) -> ApiServer:
        """The API server. Raises `NoSuchObjectError` where the application has no cluster."""
        return self._reached.server

    @property
    def discovery(self) -> Discovery:
        """What the API server serves. Raises as `server`."""
        return self._reached.discovery

    @property
    def _reached(self) -> Target:
        if self.reached is None:
            raise NoSuchObjectError("the application lives in no cluster, so there is nothing of it to be seen there")
        return self.reached


def record_of(ports: LookPorts, app: AppKey) -> Record:
    """The application with its inventory. Raises `UnknownApplicationError`."""
    record = ports.applications.load([app], inventory=True)[app]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(app))
    return record


def place_of(ports: LookPorts, app: AppKey) -> Place:
    """The application in its cluster.

    Raises `UnknownApplicationError`, `NotPermittedError` where its project does not permit it to be there, and
    `UnreachableError`.
    """
    record = record_of(ports, app)
    assert record.spec is not None
    application = record.spec.application
    cluster = ports.targets.cluster(application.destination)
    permit_application(ports.targets.project(application.project), application, cluster)
    live = ports.targets.connect(ports.targets.reach(cluster))
    rules = Rules((*application.ignore_differences, *ports.targets.settings.rules), ports.expressions)
    return Place(record, application, WithMerges(live, app), _behind(live), rules)


def _behind(live: Live) -> Target | None:
    """The connection behind whatever stands in front of the cluster."""
    while isinstance(live, Front):
        live = live.live
    return live if isinstance(live, Target) else None
