"""The function `sweep`: the safety net under everything else, and the way back from the queue `later`.

Each repository is asked once for its refs, however many applications use it; those whose revision has moved are
rendered. Each cluster gets one message, and `sync` looks for drift there. A webhook that was lost, a function that died
with a message in hand, a retry that is due: the sweep finds them all, because it compares states and not events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from mooring.errors import MooringError, PermanentError
from mooring.events.messages import AppMessage, Cause, ClusterMessage, Later
from mooring.flows.rendering import RENDERER
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.source import Repositories, Resolution
from mooring.state.applications import Applications, Listed
from mooring.state.records import WantedState
from mooring.state.registry import Cluster, Registry, find_cluster

__all__ = ["SweepPorts", "forward", "sweep"]

_TICK = Cause("tick")


@dataclass(frozen=True, slots=True)
class SweepPorts:
    """What a sweep works with; `pool` asks repositories side by side."""

    applications: Applications
    registry: Registry
    repositories: Repositories
    queues: Queues
    pool: Executor


def sweep(ports: SweepPorts) -> list[MooringError]:
    """Sends a message for everything that needs a look; returns the troubles of repositories that did not answer."""
    listed = ports.applications.registered()
    clusters = _clusters_of(listed, ports.registry.clusters())
    ports.queues.send("syncs", [ClusterMessage(name, _TICK) for name in clusters], alone=True)
    stale, troubles = _stale(ports, listed)
    ports.queues.send("renders", [AppMessage(key, _TICK) for key in stale], alone=True)
    return troubles


def forward(ports: SweepPorts, messages: Iterable[Later]) -> None:
    """Sends messages that have waited long enough to the queue that they are meant for."""
    waiting = list(messages)
    for to in ("renders", "syncs"):
        ports.queues.send(to, [each.message for each in waiting if each.to == to], alone=True)


def _clusters_of(listed: Iterable[Listed], clusters: list[Cluster]) -> list[str]:
    names: dict[str, None] = {}
    for destination in dict.fromkeys(app.destination for app in listed):
        try:
            names[find_cluster(clusters, destination).name] = None
        except PermanentError:
            continue  # shown as a condition of its applications when they are synced
    return list(names)


def _stale(ports: SweepPorts, listed: Sequence[Listed]) -> tuple[list[AppKey], list[MooringError]]:
    wanted = ports.applications.wanted(app.key for app in listed)
    by_url: dict[str, list[Listed]] = {}
    for app in listed:
        by_url.setdefault(app.url, []).append(app)

    def ask(url: str) -> tuple[list[AppKey], MooringError | None]:
        apps = by_url[url]
        try:
            found = ports.repositories.resolve(url, {app.target for app in apps})
        except MooringError as error:
            # A render says so in the status of applications that never got anywhere; the others keep what they have.
            return [app.key for app in apps if app.key not in wanted], error
        shas = {target: each.sha if isinstance(each, Resolution) else "" for target, each in found.items()}
        return [app.key for app in apps if _is_stale(app, wanted.get(app.key), shas[app.target])], None

    stale: list[AppKey] = []
    troubles: list[MooringError] = []
    for keys, trouble in ports.pool.map(ask, by_url):
        stale += keys
        if trouble is not None:
            troubles.append(trouble)
    return stale, troubles


def _is_stale(app: Listed, wanted: WantedState | None, sha: str) -> bool:
    if wanted is None or wanted.renderer != RENDERER:
        return True
    if (failure := wanted.failure) is not None:
        return failure.transient or (failure.revision, failure.generation) != (sha, app.generation)
    return (wanted.revision, wanted.generation) != (sha, app.generation)
