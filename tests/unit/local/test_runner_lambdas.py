"""Lambda's own API on this machine: one function starts another and does not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from local.runner import lambdas
from local.runner.instance import Outcome
from local.runner.lambdas import LambdaApi


class Recording:
    """A pool of which the first invocations fail."""

    def __init__(self, failures: int) -> None:
        self.function = SimpleNamespace(name="mooring-watch")
        self.events: list[bytes] = []
        self.failures = failures
        self.done = threading.Event()

    def invoke(self, event: bytes, wait: float | None = None) -> Outcome:
        self.events.append(event)
        failed = len(self.events) <= self.failures
        if not failed:
            self.done.set()
        return Outcome("id", b"", "Runtime.ExitError" if failed else None)


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


def test_other_calls_are_refused(api: LambdaApi) -> None:
    """GIVEN a function that is not there, or a call that waits, THEN the answer is Lambda's error."""
    api.serve({"watch": Recording(0)}, threading.Event())  # type: ignore[dict-item]
    missing, waiting = _invoke(api, "mooring-other"), _invoke(api, "mooring-watch", "RequestResponse")
    assert (404, "ResourceNotFoundException") == (missing.status, missing.headers["x-amzn-ErrorType"])
    assert (400, "InvalidParameterValueException") == (waiting.status, waiting.headers["x-amzn-ErrorType"])
