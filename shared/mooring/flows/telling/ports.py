"""What telling people needs of the world."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.notify.config import Config, read_config
from mooring.notify.posting import Poster
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.notes import Notes, settings_from
from mooring.state.projects import Projects
from mooring.state.table import Item

__all__ = ["Breaker", "Configs", "NotifyPorts"]

_TOLERATED: Final = 3  # failures of a service in a row
_LEFT_ALONE: Final = 30.0  # seconds


class Configs:
    """The settings of notifications, read again only where they have changed."""

    def __init__(self) -> None:
        self._known: tuple[bytes, Config] | None = None

    def of(self, item: Item | None) -> Config:
        """What an item of settings means. Raises `ConfigurationError`, which nobody stored it with."""
        body = b"" if item is None else item["body"]
        if self._known is None or self._known[0] != body:
            self._known = body, read_config(settings_from(item))
        return self._known[1]


class Breaker:
    """Services that have failed again and again are left alone for a while, so that they hold up nobody."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def left_alone(self, service: str, now: float) -> float:
        """For how many more seconds a service is left alone; 0 for one that may be asked."""
        with self._lock:
            failures, last = self._failures.get(service, (0, 0.0))
        return max(0.0, last + _LEFT_ALONE - now) if failures >= _TOLERATED else 0.0

    def note(self, service: str, now: float, *, good: bool) -> None:
        """Remembers how it went."""
        with self._lock:
            failures, _ = self._failures.get(service, (0, 0.0))
            self._failures[service] = (0, now) if good else (failures + 1, now)


@dataclass(frozen=True, slots=True)
class NotifyPorts:
    """Adapters of `notify`. `ask` is gokit, `secret` the entries that settings name with `$`, `forge` the API of a
    repository's code host, `aws` a client by service and region; `say` is told of what somebody has to mend.
    """

    applications: Applications
    projects: Projects
    notes: Notes
    queues: Queues
    ask: Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
    secret: Callable[[], Mapping[str, Any]]
    poster: Poster
    forge: Callable[[str], Any]
    aws: Callable[[str, str | None], Any]
    clock: Callable[[], float]
    say: Callable[[str], None]
    configs: Configs = field(default_factory=Configs)
    breaker: Breaker = field(default_factory=Breaker)
