"""How hard one API server may be pressed: not at all while it can't be reached, and gently once it has said so.

Three things are remembered for each server, across threads and invocations. While nothing answers, further requests
fail at once, so an unreachable cluster costs an invocation one short wait and not one for each object. Since the server
asked for a pause (429), everybody waits until it is over. And after each pause only half as many requests are under way
at once, growing back one by one (additive increase, multiplicative decrease): a queue that was emptied by refusing is
filled again by those who come back in full strength (Kubernetes documentation, "API Priority and Fairness"). Beside
what the server says, whoever registered it may have set how many requests a second are begun.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mooring.cluster.trying import jitter
from mooring.errors import ThrottledError, UnreachableError

__all__ = ["Pace"]

_FAST_FAIL_SECONDS = 4.0  # less than the first retry of a sync (5 s), which shall find out for itself
_NEVER = float("-inf")


class Pace:
    """What is remembered of one server. `answers` counts what it said; `is_silent` where the last request met nobody.

    `now` is seconds since the epoch: in a frozen function other clocks stand still.
    """

    def __init__(
        self,
        width: int,
        *,
        per_second: float = 0.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._width = width
        self._apart = 1.0 / per_second if per_second > 0 else 0.0
        self._next = _NEVER
        self._limit = float(width)
        self._running = 0
        self.answers = 0
        self.is_silent = False
        self._closed_until = _NEVER
        self._why = ""
        self._paused_until = _NEVER
        self._now = now
        self._sleep = sleep
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, seconds: float, subject: str | None) -> Iterator[None]:
        """Holds one of the places for a request; waits for it up to `seconds`.

        Raises `UnreachableError` while the server counts as unreachable, `ThrottledError` where the wait is too long.
        """
        self._await_pause(seconds, subject)
        self._await_turn(seconds, subject)
        with self._changed:
            self._refuse_if_closed(subject)
            if not self._changed.wait_for(lambda: self._running < max(1, int(self._limit)), seconds):
                raise ThrottledError("the API server is busy; its answers are waited for", subject=subject)
            # Whoever held the place may have found out that nobody answers.
            self._refuse_if_closed(subject)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def answered(self) -> None:
        """The server has answered something: it is there, and may be asked a little harder."""
        with self._changed:
            self.answers += 1
            self.is_silent = False
            self._closed_until = _NEVER
            self._limit = min(self._width, self._limit + 1 / self._limit)

    def throttled(self, seconds: float) -> None:
        """The server has asked for a pause; those who were refused side by side count once."""
        with self._changed:
            now = self._now()
            self.answers += 1
            if now >= self._paused_until:
                self._limit = max(1.0, self._limit / 2)
            self._paused_until = max(self._paused_until, now + seconds)

    def silent(self, since: int, why: str) -> None:
        """A request got no answer; unless others did since there were that many, nobody asks for a while."""
        with self._changed:
            if self.answers == since:
                self.is_silent = True
                self._closed_until = self._now() + _FAST_FAIL_SECONDS
                self._why = why
                self._changed.notify_all()

    def _refuse_if_closed(self, subject: str | None) -> None:
        # The same words as the failure itself: a status that repeats it is no news.
        if self._now() < self._closed_until:
            raise UnreachableError(self._why, subject=subject)

    def _await_turn(self, seconds: float, subject: str | None) -> None:
        """Waits so that no more requests begin than `per_second`; a second's worth may begin at once."""
        if not self._apart:
            return
        with self._changed:
            self._refuse_if_closed(subject)
            now = self._now()
            due = max(self._next, now - 1.0 + self._apart)
            if due - now > seconds:
                raise ThrottledError(
                    "more requests wait than the cluster's limit lets through; raise requestsPerSecond or wait",
                    retry_after=due - now,
                    subject=subject,
                )
            self._next = due + self._apart
        if due > now:
            self._sleep(due - now)

    def _await_pause(self, seconds: float, subject: str | None) -> None:
        with self._changed:
            rest = self._paused_until - self._now()
        if rest <= 0:
            return
        if rest > seconds:
            raise ThrottledError("the API server has asked us to come back later", retry_after=rest, subject=subject)
        self._sleep(rest + jitter(0, min(0.25, rest / 4)))
