"""Who let a commit in: the code host is asked, once, when its commit is on its way to the clusters already.

Nothing waits for the answer and nothing depends on it. A host that does not answer, or asks for patience, is asked
again later, a few times; then the commit stays without one until something else has it looked up. What is on record is
not asked for again, however many applications follow the repository (ADR 0091).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mooring.errors import MooringError, PermanentError, TransientError
from mooring.events.messages import CommitMessage
from mooring.forge.ports import CodeHost
from mooring.forge.rest import understood
from mooring.queues import Queues
from mooring.source.urls import normalise
from mooring.state.mergedrequests import CommitName, MergedRequests

__all__ = ["MergePorts", "look_up"]

_MOST_ATTEMPTS = 6
_FIRST_PAUSE = 30.0  # seconds; four times longer after each attempt, and at most what a queue holds back
_LONGEST_PAUSE = 900.0
_TIME = 20.0  # seconds of one invocation that may be spent on asking


@dataclass(frozen=True, slots=True)
class MergePorts:
    """What looking up takes; `host` finds the host of a repository's address, `clock` gives seconds."""

    requests: MergedRequests
    host: Callable[[str], CodeHost | None]
    queues: Queues
    clock: Callable[[], float]


def look_up(ports: MergePorts, messages: Iterable[CommitMessage]) -> list[MooringError]:
    """Puts on record what code hosts say of these commits; returns the troubles that waiting does not mend.

    Raises only where the state can't be read or written, or the queue can't be reached.
    """
    named: dict[CommitName, CommitMessage] = {}
    for message in messages:
        named.setdefault((normalise(message.repository), message.commit), message)
    known = ports.requests.known(named)
    begun = ports.clock()
    troubles: list[MooringError] = []
    again: list[tuple[CommitMessage, float]] = []
    for name, message in named.items():
        if name in known:
            continue
        if ports.clock() - begun > _TIME:
            again.append((message, _FIRST_PAUSE))
            continue
        try:
            host = ports.host(message.repository)
            if host is None:
                continue
            with understood("its kind of code host", "repository"):
                request = host.merged_request(message.commit)
        except TransientError as error:
            if message.attempt + 1 < _MOST_ATTEMPTS:
                again.append(_later(message, error.retry_after))
            else:
                troubles.append(error)
            continue
        except PermanentError as error:
            troubles.append(error)
            continue
        ports.requests.note(name, request, now=ports.clock())
    if again:
        ports.queues.send_later(again)
    return troubles


def _later(message: CommitMessage, asked_for: float | None) -> tuple[CommitMessage, float]:
    pause = max(_FIRST_PAUSE * 4.0**message.attempt, asked_for or 0.0)
    return CommitMessage(message.repository, message.commit, message.attempt + 1), min(pause, _LONGEST_PAUSE)
