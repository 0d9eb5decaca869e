"""What is live: trees, objects, differences, manifests, events and logs."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.applications import HealthState
from shapes.common import Moment


class ObjectName(TypedDict):
    """What names an object."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str


class ParentRef(TypedDict):
    """An owner of an object."""

    group: str
    kind: str
    namespace: str
    name: str
    uid: str


class InfoItem(TypedDict):
    """A few words: replicas, restarts, the node."""

    name: str
    value: str


class TreeNode(ObjectName):
    """One object of a tree.

    `managed` are the application's own, with `status`, `syncWave` and the number of fields that drifted; `uid` is empty
    for what is missing. `targets` are the uids that a Service or an Ingress sends to, 100 at most of `targetCount`.
    """

    uid: str
    parentRefs: NotRequired[list[ParentRef]]
    resourceVersion: NotRequired[str]
    createdAt: NotRequired[Moment]
    health: NotRequired[HealthState]
    images: NotRequired[list[str]]
    info: NotRequired[list[InfoItem]]
    externalURLs: NotRequired[list[str]]
    targets: NotRequired[list[str]]
    targetCount: NotRequired[int]
    managed: NotRequired[bool]
    status: NotRequired[str]
    syncWave: NotRequired[int]
    drift: NotRequired[int]
    requiresPruning: NotRequired[bool]
    uncounted: NotRequired[str]
    hook: NotRequired[str]
    hookState: NotRequired[str]


class TreeSummary(TypedDict):
    """How many there are, by kind, health and sync status, whether or not all are shown."""

    nodes: int
    kinds: dict[str, int]
    health: dict[str, int]
    sync: dict[str, int]


class Unlisted(TypedDict):
    """A kind that could not be listed, and why."""

    group: str
    kind: str
    message: str


class ResourceTree(TypedDict):
    """The tree as a list: the application's own first. `cut` counts by kind what did not fit."""

    nodes: list[TreeNode]
    summary: TreeSummary
    cut: dict[str, int]
    unlisted: list[Unlisted]
    cluster: str


class FieldChange(TypedDict):
    """One field that differs; null on the side where it is absent. Values of Secrets are keyed hashes."""

    path: str
    before: Any
    after: Any
    kind: Literal["added", "removed", "changed"]


class ObjectDifference(TypedDict):
    """From live to what git wants. `dryRun` is `done`, or says why the API server was not asked, or what it refuses."""

    kind: Literal["added", "removed", "changed", "unchanged"]
    dryRun: str
    changes: list[FieldChange]
    text: str
    normalizedLive: dict[str, Any] | None
    predictedLive: dict[str, Any] | None


class SetField(TypedDict):
    """Who set a field."""

    path: str
    manager: str
    operation: str
    subresource: str
    time: str


class LiveResource(ObjectName):
    """One object. `source` is what stands in git for a Secret that is opened at a sync."""

    managed: bool
    live: dict[str, Any] | None
    desired: dict[str, Any] | None
    fields: list[SetField]
    health: NotRequired[HealthState]
    diff: NotRequired[ObjectDifference]
    source: NotRequired[dict[str, Any]]
    trouble: NotRequired[str]


class PersonOfField(TypedDict):
    """Somebody who stood behind a field's manager at its time; more is told where the audit log says more."""

    user: str
    certain: bool


class FieldOfObject(SetField):
    """One field: its manager, and the commit that brought it in (ours) or the people behind the manager (others')."""

    value: Any
    commit: NotRequired[dict[str, Any]]
    who: NotRequired[list[PersonOfField]]


class Blamed(TypedDict):
    """Who set the fields of an object."""

    object: str
    fields: list[FieldOfObject]


class ToldDifference(TypedDict):
    """A difference in a list; `cut` where its fields and text did not fit: the object alone has them."""

    kind: Literal["added", "removed", "changed", "unchanged"]
    dryRun: str
    changes: list[FieldChange]
    text: str
    cut: NotRequired[bool]


class ManagedResource(ObjectName):
    """An object that differs."""

    diff: ToldDifference


class ManagedResources(TypedDict):
    """Objects that differ; `compared` were looked at one by one, `leftOut` might differ too."""

    items: list[ManagedResource]
    compared: int
    leftOut: int


