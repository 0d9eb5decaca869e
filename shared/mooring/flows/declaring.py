"""What people ask for through the API: declare an application, sync it, delete it.

Asking changes what is remembered and sends a message; the work happens where the rights for it are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.ulid import new_ulid
from mooring.model.application import AppKey, Parsed, parse_application
from mooring.queues import Queues
from mooring.source.urls import normalise
from mooring.state.applications import Applications
from mooring.state.records import Deleting, Record, Request, Spec

__all__ = ["AskPorts", "UnknownApplicationError", "ask_sync", "declare", "delete"]


class UnknownApplicationError(ConfigurationError):
    """No application of this name is declared."""


@dataclass(frozen=True, slots=True)
class AskPorts:
    """What the API works with; `clock` gives seconds since the epoch."""

    applications: Applications
    queues: Queues
    clock: Callable[[], float]


def declare(ports: AskPorts, document: object, by: str) -> Parsed:
    """Creates or changes one application; declaring the same again changes nothing.

    Raises `ConfigurationError` naming the field that is wrong, and `ConflictError` while it is being deleted.
    """
    parsed = parse_application(document)
    application = parsed.application
    with Expressions() as expressions:
        Rules(application.ignore_differences, expressions).check()
    repository = normalise(application.source.repo_url)
    record = ports.applications.load([application.key])[application.key]
    previous = record.spec
    if previous is not None and previous.deleting is not None:
        raise ConflictError("is being deleted; declare it again when that is done", subject=str(application.key))
    if previous is None or previous.application.declared != application.declared:
        generation = 1 if previous is None else previous.generation + 1
        spec = Spec(application, generation, parsed.warnings)
        was = "" if previous is None else normalise(previous.application.source.repo_url)
        ports.applications.declare(spec, repository, previous=previous, was=was)
        ports.queues.send("renders", [AppMessage(application.key, Cause("spec", by=by))])
    return parsed


def ask_sync(ports: AskPorts, key: AppKey, by: str, *, prune: bool | None) -> str:
    """Asks for a sync to the newest commit, whatever the policy says; returns the operation's id.

    Raises `UnknownApplicationError`.
    """
    _known(ports, key)
    now = ports.clock()
    request = Request(new_ulid(now), by, now, prune)
    ports.applications.request(key, request)
    ports.queues.send("renders", [AppMessage(key, Cause("person", request.id, by))])
    return request.id


def delete(ports: AskPorts, key: AppKey, by: str, *, cascade: bool | None) -> None:
    """Asks for the application to be deleted; its objects go too with `cascade`, by default if its finalizer says so.

    Raises `UnknownApplicationError`.
    """
    record = _known(ports, key)
    spec = record.spec
    assert spec is not None
    if spec.deleting is None:
        with_objects = spec.application.cascade if cascade is None else cascade
        doomed = replace(spec, generation=spec.generation + 1, deleting=Deleting(with_objects, by, ports.clock()))
        ports.applications.replace_spec(doomed, spec)
    ports.queues.send("syncs", [AppMessage(key, Cause("person", by=by))])


def _known(ports: AskPorts, key: AppKey) -> Record:
    record = ports.applications.load([key])[key]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(key))
    return record
