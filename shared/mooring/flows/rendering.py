"""The function `render`: from commits to bundles, for as few applications and as little work as the commits ask for.

All messages of an invocation that concern one repository share one fetch. An application is rendered only where
something that decides its render has changed (see `recalling`); otherwise the new revision is noted and nothing goes on
to the cluster. A render that fails leaves the last good bundle in its place: nothing is ever pruned because something
could not be rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby

from mooring.access.project import Project
from mooring.errors import MooringError
from mooring.events.messages import AppMessage, Cause, RepositoryMessage
from mooring.flows.building import build
from mooring.flows.elsewhere import Reach, still_permitted
from mooring.flows.following import (
    all_inputs,
    bare,
    beyond,
    declared_inputs,
    named,
    place_of,
    resolve,
)
from mooring.flows.gathering import gather
from mooring.flows.outbox import Outbox
from mooring.flows.permitting import permit_declared
from mooring.flows.recalling import RENDERER, find_again, identify, questions, remember
from mooring.model.application import DEFAULT_NAMESPACE, AppKey, Application
from mooring.queues import Queues
from mooring.render import RenderContext, Tools
from mooring.source import Repositories, Survey
from mooring.source.charts import Charts
from mooring.source.files import Files
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.records import Commit, Input, Record, Rendering, WantedState
from mooring.state.registry import Cluster, Known, Registry, find_cluster

__all__ = ["RenderPorts", "handle_renders"]

_RENDERED_AT_ONCE = 10  # applications of one repository; as many as a batch of messages has


@dataclass(frozen=True, slots=True)
class RenderPorts:
    """What a render works with; `clock` gives seconds since the epoch, `files` brings those that have no repository."""

    applications: Applications
    bundles: Bundles
    registry: Registry
    repositories: Repositories
    charts: Charts
    queues: Queues
    tools: Tools
    clock: Callable[[], float]
    files: Files = field(default_factory=Files)


@dataclass(frozen=True, slots=True)
class _Task:
    """One application that may need a render: its inputs and the revision of each (by the bare input).

    What the sources led to once has none where it names nothing now: whether that still matters, a render shows.
    """

    record: Record
    application: Application
    cause: Cause
    declared: tuple[Input, ...]
    revisions: Mapping[Input, str]
    context: RenderContext
    beyond: str
    project: Project

    @property
    def revision(self) -> str:
        """The revisions of the declared sources as one name."""
        return named(self.revisions[each] for each in self.declared)

    @property
    def inputs(self) -> list[Input]:
        """The declared inputs with their revisions."""
        return [replace(each, revision=self.revisions[each]) for each in self.declared]

    @property
    def known(self) -> tuple[Input, ...]:
        """The inputs of the last render, with what it read."""
        return self.record.wanted.rendering.inputs if self.record.wanted is not None else ()


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
    resolved_at = ports.clock()
    records = [record for record in ports.applications.sources(causes).values() if record.spec is not None]
    leaving = [record.key for record in records if record.spec is not None and record.spec.deleting is not None]
    outbox.syncs += [AppMessage(key, causes[key]) for key in leaving]
    tasks = _tasks(ports, outbox, [each for each in records if each.key not in leaving], causes, resolved_at)
    surveys = _survey(ports, outbox, tasks, resolved_at)
    changed: list[_Task] = []
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
        gather(ports.repositories, [(each.application, each.inputs, each.known) for each in together])
        for task in together:
            _render(ports, outbox, task, resolved_at)
            outbox.flush_if_waiting()
    outbox.flush()


def _commits(task: _Task) -> list[tuple[str, str]]:
    """What an application reads, for sorting."""
    return [(each.url, each.revision) for each in task.inputs]


def _tasks(
    ports: RenderPorts, outbox: Outbox, records: Sequence[Record], causes: Mapping[AppKey, Cause], resolved_at: float
) -> list[_Task]:
    """The applications whose revisions are known, and not known to be rendered; failures are noted."""
    if not records:
        return []
    known = ports.registry.known()
    records = [each for each in records if _permitted(ports, outbox, each, known, causes[each.key], resolved_at)]
    inputs = {}
    for record in records:
        assert record.spec is not None
        inputs[record.key] = all_inputs(declared_inputs(record.spec.application), record.wanted)
    places = [place_of(each) for group in inputs.values() for each in group]
    found = resolve(places, ports.repositories.latest, ports.charts)
    tasks: list[_Task] = []
    for record in records:
        assert record.spec is not None
        application, cause = record.spec.application, causes[record.key]
        answers = {bare(each): found[place_of(each)] for each in inputs[record.key]}
        revisions = {each: answer for each, answer in answers.items() if isinstance(answer, str)}
        further = beyond(inputs[record.key], revisions)
        declared = declared_inputs(application)
        trouble = next((each for given in declared if isinstance(each := answers[given], MooringError)), None)
        if trouble is not None:
            outbox.fail(record, cause, trouble, "", resolved_at, further)
            continue
        project = ports.registry.projects.find(application.project, known.projects)
        context = _context(application, known.clusters, project)
        task = _Task(record, application, cause, declared, revisions, context, further, project)
        if cause.kind not in ("person", "spec") and _is_known(task):
            continue
        if _signed(ports, outbox, task, resolved_at):
            tasks.append(task)
    return tasks


def _permitted(
    ports: RenderPorts, outbox: Outbox, record: Record, known: Known, cause: Cause, resolved_at: float
) -> bool:
    """Whether its project lets an application read what it declares; where not, that is noted."""
    assert record.spec is not None
    try:
        permit_declared(known, ports.registry.projects, record.spec.application)
    except MooringError as error:
        outbox.fail(record, cause, error, "", resolved_at)
        return False
    return True


def _signed(ports: RenderPorts, outbox: Outbox, task: _Task, resolved_at: float) -> bool:
    """Whether the commits bear the signatures that their project asks for; where not, that is noted."""
    try:
        if task.project.signatures:
            from mooring.flows.verifying import verify_sources  # with what few projects need

            declared = {each: task.revisions[each] for each in task.declared}
            verify_sources(task.project, declared, ports.repositories, ports.registry.gpg_keys, _now(ports))
    except MooringError as error:
        outbox.fail(task.record, task.cause, error, task.revision, resolved_at, task.beyond)
        return False
    return True


def _now(ports: RenderPorts) -> datetime:
    return datetime.fromtimestamp(ports.clock(), UTC)


def _is_known(task: _Task) -> bool:
    """Whether these revisions were rendered already, or failed in a way that only other revisions can mend."""
    spec, wanted = task.record.spec, task.record.wanted
    if spec is None or wanted is None or wanted.renderer != RENDERER:
        return False
    if (failure := wanted.failure) is not None:
        tried = failure.revision, failure.generation, failure.beyond
        return tried == (task.revision, spec.generation, task.beyond) and not failure.transient
    known = {bare(each): each.revision for each in wanted.rendering.inputs}
    return wanted.generation == spec.generation and known == task.revisions


def _survey(
    ports: RenderPorts, outbox: Outbox, tasks: Sequence[_Task], resolved_at: float
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


def _carry(outbox: Outbox, task: _Task, surveys: Mapping[tuple[str, str], Survey], resolved_at: float) -> bool:
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
    return True


def _render(ports: RenderPorts, outbox: Outbox, task: _Task, resolved_at: float) -> None:
    record = task.record
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
            Reach(task.project, ports.repositories, ports.files, ports.registry.gpg_keys, _now(ports)),
        )
        bundle = ports.bundles.save(built.objects, all_sealed=built.opened)
        surveys = _surveyed(ports, built.inputs)
    except MooringError as error:
        outbox.fail(record, task.cause, error, task.revision, resolved_at, task.beyond)
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
    )
    state = _state(task, rendering, surveys, resolved_at)
    outbox.wanted.append((record.key, state))
    outbox.syncs.append(AppMessage(record.key, task.cause))
    outbox.follow(record.key, record.wanted, rendering)


def _state(
    task: _Task, rendering: Rendering, surveys: Mapping[tuple[str, str], Survey], resolved_at: float
) -> WantedState:
    assert task.record.spec is not None
    return WantedState(
        revision=task.revision,
        generation=task.record.spec.generation,
        resolved_at=resolved_at,
        cause=task.cause,
        commit=_commit(task, surveys),
        renderer=RENDERER,
        rendering=rendering,
        earlier=remember(task.record.wanted, rendering),
    )


def _surveyed(ports: RenderPorts, inputs: Iterable[Input]) -> dict[tuple[str, str], Survey]:
    """What lies at the paths that a render has read."""
    wants: dict[str, dict[str, set[str]]] = {}
    for each in inputs:
        if each.in_git:
            wants.setdefault(each.url, {}).setdefault(each.revision, set()).update(each.depends)
    return {(url, sha): survey for url in wants for sha, survey in ports.repositories.survey(url, wants[url]).items()}


def _context(application: Application, clusters: Sequence[Cluster], project: Project) -> RenderContext:
    key = application.key
    context = RenderContext(
        key.name,
        application.destination.namespace,
        project=application.project,
        instance=key.name if key.namespace == DEFAULT_NAMESPACE else f"{key.namespace}_{key.name}",
        sops_keys=project.secrets.sops if project.secrets is not None else None,
    )
    try:
        cluster = find_cluster(list(clusters), application.destination)
    except MooringError:
        return context
    return replace(context, kube_version=cluster.kube_version, api_versions=cluster.api_versions)


def _commit(task: _Task, surveys: Mapping[tuple[str, str], Survey]) -> Commit:
    """The commit of the first source that has one; charts have none."""
    for each in task.declared:
        survey = surveys.get((each.url, task.revisions[each]))
        if survey is not None:
            commit = survey.commit
            return Commit(commit.author_name, commit.author_email, commit.subject, commit.committed_at.isoformat())
    return Commit()