class RenderedSource(TypedDict):
    """A declared source, from 1, and how many of the manifests it gave."""

    position: int
    count: int


class GivenManifests(TypedDict):
    """Manifests as git might have them, rendered where they lie; what is not among them would be pruned. `sources` are
    those that gave them, in their order; the others of the application are taken as git had them last.
    """

    manifests: list[dict[str, Any]]
    sources: NotRequired[list[RenderedSource] | None]


class ComparedManifests(ManagedResources):
    """Objects that a sync to the given manifests would change; `withheld` names Secrets that were not compared."""

    withheld: list[str]


class BuildContext(TypedDict):
    """What a render is told beside its source; of the cluster what is known since it was last reached."""

    kubeVersion: str
    apiVersions: list[str]


class Manifests(TypedDict):
    """What a revision holds."""

    revision: str
    bundle: str
    manifests: list[dict[str, Any]]


class MadeSecret(TypedDict):
    """A Secret of the cluster; `merged` where only some keys of it are added."""

    namespace: str
    name: str
    merged: bool


class StoreOfSecret(TypedDict):
    """A store that is read or written; `provider` is empty where the store is not among the manifests."""

    kind: str
    name: str
    provider: str
    region: str


class RemoteName(TypedDict):
    """What is read or written elsewhere, by name: a key, all that are found, or what a generator makes."""

    key: NotRequired[str]
    property: NotRequired[str]
    version: NotRequired[str]
    find: NotRequired[str]
    generator: NotRequired[str]


class ChangedSecret(TypedDict):
    """The newest operation that changed it."""

    at: Moment
    operation: str


class SecretState(TypedDict):
    """One source of Secrets, or a Secret that came out of a render (`source` is `render`), without any value.

    `hidden` is one whose manifest may hold values of SOPS files: no names of it are told. `keys` are names of the
    Secret's keys where they are declared, `pushed` what stands elsewhere because of it.
    """

    group: str
    kind: str
    namespace: str
    name: str
    source: Literal["SealedSecret", "ExternalSecret", "PushSecret", "render"]
    state: Literal["opened", "pushed", "applied", "differs", "failing", "never", "in-cluster"]
    message: str
    secrets: list[MadeSecret]
    keys: list[str]
    remote: list[RemoteName]
    stores: list[StoreOfSecret]
    changed: ChangedSecret | None
    refreshInterval: NotRequired[str]
    pushed: NotRequired[list[str]]
    hidden: NotRequired[bool]


class SealingNow(TypedDict):
    """The certificate that seals now; older keys open as well."""

    fingerprint: str
    since: Moment
    until: Moment


class SecretsOfApplication(TypedDict):
    """Failing ones first. `nextRefresh` is when values are read again by themselves; null for never."""

    items: list[SecretState]
    nextRefresh: Moment | None
    sealing: SealingNow | None


class ComparedSide(TypedDict):
    """One of two revisions."""

    at: str
    bundle: str
    revision: str


class ComparedObject(ObjectName):
    """An object that differs between two revisions; `cut` where its fields and text did not fit."""

    kindOfChange: Literal["added", "removed", "changed"]
    changes: list[FieldChange]
    text: str
    cut: NotRequired[bool]


Comparison = TypedDict(
    "Comparison",
    {"from": ComparedSide, "to": ComparedSide, "items": list[ComparedObject], "leftOut": int, "unchanged": int},
)
Comparison.__doc__ = "What differs between two revisions."


class EventAbout(ObjectName):
    """The object that an event is about."""

    uid: str
    fieldPath: NotRequired[str]


class Event(TypedDict):
    """An event of Kubernetes."""

    type: str
    reason: str
    message: str
    count: int
    first: str
    last: str
    source: str
    object: EventAbout


class Events(TypedDict):
    """Events, newest first."""

    items: list[Event]
    leftOut: int


class LogLine(TypedDict):
    """One line; `at` has nine digits of a second."""

    at: str
    pod: str
    container: str
    text: str


class LogStream(TypedDict):
    """A container that was read; `message` says why it has nothing to give."""

    pod: str
    container: str
    message: NotRequired[str]


class Logs(TypedDict):
    """Lines in order of time. Ask again with `cursor` for what came since, at once where there is `more`."""

    lines: list[LogLine]
    cursor: str
    more: bool
    streams: list[LogStream]
    podsLeftOut: int
