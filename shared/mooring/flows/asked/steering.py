"""What people do with an application beside declaring and syncing it: roll back, pause, go on, refresh, confirm.

What somebody says (that nothing is to happen by itself, that deletions may happen) is kept beside the declaration and
outlives its changes (`state.said`). A rollback takes the bundle that was kept of a past sync, so nothing is rendered
and no git has to be there; secrets are opened anew, so rotated values win. Argo CD refuses it while automated sync is
on, because that would undo it; here automated sync is paused in the same write, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from mooring.access.globs import is_denial
from mooring.access.integrity import policy_for
from mooring.access.project import Project
from mooring.access.rules import source_allowed
from mooring.errors import ConfigurationError, ConflictError
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.declaring import AskPorts, UnknownApplicationError, ask_sync
from mooring.flows.asked.showing import deployments
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.rules.permitting import NotPermittedError, refuse
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.source.urls import normalise
from mooring.state.operations import Instead, Operation, Request
from mooring.state.records import Paused, Record, Spec

__all__ = ["Rollback", "ask_confirmation", "ask_refresh", "ask_rollback", "pause", "resume"]

_HISTORY: Final = 200  # operations that are looked through for one that is named by its place
_TRIES: Final = 3  # where the declaration changes meanwhile
_LONGEST: Final = 500  # characters of a reason
_UNDER_WAY: Final = ("Running", "Terminating")
_SCHEMES: Final = ("https://", "http://", "ssh://", "ssh://git@")
_AWAITS: Final = "DeletionConfirmationRequired"


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was asked for: the operation that will do it, which past one it goes back to, and who is paused for it."""

    id: str
    operation: Operation
    paused: Paused | None


def ask_rollback(
    ports: AskPorts, key: AppKey, by: str, *, to: str | int | None, prune: bool | None = None, dry_run: bool = False
) -> Rollback:
    """Asks for a sync to what a past sync brought: `to` is the id of its operation, or its number in the history; None
    for the one before the last. What is on is paused until somebody resumes or syncs.

    Raises `UnknownApplicationError`, `ConfigurationError` where there is no such sync, `ConflictError` where the
    application is busy or was changed just now, `NotPermittedError` where its project does not permit by now where
    that came from, or asks for a signature that it did not have to bear.
    """
    for attempt in range(_TRIES):
        record = _known(ports, key)
        spec = record.spec
        assert spec is not None
        past = _past(ports, record, to)
        _permit(ports, spec, past)
        now = ports.clock()
        brings = Instead(past.revision, past.bundle, past.commit)
        request = Request(new_ulid(now), by, now, prune, dry_run=dry_run, instead=brings, returned=past.id)
        if dry_run:
            running = record.status.operation
            if running is not None and running.phase in _UNDER_WAY:
                raise ConflictError("another operation is in progress; wait for it or terminate it", subject=str(key))
            ports.applications.request(key, request)
            paused = spec.paused
        else:
            paused = spec.paused or Paused(by, now, f"rolled back to {_short(past.revision)} (operation {past.id})")
            paused = paused if _is_automated(spec) or spec.paused else None
            try:
                ports.applications.say(replace(spec, paused=paused), spec, request)
            except ConflictError:
                if attempt + 1 == _TRIES:
                    raise
                continue
        ports.queues.send("syncs", [AppMessage(key, Cause("person", request.id, by))])
        return Rollback(request.id, past, paused)
    raise AssertionError("unreachable")


def pause(ports: AskPorts, key: AppKey, by: str, why: str = "") -> Paused:
    """Stops automated sync and self-heal until `resume`, or a sync by hand; what is under way comes to its end.

    A pause that is on stays as it is. Raises `UnknownApplicationError` and `ConflictError`.
    """
    said = Paused(by, ports.clock(), why[:_LONGEST])
    spec = _say(ports, key, lambda spec: spec if spec.paused is not None else replace(spec, paused=said))
    assert spec.paused is not None
    return spec.paused


def resume(ports: AskPorts, key: AppKey, by: str) -> bool:
    """Lets automated sync and self-heal go on; False where nothing was paused.

    Raises `UnknownApplicationError` and `ConflictError`.
    """
    before = _known(ports, key).spec
    _say(ports, key, lambda spec: replace(spec, paused=None))
    ask_refresh(ports, key, by)
    return before is not None and before.paused is not None


def ask_refresh(ports: AskPorts, key: AppKey, by: str, *, hard: bool = False) -> None:
    """Has git and the cluster looked at now; `hard` forgets what was rendered, so that all is rendered anew.

    Raises `UnknownApplicationError`. Source: Argo CD, command reference, `argocd app get --refresh`.
    """
    record = _known(ports, key)
    wanted = record.wanted
    if hard and wanted is not None:
        forgotten = replace(wanted.rendering, identity="")
        again = replace(wanted, rendering=forgotten, earlier=(), renderer="", resolved_at=ports.clock())
        ports.applications.want([(key, again)])
    cause = Cause("person", by=by)
    ports.queues.send("renders", [AppMessage(key, cause)])
    if record.status.cluster:
        ports.queues.send("syncs", [ClusterMessage(record.status.cluster, cause, (key,))])


