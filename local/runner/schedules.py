"""A clock that starts a function.

A tick that falls due while the one before it still runs is left out: a slow function must not find a pile of ticks
when it is done. The first tick comes one interval after the start, as with EventBridge. An invocation that failed is
tried again as Lambda's asynchronous invocation does, but no longer than until the next tick.

Rule: Amazon EventBridge User Guide, "Rate expressions"; AWS Lambda Developer Guide, "Invoking a function
asynchronously".
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable

from local.runner.documents import Json
from local.runner.functions import Schedule
from local.runner.pool import Pool, ThrottledError
from local.runner.resources import ACCOUNT

__all__ = ["Clock", "tick_event"]

_RETRY_AFTER = (60.0, 120.0)


class Clock:
    """Starts one function every `schedule.every` seconds until `stopped` is set."""

    def __init__(
        self, region: str, schedule: Schedule, pool: Pool, stopped: threading.Event, say: Callable[[str], None]
    ) -> None:
        self._region = region
        self._schedule = schedule
        self._pool = pool
        self._stopped = stopped
        self._say = say

    def start(self) -> None:
        """Start the clock, on a thread that doesn't keep the process alive."""
        threading.Thread(target=self._run, name=f"clock {self._pool.function.label}", daemon=True).start()

    def _run(self) -> None:
        due = time.monotonic() + self._schedule.every
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            event = self._schedule.payload or json.dumps(tick_event(self._schedule, self._region))
            # Ticks that were missed meanwhile are gone: the next one is the next that lies ahead.
            self._tick(event.encode(), due + self._schedule.every)
            behind = max(0.0, time.monotonic() - due)
            due += (int(behind / self._schedule.every) + 1) * self._schedule.every

    def _tick(self, event: bytes, until: float) -> None:
        for attempt in range(self._pool.function.retries + 1):
            try:
                outcome = self._pool.invoke(event)
            except ThrottledError:
                return
            if outcome.error is None:
                return
            pause = _RETRY_AFTER[min(attempt, len(_RETRY_AFTER) - 1)]
            if time.monotonic() + pause >= until or self._stopped.wait(pause):
                return


def tick_event(schedule: Schedule, region: str) -> dict[str, Json]:
    """The event of a tick that has no input of its own."""
    kind, detail = ("rule", {}) if schedule.source == "aws.events" else ("schedule/default", "{}")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": region,
        "resources": [f"arn:aws:{schedule.source[4:]}:{region}:{ACCOUNT}:{kind}/{schedule.name}"],
        "detail": detail,
    }
