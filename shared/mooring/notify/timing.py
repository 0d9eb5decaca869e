"""When somebody wants to be told: quiet hours, and digests. Pure.

Argo CD knows neither; the words are ours. Quiet hours are written `22:00-07:00 Europe/Berlin`, with days before where
they are not all (`Sat,Sun 00:00-24:00 Europe/Berlin`), several with semicolons between. A digest is a Go duration, and
ends at its multiples since midnight UTC, so that all that happens within one comes as one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

from mooring.errors import ConfigurationError
from mooring.model.duration import parse_duration

__all__ = ["AT_ONCE", "Quiet", "Timing", "due_at", "parse_digest", "parse_quiet"]

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_RANGE = re.compile(r"(?:(?P<days>[A-Za-z, ]+?)\s+)?(?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)(?:\s+(?P<zone>\S+))?")
_LONGEST: Final = 24 * 3600.0
_SHORTEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is told: from and to are minutes of the day (to may lie on the next), of these weekdays."""

    days: tuple[int, ...]
    start: int
    end: int
    zone: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Quiet hours, and the seconds that a digest gathers (0 for none)."""

    quiet: tuple[Quiet, ...] = ()
    digest: float = 0.0


AT_ONCE: Final = Timing()


def parse_quiet(text: str, field: str) -> tuple[Quiet, ...]:
    """Quiet hours as users write them. Raises `ConfigurationError` naming the field."""
    return tuple(_range(part.strip(), field) for part in text.split(";") if part.strip())


def _range(text: str, field: str) -> Quiet:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"must be like `Sat,Sun 22:00-07:00 Europe/Berlin`, not {text!r}", field=field)
    names = [each.strip().title()[:3] for each in (match["days"] or "").split(",") if each.strip()]
    if unknown := [each for each in names if each not in _DAYS]:
        raise ConfigurationError(f"names no day of the week: {unknown[0]!r} (Mon, Tue …)", field=field)
    zone = match["zone"] or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(f"names no time zone: {zone!r} (Europe/Berlin, UTC …)", field=field) from None
    start, end = _minutes(match["from"], field), _minutes(match["to"], field)
    days = tuple(_DAYS.index(each) for each in names) or tuple(range(7))
    return Quiet(days, start, end if end > start else end + 24 * 60, zone)


def _minutes(text: str, field: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise ConfigurationError(f"is no time of day: {text}", field=field)
    return hours * 60 + minutes


def parse_digest(text: str, field: str) -> float:
    """Seconds of a digest. Raises `ConfigurationError` naming the field."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(str(error), field=field) from None
    if seconds and not _SHORTEST <= seconds <= _LONGEST:
        raise ConfigurationError("must be between 1m and 24h", field=field)
    return seconds


def due_at(timing: Timing, now: float) -> float:
    """When what happens now is told (seconds since the epoch): now, or after a digest and the quiet hours."""
    due = (floor(now / timing.digest) + 1) * timing.digest if timing.digest else now
    for _ in range(14):  # quiet hours that follow each other, for a week at most
        later = max((end for each in timing.quiet if (end := _quiet_until(each, due)) is not None), default=None)
        if later is None:
            return due
        due = later
    return due


def _quiet_until(quiet: Quiet, at: float) -> float | None:
    """The end of the quiet hours that hold at a time, None where they don't."""
    here = datetime.fromtimestamp(at, ZoneInfo(quiet.zone))
    for back in (0, 1):  # those of today, and those of yesterday that reach into it
        day = (here - timedelta(days=back)).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(quiet.zone))
        start, end = (midnight + timedelta(minutes=each) for each in (quiet.start, quiet.end))
        if day.weekday() in quiet.days and start.timestamp() <= at < end.timestamp():
            return end.timestamp()
    return None
