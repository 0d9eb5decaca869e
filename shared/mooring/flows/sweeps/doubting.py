"""Events that differ from what is remembered, until it is clear what they mean.

An event that is as the object was applied is forgotten at once. Any other is a doubt: perhaps a sync is at work and its
facts are on their way, perhaps the object is a copy that nobody remembers, perhaps somebody has changed it. Doubts
wait while the application's lease is held; then its inventory is taken as it is by now, and what still differs is told.
Of the same state an object is told of only once, and of one that changes again and again less and less often: what is
undone all the time is a fight, which `flows.syncs.fighting` slows down.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from mooring.cluster.discovery import Resource
from mooring.cluster.observe import Observed
from mooring.flows.sweeps.remembering import GONE, Memory, mark_of
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value

__all__ = ["Doubts"]

_AT_ONCE: Final = 5  # times an object is told of in a minute before there are pauses
_LONGEST_PAUSE: Final = 30.0  # seconds between two messages about one object
_CALM: Final = 60.0  # seconds

Differing: TypeAlias = dict[AppKey, list[ObjectKey]]


@dataclass(slots=True)
class _Told:
    times: int = 0
    last: float = 0.0
    mark: bytes = GONE


@dataclass(slots=True)
class Doubts:
    """Open questions about objects, by what `memory` knows. `changed` guards all of it, the memory included.

    `incomplete` are applications with a kind of which a list brought fewer objects than are remembered; `strangers` are
    objects whose label is no application's.
    """

    memory: Memory
    changed: threading.Condition = field(default_factory=threading.Condition)
    _open: dict[ObjectKey, tuple[bytes, str]] = field(default_factory=dict)
    _incomplete: set[tuple[AppKey, str, str]] = field(default_factory=set)
    _told: dict[ObjectKey, _Told] = field(default_factory=dict)
    _strangers: set[ObjectKey] = field(default_factory=set)
    _news: bool = False

    def seen(self, found: Observed, *, gone: bool) -> None:
        """Takes an event of a watch, or an object of its list."""
        mark = GONE if gone else mark_of(found)
        with self.changed:
            owners = self.memory.owners(found.key)
            if owners and all(self.memory.is_as_applied(app, found.key, mark) for app in owners):
                self._open.pop(found.key, None)
                if (told := self._told.get(found.key)) is not None:
                    told.mark = GONE  # the same change would be news
            elif gone and not owners:
                self._open.pop(found.key, None)
            else:
                self._open[found.key] = (mark, found.app_label)
                self._wake()

    def listed(self, resource: Resource, names: set[tuple[str, str]]) -> None:
        """Takes note of applications that remember an object which was not listed."""
        with self.changed:
            for app in self.memory.missing(resource.group, resource.kind, names):
                self._incomplete.add((app, resource.group, resource.kind))
            self._wake()

    def _wake(self) -> None:
        self._news = True
        self.changed.notify()

    def wait(self, some: float, none: float) -> None:
        """Waits for news: at most `some` seconds while anything is in doubt, else `none`."""
        with self.changed:
            if not self._news:
                self.changed.wait(some if self._open or self._incomplete else none)
            self._news = False

    def kinds(self) -> set[tuple[str, str]]:
        """The kinds with open questions; call it with `changed` held."""
        return {(key.group, key.kind) for key in self._open} | {(group, kind) for _, group, kind in self._incomplete}

    def meet(self, apps: Iterable[AppKey]) -> None:
        """Takes the applications that there are; objects with another label are strangers."""
        with self.changed:
            self.memory.forget_all_but(apps)
            labels = {tracking_value(app) for app in apps}
            self._strangers = {key for key, (_, label) in self._open.items() if label and label not in labels}

    def settle(
        self,
        now: Callable[[], float],
        learn: Callable[[list[AppKey]], Mapping[AppKey, bool]],
        absent: Callable[[AppKey, str, str], list[ObjectKey]],
        tell: Callable[[Differing], None],
    ) -> bool:
        """Decides what can be decided, and tells what differs; whether an object of an unknown application is there.

        `learn` brings memory up to date for some applications, and says at which of them a sync is at work; `absent`
        names the objects of a kind that may be missing. Where `tell` raises everything stays in doubt.
        """
        with self.changed:
            doubts, incomplete = dict(self._open), set(self._incomplete)
        if not doubts and not incomplete:
            return False
        concerned: Differing = {app: [] for app, _, _ in incomplete}
        kept: set[ObjectKey] = set()
        for key, (_, label) in doubts.items():
            labelled = self.memory.labelled(label)
            for app in self.memory.owners(key) or ([labelled] if labelled else []):
                concerned.setdefault(app, []).append(key)
            if label and labelled is None and key not in self._strangers:
                kept.add(key)
        unknown = bool(kept)
        busy = learn(list(concerned))
        differing: Differing = {}
        telling: set[ObjectKey] = set()
        for app, keys in concerned.items():
            for key in keys:
                if busy[app]:
                    kept.add(key)
                elif self.memory.differs(app, key, doubts[key][0]):
                    match self._when(key, doubts[key][0], now()):
                        case "now":
                            differing.setdefault(app, []).append(key)
                            telling.add(key)
                        case "later":
                            kept.add(key)
        for app, group, kind in incomplete:
            if not busy[app]:
                differing.setdefault(app, []).extend(absent(app, group, kind))
        tell(differing)
        with self.changed:
            for key in telling:
                known = self._told.setdefault(key, _Told())
                known.times, known.last, known.mark = known.times + 1, now(), doubts[key][0]
            for key, doubt in doubts.items():
                if key not in kept and self._open.get(key) == doubt:
                    del self._open[key]
            self._incomplete -= {each for each in incomplete if not busy[each[0]]}
            self._told = {key: each for key, each in self._told.items() if now() - each.last < _CALM}
        return unknown

    def _when(self, key: ObjectKey, mark: bytes, now: float) -> Literal["now", "later", "before"]:
        """When to tell of an object; `before` where just this state was told of."""
        known = self._told.get(key)
        if known is None:
            return "now"
        if mark != GONE and known.mark == mark:
            return "before"
        pause = 0.0 if known.times < _AT_ONCE else min(_LONGEST_PAUSE, 2.0 ** (known.times - _AT_ONCE + 1))
        return "later" if now < known.last + pause else "now"
