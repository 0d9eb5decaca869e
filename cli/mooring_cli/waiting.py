"""Waiting for an application, by asking the API again and again.

The pauses grow from 0.2 to 1 second: short waits end at once, long ones cost the API little. An API that doesn't answer
for a moment is asked again; only the deadline, or an answer that no waiting can change, ends the wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mooring.errors import PermanentError, TransientError
from mooring_cli.client import Api, NotFoundError
from mooring_cli.lateness import WaitError
from mooring_cli.names import AppName

__all__ = [
    "Goal",
    "OperationMark",
    "deadline_in",
    "operation_mark",
    "wait_for",
    "wait_for_absence",
    "wait_for_operation",
]

OperationMark = tuple[object, object]
"""What tells one operation of an application from the next: its id, and when it began."""

ENDED = {"Succeeded", "Failed", "Error"}


@dataclass(frozen=True, slots=True)
class Goal:
    """What `app wait` waits for: all of the parts that are set."""

    sync: bool = True
    health: bool = True
    operation: bool = False
    revision: str | None = None

    def missing(self, app: dict[str, Any]) -> list[str]:
        """What is not so yet, in words; nothing once the goal is reached."""
        status = app.get("status") or {}
        sync, phase = status.get("sync") or {}, (status.get("operationState") or {}).get("phase")
        missing = []
        if self.sync and sync.get("status") != "Synced":
            missing.append(f"sync status {sync.get('status') or 'Unknown'}, not Synced")
        if self.revision and not str(sync.get("revision") or "").startswith(self.revision):
            missing.append(f"revision {sync.get('revision') or 'unknown'}, not {self.revision}")
        health = (status.get("health") or {}).get("status")
        if self.health and health != "Healthy":
            missing.append(f"health {health or 'Unknown'}, not Healthy")
        if self.operation and phase in {"Running", "Terminating"}:
            missing.append(f"operation {phase}")
        return missing

    def __str__(self) -> str:
        words = ["Synced"] * self.sync + ["Healthy"] * self.health + ["no operation running"] * self.operation
        return ", ".join([*words, f"at {self.revision}"] if self.revision else words)


def wait_for(api: Api, app: AppName, goal: Goal, deadline: float | None) -> dict[str, Any]:
    """The application once `goal` is reached. `deadline` is on the monotonic clock. Raises `WaitError`."""

    def reached(answer: dict[str, Any]) -> str:
        missing = goal.missing(answer)
        return f"{'; '.join(missing)}{_trouble(answer)}" if missing else ""

    return _poll(api, app, reached, deadline)


def deadline_in(timeout: float) -> float | None:
    """The deadline that many seconds from now, on the monotonic clock; 0 is never."""
    return time.monotonic() + timeout if timeout else None


def operation_mark(app: dict[str, Any]) -> OperationMark:
    """What tells one operation from the next in `status.operationState`."""
    state = (app.get("status") or {}).get("operationState") or {}
    return state.get("id"), state.get("startedAt")


def wait_for_operation(
    api: Api,
    app: AppName,
    *,
    before: OperationMark,
    operation: str | None,
    deadline: float | None,
    seen: Callable[[dict[str, Any]], None] = lambda _: None,
) -> dict[str, Any]:
    """The application once an operation other than the one marked `before` has ended. Raises `WaitError`.

    `seen` is told of the application as often as it is asked for, once the operation has begun.

    Raises `PermanentError` where it was ended before it began.

    Operation ids sort by time: where the API shows one, that very operation or a later one is waited for.
    """

    def reached(answer: dict[str, Any]) -> str:
        state = (answer.get("status") or {}).get("operationState") or {}
        shown = state.get("id")
        ours = str(shown) >= operation if shown and operation else operation_mark(answer) != before
        if not ours:
            asked = (answer.get("status") or {}).get("requested") or {}
            if shown and operation and asked.get("id") != operation:
                _refuse_ended(api, app, operation)
            return "the operation has not started"
        seen(answer)
        return "" if state.get("phase") in ENDED else f"operation {state.get('phase')}{_trouble(answer)}"

    return _poll(api, app, reached, deadline)


def _refuse_ended(api: Api, app: AppName, operation: str) -> None:
    """Raises `PermanentError` where an operation was ended before it began, and another one is shown."""
    try:
        ended = api.call("GET", "applications", app.name, "operations", operation, query=app.query)
    except NotFoundError:
        return
    raise PermanentError(f"{app}: {ended.get('message')}")


def wait_for_absence(api: Api, app: AppName, deadline: float | None) -> None:
    """Returns once the application is gone. Raises `WaitError`."""
    try:
        _poll(api, app, lambda answer: f"still there{_trouble(answer)}", deadline)
    except NotFoundError:
        return


def _poll(api: Api, app: AppName, problem: Callable[[dict[str, Any]], str], deadline: float | None) -> dict[str, Any]:
    pause = 0.2
    while True:
        try:
            answer: dict[str, Any] = api.call("GET", "applications", app.name, query=app.query)
            seen = problem(answer)
            if not seen:
                return answer
        except TransientError as error:
            seen = str(error)
        if deadline is not None and time.monotonic() + pause > deadline:
            raise WaitError(f"{app}: {seen}")
        time.sleep(pause)
        pause = min(pause * 1.3, 1.0)


def _trouble(app: dict[str, Any]) -> str:
    """The message of a failed operation or of an error condition, which is nearly always why the wait is long."""
    status = app.get("status") or {}
    state = status.get("operationState") or {}
    if state.get("phase") in {"Failed", "Error"} or state.get("retryCount"):
        return f" ({state.get('message')})" if state.get("message") else ""
    errors = [c.get("message") for c in status.get("conditions") or [] if "Error" in str(c.get("type"))]
    return f" ({errors[0]})" if errors else ""
