"""What people decided about an application, put in the place of what its declaration and git say.

A request may bring another revision or the bundle of a past sync: for as long as it stands, that is what is wanted, and
everything after this planning, waiting, crashing and going on is as for any commit. Whoever paused an application wants
nothing done by itself: it is treated as one that is synced by hand, except that what its policy says of pruning still
holds, and that nothing is forgotten which has to be made up for when it goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mooring.events.messages import AppMessage, Cause
from mooring.flows.syncs.beginning import continued
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.terminating import end_terminated
from mooring.state.records import Record, Spec
from mooring.state.statuses import Status
from mooring.state.wanted import RenderFailure, Rendering, WantedState

__all__ = ["as_asked", "by_hand", "end_paused"]

_ENDED: Final = "automated sync was paused, and something newer is wanted by now"


def as_asked(ports: SyncPorts, record: Record, cause: Cause) -> Record:
    """The record as its request wants it; a request that waits for its render is left to its time.

    A tick asks for that render once more, should its message have been lost.
    """
    request, spec = record.request, record.spec
    if request is None or spec is None:
        return record
    if request.unrendered:
        if cause.kind == "tick":
            ports.queues.send("renders", [AppMessage(record.key, Cause("person", request.id, request.by))])
        return replace(record, request=None)
    brings = request.instead
    if brings is None:
        return record
    asked = Cause("person", request.id, request.by)
    failure = RenderFailure(brings.failure, False, brings.revision, spec.generation, request.at)
    wanted = WantedState(
        brings.revision, spec.generation, request.at, asked, brings.commit, "", Rendering(brings.bundle, (), "", ""),
        failure=failure if brings.failure else None,
    )  # fmt: skip
    return replace(record, wanted=wanted)


def by_hand(spec: Spec) -> Spec:
    """The spec as it is acted upon: one that is paused is not synced by itself."""
    return spec if spec.paused is None else replace(spec, application=replace(spec.application, automated=None))


def end_paused(ports: SyncPorts, record: Record) -> Status | None:
    """Ends an operation that waits for what isn't wanted any more, and that nothing may take over from.

    None where there is no such operation. Raises `ConflictError`.
    """
    running, spec = record.status.operation, record.spec
    if spec is None or spec.paused is None or running is None or running.phase != "Running":
        return None
    if record.request is not None or continued(record) is not None:
        return None
    ended = replace(running, message=_ENDED)
    return end_terminated(ports, replace(record, status=replace(record.status, operation=ended)))
