"""As many instances of a function as its work needs, and no more.

The instance that was used last is used next, so that those which a burst needed grow old and end. An instance that
died while it was frozen is noticed and replaced before anyone waits for it.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid

from local.runner.functions import Function
from local.runner.instance import Instance, Outcome
from local.runner.invocations import Ledger
from local.runner.sandbox import Sandbox

__all__ = ["Pool", "ThrottledError"]


class ThrottledError(Exception):
    """Every instance that may exist was busy for too long."""


class Pool:
    """The instances of one function; at most `limit` at once, each ended after `idle` seconds without work."""

    def __init__(self, function: Function, sandbox: Sandbox, ledger: Ledger, limit: int, idle: float) -> None:
        self.function = function
        self.limit = limit
        self._sandbox = sandbox
        self._ledger = ledger
        self._idle = idle
        self._slots = threading.Semaphore(limit)
        self._lock = threading.Lock()
        self._resting: list[tuple[float, Instance]] = []
        self._all: set[Instance] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    def invoke(self, event: bytes, wait: float | None = None) -> Outcome:
        """Run an event (JSON) on a free instance, started if need be.

        Waits at most `wait` seconds (None: as long as it takes) for one to be free; then raises `ThrottledError`.
        """
        if not self._slots.acquire(timeout=wait):
            raise ThrottledError(f"{self.function.label}: all {self.limit} instances are busy")
        try:
            instance = self._take()
            outcome = instance.invoke(str(uuid.uuid4()), event)
            self._give_back(instance)
            return outcome
        finally:
            self._slots.release()

    def tend(self) -> None:
        """End instances that have been idle for too long and forget those that died."""
        limit = time.monotonic() - self._idle
        with self._lock:
            ended = [instance for since, instance in self._resting if since < limit or not instance.alive()]
            self._resting = [entry for entry in self._resting if entry[1] not in ended]
            self._all.difference_update(ended)
        for instance in ended:
            instance.end()

    def close(self) -> None:
        """Kill every instance, busy or not; the pool starts no more."""
        with self._lock:
            self._closed = True
            instances, self._all, self._resting = self._all, set(), []
        for instance in instances:
            instance.end()

    def _take(self) -> Instance:
        while True:
            with self._lock:
                if self._closed:
                    raise ThrottledError(f"{self.function.label}: the runner is ending")
                if not self._resting:
                    name = f"{self.function.label}-{next(self._numbers)}"
                    break
                _, instance = self._resting.pop()
            if instance.alive():
                return instance
            self._discard(instance)
        instance = Instance(self.function, self._sandbox, self._ledger, name)
        with self._lock:
            closed = self._closed
            self._all.add(instance)
        if closed:
            self._discard(instance)
            raise ThrottledError(f"{self.function.label}: the runner is ending")
        return instance

    def _give_back(self, instance: Instance) -> None:
        if not instance.alive():
            self._discard(instance)
            return
        with self._lock:
            self._resting.append((time.monotonic(), instance))

    def _discard(self, instance: Instance) -> None:
        with self._lock:
            self._all.discard(instance)
        instance.end()
