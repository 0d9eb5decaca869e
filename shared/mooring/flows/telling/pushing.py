"""Tells open pages that something changed, each only of what it may get.

Who listens is read anew for each batch, consistently: whoever was answered that it listens is told of every change that
is written afterwards, and has asked for everything that was written before. Nothing is remembered in between, so
nothing can be missed because of it. Where nobody listens that one read is all.

Rights are decided when something is pushed, by the policy of that moment; who was ended or revoked is told nothing. Of
a thing whose project nobody can tell any more (an application that is gone) nobody is told; the removal of its `SPEC`
names it, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import orjson

from mooring.access.rbac import Caller, Policy, named, permits
from mooring.errors import TransientError
from mooring.flows.telling.newness import News, news_of, project_of, wanted_by
from mooring.model.application import AppKey
from mooring.state.connections import Connection, Connections
from mooring.state.endings import Ended
from mooring.state.stream import Change

__all__ = ["Line", "LivePorts", "Rules", "push"]

_AT_ONCE = 50  # things in one message: some 20 KB, and a frame holds 32 KB
_RESOURCES = {"application": "applications", "applicationset": "applicationsets", "promotion": "promotions"}
_PLAIN = {"project": "projects", "repository": "repositories", "delivery": "webhooks", "settings": "settings"}


class Line(Protocol):
    """What can be done with a connection (`mooring.sockets`)."""

    def post(self, connection: str, data: bytes) -> bool:
        """Sends a message; False where the connection is gone. Raises `TransientError`."""

    def end(self, connection: str) -> None:
        """Closes a connection; one that is gone does no harm."""


class Rules(NamedTuple):
    """What counts now: the policy, the epoch of sessions, and what counts no more before its time."""

    policy: Policy
    epoch: str
    ended: Ended = Ended()


@dataclass(frozen=True, slots=True)
class LivePorts:
    """What `live` works with; `rules` gives what counts now, with the roles of these projects."""

    connections: Connections
    line: Line
    rules: Callable[[set[str]], Rules]
    pool: Executor
    clock: Callable[[], float]


def push(ports: LivePorts, changes: Sequence[Change]) -> int:
    """Tells whoever wants to know and may; how many connections were told.

    Raises `TransientError` where somebody could not be told: then all of it has to be done again, which does no harm.
    """
    news = news_of(changes)
    connections = ports.connections.all() if news else []
    now = ports.clock()
    _send_away(ports, [each for each in connections if each.until <= now])
    wanting = [(each, [one for one in news if wanted_by(one, each.topics)]) for each in connections if each.until > now]
    asked = {id(one): one for _, wanted in wanting for one in wanted}
    if not asked:
        return 0
    _find_projects(ports, list(asked.values()))
    policy, epoch, over = ports.rules({project for one in asked.values() for project in one.projects if project})
    ended = {each.id for each, _ in wanting if not each.counts(epoch, over)}
    _send_away(ports, [each for each, _ in wanting if each.id in ended])
    wanting = [(each, wanted) for each, wanted in wanting if each.id not in ended]
    decided: dict[tuple[Caller, str, str], bool] = {}

    def may(caller: Caller, one: News) -> bool:
        for resource, object_ in _objects(one):
            key = caller, resource, object_
            if key not in decided:
                decided[key] = permits(policy, caller, resource, "get", object_)
            if decided[key]:
                return True
        return False

    due = [(each, [one for one in wanted if may(each.caller, one)]) for each, wanted in wanting]
    sent = list(ports.pool.map(lambda pair: _tell(ports, *pair), [pair for pair in due if pair[1]]))
    failed = [error for error in sent if error is not None]
    if failed:
        raise failed[0]
    return len(sent)


def _send_away(ports: LivePorts, connections: Sequence[Connection]) -> None:
    for each in connections:
        ports.line.end(each.id)
        ports.connections.forget(each.id)


def _find_projects(ports: LivePorts, asked: Sequence[News]) -> None:
    """Reads the project of what changed in some other part than its `SPEC`."""
    unknown = [one for one in asked if one.kind in _RESOURCES and not one.projects]
    specs = ports.connections.specs([one.pk for one in unknown]) if unknown else {}
    for one in unknown:
        if one.pk in specs:
            one.projects.add(project_of(one.kind, specs[one.pk]))


def _objects(one: News) -> Iterator[tuple[str, str]]:
    """The objects of policies of which one must be permitted: of something that moved, where it was and where it is."""
    if one.kind in _RESOURCES:
        for project in sorted(one.projects):
            yield _RESOURCES[one.kind], named(project, AppKey.parse(one.name))
    elif one.kind == "cluster":
        for project in sorted(one.projects):
            yield "clusters", f"{project}/{one.place}" if project else one.place
    else:
        yield _PLAIN[one.kind], one.name or "*"


def _tell(ports: LivePorts, connection: Connection, news: Sequence[News]) -> TransientError | None:
    try:
        for start in range(0, len(news), _AT_ONCE):
            message = {"changed": [one.told() for one in news[start : start + _AT_ONCE]]}
            if not ports.line.post(connection.id, orjson.dumps(message)):
                ports.connections.forget(connection.id)
                break
    except TransientError as error:
        return error
    return None
