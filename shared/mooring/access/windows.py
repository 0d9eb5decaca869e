"""Sync windows: whether a sync may run now, because of which window, and when that changes.

Argo CD's rules ("Sync Windows"): an open `deny` window closes; where there are `allow` windows one of them must be
open; a person may sync all the same where every window that stands in the way says `manualSync`, and a sync that was
begun in time may go on where every one says `syncOverrun`.

A window is open while the clock on the wall of its time zone reads from its start until its duration later, as in
Argo CD. So a window from 22:00 for eight hours ends at six on every morning. Where the clock is put forward over a
window's start, the window is open from the jump for what is left of it; where it is put back into a window, that is
open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from zoneinfo import ZoneInfo

from mooring.access.addresses import server_form
from mooring.access.globs import matches
from mooring.access.project import Place, SyncWindow

__all__ = ["Verdict", "is_open", "matching", "may_sync", "next_change"]

_WEEK = 7 * 86400
_CHAINED = 1000  # openings that follow each other without a gap before it counts as open for ever
_CHANGES = 100  # changes of single windows that are looked through for one of the verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sync may run, which window stands in its way, and when this changes (None: not soon)."""

    allowed: bool
    window: SyncWindow | None = None
    changes: float | None = None


def matching(windows: Iterable[SyncWindow], app: str, place: Place, namespace: str) -> tuple[SyncWindow, ...]:
    """The windows that concern an application: of what one names anything suffices, but with `andOperator` all."""
    return tuple(window for window in windows if _concerns(window, app, place, namespace))


def _concerns(window: SyncWindow, app: str, place: Place, namespace: str) -> bool:
    clusters = (*place.names, *(server_form(each) for each in place.servers))
    asked = [
        any(matches(pattern, value) for pattern in patterns for value in values)
        for patterns, values in (
            (window.applications, (app,)),
            (tuple(server_form(each) for each in window.clusters), clusters),
            (window.namespaces, (namespace,)),
        )
        if patterns
    ]
    return bool(asked) and (all(asked) if window.and_operator else any(asked))


def may_sync(windows: Sequence[SyncWindow], at: float, *, manual: bool, started: float | None = None) -> Verdict:
    """The verdict on a sync at a time, in seconds since the epoch; `started` is when it began, where it has."""
    found = _in_the_way(windows, at, manual=manual, started=started)
    if not windows:
        return Verdict(True)
    changes: float | None = at
    for _ in range(_CHANGES):
        assert changes is not None
        changes = min((t for each in windows if (t := next_change(each, changes)) is not None), default=None)
        if changes is None or (_in_the_way(windows, changes, manual=manual, started=started) is None) != (
            found is None
        ):
            break
    return Verdict(found is None, found, changes)


def _in_the_way(windows: Sequence[SyncWindow], at: float, *, manual: bool, started: float | None) -> SyncWindow | None:
    opened = [window for window in windows if is_open(window, at)]
    denies = [window for window in opened if window.kind == "deny"]
    shut = [] if len(denies) < len(opened) else [window for window in windows if window.kind == "allow"]
    blocking = denies or shut
    if not blocking or (manual and all(window.manual_sync for window in blocking)):
        return None
    in_time = started is not None and _in_the_way(windows, started, manual=manual, started=None) is None
    if in_time and all(window.sync_overrun for window in blocking):
        return None
    return next((window for window in blocking if not (manual and window.manual_sync)), blocking[0])


def is_open(window: SyncWindow, at: float) -> bool:
    """Whether a window is open at a time: from its start, to its end exclusively."""
    wall = _wall(window, at)
    return window.schedule.latest(wall, wall - window.duration) is not None


def next_change(window: SyncWindow, at: float) -> float | None:
    """When a window next opens or closes, in whole seconds since the epoch; None where that is not soon."""
    opened = is_open(window, at)
    zone = ZoneInfo(window.time_zone)
    here = float(floor(at))
    for _ in range(_CHANGES):
        wall = _wall(window, here)
        to = _end(window, wall) if opened else window.schedule.after(wall)
        if to is None:
            return None
        there = here + ceil((to - wall).total_seconds())
        jump = _next_jump(zone, here, there)
        if jump is None:
            return there
        if is_open(window, jump) != opened:
            return jump
        here = jump
    return None


def _end(window: SyncWindow, wall: datetime) -> datetime | None:
    """What the wall clock reads when an open window closes, if no jump of the clock comes first."""
    end = wall
    for _ in range(_CHAINED):
        last = window.schedule.latest(end, end - window.duration)
        if last is None:
            return end
        end = last + window.duration
    return None


def _wall(window: SyncWindow, at: float) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(window.time_zone)).replace(tzinfo=None)


def _next_jump(zone: ZoneInfo, begin: float, end: float) -> float | None:
    """The first second after `begin`, up to `end`, at which the zone's offset is another one than before."""
    offset = _offset(zone, begin)
    low = begin
    while low < end:
        high = min(low + _WEEK, end)
        if _offset(zone, high) != offset:
            while high - low > 1:
                middle = float(floor((low + high) / 2))
                low, high = (low, middle) if _offset(zone, middle) != offset else (middle, high)
            return high
        low = high
    return None


def _offset(zone: ZoneInfo, at: float) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()
