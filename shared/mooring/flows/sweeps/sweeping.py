"""The function `sweep`: the safety net under everything else, and the way back from the queue `later`.

Each repository is asked once for its refs, however many applications use it; those whose revision has moved are
rendered. Each cluster gets one message, and `sync` looks for drift there. A webhook that was lost, a function that died
with a message in hand, a retry that is due: the sweep finds them all, because it compares states and not events.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mooring.errors import ForbiddenError, MooringError, PermanentError, TransientError
from mooring.events.messages import (
    ApplicationSetMessage,
    AppMessage,
    Cause,
    ClusterMessage,
    CommitMessage,
    ImagesMessage,
    Later,
    PromotionMessage,
)
from mooring.flows.renders.following import Place, all_inputs, bare, beyond, named, place_of, resolve
from mooring.flows.renders.recalling import RENDERER
from mooring.flows.rules.healthscripts import follow_scripts
from mooring.queues import Queues
from mooring.source import Repositories
from mooring.source.charts import Charts
from mooring.state.applications import Applications
from mooring.state.applicationsets import ListedSet
from mooring.state.clusters import find_place
from mooring.state.lists import Listed
from mooring.state.registry import Cluster, Registry
from mooring.state.wanted import Input, WantedState

if TYPE_CHECKING:
    from mooring.flows.asked.bootstrapping import Root
    from mooring.flows.sweeps.merges import MergePorts
    from mooring.flows.sweeps.watching import Starter
    from mooring.state.watchers import Watchers

__all__ = ["SweepPorts", "forward", "sweep"]

_TICK = Cause("tick")


@dataclass(frozen=True, slots=True)
class SweepPorts:
    """What a sweep works with; `pool` asks repositories side by side, `root` is what the installation begins with,
    `merges` makes what asks code hosts; `watchers` and `start` are there where clusters can be watched.
    """

    applications: Applications
    registry: Registry
    repositories: Repositories
    charts: Charts
    queues: Queues
    pool: Executor
    clock: Callable[[], float] = time.time
    root: Root | None = None
    merges: Callable[[], MergePorts] | None = None
    watchers: Watchers | None = None
    start: Starter | None = None


def sweep(ports: SweepPorts) -> list[MooringError]:
    """Sends a message for everything that needs a look; returns the troubles of repositories that did not answer."""
    listed = ports.applications.registered()
    rooted = None if ports.root is None else ports.root.ensure(nothing_yet=not listed)
    known = ports.registry.known()
    clusters = _clusters_of(listed, known.clusters)
    ports.queues.send("syncs", [ClusterMessage(name, _TICK) for name in clusters], alone=True)
    sets = ports.registry.sets.listed()
    if deciding := tuple(str(each.key) for each in sets if each.basis.decisions):
        from mooring.flows.sets.deciding import decider  # few sets ask for decisions

        if place := decider(known.clusters):
            ports.queues.send("syncs", [ClusterMessage(place, _TICK, sets=deciding)], alone=True)
    if known.promotions:
        from mooring.flows.promotions.due import due_promotions  # few installations have any

        due = due_promotions(ports.applications, known.promotions, ports.clock())
        ports.queues.send("renders", [PromotionMessage(str(each.key), _TICK) for each in due], alone=True)
    if known.updaters or any(each.images for each in listed):
        ports.queues.send("images", [ImagesMessage(_TICK)])
    watched = _watched(ports, known.clusters, clusters)
    stale, troubles = _stale(ports, listed, sets, known.clusters)
    ports.queues.send("renders", stale, alone=True)
    if trouble := follow_scripts(ports.registry.health_scripts, ports.repositories, known.settings):
        troubles.append(trouble)
    troubles += watched
    if not all(each.summarised for each in listed):
        from mooring.flows.sweeps.summarised import summarise_old  # once, after an update of Mooring

        summarise_old(ports.applications, listed, ports.pool)
    return [*troubles, rooted] if rooted else troubles


def _watched(ports: SweepPorts, known: Sequence[Cluster], used: Sequence[str]) -> list[MooringError]:
    if not any(each.drift == "watch" for each in known):
        return []
    from mooring.flows.sweeps.attending import attend

    return attend(ports.watchers, ports.start, known, used, ports.clock())


def forward(ports: SweepPorts, messages: Iterable[Later | CommitMessage]) -> list[MooringError]:
    """Sends messages that have waited long enough to the queue that they are meant for; then asks code hosts about
    commits, which holds up nobody. Returns the troubles of hosts that will not be asked again.
    """
    waiting = list(messages)
    for to in ("renders", "syncs", "notes", "images"):
        ports.queues.send(
            to, [each.message for each in waiting if isinstance(each, Later) and each.to == to], alone=True
        )
    commits = [each for each in waiting if isinstance(each, CommitMessage)]
    if not commits or ports.merges is None:
        return []
    from mooring.flows.sweeps.merges import look_up  # with the clients of code hosts

    return look_up(ports.merges(), commits)


def _clusters_of(listed: Iterable[Listed], clusters: list[Cluster]) -> list[str]:
    names = dict.fromkeys(each.name for each in clusters if each.managed)
    for destination in dict.fromkeys(app.destination for app in listed):
        try:
            names[find_place(clusters, destination).name] = None
        except PermanentError:
            continue  # shown as a condition of its applications when they are synced
    return list(names)


def _stale(
    ports: SweepPorts, listed: Sequence[Listed], sets: Sequence[ListedSet], clusters: Sequence[Cluster]
) -> tuple[list[AppMessage | ApplicationSetMessage], list[MooringError]]:
    """The applications and sets that something has moved for, and the troubles of repositories that did not answer."""
    wanted = ports.applications.wanted(app.key for app in listed)
    inputs = {app.key: all_inputs(app.sources, wanted.get(app.key)) for app in listed}
    by_repository: dict[tuple[str, str], set[Place]] = {}
    read = {(url, "", revision) for each in sets for url, revision, _ in each.basis.refs}
    for place in read.union(place_of(each) for group in inputs.values() for each in group):
        by_repository.setdefault(place[:2], set()).add(place)

    def ask(places: Iterable[Place]) -> dict[Place, str | MooringError]:
        return resolve(places, ports.repositories.resolve, ports.charts)

    found: dict[Place, str | MooringError] = {}
    for answers in ports.pool.map(ask, by_repository.values()):
        found |= answers
    stale: list[AppMessage | ApplicationSetMessage] = [
        AppMessage(app.key, _TICK)
        for app in listed
        if _is_stale(app, wanted.get(app.key), {bare(each): found[place_of(each)] for each in inputs[app.key]})
    ]
    if sets:
        from mooring.flows.sets.duesets import due_sets  # few installations have any

        stale += [
            ApplicationSetMessage(str(key), _TICK) for key in due_sets(sets, listed, clusters, found, ports.clock())
        ]
    silent = {place[:2]: each for place, each in found.items() if isinstance(each, TransientError | ForbiddenError)}
    return stale, list(silent.values())


def _is_stale(app: Listed, wanted: WantedState | None, now: Mapping[Input, str | MooringError]) -> bool:
    if wanted is None or wanted.renderer != RENDERER:
        return True
    if any(isinstance(each, TransientError | ForbiddenError) for each in now.values()):
        return False  # what was rendered stands as long as the repository does not answer
    revisions = {each: "" if isinstance(answer, MooringError) else answer for each, answer in now.items()}
    if (failure := wanted.failure) is not None:
        revision = named(revisions[each] for each in app.sources)
        now_beyond = beyond(wanted.rendering.inputs, revisions)
        tried = failure.revision, failure.generation, failure.beyond
        return failure.transient or tried != (revision, app.generation, now_beyond)
    known = {bare(each): each.revision for each in wanted.rendering.inputs}
    return wanted.generation != app.generation or known != revisions
