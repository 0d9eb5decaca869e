"""Sync windows by the clock on the wall, and whom they concern."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.access.closing import parse_windows
from mooring.access.project import Place, SyncWindow
from mooring.access.windows import is_open, matching, may_sync, next_change
from mooring.model.fields import Fields

HERE = Place(("https://c1.test",), ("one",))


def window(**fields: Any) -> SyncWindow:
    given = {"kind": "deny", "schedule": "30 2 * * *", "duration": "1h", "timeZone": "Europe/Berlin"} | fields
    if not given.keys() & {"applications", "namespaces", "clusters"}:
        given["applications"] = ["*"]
    (parsed,) = parse_windows(Fields({"syncWindows": [given]}, "spec", []))
    return parsed


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def changes(known: SyncWindow, begin: str, count: int) -> list[str]:
    """The next changes of a window, in UTC."""
    found, moment = [], at(begin)
    for _ in range(count):
        change = next_change(known, moment)
        assert change is not None
        moment = change
        found.append(datetime.fromtimestamp(change, UTC).strftime("%d %H:%M"))
    return found


def test_a_start_that_the_clock_jumps_over_opens_at_the_jump() -> None:
    """GIVEN a window at 02:30 WHEN the clock goes from 02:00 to 03:00 THEN it is open from 03:00 to 03:30 that night."""
    assert ["28 01:30", "28 02:30", "29 01:00", "29 01:30", "30 00:30"] == changes(window(), "2026-03-28T00:00", 5)


def test_a_window_opens_again_when_the_clock_is_put_back_into_it() -> None:
    """GIVEN a window at 02:30 WHEN the clock goes from 03:00 to 02:00 THEN both half past two open it."""
    assert ["25 00:30", "25 01:00", "25 01:30", "25 02:30", "26 01:30"] == changes(window(), "2026-10-24T20:00", 5)


@pytest.mark.parametrize(
    ("expected", "night"),
    [(["28 21:00", "29 04:00"], "2026-03-28T12:00"), (["24 20:00", "25 05:00"], "2026-10-24T12:00")],
)
def test_a_window_over_the_change_ends_at_its_hour(expected: list[str], night: str) -> None:
    """GIVEN 22:00 for eight hours WHEN the clock is changed in between THEN it ends at six on the wall."""
    assert expected == changes(window(schedule="0 22 * * *", duration="8h"), night, 2)


def test_windows_without_a_gap_never_change() -> None:
    """GIVEN a window that opens as it closes WHEN the clock is put back THEN it is open all the same, and stays so."""
    always = window(schedule="0 * * * *")
    assert all(is_open(always, at("2026-10-25T00:00") + minute * 60) for minute in range(300))
    assert None is next_change(always, at("2026-10-25T00:30"))


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (True, {"applications": ["shop-*"]}),
        (False, {"applications": ["other"]}),
        (True, {"applications": ["other"], "namespaces": ["web"]}),
        (False, {"applications": ["other"], "namespaces": ["web"], "andOperator": True}),
        (True, {"applications": ["shop-*"], "namespaces": ["w?b"], "clusters": ["one"], "andOperator": True}),
        (True, {"clusters": ["https://c1.*"]}),
        (False, {"applications": ["!other"]}),
    ],
)
def test_whom_a_window_concerns(expected: bool, fields: dict[str, Any]) -> None:
    """GIVEN what a window names WHEN an application is looked at THEN any of it does, or all with andOperator."""
    assert expected == bool(matching([window(**fields)], "shop-prod", HERE, "web"))


def test_a_denial_wins_and_the_verdict_says_until_when() -> None:
    """GIVEN an open allow and an open deny window WHEN asked THEN the deny window is in the way until it closes."""
    allow = window(kind="allow", schedule="0 0 * * *", duration="12h", timeZone="UTC")
    deny = window(schedule="0 3 * * *", duration="2h", timeZone="UTC", manualSync=True)
    verdict = may_sync([allow, deny], at("2026-02-15T04:00"), manual=False)
    assert (False, deny, at("2026-02-15T05:00")) == (verdict.allowed, verdict.window, verdict.changes)
    assert may_sync([allow, deny], at("2026-02-15T04:00"), manual=True).allowed
    later = may_sync([allow, deny], at("2026-02-15T13:00"), manual=True)
    assert (False, allow, at("2026-02-16T00:00")) == (later.allowed, later.window, later.changes)
