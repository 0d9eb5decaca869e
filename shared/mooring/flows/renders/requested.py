"""Renders for one request alone: the revisions that somebody asked to sync to, instead of those that are declared.

The application is rendered as if it declared these revisions: what its project permits and which signatures it asks for
counts as ever. What comes of it is written into the request and nowhere else, so that nobody follows it, and the next
commit finds everything as it was. Source: Argo CD, command reference, `argocd app sync --revision`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from mooring.errors import ConflictError, MooringError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.renders.outbox import Outbox
from mooring.flows.renders.tasks import RenderPorts
from mooring.model.application import AppKey, Application, parse_application
from mooring.state.operations import Instead, Request
from mooring.state.records import Record
from mooring.state.wanted import Commit, RenderFailure, Rendering, WantedState

__all__ = ["RequestOutbox", "asked_revisions", "at_revisions", "take_requested"]

_LONGEST_MESSAGE = 2000


@dataclass(slots=True)
class RequestOutbox(Outbox):
    """What was found out for `requests`: written into these, then their applications are synced."""

    requests: Mapping[AppKey, Request] = field(default_factory=dict)

    def flush(self) -> None:
        """Writes and sends everything; a request that was replaced meanwhile is left alone."""
        for key, state in self.wanted:
            failed = state.failure.message if state.failure is not None else ""
            revision = state.failure.revision if state.failure is not None else state.revision
            brings = Instead(revision, "" if failed else state.bundle, state.commit, failed)
            with suppress(ConflictError):
                self.applications.fulfil(key, replace(self.requests[key], instead=brings))
        causes = {key: self.requests[key] for key, _ in self.wanted}
        messages = [AppMessage(key, Cause("person", each.id, each.by)) for key, each in causes.items()]
        if messages:
            self.queues.send("syncs", messages)
        self.wanted, self.syncs = [], []
        self.flushed_at = self.clock()

    def follow(self, key: AppKey, wanted: WantedState | None, rendering: Rendering) -> None:
        """Nobody follows what was asked for once."""

    def fail(
        self, record: Record, cause: Cause, error: MooringError, revision: str, resolved_at: float, beyond: str = ""
    ) -> None:
        """Answers the request with why there is no bundle; whoever asked may ask again."""
        del beyond  # nobody waits for what the sources lead to
        asked = revision or ",".join(filter(None, self.requests[record.key].revisions))
        failure = RenderFailure(str(error)[:_LONGEST_MESSAGE], False, asked, 0, resolved_at)
        self.wanted.append((record.key, WantedState("", 0, resolved_at, cause, Commit(), "", failure=failure)))


def asked_revisions(ports: RenderPorts, causes: Mapping[AppKey, Cause]) -> dict[AppKey, Request]:
    """The requests for other revisions that wait for a render; asked only about applications that a person named."""
    named = [key for key, cause in causes.items() if cause.kind == "person" and cause.id]
    found = ports.applications.requests(named) if named else {}
    return {key: each for key, each in found.items() if each.unrendered}


def take_requested(records: Iterable[Record], requests: Mapping[AppKey, Request]) -> list[Record]:
    """The records of these requests, as if their applications declared what was asked for."""
    return [
        replace(each, spec=replace(each.spec, application=at_revisions(each.spec.application, request.revisions)))
        for each in records
        if each.spec is not None and (request := requests.get(each.key)) is not None
    ]


def at_revisions(application: Application, revisions: tuple[str, ...]) -> Application:
    """The application as it would be with other target revisions, one for each source; an empty one changes nothing."""
    declared = application.declared
    spec: dict[str, Any] = dict(declared["spec"])
    if spec.get("sources"):
        pairs = zip(spec["sources"], (*revisions, *[""] * len(spec["sources"])), strict=False)
        spec["sources"] = [{**source, "targetRevision": other} if other else source for source, other in pairs]
    elif revisions and revisions[0]:
        spec["source"] = {**spec["source"], "targetRevision": revisions[0]}
    return parse_application({**declared, "spec": spec}).application
