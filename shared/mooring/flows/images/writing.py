"""New tags written: many applications as one commit, one or several as a pull request, or the application itself.

Everything here may be done twice. What is on a branch already makes no commit, a pull request is found again by its
branch, an application that is declared the same stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mooring.errors import MooringError
from mooring.events.messages import AppMessage, Cause, Later, RepositoryMessage
from mooring.flows.asked.declaring import declare
from mooring.flows.images.edits import edits_of, overridden, version_of
from mooring.flows.images.ports import ImagePorts
from mooring.flows.images.tending import TendedApp
from mooring.flows.rules.images import ImageSettings
from mooring.images import planning
from mooring.images.registries import ImageRegistries
from mooring.model.application import AppKey
from mooring.model.imagetargets import WriteTarget
from mooring.source.urls import normalise
from mooring.state.images import OpenRequest
from mooring.writeback.credentials import credential_of
from mooring.writeback.proposing import propose, withdraw
from mooring.writeback.updates import Destination, ImageChange, Update, by_destination
from mooring.writeback.wording import branch_names
from mooring.writeback.writing import write

__all__ = ["Result", "Wanted", "cause_of", "close_request", "destination_of", "own_branch", "write_all"]

_AFTER_THE_WRITTEN = 2.0  # seconds until the others that follow the repository are looked at
_BY = "image update"
_NOTHING_LEFT = "Closed: the application runs what it should, or nothing is to be updated any more."
_ELSEWHERE = "Closed: another branch carries this now."


@dataclass(frozen=True, slots=True)
class Wanted:
    """The updates of one application."""

    app: TendedApp
    updates: tuple[planning.Update, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one application's updates: `commit` is what holds them, or the error."""

    commit: str = ""
    request: OpenRequest | None = None
    error: MooringError | None = None


@dataclass(slots=True)
class _Run:
    ports: ImagePorts
    settings: ImageSettings
    registries: ImageRegistries
    by: str
    results: dict[AppKey, Result] = field(default_factory=dict)


def write_all(
    ports: ImagePorts, settings: ImageSettings, registries: ImageRegistries, wanted: Sequence[Wanted], by: str
) -> dict[AppKey, Result]:
    """Writes what is wanted; what fails for one application, or for one branch, holds up no other. `by` is who pushed
    the image, where that is known.
    """
    run = _Run(ports, settings, registries, by)
    placed: list[tuple[Destination, Update]] = []
    asked: dict[str, Wanted] = {}
    for each in wanted:
        target = _target(each)
        try:
            if target.method == "argocd":
                _override(run, each)
                continue
            update = _update(run, each)
            placed.append((_headed(run, destination_of(each.app.key, target), target, update), update))
            asked[update.key] = each
        except MooringError as error:
            run.results[each.app.key] = Result(error=error)
    for destination, updates in by_destination(placed).items():
        group = [asked[each.key] for each in updates]
        try:
            if _target(group[0]).pull_request:
                _propose(run, destination, updates, group)
            else:
                _commit(run, destination, updates, group)
        except MooringError as error:
            run.results |= {each.app.key: Result(error=error, request=each.app.state.request) for each in group}
    return run.results


def destination_of(key: AppKey, target: WriteTarget) -> Destination:
    """The branch that tags are written to, or that such a branch starts from. Raises `ConfigurationError`."""
    credential = credential_of(f"git:secret:{target.credential}" if target.credential else "git", key.namespace)
    return Destination(target.repository, "" if target.base == "HEAD" else target.base, "", credential)


def cause_of(updates: Iterable[planning.Update], by: str) -> Cause:
    """Why an application is looked at after that: told with its deployment."""
    names = [f"{each.image.text}:{version_of(each)}" for each in updates]
    return Cause("image", f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}", by)


def close_request(ports: ImagePorts, app: TendedApp, why: str = _NOTHING_LEFT) -> None:
    """Closes the pull request that carried an application's tags, where it is open. Raises what a code host raises."""
    there = app.state.request
    if there is not None and there.state == "open":
        withdraw(ports.writes, ports.hosts, Destination(there.url, there.base, there.head, there.credential), why)


def own_branch(key: AppKey) -> str:
    """The branch of an application's pull request, where no template names another."""
    return f"mooring/images/{key.namespace}/{key.name}"


