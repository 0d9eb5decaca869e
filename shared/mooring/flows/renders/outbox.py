"""What an invocation of `render` has found out, written and sent in few requests.

State goes first, then messages: a message that is lost is found by the sweep, a state that is lost is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mooring.errors import MooringError, TransientError
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.renders.following import followed
from mooring.flows.renders.recalling import RENDERER
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.lists import Follows
from mooring.state.records import Record
from mooring.state.spending import Cost
from mooring.state.wanted import Commit, RenderFailure, Rendering, WantedState

__all__ = ["Outbox"]

_RETRY_DELAY = 10.0  # seconds; after that the sweep takes over
_LONGEST_MESSAGE = 2000
_FLUSH_AFTER = 0.25  # seconds that a finished render waits for its neighbours before it goes on its way


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
    shares: dict[AppKey, Cost] = field(default_factory=dict)

    def charge(self, key: AppKey, cost: Cost) -> None:
        """Adds to what an application's render took; kept with what is written of the application, if anything is."""
        self.shares[key] = self.shares.get(key, Cost()).plus(cost)

    def flush(self) -> None:
        """Writes and sends everything."""
        if self.wanted:
            shares = ((key, state, self.shares.pop(key, Cost())) for key, state in self.wanted)
            self.applications.want([(key, replace(state, spent=state.spent.plus(own))) for key, state, own in shares])
        if self.follows:
            self.applications.follow(self.follows)
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

    def follow(self, key: AppKey, wanted: WantedState | None, rendering: Rendering) -> None:
        """Brings the lists of the repositories up to date, where they are not."""
        before = followed(wanted.rendering.inputs) if wanted is not None else {}
        now = followed(rendering.inputs)
        changed = {name: what for name, what in now.items() if before.get(name) != what}
        gone = frozenset(before) - frozenset(now)
        if changed or gone:
            self.follows.append(Follows(key, changed, gone))

    def fail(
        self, record: Record, cause: Cause, error: MooringError, revision: str, resolved_at: float, beyond: str = ""
    ) -> None:
        """Remembers why there is no bundle; what is in the cluster stays."""
        spec, wanted = record.spec, record.wanted
        assert spec is not None
        transient = isinstance(error, TransientError)
        message = str(error)[:_LONGEST_MESSAGE]
        failure = RenderFailure(message, transient, revision, spec.generation, resolved_at, beyond)
        if wanted is None:
            wanted = WantedState("", 0, resolved_at, cause, Commit(), RENDERER)
        known = wanted.failure
        if known is None or replace(known, at=failure.at) != failure:
            # The bundle keeps the generation that it was rendered for: it must never pass for one of a changed spec.
            self.wanted.append((record.key, replace(wanted, failure=failure, resolved_at=resolved_at)))
        if cause.kind == "person":
            self.syncs.append(AppMessage(record.key, cause))
        if transient and cause.kind not in ("retry", "tick"):
            again = AppMessage(record.key, replace(cause, kind="retry"))
            self.later.append((Later("renders", again), _RETRY_DELAY))
