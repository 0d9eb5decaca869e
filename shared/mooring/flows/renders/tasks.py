"""What a render is asked for: applications that may need one, at the revisions that their sources name now.

Permission and signatures are asked first, then repositories; what stands in the way of one application is noted for it
alone. Applications whose revisions are known to be rendered are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mooring.access.project import Project
from mooring.errors import MooringError
from mooring.events.messages import Cause
from mooring.flows.renders.following import all_inputs, bare, beyond, declared_inputs, named, place_of, resolve
from mooring.flows.renders.outbox import Outbox
from mooring.flows.renders.recalling import RENDERER
from mooring.flows.rules.permitting import permit_declared
from mooring.model.application import DEFAULT_NAMESPACE, AppKey, Application
from mooring.queues import Queues
from mooring.render import RenderContext, Tools
from mooring.source import Repositories
from mooring.source.charts import Charts
from mooring.source.credentials import CredentialStore
from mooring.source.files import Files
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.consumption import Consumption
from mooring.state.records import Record
from mooring.state.registry import Cluster, Known, Registry, find_cluster
from mooring.state.wanted import Input

__all__ = ["RenderPorts", "Task", "context_of", "find_tasks", "now_of"]


@dataclass(frozen=True, slots=True)
class RenderPorts:
    """What a render works with; `clock` gives seconds since the epoch, `files` brings those that have no repository,
    `credentials` know as whom a repository's code host can be asked, `consumption` says what a render took.
    """

    applications: Applications
    bundles: Bundles
    registry: Registry
    repositories: Repositories
    charts: Charts
    queues: Queues
    tools: Tools
    clock: Callable[[], float]
    files: Files = field(default_factory=Files)
    credentials: CredentialStore | None = None
    consumption: Consumption = field(default_factory=Consumption)


@dataclass(frozen=True, slots=True)
class Task:
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


def find_tasks(
    ports: RenderPorts, outbox: Outbox, records: Sequence[Record], causes: Mapping[AppKey, Cause], resolved_at: float
) -> list[Task]:
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
    tasks: list[Task] = []
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
        context = context_of(application, known.clusters, project)
        task = Task(record, application, cause, declared, revisions, context, further, project)
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


def _signed(ports: RenderPorts, outbox: Outbox, task: Task, resolved_at: float) -> bool:
    """Whether the commits bear the signatures that their project asks for; where not, that is noted."""
    try:
        if task.project.signatures:
            from mooring.flows.renders.verifying import verify_sources  # with what few projects need

            declared = {each: task.revisions[each] for each in task.declared}
            verify_sources(task.project, declared, ports.repositories, ports.registry.gpg_keys, now_of(ports))
    except MooringError as error:
        outbox.fail(task.record, task.cause, error, task.revision, resolved_at, task.beyond)
        return False
    return True


def now_of(ports: RenderPorts) -> datetime:
    """The time, as signatures ask for it."""
    return datetime.fromtimestamp(ports.clock(), UTC)


def _is_known(task: Task) -> bool:
    """Whether these revisions were rendered already, or failed in a way that only other revisions can mend."""
    spec, wanted = task.record.spec, task.record.wanted
    if spec is None or wanted is None or wanted.renderer != RENDERER:
        return False
    if (failure := wanted.failure) is not None:
        tried = failure.revision, failure.generation, failure.beyond
        return tried == (task.revision, spec.generation, task.beyond) and not failure.transient
    known = {bare(each): each.revision for each in wanted.rendering.inputs}
    return wanted.generation == spec.generation and known == task.revisions


def context_of(application: Application, clusters: Sequence[Cluster], project: Project) -> RenderContext:
    """What a render is told beside its source."""
    key = application.key
    context = RenderContext(
        key.name,
        application.destination.namespace,
        project=application.project,
        instance=key.name if key.namespace == DEFAULT_NAMESPACE else f"{key.namespace}_{key.name}",
        sops_keys=project.secrets.sops if project.secrets is not None else None,
        sops_role=project.secrets.sops_role if project.secrets is not None else "",
    )
    try:
        cluster = find_cluster(list(clusters), application.destination)
    except MooringError:
        return context
    return replace(context, kube_version=cluster.kube_version, api_versions=cluster.api_versions)
