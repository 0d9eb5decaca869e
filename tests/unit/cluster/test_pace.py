"""How hard a server is pressed."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from mooring.cluster.pace import Pace
from mooring.cluster.trying import pause_before
from mooring.errors import ThrottledError, UnreachableError


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def take(pace: Pace, seconds: float = 1.0) -> None:
    with pace.turn(seconds, "v1/x"):
        pass


def test_silence_closes_the_server_for_a_while() -> None:
    """GIVEN a request without an answer THEN the next ones fail in its words, until it may be tried again."""
    time = Time()
    pace = Pace(4, now=lambda: time.now, sleep=time.sleep)
    pace.silent(pace.answers, "it can't be reached")
    with pytest.raises(UnreachableError, match="v1/x: it can't be reached"):
        take(pace)
    time.now += 5
    take(pace)


def test_an_answer_opens_it_again() -> None:
    """Whoever was already under way and gets an answer has found the server alive."""
    pace = Pace(4)
    pace.silent(pace.answers, "it can't be reached")
    pace.answered()
    take(pace)


def test_silence_counts_only_if_nobody_was_answered() -> None:
    """A request that hangs among others that are answered says nothing about the server."""
    pace = Pace(4)
    heard = pace.answers
    pace.answered()
    pace.silent(heard, "it can't be reached")
    take(pace)


def test_a_pause_that_is_too_long_is_told() -> None:
    """GIVEN a pause longer than a request may take THEN it fails at once with the time to come back."""
    time = Time()
    pace = Pace(4, now=lambda: time.now, sleep=time.sleep)
    pace.throttled(30)
    with pytest.raises(ThrottledError) as caught:
        take(pace, 20)
    assert 30.0 == caught.value.retry_after
    assert [] == time.naps


def test_fewer_at_once_after_a_refusal_and_more_again_later() -> None:
    """GIVEN eight at once WHEN the server refuses twice THEN two at once; answers bring the others back, slowly."""
    time = Time()
    pace = Pace(8, now=lambda: time.now, sleep=time.sleep)
    pace.throttled(1)
    pace.throttled(1)
    assert 4 == _most_at_once(pace, time)
    time.now += 5
    pace.throttled(1)
    assert 2 == _most_at_once(pace, time)
    for _ in range(60):
        pace.answered()
    assert 8 == _most_at_once(pace, time)


def _most_at_once(pace: Pace, time: Time) -> int:
    """How many turns can be held at the same time."""
    time.now += 5
    with ExitStack() as held:
        for number in range(9):
            try:
                held.enter_context(pace.turn(0.01, None))
            except ThrottledError:
                return number
    return 9


def test_waits_grow_and_are_not_all_the_same() -> None:
    """Each wait lies in the upper half of twice the one before, up to two seconds; what the server named is kept to."""
    for attempt, most in ((1, 0.25), (2, 0.5), (3, 1.0), (4, 2.0), (9, 2.0)):
        waits = {pause_before(attempt) for _ in range(20)}
        assert all(most / 2 <= wait <= most for wait in waits)
        assert len(waits) > 1
    assert all(3.0 <= pause_before(1, 3.0) <= 3.3 for _ in range(20))


def test_no_more_begin_than_the_limit_says() -> None:
    """GIVEN five a second WHEN twelve are asked for THEN five begin at once and the others a fifth of a second apart."""
    time = Time()
    pace = Pace(8, per_second=5, now=lambda: time.now, sleep=time.sleep)
    began = []
    for _ in range(12):
        with pace.turn(20, None):
            began.append(round(time.now, 3))
    first = began[0]
    assert [0.0] * 5 == [round(each - first, 3) for each in began[:5]]
    assert [0.2] * 7 == [round(after - before, 3) for before, after in zip(began[4:], began[5:])]


def test_a_limit_does_not_outlast_a_request() -> None:
    """GIVEN one a second WHEN more wait than a request has time for THEN it fails with the time to come back."""
    time = Time()
    pace = Pace(8, per_second=1, now=lambda: time.now, sleep=lambda seconds: None)
    for _ in range(3):
        take(pace, 20)
    with pytest.raises(ThrottledError, match="raise requestsPerSecond") as caught:
        take(pace, 2)
    assert caught.value.retry_after is not None and 2 < caught.value.retry_after <= 3