def ask_confirmation(ports: AskPorts, key: AppKey, by: str) -> str:
    """Confirms the deletions that wait for somebody's word (`Prune=confirm`, `Delete=confirm`), as the annotation
    `argocd.argoproj.io/deletion-approved` does; returns the id of the operation that prunes, or an empty text where
    the one that is under way does.

    Raises `UnknownApplicationError`, and `ConfigurationError` where nothing waits.
    """
    record = _known(ports, key)
    if not any(each.type == _AWAITS for each in record.status.conditions):
        raise ConfigurationError("nothing waits for a confirmation", subject=str(key))
    now = ports.clock()
    spec = _say(ports, key, lambda spec: replace(spec, approved=now))
    running = record.status.operation
    if spec.deleting is not None or (running is not None and running.phase in _UNDER_WAY):
        ports.queues.send("syncs", [AppMessage(key, Cause("person", by=by))])
        return ""
    waiting = (each.key for each in record.status.resources if each.requires_pruning)
    return ask_sync(ports, key, by, prune=True, resources=tuple(_selector(each) for each in waiting))


def _say(ports: AskPorts, key: AppKey, change: Callable[[Spec], Spec]) -> Spec:
    """What is said of the application after the change. Raises `ConflictError` where it does not stand still."""
    tries = 0
    while True:
        spec = _known(ports, key).spec
        assert spec is not None
        changed = change(spec)
        if changed == spec:
            return spec
        try:
            ports.applications.say(changed, spec)
        except ConflictError:
            tries += 1
            if tries == _TRIES:
                raise
            continue
        return changed


def _past(ports: AskPorts, record: Record, to: str | int | None) -> Operation:
    """The past sync that is meant; it succeeded, and left a bundle."""
    field = "id"
    if isinstance(to, str):
        links = ports.applications.links(record.key, to, f"{to}~")
        found = next((each for _, _, each in links if each is not None and each.id == to), None)
        if found is None:
            raise ConfigurationError(f"there is no operation {to!r} of this application", field=field)
        if found.kind not in ("sync", "partial") or found.phase != "Succeeded" or not found.bundle:
            raise ConfigurationError(f"operation {to} is no sync that succeeded", field=field)
        if found.kind == "partial":
            raise ConfigurationError(f"operation {to} synced some objects only; name one that synced all", field=field)
        return found
    past = deployments(record, ports.applications.operations(record.key, _HISTORY))
    if to is None:
        earlier = _before_last(past, record.status.bundle)
        if earlier is None:
            raise ConfigurationError("there is no earlier sync to go back to", field=field)
        return earlier
    if not 1 <= to <= len(past):
        raise ConfigurationError(f"there is no {to} in the history of this application", field=field)
    return past[to - 1]


def _permit(ports: AskPorts, spec: Spec, past: Operation) -> None:
    """What was rendered then is not rendered again, so `render` does not ask the project about it; this does, of every
    repository that was read.
    """
    commit, application = past.commit, spec.application
    project = ports.registry.projects.find(application.project, ports.registry.known().projects)
    for each in commit.sources:
        refuse(source_allowed(project, each.repository))
        if each.in_git and not each.verified and policy_for(project.signatures, each.repository) is not None:
            raise _unsigned(project, application.key, each.repository, past)
    if commit.sources:
        return
    if "," in past.revision or not commit.repository:
        _permit_unnamed(project, application.key, past)
    if not commit.repository:
        return
    declared = [each.repo_url for each in application.sources if normalise(each.repo_url) == commit.repository]
    spelt = [*declared, *(f"{scheme}{commit.repository}" for scheme in _SCHEMES)]
    refused = [source_allowed(project, each) for each in spelt]
    if None not in refused:
        refuse(refused[0])
    if not commit.verified and policy_for(project.signatures, spelt[0]) is not None:
        raise _unsigned(project, application.key, commit.repository, past)


def _permit_unnamed(project: Project, key: AppKey, past: Operation) -> None:
    """An operation from before all repositories were kept: nothing but a project without such rules can let it in."""
    free = any(rule == "*" for rule in project.source_repos) and not any(map(is_denial, project.source_repos))
    if not free or project.signatures:
        raise NotPermittedError(
            f"operation {past.id} does not say which repositories it read, and project {project.name!r} has rules "
            "about them; sync to its revisions instead",
            subject=str(key),
        )


def _unsigned(project: Project, key: AppKey, repository: str, past: Operation) -> NotPermittedError:
    return NotPermittedError(
        f"project {project.name!r} asks for signatures of {repository} by now, and that of operation {past.id} was not "
        "checked; sync to its commit instead",
        subject=str(key),
    )


def _before_last(past: Iterable[Operation], bundle: str) -> Operation | None:
    return next((each for each in reversed(list(past)[:-1]) if each.bundle != bundle), None)


def _is_automated(spec: Spec) -> bool:
    return spec.application.automated is not None or spec.rolling


def _selector(key: ObjectKey) -> str:
    name = f"{key.namespace}/{key.name}" if key.namespace else key.name
    return f"{key.group}:{key.kind}:{name}"


def _short(revision: str) -> str:
    return ", ".join(each[:12] for each in revision.split(","))


def _known(ports: AskPorts, key: AppKey) -> Record:
    record = ports.applications.load([key])[key]
    if record.spec is None:
        raise UnknownApplicationError("no application of this name is declared", subject=str(key))
    return record
