"""How hard registries of images may be pressed, by what they say and what an administrator has set.

A registry that answers 429 is left alone until it wants to be asked again. Docker Hub tells with each manifest how many
more may be read in its window (Docker, "Docker Hub usage and limits"); the last of them are left to the clusters, which
pull with the same login: no manifest is read until then, while lists of tags and HEADs, which don't count, go on.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from mooring.errors import ThrottledError
from mooring.source.charts_http import Answer
from mooring.source.charts_places import Place

__all__ = ["Politeness"]

_LEFT_TO_OTHERS: Final = 10
_PAUSE: Final = 60.0  # seconds, where a registry doesn't say how long
_LONGEST: Final = 3600.0
_REMAINING = re.compile(r"(\d+)(?:;w=(\d+))?")


class Politeness:
    """A `mooring.source.distribution.Pacing`. `limits` are requests a second by host; `usual` is for all others."""

    def __init__(
        self,
        limits: Mapping[str, float],
        usual: float,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits
        self._usual = usual
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._closed: dict[str, float] = {}
        self._spent: dict[str, float] = {}
        self.requests = 0

    def admit(self, place: Place, *, reads: bool = False) -> None:
        """Waits for a registry's turn. Raises `ThrottledError` while it wants not to be asked, or grants no reads."""
        limit = self._limits.get(place.host, self._usual)
        with self._lock:
            now = self._now()
            closed = self._closed.get(place.host, 0.0)
            if reads:
                closed = max(closed, self._spent.get(place.host, 0.0))
            if closed > now:
                raise ThrottledError(
                    f"{place.host} wants no more requests for {closed - now:.0f} s", retry_after=closed - now
                )
            turn = max(self._next.get(place.host, 0.0), now - 1.0)  # up to a second's requests may come at once
            if limit > 0:
                self._next[place.host] = turn + 1.0 / limit
            self.requests += 1
        if limit > 0 and turn > now:
            self._sleep(turn - now)

    def heard(self, place: Place, answer: Answer) -> None:
        """Remembers what a registry says about its limits."""
        if answer.status == 429:
            after = answer.headers.get("retry-after", "")
            self._close(self._closed, place, float(after) if after.isdecimal() else _PAUSE)
            return
        remaining = _REMAINING.fullmatch(answer.headers.get("ratelimit-remaining", "").strip())
        if remaining is not None and int(remaining[1]) <= _LEFT_TO_OTHERS:
            self._close(self._spent, place, float(remaining[2] or _PAUSE))

    def _close(self, ends: dict[str, float], place: Place, seconds: float) -> None:
        with self._lock:
            until = self._now() + min(max(seconds, 1.0), _LONGEST)
            ends[place.host] = max(ends.get(place.host, 0.0), until)
