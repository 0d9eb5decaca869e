"""Applications: as declared, as shown, and what is asked of them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Asked, Metadata, Moment, Page, ShownMetadata
from shapes.costs import OperationCost
from shapes.requests import RetryStrategy, SyncStrategy, WaitingRequest
from shapes.steering import PausedBy


class ApplicationSpec(TypedDict):
    """Argo CD's "Application Specification"; docs/differences.md says what is read otherwise."""

    project: NotRequired[str]
    source: NotRequired[dict[str, Any] | None]
    sources: NotRequired[list[dict[str, Any]] | None]
    destination: dict[str, Any]
    syncPolicy: NotRequired[dict[str, Any] | None]
    ignoreDifferences: NotRequired[list[dict[str, Any]] | None]
    revisionHistoryLimit: NotRequired[int | None]


class Application(TypedDict):
    """An application as it is declared."""

    apiVersion: Literal["argoproj.io/v1alpha1"]
    kind: Literal["Application"]
    metadata: Metadata
    spec: ApplicationSpec


class SyncState(TypedDict):
    """How the cluster stands to git."""

    status: Literal["Synced", "OutOfSync", "Unknown"]
    revision: NotRequired[str]
    revisions: NotRequired[list[str]]


class HealthState(TypedDict):
    """How well it is."""

    status: str
    message: NotRequired[str]


class ResourceState(TypedDict):
    """One object of an application; `drift` names fields that somebody changed beside git."""

    group: NotRequired[str]
    version: str
    kind: str
    namespace: NotRequired[str]
    name: str
    status: str
    health: NotRequired[HealthState]
    syncWave: NotRequired[int]
    requiresPruning: NotRequired[bool]
    drift: NotRequired[list[Any]]


class Initiator(TypedDict):
    """Who or what began an operation."""

    username: NotRequired[str]
    automated: NotRequired[bool]


class CauseOfOperation(TypedDict):
    """Why: `id` is the delivery, the request or the image; `by` the person."""

    kind: str
    id: str
    by: str
    at: str


class Deployed(TypedDict):
    """One past sync that succeeded; `returnedTo` is the operation before it that a rollback went back to."""

    id: int
    operation: str
    revision: NotRequired[str]
    revisions: NotRequired[list[str]]
    deployStartedAt: Moment
    deployedAt: Moment
    initiatedBy: Initiator
    cause: CauseOfOperation
    returnedTo: NotRequired[str]
    syncOptions: NotRequired[list[str]]
    syncStrategy: NotRequired[SyncStrategy]
    retry: NotRequired[RetryStrategy]
    author: NotRequired[str]
    authorEmail: NotRequired[str]
    message: NotRequired[str]
    committedAt: NotRequired[str]


class Condition(TypedDict):
    """Something that a person should know."""

    type: str
    message: str
    lastTransitionTime: NotRequired[Moment]


class SyncResult(TypedDict):
    """What became of one object in an operation."""

    group: NotRequired[str]
    version: str
    kind: str
    namespace: str
    name: str
    status: str
    message: str
    hookType: NotRequired[str]
    hookPhase: NotRequired[str]
    diff: NotRequired[str]


class SyncResults(TypedDict):
    """What became of the objects of an operation."""

    revision: NotRequired[str]
    revisions: NotRequired[list[str]]
    resources: NotRequired[list[SyncResult]]


class OperationState(TypedDict):
    """The last operation; `requests` counts what it asked of the API server, `returnedTo` is the past one that it goes
    back to.
    """

    phase: str
    message: str
    startedAt: Moment
    finishedAt: NotRequired[Moment]
    operation: dict[str, Any]
    syncResult: SyncResults
    retryCount: int
    id: str
    kind: str
    requests: int
    cost: OperationCost
    returnedTo: NotRequired[str]


class SelfHeal(TypedDict):
    """Whether changes by hand are put back, and which setting says so."""

    enabled: bool
    decidedBy: str


class OrphanedResource(TypedDict):
    """An object in an application's namespace that belongs to nobody."""

    group: NotRequired[str]
    kind: str
    namespace: str
    name: str


class ApplicationStatus(TypedDict):
    """What is known of an application."""

    sync: SyncState
    health: HealthState
    resources: NotRequired[list[ResourceState]]
    history: list[Deployed]
    conditions: list[Condition]
    sourceType: NotRequired[str]
    sourceTypes: NotRequired[list[str]]
    orphanedResources: NotRequired[list[OrphanedResource]]
    operationState: NotRequired[OperationState]
    reconciledAt: NotRequired[Moment]
    selfHeal: NotRequired[SelfHeal]
    paused: NotRequired[PausedBy]
    requested: NotRequired[WaitingRequest]


class ShownApplication(TypedDict):
    """An application with its status."""

    apiVersion: str
    kind: str
    metadata: ShownMetadata
    spec: ApplicationSpec
    status: ApplicationStatus


class ApplicationSummary(TypedDict):
    """One application in one row. Source fields are those of the first of `sources`; `cluster` is the registered one
    where it is known; `drift` and `conditions` are counted; `set` is the ApplicationSet it comes from, or nothing.
    """

    name: str
    namespace: str
    project: str
    cluster: str
    server: str
    destinationNamespace: str
    repoURL: str
    path: str
    chart: str
    targetRevision: str
    sources: int
    revision: str
    sync: Literal["Synced", "OutOfSync", "Unknown"]
    health: str
    phase: str
    message: str
    labels: dict[str, str]
    images: list[str]
    set: str
    changedAt: Moment | None
    syncedAt: Moment | None
    drift: int
    autoSync: bool
    deleting: bool
    conditions: int


class FleetTotals(TypedDict):
    """How many applications there are, by health and sync; of the whole fleet also by where they are."""

    applications: int
    health: dict[str, int]
    sync: dict[str, int]
    drifted: int
    running: int
    projects: NotRequired[dict[str, int]]
    clusters: NotRequired[dict[str, int]]
    namespaces: NotRequired[dict[str, int]]


class ApplicationsPage(Page):
    """Where the list goes on; of summaries also totals of what was asked for, and of all that the caller may see."""

    totals: NotRequired[FleetTotals]
    fleet: NotRequired[FleetTotals]


class Applications(TypedDict):
    """One page of applications, without what grows with their objects; with `view=summary` flat rows."""

    metadata: ApplicationsPage
    items: list[ShownApplication] | list[ApplicationSummary]


class DeclaredApplication(TypedDict):
    """An application as it was taken, and what its author should know of its text."""

    application: Application
    warnings: list[str]


class Root(TypedDict):
    """The root application: where it is in git, and perhaps its name and project."""

    repoURL: str
    path: NotRequired[str]
    targetRevision: NotRequired[str]
    name: NotRequired[str]
    project: NotRequired[str]


class AskedOperation(TypedDict):
    """The operation that was asked for, or that is ended."""

    operation: Asked