def _target(wanted: Wanted) -> WriteTarget:
    assert wanted.app.target is not None
    return wanted.app.target


def _types(app: TendedApp) -> tuple[str, ...]:
    """The kinds of an application's sources: as they are declared, else as they were rendered."""
    assert app.record.spec is not None
    rendered = () if app.record.wanted is None else tuple(app.record.wanted.rendering.source_type.split(","))
    sources = app.record.spec.application.sources
    giving = [index for index, each in enumerate(sources) if each.gives_manifests]
    found = dict(zip(giving, rendered, strict=False)) if len(rendered) == len(giving) else dict(enumerate(rendered))
    return tuple(each.kind or found.get(index, "") for index, each in enumerate(sources))


def _update(run: _Run, wanted: Wanted) -> Update:
    key, target = wanted.app.key, _target(wanted)
    labelled = bool(target.pull_request) or ".Labels" in run.settings.style.template
    images = tuple(
        ImageChange(
            each.image.text,
            each.old_tag or each.old_digest,
            version_of(each),
            each.alias,
            _labels(run, wanted, each) if labelled else {},
        )
        for each in wanted.updates
    )
    return Update(key.namespace, key.name, edits_of(wanted.updates, _types(wanted.app)), images)


def _labels(run: _Run, wanted: Wanted, update: planning.Update) -> Mapping[str, str]:
    assert wanted.app.tended is not None
    image = next(each for each in wanted.app.tended.images.images if each.alias == update.alias)
    try:
        return run.registries.inspect(image.name, update.new_digest or update.new_tag, image.pull_secret).labels
    except MooringError:
        return {}  # they are told where they can be had


def _headed(run: _Run, destination: Destination, target: WriteTarget, update: Update) -> Destination:
    """With the branch that is written: the base, what a template says, or a pull request's own."""
    if target.branch:
        (head,) = branch_names(target.branch, destination, [update], run.ports.writes.ask)
        return replace(destination, head=head)
    own = own_branch(AppKey(update.namespace, update.name))
    return replace(destination, head=own) if target.pull_request else destination


def _commit(run: _Run, destination: Destination, updates: Sequence[Update], group: Sequence[Wanted]) -> None:
    written = write(run.ports.writes, destination, updates, run.settings.style)
    done = []
    for update, each in zip(updates, group, strict=True):
        outcome = written.outcomes[update.key]
        run.results[each.app.key] = Result(written.sha, error=outcome.error)
        if outcome.error is None:
            done.append(each)
    if not done:
        return
    # At once, instead of waiting for the host's webhook; where that comes, too, it finds nothing left to do.
    queues = run.ports.asking.queues
    queues.send("renders", [AppMessage(each.app.key, cause_of(each.updates, run.by)) for each in done])
    if written.made:
        others = RepositoryMessage(normalise(destination.url), cause_of(done[0].updates, run.by))
        queues.send_later([(Later("renders", others), _AFTER_THE_WRITTEN)])


def _propose(run: _Run, destination: Destination, updates: Sequence[Update], group: Sequence[Wanted]) -> None:
    ports = run.ports
    former = {each.app.key: each.app.state.request for each in group}
    last = next((each.number for each in former.values() if each is not None and each.head == destination.head), None)
    proposed = propose(ports.writes, ports.hosts, destination, updates, run.settings.style, last=last)
    change, place = proposed.change, proposed.written.destination
    request = None
    if change is not None:
        request = OpenRequest(
            place.url, place.base, place.head, place.credential, change.number, change.url, change.state
        )
    for update, each in zip(updates, group, strict=True):
        outcome = proposed.written.outcomes[update.key]
        run.results[each.app.key] = Result(proposed.written.sha, request, outcome.error)
        old = former[each.app.key]
        if old is not None and old.head != place.head:
            close_request(ports, each.app, _ELSEWHERE)


def _override(run: _Run, wanted: Wanted) -> None:
    """Declares the application with the new tags. Raises what declaring raises."""
    app = wanted.app
    spec = app.record.spec
    assert spec is not None
    cause = cause_of(wanted.updates, run.by)
    document = overridden(spec.application.declared, wanted.updates, _types(app))
    declare(run.ports.asking, document, _BY, cause=cause, over=spec.generation)
    run.results[app.key] = Result()
