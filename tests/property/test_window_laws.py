"""Laws of sync windows: what the fast search says is what somebody says who looks at the wall clock every minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mooring.access.closing import parse_windows
from mooring.access.project import SyncWindow
from mooring.access.windows import is_open, may_sync, next_change
from mooring.model.fields import Fields

# Around changes of the clock in both hemispheres, by an hour and by half an hour, and where none is.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]
TIMES = [
    datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 5, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 13, 0, tzinfo=UTC),
    datetime(2026, 10, 3, 14, 0, tzinfo=UTC),
    datetime(2026, 2, 15, 1, 0, tzinfo=UTC),
    datetime(2026, 2, 28, 22, 0, tzinfo=UTC),
]
HOURS = ["*", "2", "1-3", "*/2", "22", "0,12", "3/5"]
MINUTES = ["0", "30", "*/20", "*", "59", "10-40/15"]
DAYS = ["*", "?", "1", "28-31", "*/2"]
WEEKDAYS = ["*", "sun", "MON-FRI", "0,6"]
DURATIONS = ["30m", "1h", "90m", "3h", "26h", "45s"]

schedules = st.builds(
    lambda minute, hour, day, weekday: f"{minute} {hour} {day} * {weekday}",
    st.sampled_from(MINUTES), st.sampled_from(HOURS), st.sampled_from(DAYS), st.sampled_from(WEEKDAYS),
)  # fmt: skip
moments = st.builds(
    lambda day, minutes: (day + timedelta(minutes=minutes)).timestamp(),
    st.sampled_from(TIMES), st.integers(-300, 300),
)  # fmt: skip


def window(kind: str = "deny", **more: object) -> SyncWindow:
    """One window as declared."""
    document = {"syncWindows": [{"kind": kind, "applications": ["*"], **more}]}
    (parsed,) = parse_windows(Fields(document, "spec", []))
    return parsed


windows = st.builds(
    lambda kind, schedule, duration, zone, manual, overrun: window(
        kind, schedule=schedule, duration=duration, timeZone=zone, manualSync=manual, syncOverrun=overrun
    ),
    st.sampled_from(["allow", "deny"]), schedules, st.sampled_from(DURATIONS), st.sampled_from(ZONES),
    st.booleans(), st.booleans(),
)  # fmt: skip


def _values(text: str, low: int, high: int) -> set[int]:
    names = {"sun": 0, "MON": 1, "FRI": 5}
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first in ("*", "?"):
            begin, end = low, high
        else:
            begin = names[first] if first in names else int(first)
            end = (names[last] if last in names else int(last)) if last else (high if step else begin)
        found |= {each for each in range(begin, end + 1) if (each - begin) % int(step or 1) == 0}
    return found


def _looks_open(known: SyncWindow, at: float) -> bool:
    """Goes back over the wall clock minute by minute and asks whether the window began there."""
    minute, hour, day, _, weekday = known.cron.split()
    minutes, hours = _values(minute, 0, 59), _values(hour, 0, 23)
    days, weekdays = _values(day, 1, 31), _values(weekday, 0, 6)
    wall = datetime.fromtimestamp(at, ZoneInfo(known.time_zone)).replace(tzinfo=None)
    each = wall.replace(second=0, microsecond=0)
    while each > wall - known.duration:
        on_day, on_weekday = each.day in days, (each.weekday() + 1) % 7 in weekdays
        starred = day in ("*", "?") or weekday in ("*", "?")
        fits_day = (on_day and on_weekday) if starred else (on_day or on_weekday)
        if each.minute in minutes and each.hour in hours and fits_day:
            return True
        each -= timedelta(minutes=1)
    return False


@settings(deadline=None, max_examples=300)
@given(windows, moments, st.sampled_from([0.0, 0.25, 30.0, 44.0, 45.0]))
def test_a_window_is_open_when_the_wall_clock_says_so(known: SyncWindow, at: float, seconds: float) -> None:
    """GIVEN any window WHEN asked at any time THEN it is open just if it began within its duration on the wall clock."""
    assert _looks_open(known, at + seconds) == is_open(known, at + seconds)


@settings(deadline=None, max_examples=60)
@given(windows, moments)
@example(window(schedule="30 2 * * *", duration="1h", timeZone="Europe/Berlin"), TIMES[0].timestamp())
@example(window(schedule="30 2 * * *", duration="1h", timeZone="Europe/Berlin"), TIMES[1].timestamp())
def test_the_next_change_is_the_first_one(known: SyncWindow, at: float) -> None:
    """GIVEN any window WHEN asked when it changes THEN it does so at that second and at no minute before it."""
    change = next_change(known, at)
    opened = _looks_open(known, at)
    until = at + 6 * 3600 if change is None else min(change, at + 6 * 3600)
    assert all(opened == _looks_open(known, at + step) for step in range(0, int(until - at), 60))
    if change is not None:
        assert opened == is_open(known, change - 1)
        assert opened != is_open(known, change)


def _decides(given_windows: list[SyncWindow], at: float, *, manual: bool, started: float | None) -> bool:
    """Argo CD's page "Sync Windows", read aloud."""
    opened = [each for each in given_windows if _looks_open(each, at)]
    denies = [each for each in opened if each.kind == "deny"]
    allows = [each for each in given_windows if each.kind == "allow"]
    in_time = started is not None and _decides(given_windows, started, manual=manual, started=None)
    for blocking in (denies, [] if denies or any(each in opened for each in allows) else allows):
        if not blocking:
            continue
        if not (manual and all(each.manual_sync for each in blocking)):
            if not (in_time and all(each.sync_overrun for each in blocking)):
                return False
    return True


@settings(deadline=None, max_examples=60)
@given(st.lists(windows, max_size=4), moments, st.booleans(), st.none() | st.integers(0, 600))
def test_the_verdict_is_that_of_the_page(known: list[SyncWindow], at: float, manual: bool, minutes: int | None) -> None:
    """GIVEN windows WHEN asked for a verdict THEN it is the documented one, and stays so until it is said to change."""
    started = None if minutes is None else at - minutes * 60
    verdict = may_sync(known, at, manual=manual, started=started)
    expected = _decides(known, at, manual=manual, started=started)
    assert expected == verdict.allowed
    assert verdict.allowed == (verdict.window is None)
    until = min(verdict.changes or at + 4 * 3600, at + 4 * 3600)
    for step in range(0, int(until - at), 300):
        assert expected == _decides(known, at + step, manual=manual, started=started)
