"""The function `render`: from commits to bundles, for as few applications and as little work as the commits ask for.

All messages of an invocation that concern one repository share one fetch. An application is rendered only where
something that decides its render has changed (see `recalling`); otherwise the new revision is noted and nothing goes on
to the cluster. A render that fails leaves the last good bundle in its place: nothing is ever pruned because something
could not be rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from mooring.access.integrity import policy_for
from mooring.errors import MooringError
from mooring.events.messages import AppMessage, Cause, RepositoryMessage
from mooring.flows.renders.building import build
from mooring.flows.renders.elsewhere import Reach, still_permitted
from mooring.flows.renders.following import bare
from mooring.flows.renders.gathering import gather
from mooring.flows.renders.merges import ask_who_merged
from mooring.flows.renders.outbox import Outbox
from mooring.flows.renders.recalling import RENDERER, find_again, identify, questions, remember
from mooring.flows.renders.requested import RequestOutbox, asked_revisions, take_requested
from mooring.flows.renders.tasks import RenderPorts, Task, find_tasks, now_of
from mooring.metrics import tell
from mooring.metrics.names import RENDER
from mooring.model.application import AppKey
from mooring.source import Survey
from mooring.source.urls import normalise
from mooring.state.operations import Request
from mooring.state.records import Record
from mooring.state.spending import Cost
from mooring.state.wanted import Commit, Input, ReadSource, Rendering, WantedState

__all__ = ["handle_renders"]

_RENDERED_AT_ONCE = 10  # applications of one repository; as many as a batch of messages has
_LONGEST = 2000  # characters of an error in a line of the log


def handle_renders(ports: RenderPorts, messages: Iterable[AppMessage | RepositoryMessage]) -> None:
    """Renders what the messages' applications need. Raises only where the state can't be read or written.

    Where a whole repository needs a look and more than a few of its applications turn out to need a render, those are
    queued one by one, so that other functions share the work.
    """
    causes: dict[AppKey, Cause] = {}
    whole: dict[AppKey, Cause] = {}
    for message in messages:
        if isinstance(message, RepositoryMessage):
            whole |= {app.key: message.cause for app in ports.applications.of_repository(message.repository)}
        elif message.app not in causes or message.cause.kind == "person":
            causes[message.app] = message.cause
    share = whole.keys() - causes.keys() if len(whole) > _RENDERED_AT_ONCE else frozenset()
    causes = whole | causes
    outbox = Outbox(ports.applications, ports.queues, ports.clock, ports.clock())
    ports.consumption.begin()
    resolved_at = ports.clock()
    records = [record for record in ports.applications.sources(causes).values() if record.spec is not None]
    if requests := asked_revisions(ports, causes):
        _render_requested(ports, take_requested(records, requests), requests, causes, resolved_at)
        records = [each for each in records if each.key not in requests or (each.spec and each.spec.deleting)]
        ports.consumption.begin()  # what was asked for once is in no sum
    leaving = [record.key for record in records if record.spec is not None and record.spec.deleting is not None]
    outbox.syncs += [AppMessage(key, causes[key]) for key in leaving]
    tasks = find_tasks(ports, outbox, [each for each in records if each.key not in leaving], causes, resolved_at)
    surveys = _survey(ports, outbox, tasks, resolved_at)
    _charge(ports, outbox, tasks)
    changed: list[Task] = []
    for task in tasks:
        if task.record.key not in surveys or _carry(outbox, task, surveys[task.record.key], resolved_at):
            continue
        if task.record.key in share:
            outbox.renders.append(AppMessage(task.record.key, task.cause))
        else:
            changed.append(task)
    # Applications of one commit follow one another, so that its files are written once.
    for _, group in groupby(sorted(changed, key=_commits), key=_commits):
        together = list(group)
        ports.consumption.begin()
        gather(ports.repositories, [(each.application, each.inputs, each.known) for each in together])
        _charge(ports, outbox, together)
        for task in together:
            _render(ports, outbox, task, resolved_at)
            _charge(ports, outbox, [task])
            outbox.flush_if_waiting()
            ports.consumption.begin()  # the write that holds the cost is not in it
    outbox.flush()
    ask_who_merged(ports, tasks)


def _charge(ports: RenderPorts, outbox: Outbox, tasks: Sequence[Task]) -> None:
    """Divides what was taken since the last time among these applications, each the same: it served all of them."""
    cost = ports.consumption.taken()
    for task in tasks:
        outbox.charge(task.record.key, cost.among(len(tasks)))


def _render_requested(
    ports: RenderPorts,
    records: Sequence[Record],
    requests: Mapping[AppKey, Request],
    causes: Mapping[AppKey, Cause],
    resolved_at: float,
) -> None:
    """Renders what was asked for instead of what is declared, for the requests alone."""
    outbox = RequestOutbox(ports.applications, ports.queues, ports.clock, ports.clock(), requests=requests)
    tasks = find_tasks(ports, outbox, records, causes, resolved_at)
    for task in tasks:
        gather(ports.repositories, [(task.application, task.inputs, task.known)])
        _render(ports, outbox, task, resolved_at)
    outbox.flush()
    ask_who_merged(ports, tasks)


def _commits(task: Task) -> list[tuple[str, str]]:
    """What an application reads, for sorting."""
    return [(each.url, each.revision) for each in task.inputs]


def _survey(
    ports: RenderPorts, outbox: Outbox, tasks: Sequence[Task], resolved_at: float
) -> dict[AppKey, dict[tuple[str, str], Survey]]:
    """What lies at the paths that tell whether a former rendering stands: one process for each repository."""
    asked: dict[str, dict[str, set[str]]] = {}
    for task in tasks:
        wanted = task.record.wanted
        candidates = () if wanted is None else (wanted.rendering, *wanted.earlier)
        needed = questions(candidates, task.revisions)
        for url, sha in [*needed, *((each.url, task.revisions[each]) for each in task.declared if each.in_git)]:
            asked.setdefault(url, {}).setdefault(sha, set()).update(needed.get((url, sha), ()))
    found: dict[tuple[str, str], Survey] = {}
    troubles: dict[str, MooringError] = {}
    for url, wants in asked.items():
        try:
            found |= {(url, sha): survey for sha, survey in ports.repositories.survey(url, wants).items()}
        except MooringError as error:
            troubles[url] = error
    surveys: dict[AppKey, dict[tuple[str, str], Survey]] = {}
    for task in tasks:
        trouble = next((troubles[each.url] for each in task.revisions if each.url in troubles), None)
        if trouble is not None:
            outbox.fail(task.record, task.cause, trouble, task.revision, resolved_at, task.beyond)
        else:
            surveys[task.record.key] = found
    return surveys


def _carry(outbox: Outbox, task: Task, surveys: Mapping[tuple[str, str], Survey], resolved_at: float) -> bool:
    """Notes the new revision where a rendering that is remembered stands for it; False where a render is needed."""
    wanted, record = task.record.wanted, task.record
    assert record.spec is not None
    if wanted is None or (wanted.rendering.unpinned and task.cause.kind == "person"):
        return False
    known = find_again(task.application, wanted, task.revisions, surveys, task.context)
    if known is None or not still_permitted(task.project, known.inputs):
        return False
    state = _state(task, known, surveys, resolved_at)
    outbox.wanted.append((record.key, state))
    if task.cause.kind == "person" or (known.bundle, state.generation) != (wanted.bundle, wanted.generation):
        outbox.syncs.append(AppMessage(record.key, task.cause))
    outbox.follow(record.key, wanted, known)
    if wanted.revision != state.revision:
        _tell(task, "cached", known.bundle)
    return True


def _render(ports: RenderPorts, outbox: Outbox, task: Task, resolved_at: float) -> None:
    record, began = task.record, ports.clock()
    assert record.spec is not None
    try:
        built = build(
            ports.repositories,
            ports.charts,
            ports.tools,
            task.application,
            task.inputs,
            task.context,
            [replace(each, revision=task.revisions.get(bare(each), "")) for each in task.known],
            Reach(task.project, ports.repositories, ports.files, ports.registry.gpg_keys, now_of(ports)),
        )
        bundle = ports.bundles.save(built.objects, all_sealed=built.opened)
        surveys = _surveyed(ports, built.inputs)
    except MooringError as error:
        outbox.fail(record, task.cause, error, task.revision, resolved_at, task.beyond)
        _tell(task, "failed", error=str(error)[:_LONGEST], seconds=ports.clock() - began)
        return
    identity = identify(
        task.application,
        built.inputs,
        surveys,
        task.context,
        by_revision=built.by_revision,
        by_cluster=built.by_cluster,
    )
    rendering = Rendering(
        bundle,
        built.inputs,
        identity,
        built.source_type,
        built.warnings,
        by_revision=built.by_revision,
        by_cluster=built.by_cluster,
        unpinned=built.unpinned,
        parts=built.parts if len(built.parts) > 1 else (),
    )
    state = _state(task, rendering, surveys, resolved_at)
    outbox.wanted.append((record.key, state))
    outbox.syncs.append(AppMessage(record.key, task.cause))
    outbox.follow(record.key, record.wanted, rendering)
    _tell(task, "rendered", bundle, seconds=ports.clock() - began)


def _tell(task: Task, outcome: str, bundle: str = "", *, error: str = "", seconds: float = 0.0) -> None:
    values = {"Renders": 1.0} | ({"RenderSeconds": seconds} if seconds else {})
    tell(
        RENDER, values, cause=task.cause.id, seconds=seconds, outcome=outcome, trigger=task.cause.kind,
        application=str(task.record.key), project=task.application.project, revision=task.revision, bundle=bundle,
        error=error,
    )  # fmt: skip


def _state(
    task: Task, rendering: Rendering, surveys: Mapping[tuple[str, str], Survey], resolved_at: float
) -> WantedState:
    assert task.record.spec is not None
    return WantedState(
        revision=task.revision,
        generation=task.record.spec.generation,
        resolved_at=resolved_at,
        cause=task.cause,
        commit=_commit(task, surveys, rendering.inputs),
        renderer=RENDERER,
        rendering=rendering,
        earlier=remember(task.record.wanted, rendering),
        spent=Cost() if task.record.wanted is None else task.record.wanted.spent,
    )


def _surveyed(ports: RenderPorts, inputs: Iterable[Input]) -> dict[tuple[str, str], Survey]:
    """What lies at the paths that a render has read."""
    wants: dict[str, dict[str, set[str]]] = {}
    for each in inputs:
        if each.in_git:
            wants.setdefault(each.url, {}).setdefault(each.revision, set()).update(each.depends)
    return {(url, sha): survey for url in wants for sha, survey in ports.repositories.survey(url, wants[url]).items()}


def _commit(task: Task, surveys: Mapping[tuple[str, str], Survey], inputs: Sequence[Input]) -> Commit:
    """The commit of the first source that has one (charts have none), and whatever else was read."""
    read = dict.fromkeys(
        ReadSource(each.url, task.revisions.get(bare(each), each.revision), each.in_git, _verified(task, each))
        for each in inputs
    )
    for each in task.declared:
        survey = surveys.get((each.url, task.revisions[each]))
        if survey is not None:
            commit = survey.commit
            return Commit(
                commit.author_name, commit.author_email, commit.subject, commit.committed_at.isoformat(),
                commit.committer_name, commit.committer_email, commit.signer, verified=_verified(task, each),
                repository=normalise(each.url), sha=commit.sha, sources=tuple(read) if len(read) > 1 else (),
            )  # fmt: skip
    return Commit(sources=tuple(read))


def _verified(task: Task, given: Input) -> bool:
    """Whether its signature was asked for; what was not good is not rendered."""
    return given.in_git and policy_for(task.project.signatures, given.url) is not None
