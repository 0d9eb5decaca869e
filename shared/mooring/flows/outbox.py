"""What an invocation of `render` has found out, written and sent in few requests.

State goes first, then messages: a message that is lost is found by the sweep, a state that is lost is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mooring.events.messages import AppMessage, Later
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.records import WantedState

__all__ = ["Follows", "Outbox"]

_FLUSH_AFTER = 0.25  # seconds that a finished render waits for its neighbours before it goes on its way


@dataclass(frozen=True, slots=True)
class Follows:
    """Which repositories an application follows from now on (targets and paths by address), and which no longer."""

    key: AppKey
    repositories: dict[str, tuple[list[str], list[str]]]
    gone: frozenset[str]


@dataclass(slots=True)
class Outbox:
    """Fill the lists, then `flush`; `clock` gives seconds."""

    applications: Applications
    queues: Queues
    clock: Callable[[], float]
    flushed_at: float
    wanted: list[tuple[AppKey, WantedState]] = field(default_factory=list)
    follows: list[Follows] = field(default_factory=list)
    syncs: list[AppMessage] = field(default_factory=list)
    renders: list[AppMessage] = field(default_factory=list)
    later: list[tuple[Later, float]] = field(default_factory=list)

    def flush(self) -> None:
        """Writes and sends everything."""
        if self.wanted:
            self.applications.want(self.wanted)
        for each in self.follows:
            self.applications.follow(each.key, each.repositories, each.gone)
        if self.syncs:
            self.queues.send("syncs", self.syncs)
        if self.renders:
            self.queues.send("renders", self.renders)
        if self.later:
            self.queues.send_later(self.later)
        self.wanted, self.follows, self.syncs, self.renders, self.later = [], [], [], [], []
        self.flushed_at = self.clock()

    def flush_if_waiting(self) -> None:
        """As `flush`, where the oldest finding has waited for a while."""
        if self.clock() - self.flushed_at > _FLUSH_AFTER:
            self.flush()
