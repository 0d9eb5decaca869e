"""Clusters and repositories: how they are registered, and how they are shown."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Asked, Moment, Page


class ClusterLimits(TypedDict):
    """What the cluster's API server is to bear; 0 for no limit."""

    requestsPerSecond: NotRequired[float]
    atOnce: NotRequired[int]


class Outage(TypedDict):
    """Since when the cluster can't be reached, and why."""

    since: Moment
    reason: str


class Cluster(TypedDict):
    """A registered cluster, without credentials."""

    name: str
    server: str
    default: bool
    version: str
    labels: NotRequired[dict[str, str]]
    annotations: NotRequired[dict[str, str]]
    project: NotRequired[str]
    namespaces: NotRequired[list[str]]
    clusterResources: NotRequired[bool]
    limits: NotRequired[ClusterLimits]
    unreachable: NotRequired[Outage]


class RegisteredCluster(Cluster):
    """A cluster as it was registered, and what whoever did it should know."""

    warnings: list[str]


class Clusters(TypedDict):
    """The registered clusters; `syncRole` is the role that reaches them, `lookRole` the one that only reads them."""

    metadata: Page
    items: list[Cluster]
    syncRole: str
    lookRole: str


class Breaker(TypedDict):
    """Whether the cluster is kept from being asked, since when, why, and when it is tried again."""

    open: bool
    since: NotRequired[Moment]
    reason: NotRequired[str]
    retryAt: NotRequired[Moment]


class DriftMode(TypedDict):
    """How drift is noticed there; `watched` whether somebody watches it now, where that is how."""

    mode: Literal["sweep", "watch", "audit"]
    watched: NotRequired[bool]


class ClusterHealth(TypedDict):
    """How a cluster is, asked just now; counts are null where they may not be read, `next` says what to do."""

    name: str
    state: Literal["answers", "refused", "unreachable", "unusable"]
    at: Moment
    milliseconds: int
    version: str
    user: str
    nodes: int | None
    namespaces: int | None
    message: str
    next: str
    breaker: Breaker
    drift: DriftMode
    applications: int
    lastSync: Moment | None
    lastChange: Moment | None


class ClusterChange(TypedDict):
    """What of a registered cluster can be changed; what isn't given stays."""

    default: NotRequired[bool]
    labels: NotRequired[dict[str, str]]
    annotations: NotRequired[dict[str, str]]
    project: NotRequired[str]
    namespaces: NotRequired[list[str]]
    clusterResources: NotRequired[bool]
    limits: NotRequired[dict[str, int]]


class ClusterForm(ClusterChange):
    """A cluster with one way to log in: `config` (Argo CD's), `eks` or `kubeconfigSecret` (docs/clusters.md)."""

    server: NotRequired[str]
    config: NotRequired[dict[str, Any]]
    eks: NotRequired[dict[str, str]]
    kubeconfigSecret: NotRequired[dict[str, str]]


class Auditing(TypedDict):
    """Who Mooring is in the cluster, and a token of one's own."""

    user: NotRequired[str]
    token: NotRequired[str]


class AdmittedAuditing(TypedDict):
    """The token that the API server shows, told this once, and the path that it sends to."""

    cluster: str
    token: str
    path: str


class AskedCheck(TypedDict):
    """The examination that was asked for."""

    check: Asked


class Check(TypedDict):
    """What was found; null while nobody has looked."""

    done: bool
    found: dict[str, Any] | None


class SeenRef(TypedDict):
    """The revision that a reference (a branch, a tag, a range of versions) had when a render was told something new."""

    repository: str
    chart: str
    target: str
    revision: str
    at: Moment
    applications: int


class RepositoryTrouble(TypedDict):
    """Why an application that comes from there has no render; `triedAgain` where the next sweep does so by itself."""

    application: str
    at: Moment
    revision: str
    message: str
    triedAgain: bool


class HeardDelivery(TypedDict):
    """The newest delivery of the last week."""

    at: Moment
    provider: str
    event: str
    outcome: str
    reason: str
    repository: str
    refs: list[str]
    by: str


class Repository(TypedDict):
    """A registered repository, without credentials; `url` may be the beginning of many.

    What is known of it (`applications` counts those that come from there) is in `GET /api/v1/repository`, and in lists
    with `view=facts`; `heard` is null where no webhook was heard in a week, and left out for who may not see webhooks.
    """

    url: str
    type: str
    name: NotRequired[str]
    applications: NotRequired[int]
    refs: NotRequired[list[SeenRef]]
    troubles: NotRequired[list[RepositoryTrouble]]
    heard: NotRequired[HeardDelivery | None]


class Repositories(TypedDict):
    """The registered repositories."""

    metadata: Page
    items: list[Repository]


class RepositoryForm(TypedDict):
    """The fields of Argo CD's repository Secret, or such a Secret."""

    url: NotRequired[str]
    type: NotRequired[str]
    name: NotRequired[str]
    project: NotRequired[str]
    username: NotRequired[str]
    password: NotRequired[str]
    token: NotRequired[str]
    sshPrivateKey: NotRequired[str]
    kind: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    data: NotRequired[dict[str, str] | None]
    stringData: NotRequired[dict[str, str] | None]


class RegisteredRepository(TypedDict):
    """The address that was registered, and what whoever did it should know."""

    url: str
    warnings: list[str]
