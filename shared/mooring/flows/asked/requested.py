"""What somebody asked for, as the API shows it: a sync that was not begun, and what was wanted of one alone.

The words are those of Argo CD's `Operation` (`syncOptions`, `syncStrategy`, `retry`), before, during and after it.
"""

from __future__ import annotations

from typing import Any

from mooring.model.once import Once
from mooring.state.operations import Request
from mooring.state.records import Record

__all__ = ["told_once", "told_request", "unbegun"]


def told_once(once: Once) -> dict[str, Any]:
    """What of an operation's `sync` was wanted of it alone; nothing where nothing was."""
    told: dict[str, Any] = {}
    if once.options:
        told["syncOptions"] = list(once.options)
    if not once.hooks:
        told["syncStrategy"] = {"apply": {"force": True} if "Force=true" in once.options else {}}
    if (retry := once.retry) is not None:
        backoff = {
            "duration": f"{retry.duration:g}s",
            "factor": retry.factor,
            "maxDuration": f"{retry.max_duration:g}s",
        }
        told["retry"] = {"limit": retry.limit, "backoff": backoff}
    return told


def unbegun(record: Record) -> Request | None:
    """The request that no operation has begun to answer; None where there is none."""
    request, running = record.request, record.status.operation
    return None if request is None or (running is not None and running.id == request.id) else request


def told_request(record: Record, request: Request, at: str) -> dict[str, Any]:
    """A request that was not begun; `at` is when it was made. `waitsFor` says what it waits for."""
    revisions = {"revisions": list(request.revisions)} if request.revisions else {}
    chosen = {"resources": list(request.resources)} if request.resources else {}
    return {
        "id": request.id,
        "by": request.by,
        "at": at,
        "waitsFor": _waits_for(record, request),
        "dryRun": request.dry_run,
        **({} if request.prune is None else {"prune": request.prune}),
        **revisions,
        **chosen,
        **({"returnsTo": request.returned} if request.returned else {}),
        **told_once(request.once),
    }


def _waits_for(record: Record, request: Request) -> str:
    running = record.status.operation
    if request.unrendered:
        return "render"
    return "operation" if running is not None and running.phase in ("Running", "Terminating") else "turn"
