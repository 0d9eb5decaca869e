"""Schedules of sync windows: five fields, as the cron library reads them that Argo CD uses (robfig/cron v3).

Minute, hour, day of month, month, day of week; `*`, `?`, lists, ranges, steps, and English names of months and days.
Where both days are restricted either suffices. `@daily` and the like are accepted too. Times are the clock on the
wall, without a zone: that is the window's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Schedule", "parse_schedule"]

_NAMES_OF_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES_OF_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = {name: number for number, name in enumerate(_NAMES_OF_MONTHS, 1)}
_DAYS = {name: number for number, name in enumerate(_NAMES_OF_DAYS)}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MINUTE = timedelta(minutes=1)
_FAR = 9 * 366  # days in which every date comes that comes at all (29 February skips eight years around 2100)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes at which something begins. `either_day` says that one fitting kind of day suffices."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def _fits_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return of_month or of_week if self.either_day else of_month and of_week

    def after(self, wall: datetime) -> datetime | None:
        """The first minute of the schedule later than `wall` (a naive time), or None where none ever comes."""
        found = wall.replace(second=0, microsecond=0) + _MINUTE
        for _ in range(_FAR):
            if self._fits_day(found) and (time := self._in_day(found)) is not None:
                return time
            found = found.replace(hour=0, minute=0) + timedelta(days=1)
        return None

    def latest(self, wall: datetime, since: datetime) -> datetime | None:
        """The last minute of the schedule that is not later than `wall` but later than `since`, if there is one."""
        found = wall.replace(second=0, microsecond=0)
        while found > since:
            if not self._fits_day(found):
                found = found.replace(hour=0, minute=0) - _MINUTE
            elif found.hour not in self.hours:
                found = found.replace(minute=0) - _MINUTE
            elif found.minute in self.minutes:
                return found
            else:
                found -= _MINUTE
        return None

    def _in_day(self, start: datetime) -> datetime | None:
        for hour in sorted(self.hours):
            if hour < start.hour:
                continue
            earliest = start.minute if hour == start.hour else 0
            minute = min((each for each in self.minutes if each >= earliest), default=None)
            if minute is not None:
                return start.replace(hour=hour, minute=minute)
        return None


def parse_schedule(text: str) -> Schedule:
    """Reads a schedule. Raises `ValueError` that says which field is wrong."""
    if text.startswith(("TZ=", "CRON_TZ=")):
        raise ValueError("must not name a time zone; set timeZone beside it")
    if text.startswith("@") and text.strip() not in _SHORT:
        raise ValueError(f"{text!r} is not known; write five fields, or one of {', '.join(_SHORT)}")
    parts = _SHORT.get(text.strip(), text).split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"has {len(parts)} fields; write five: minute, hour, day of month, month, day of week")
    sets, starred = [], []
    for part, (name, low, high, names) in zip(parts, _FIELDS, strict=True):
        try:
            values, star = _field(part, low, high, names)
        except ValueError as error:
            raise ValueError(f"{name} {part!r}: {error}") from None
        sets.append(values)
        starred.append(star)
    schedule = Schedule(sets[0], sets[1], sets[2], sets[3], sets[4], not (starred[2] or starred[4]))
    if schedule.after(datetime(2024, 1, 1)) is None:  # noqa: DTZ001 (the wall clock has no zone)
        raise ValueError("names a date that never comes")
    return schedule


def _field(text: str, low: int, high: int, names: dict[str, int]) -> tuple[frozenset[int], bool]:
    """The values of one field, and whether it is a star without a step."""
    values: set[int] = set()
    star = False
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        if slash and (not step_text.isdecimal() or int(step_text) < 1):
            raise ValueError("a step is a whole number above 0")
        step = int(step_text) if slash else 1
        first_text, dash, last_text = span.partition("-")
        if first_text in ("*", "?") and not dash:
            first, last = low, high
            star = star or step == 1
        else:
            first = _number(first_text, low, high, names)
            last = _number(last_text, low, high, names) if dash else high if slash else first
            if last < first:
                raise ValueError(f"the range ends before it begins ({first}-{last})")
        values.update(range(first, last + 1, step))
    return frozenset(values), star


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    if (named := names.get(text.lower())) is not None:
        return named
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no number" + (" and no name" if names else ""))
    if not low <= int(text) <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return int(text)
