"""Lambda's own API on this machine: one function starts another, and waits for its answer or does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from local.runner import lambdas
from local.runner.gateway import PAYLOAD_LIMIT
from local.runner.instance import Outcome
from local.runner.lambdas import LambdaApi
from local.runner.pool import ThrottledError


class Recording:
    """A pool of which the first invocations fail."""

    def __init__(self, failures: int, answer: bytes = b"") -> None:
        self.answer = answer
        self.function = SimpleNamespace(name="mooring-watch")
        self.events: list[bytes] = []
        self.failures = failures
        self.done = threading.Event()

    def invoke(self, event: bytes, wait: float | None = None) -> Outcome:
        self.events.append(event)
        failed = len(self.events) <= self.failures
        if not failed:
            self.done.set()
        return Outcome("id", self.answer, "Runtime.ExitError" if failed else None)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[LambdaApi]:
    monkeypatch.setattr(lambdas, "_RETRY_AFTER", (0.0, 0.0))
    started = LambdaApi()
    yield started
    started.close()


def _invoke(api: LambdaApi, name: str, kind: str = "Event") -> Any:
    url = f"{api.url}/2015-03-31/functions/{name}/invocations"
    return urllib3.request(
        "POST", url, body=b'{"watch": "one"}', headers={"X-Amz-Invocation-Type": kind}, retries=False
    )


@pytest.mark.parametrize("failures", [0, 2])
def test_an_event_is_taken_and_tried_again(api: LambdaApi, failures: int) -> None:
    """GIVEN a function that fails at first WHEN it is invoked with an event THEN that is taken, and tried three times."""
    pool = Recording(failures)
    api.serve({"watch": pool}, threading.Event())  # type: ignore[dict-item]
    assert 202 == _invoke(api, "mooring-watch").status
    assert pool.done.wait(10)
    assert [b'{"watch": "one"}'] * (failures + 1) == pool.events


@pytest.mark.parametrize("failures", [0, 1])
def test_who_waits_is_answered_once(api: LambdaApi, failures: int) -> None:
    """GIVEN somebody who waits WHEN the function answers or fails THEN that is told, and nothing is tried again."""
    pool = Recording(failures, b'{"answer": 1}')
    api.serve({"look": pool}, threading.Event())  # type: ignore[dict-item]
    told = _invoke(api, "mooring-watch", "RequestResponse")
    assert (200, b'{"answer": 1}') == (told.status, told.data)
    assert ("Unhandled" if failures else None) == told.headers.get("x-amz-function-error")
    assert [b'{"watch": "one"}'] == pool.events


def test_who_waits_is_told_that_nobody_is_free(api: LambdaApi) -> None:
    """GIVEN instances that are all busy, or too much to say, WHEN somebody waits THEN the answer is Lambda's error."""

    class Busy(Recording):
        def invoke(self, event: bytes, wait: float | None = None) -> Outcome:
            raise ThrottledError

    api.serve({"busy": Busy(0)}, threading.Event())  # type: ignore[dict-item]
    told = _invoke(api, "mooring-watch", "RequestResponse")
    assert (429, "TooManyRequestsException") == (told.status, told.headers["x-amzn-ErrorType"])
    api.serve({"large": Recording(0, b"x" * (PAYLOAD_LIMIT + 1))}, threading.Event())  # type: ignore[dict-item]
    told = _invoke(api, "mooring-watch", "RequestResponse")
    assert (413, "RequestTooLargeException") == (told.status, told.headers["x-amzn-ErrorType"])


def test_other_calls_are_refused(api: LambdaApi) -> None:
    """GIVEN a function that is not there, or a kind of call that nobody needs, THEN the answer is Lambda's error."""
    api.serve({"watch": Recording(0)}, threading.Event())  # type: ignore[dict-item]
    missing, dry = _invoke(api, "mooring-other"), _invoke(api, "mooring-watch", "DryRun")
    assert (404, "ResourceNotFoundException") == (missing.status, missing.headers["x-amzn-ErrorType"])
    assert (400, "InvalidParameterValueException") == (dry.status, dry.headers["x-amzn-ErrorType"])
