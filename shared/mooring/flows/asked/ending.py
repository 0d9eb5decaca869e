"""The end of what was asked for: the operation that runs or waits, and the request that was not begun.

A request waits for its render, for its message, or behind an operation that runs; nobody would begin it twice, and
nobody must begin it once it was ended. So its end is written in one transaction with the lease's token, which whoever
would begin it has to hold: either it was begun before, and the operation is ended, or it never is. It goes into the
history as an operation that failed, with who ended it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import AskPorts, UnknownApplicationError
from mooring.flows.asked.requested import unbegun
from mooring.model.application import AppKey
from mooring.state.operations import Operation, Request
from mooring.state.records import Record
from mooring.state.wanted import Commit

__all__ = ["ask_termination"]

_UNDER_WAY: Final = ("Running", "Terminating")
_GRACE: Final = 5.0  # seconds in which a function whose operation is ended notices it
_TRIES: Final = 3  # to end an operation whose lease changes hands meanwhile


def ask_termination(ports: AskPorts, key: AppKey, by: str) -> str:
    """Asks for the end of the operation that runs or waits, and ends a request that was not begun; returns the id of
    the operation, or of the request where none is in progress. See `flows.syncs.terminating`.

    Raises `UnknownApplicationError`, `ConfigurationError` where there is nothing to end, and `ConflictError` where the
    application is too busy just now.
    """
    for attempt in range(_TRIES):
        record = ports.applications.load([key])[key]
        if record.spec is None:
            raise UnknownApplicationError("no application of this name is declared", subject=str(key))
        running = record.status.operation
        if running is not None and running.phase not in _UNDER_WAY:
            running = None
        waiting = unbegun(record)
        if running is None and waiting is None:
            raise ConfigurationError("no operation is in progress", subject=str(key))
        if running is not None and running.kind == "delete":
            raise ConfigurationError("the application is being deleted, which can't be terminated", subject=str(key))
        now = ports.clock()
        never = None if waiting is None else _never_begun(record, waiting, by, now)
        ended = never if running is None else replace(running, phase="Terminating", message=f"terminated by {by}")
        assert ended is not None
        status = replace(record.status, operation=ended)
        try:
            ports.applications.interrupt(record, now=now, grace=_GRACE, status=status, unbegun=never)
        except ConflictError:
            if attempt + 1 == _TRIES:
                raise
            continue
        if running is not None:
            ports.queues.send("syncs", [AppMessage(key, Cause("person", running.id, by))])
        return ended.id
    raise AssertionError("unreachable")


def _never_begun(record: Record, request: Request, by: str, now: float) -> Operation:
    """The request as it goes into the history."""
    assert record.spec is not None
    brings, wanted = request.instead, record.wanted
    asked = ",".join(filter(None, request.revisions))
    revision = brings.revision if brings is not None else asked or (wanted.revision if wanted is not None else "")
    return Operation(
        request.id,
        "dry run" if request.dry_run else "partial" if request.resources else "sync",
        "Failed",
        f"terminated by {by} before it began",
        request.at,
        now,
        revision,
        "",
        record.spec.generation,
        Cause("person", request.id, request.by),
        Commit() if brings is None else brings.commit,
        former=record.status.bundle,
        chosen=request.resources,
        returned=request.returned,
        once=request.once,
    )
