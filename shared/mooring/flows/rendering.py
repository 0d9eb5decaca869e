"""The function `render`: from a commit to a bundle, for as few applications and as little work as the commit asks for.

All messages of an invocation that concern one repository share one fetch. An application is rendered only where its
spec, the renderer, or a path that its last render depended on has changed; otherwise the new revision is noted and
nothing goes on to the cluster. A render that fails leaves the last good bundle in its place: nothing is ever pruned
because something could not be rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from mooring import __version__
from mooring.errors import MooringError, TransientError
from mooring.events.messages import AppMessage, Cause, Later, RepositoryMessage
from mooring.model.application import AppKey, Application
from mooring.model.objects import digest
from mooring.queues import Queues
from mooring.render import RenderContext, Rendered, Tools, render
from mooring.source import Repositories, Resolution, Survey, normalise
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.records import Commit, Record, RenderFailure, WantedState
from mooring.state.registry import Cluster, Registry, find_cluster

__all__ = ["RENDERER", "RenderPorts", "handle_renders"]

RENDERER = f"{__version__}"
"""Names the version of everything that turns files into objects: where it changes, all is rendered anew."""

_FLUSH_AFTER = 0.25  # seconds that a finished render waits for its neighbours before it goes on its way
_RENDERED_AT_ONCE = 10  # applications of one repository; as many as a batch of messages has
_RETRY_DELAY = 10.0  # seconds; after that the sweep takes over
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class RenderPorts:
    """What a render works with; `clock` gives seconds since the epoch."""

    applications: Applications
    bundles: Bundles
    registry: Registry
    repositories: Repositories
    queues: Queues
    tools: Tools
    clock: Callable[[], float]


@dataclass(slots=True)
class _Outbox:
    """What an invocation has found out and not yet written."""

    ports: RenderPorts
    share: AbstractSet[AppKey]
    wanted: list[tuple[AppKey, WantedState]] = field(default_factory=list)
    messages: list[AppMessage] = field(default_factory=list)
    shared: list[AppMessage] = field(default_factory=list)
    later: list[tuple[Later, float]] = field(default_factory=list)
    flushed_at: float = 0.0

    def flush(self) -> None:
        """State first, then messages: a message that is lost is found by the sweep, a state that is lost is not."""
        if self.wanted:
            self.ports.applications.want(self.wanted)
        if self.messages:
            self.ports.queues.send("syncs", self.messages)
        if self.shared:
            self.ports.queues.send("renders", self.shared)
        if self.later:
            self.ports.queues.send_later(self.later)
        self.wanted, self.messages, self.shared, self.later = [], [], [], []
        self.flushed_at = self.ports.clock()

    def flush_if_waiting(self) -> None:
        if self.ports.clock() - self.flushed_at > _FLUSH_AFTER:
            self.flush()


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
    outbox = _Outbox(ports, share=share, flushed_at=ports.clock())
    by_repository: dict[str, list[Record]] = {}
    for record in ports.applications.load(causes).values():
        if record.spec is None:
            continue
        if record.spec.deleting is not None:
            outbox.messages.append(AppMessage(record.key, causes[record.key]))
            continue
        by_repository.setdefault(record.spec.application.source.repo_url, []).append(record)
    clusters = ports.registry.clusters() if by_repository else []
    for url, records in by_repository.items():
        _render_repository(ports, outbox, url, records, causes, clusters)
    outbox.flush()


def _render_repository(
    ports: RenderPorts,
    outbox: _Outbox,
    url: str,
    records: list[Record],
    causes: Mapping[AppKey, Cause],
    clusters: Sequence[Cluster],
) -> None:
    resolved_at = ports.clock()
    targets = {_application(record).source.target_revision for record in records}
    try:
        resolutions = ports.repositories.latest(url, targets)
    except MooringError as error:
        for record in records:
            _fail(outbox, record, causes[record.key], error, "", resolved_at)
        return
    pending: list[tuple[Record, str]] = []
    for record in records:
        found = resolutions[_application(record).source.target_revision]
        if not isinstance(found, Resolution):
            _fail(outbox, record, causes[record.key], found, "", resolved_at)
        elif _is_known(record, found.sha) and causes[record.key].kind not in ("person", "spec"):
            continue
        else:
            pending.append((record, found.sha))
    if not pending:
        return
    surveys = ports.repositories.survey(url, _questions(pending))
    changed: list[tuple[Record, str]] = []
    for record, sha in pending:
        if _carry(outbox, record, sha, surveys[sha], causes[record.key], resolved_at, clusters):
            continue
        if record.key in outbox.share:
            outbox.shared.append(AppMessage(record.key, causes[record.key]))
        else:
            changed.append((record, sha))
    for sha in dict.fromkeys(sha for _, sha in changed):
        group = [record for record, each in changed if each == sha]
        with ports.repositories.checked_out(url, sha) as checkout:
            for record in group:
                context = _context(_application(record), clusters)
                try:
                    rendered = render(
                        _application(record).source,
                        checkout,
                        context,
                        ports.tools,
                        allow_empty=_allows_empty(_application(record)),
                    )
                    bundle = ports.bundles.save(rendered.objects)
                except MooringError as error:
                    _fail(outbox, record, causes[record.key], error, sha, resolved_at)
                    continue
                survey = ports.repositories.survey(url, {sha: rendered.depends})[sha]
                _accept(outbox, record, survey, rendered, bundle, causes[record.key], resolved_at, context)
                outbox.flush_if_waiting()


def _application(record: Record) -> Application:
    assert record.spec is not None
    return record.spec.application


def _allows_empty(application: Application) -> bool:
    return bool(application.automated and application.automated.allow_empty)


def _is_known(record: Record, sha: str) -> bool:
    """Whether this revision was rendered already, or failed in a way that only another revision can mend."""
    spec, wanted = record.spec, record.wanted
    if spec is None or wanted is None or wanted.renderer != RENDERER:
        return False
    if (failure := wanted.failure) is not None:
        return (failure.revision, failure.generation) == (sha, spec.generation) and not failure.transient
    return (wanted.revision, wanted.generation) == (sha, spec.generation)


def _questions(pending: Iterable[tuple[Record, str]]) -> dict[str, set[str]]:
    questions: dict[str, set[str]] = {}
    for record, sha in pending:
        depends = record.wanted.depends if record.wanted is not None else ()
        questions.setdefault(sha, set()).update(depends)
    return questions


def _carry(
    outbox: _Outbox,
    record: Record,
    sha: str,
    survey: Survey,
    cause: Cause,
    resolved_at: float,
    clusters: Sequence[Cluster],
) -> bool:
    """Notes the new revision where the last bundle still stands for it; False where a render is needed."""
    spec, wanted = record.spec, record.wanted
    assert spec is not None
    if wanted is None or not wanted.bundle or (wanted.generation, wanted.renderer) != (spec.generation, RENDERER):
        return False
    context = _context(spec.application, clusters)
    if _trees(wanted.depends, survey, wanted.source_type, context) != wanted.trees:
        return False
    outbox.wanted.append(
        (
            record.key,
            replace(wanted, revision=sha, resolved_at=resolved_at, cause=cause, commit=_commit(survey), failure=None),
        )
    )
    if cause.kind == "person":
        outbox.messages.append(AppMessage(record.key, cause))
    return True


def _accept(
    outbox: _Outbox,
    record: Record,
    survey: Survey,
    rendered: Rendered,
    bundle: str,
    cause: Cause,
    resolved_at: float,
    context: RenderContext,
) -> None:
    spec = record.spec
    assert spec is not None
    wanted = WantedState(
        revision=survey.commit.sha,
        bundle=bundle,
        generation=spec.generation,
        resolved_at=resolved_at,
        cause=cause,
        commit=_commit(survey),
        depends=rendered.depends,
        trees=_trees(rendered.depends, survey, rendered.source_type, context),
        source_type=rendered.source_type,
        renderer=RENDERER,
        warnings=rendered.warnings,
    )
    outbox.wanted.append((record.key, wanted))
    outbox.messages.append(AppMessage(record.key, cause))
    if record.wanted is None or record.wanted.depends != rendered.depends:
        outbox.ports.applications.note_depends(
            record.key, normalise(spec.application.source.repo_url), rendered.depends
        )


def _fail(outbox: _Outbox, record: Record, cause: Cause, error: MooringError, sha: str, resolved_at: float) -> None:
    """Remembers why there is no bundle; what is in the cluster stays."""
    spec, wanted = record.spec, record.wanted
    assert spec is not None
    transient = isinstance(error, TransientError)
    failure = RenderFailure(str(error)[:_LONGEST_MESSAGE], transient, sha, spec.generation, resolved_at)
    if wanted is None:
        wanted = WantedState("", "", 0, resolved_at, cause, Commit(), (), "", "", RENDERER)
    known = wanted.failure
    if known is None or replace(known, at=failure.at) != failure:
        # The bundle keeps the generation that it was rendered for: it must never pass for one of a changed spec.
        outbox.wanted.append((record.key, replace(wanted, failure=failure, resolved_at=resolved_at)))
    if cause.kind == "person":
        outbox.messages.append(AppMessage(record.key, cause))
    if transient and cause.kind not in ("retry", "tick"):
        again = AppMessage(record.key, replace(cause, kind="retry"))
        outbox.later.append((Later("renders", again), _RETRY_DELAY))


def _context(application: Application, clusters: Sequence[Cluster]) -> RenderContext:
    try:
        cluster = find_cluster(list(clusters), application.destination)
    except MooringError:
        return RenderContext(application.key.name, application.destination.namespace)
    return RenderContext(
        application.key.name, application.destination.namespace, cluster.kube_version, cluster.api_versions
    )


def _trees(depends: tuple[str, ...], survey: Survey, source_type: str, context: RenderContext) -> str:
    """What the render's outcome depends on, as one digest; only charts can ask what the cluster serves."""
    asked = [context.kube_version, context.api_versions] if source_type == "Helm" else []
    return digest([[path, survey.trees.get(path)] for path in depends] + [asked])


def _commit(survey: Survey) -> Commit:
    commit = survey.commit
    return Commit(commit.author_name, commit.author_email, commit.subject, commit.committed_at.isoformat())
