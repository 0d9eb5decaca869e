"""What people ask for through the API: declare an application, sync it, delete it.

Asking changes what is remembered and sends a message; the work happens where the rights for it are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import floor

from mooring.differences.expressions import Expressions
from mooring.differences.rules import Rules
from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import ApplicationSetMessage, AppMessage, Cause
from mooring.flows.asked.asking import read_selectors
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.renders.following import declared_inputs, repositories_of
from mooring.flows.rules.permitting import permit_declared
from mooring.model.application import AppKey, Application, Parsed, parse_application
from mooring.model.once import Once
from mooring.model.options import APPROVED
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.operations import Request
from mooring.state.records import Deleting, Record, Spec
from mooring.state.registry import Registry

__all__ = ["AskPorts", "UnknownApplicationError", "ask_sync", "declare", "delete"]

_UNDER_WAY = ("Running", "Terminating")
_NOTHING_MORE = Once()


class UnknownApplicationError(ConfigurationError):
    """No application of this name is declared."""


@dataclass(frozen=True, slots=True)
class AskPorts:
    """What the API works with; `clock` gives seconds since the epoch."""

    applications: Applications
    queues: Queues
    clock: Callable[[], float]
    registry: Registry


def declare(
    ports: AskPorts, document: object, by: str, *, cause: Cause | None = None, over: int | None = None
) -> Parsed:
    """Creates or changes one application; declaring the same again changes nothing, but asks git at once where its
    annotation `argocd.argoproj.io/refresh` is set. `cause` is why, where that is more than that somebody declared it;
    `over` is the generation that it may take the place of, and no other.

    Raises `ConfigurationError` naming the field that is wrong, `ForbiddenError` naming the rule of its project that
    does not permit it, and `ConflictError` while it is being deleted, unless the document confirms that, and where
    somebody else declared or deleted it meanwhile.
    """
    parsed = parse_application(document)
    application = parsed.application
    with Expressions() as expressions:
        Rules(application.ignore_differences, expressions).check()
    permit_declared(ports.registry.known(), ports.registry.projects, application)
    follows = repositories_of(declared_inputs(application))
    record = ports.applications.load([application.key])[application.key]
    previous = record.spec
    if over is not None and (previous is None or previous.generation != over):
        raise ConflictError("was changed or deleted meanwhile; it is looked at again", subject=str(application.key))
    if previous is not None and previous.deleting is not None:
        if application.marks.approved >= floor(previous.deleting.at):
            _approve(ports, previous, application, by)
            return parsed
        raise ConflictError("is being deleted; declare it again when that is done", subject=str(application.key))
    if previous is None or previous.application.declared != application.declared:
        generation = 1 if previous is None else previous.generation + 1
        owner, rolling = ("", False) if previous is None else (previous.owner, previous.rolling)
        spec = Spec(application, generation, parsed.warnings, None, by, owner, rolling)
        ports.applications.declare(spec, previous=previous, follows=follows, gone=_left(previous, follows))
        ports.queues.send("renders", [AppMessage(application.key, cause or Cause("spec", by=by))])
        if owner:  # the set may want it otherwise
            ports.queues.send("renders", [ApplicationSetMessage(owner, Cause("spec", by=by))])
    elif application.marks.refresh:
        ports.queues.send("renders", [AppMessage(application.key, Cause("person", by=by))])
    return parsed


def _left(previous: Spec | None, follows: Mapping[str, object]) -> list[str]:
    """The repositories that the application declared before and does not any more."""
    if previous is None:
        return []
    return [name for name in repositories_of(declared_inputs(previous.application)) if name not in follows]


def _approve(ports: AskPorts, spec: Spec, given: Application, by: str) -> None:
    """Takes nothing from an application that is being deleted but the word that its deletion is confirmed."""
    declared, key = spec.application.declared, spec.application.key
    metadata = declared["metadata"]
    word = {APPROVED: given.declared["metadata"]["annotations"][APPROVED]}
    document = {**declared, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), **word}}}
    approved = replace(spec, application=parse_application(document).application, generation=spec.generation + 1)
    ports.applications.replace_spec(approved, spec)
    ports.queues.send("syncs", [AppMessage(key, Cause("person", by=by))])


def ask_sync(
    ports: AskPorts,
    key: AppKey,
    by: str,
    *,
    prune: bool | None,
    resources: tuple[str, ...] = (),
    dry_run: bool = False,
    revisions: tuple[str, ...] = (),
    once: Once = _NOTHING_MORE,
) -> str:
    """Asks for a sync to the newest commit, whatever the policy says; returns the operation's id.

    `resources` choose some of its objects (`flows.asked.asking`); with `dry_run` nothing is changed. `revisions` are
    other target revisions, one for each source (empty for the declared one); `once` is what is wanted of this sync
    alone, in all of its tries. A sync of all that is wanted ends a pause.
    Raises `UnknownApplicationError`, `ConfigurationError` for a choice that can't be read, and `ConflictError` where
    less than a sync is asked for while an operation is in progress, as Argo CD does, or where automated sync would undo
    it.
    """
    read_selectors(resources)
    record = _known(ports, key)
    spec, running = record.spec, record.status.operation
    assert spec is not None
    now = ports.clock()
    request = Request(new_ulid(now), by, now, prune, resources, dry_run, _other(spec, revisions, key), once=once)
    if request.revisions and not dry_run and spec.paused is None:
        _refuse_automated(spec, request.revisions, key)
    if request.limited and running is not None and running.phase in _UNDER_WAY:
        raise ConflictError("another operation is in progress; wait for it or terminate it", subject=str(key))
    if spec.paused is not None and not request.limited and not request.revisions:
        ports.applications.say(replace(spec, paused=None), spec, request)
    else:
        ports.applications.request(key, request)
    ports.queues.send("renders", [AppMessage(key, Cause("person", request.id, by))])
    return request.id


def _other(spec: Spec, revisions: tuple[str, ...], key: AppKey) -> tuple[str, ...]:
    """The revisions that are not what is declared anyway; none where that is all of them."""
    sources = spec.application.sources
    if len(revisions) > len(sources):
        raise ConfigurationError(
            f"names {len(revisions)} revisions, and the application has {len(sources)} sources", field="revisions",
            subject=str(key),
        )  # fmt: skip
    for each in revisions:
        if each.startswith("-") or any(character.isspace() or ord(character) < ord(" ") for character in each):
            raise ConfigurationError("must be a branch, a tag, a commit or a version", field="revision")
    padded = (*revisions, *[""] * (len(sources) - len(revisions)))
    other = tuple(
        "" if each == (source.target_revision or "HEAD") else each for each, source in zip(padded, sources, strict=True)
    )
    return other if any(other) else ()


def _refuse_automated(spec: Spec, revisions: tuple[str, ...], key: AppKey) -> None:
    """Refuses, in Argo CD's words, what automated sync would undo at once (its `server/application/application.go`)."""
    if spec.application.automated is None:
        return
    index, other = next((index, each) for index, each in enumerate(revisions) if each)
    source = spec.application.sources[index]
    named = f"source {source.repo_url} to {other}" if len(spec.application.sources) > 1 else f"to {other}"
    raise ConflictError(
        f"Cannot sync {named}: auto-sync currently set to {source.target_revision or 'HEAD'}; pause automated sync "
        "first, or change targetRevision",
        subject=str(key),
    )


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
