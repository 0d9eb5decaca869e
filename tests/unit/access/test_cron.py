"""Schedules: five fields as robfig/cron reads them."""

from __future__ import annotations

from datetime import datetime

import pytest

from mooring.access.cron import parse_schedule

START = datetime(2026, 2, 15, 10, 30)  # a Sunday


@pytest.mark.parametrize(
    ("expected", "schedule"),
    [
        (datetime(2026, 2, 15, 10, 31), "* * * * *"),
        (datetime(2026, 2, 16, 10, 30), "30 10 * * *"),
        (datetime(2026, 2, 15, 10, 40), "*/20,10-40/15 * * * *"),
        (datetime(2026, 2, 15, 11, 5), "5/60 * * * *"),
        (datetime(2026, 2, 16, 0, 0), "@daily"),
        (datetime(2026, 2, 22, 0, 0), "@weekly"),
        (datetime(2026, 3, 1, 0, 0), "@monthly"),
        (datetime(2027, 1, 1, 0, 0), "@yearly"),
        (datetime(2026, 2, 15, 11, 0), "@hourly"),
        (datetime(2026, 6, 1, 9, 0), "0 9 * JUN mon"),
        (datetime(2026, 2, 16, 9, 0), "0 9 1 * MON"),
        (datetime(2026, 3, 1, 9, 0), "0 9 1 * ?"),
        (datetime(2028, 2, 29, 0, 0), "0 0 29 2 *"),
        (datetime(2026, 2, 20, 0, 0), "0 0 13 * fri"),
        (datetime(2026, 2, 17, 0, 0), "0 0 */2 * sat"),
    ],
)
def test_the_next_time(expected: datetime, schedule: str) -> None:
    """GIVEN a schedule WHEN asked for its next minute THEN it is strictly later; of two restricted days either does."""
    assert expected == parse_schedule(schedule).after(START)
    assert expected == parse_schedule(schedule).latest(expected, START)
    assert None is parse_schedule(schedule).latest(expected, expected)


@pytest.mark.parametrize(
    ("expected", "schedule"),
    [
        ("has 4 fields", "* * * *"),
        ("has 6 fields", "0 * * * * *"),
        ("minute '60': 60 is not between 0 and 59", "60 * * * *"),
        ("day of week '7': 7 is not between 0 and 6", "* * * * 7"),
        ("day of month '0'", "* * 0 * *"),
        ("hour '5-3': the range ends before it begins", "* 5-3 * * *"),
        ("minute '*/0': a step is a whole number above 0", "*/0 * * * *"),
        ("month 'foo': 'foo' is no number and no name", "* * * foo *"),
        ("hour 'x': 'x' is no number", "* x * * *"),
        ("hour '1--2'", "* 1--2 * * *"),
        ("names a date that never comes", "0 0 30 2 *"),
        ("must not name a time zone", "TZ=UTC * * * * *"),
        ("'@every 1h' is not known", "@every 1h"),
    ],
)
def test_a_mistake_names_the_field(expected: str, schedule: str) -> None:
    """GIVEN a schedule with a mistake WHEN it is read THEN the error says which field is wrong, and how."""
    with pytest.raises(ValueError) as refused:
        parse_schedule(schedule)
    assert expected in str(refused.value)
