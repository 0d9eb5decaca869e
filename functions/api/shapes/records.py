"""The record of who did what, and of changes beside git."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Moment, Page
from shapes.costs import OperationCost
from shapes.requests import RetryStrategy, SyncStrategy


class Link(TypedDict):
    """A record as it stands in its chain: `hash` covers all the rest, `prev` is that of the one before."""

    chain: str
    seq: int
    prev: str
    kind: str
    id: str
    body: Any
    hash: str


class ReadSource(TypedDict):
    """A repository of git, or of charts, that was read for an operation."""

    repository: str
    revision: str
    in_git: bool
    verified: bool


class CommitFacts(TypedDict):
    """The commit of an operation."""

    author: str
    email: str
    subject: str
    at: str
    committer: str
    committer_email: str
    signer: str
    verified: bool
    repository: str
    sha: str
    sources: list[ReadSource]


class Record(TypedDict):
    """One record: an operation, a drift or an action. `record` is what whoever checks the chain looks at."""

    id: str
    kind: Literal["operation", "drift", "action"]
    time: str
    action: str
    outcome: str
    actor: str
    message: NotRequired[str]
    endedAt: NotRequired[str]
    application: NotRequired[str]
    cluster: NotRequired[str]
    trigger: NotRequired[str]
    cause: NotRequired[str]
    revision: NotRequired[str]
    bundle: NotRequired[str]
    formerBundle: NotRequired[str]
    operation: NotRequired[str]
    prune: NotRequired[bool]
    chosen: NotRequired[list[str]]
    commit: NotRequired[CommitFacts | None]
    mergedRequest: NotRequired[dict[str, Any] | None]
    objects: NotRequired[list[dict[str, Any]]]
    requests: NotRequired[int]
    cost: NotRequired[OperationCost]
    returnedTo: NotRequired[str]
    syncOptions: NotRequired[list[str]]
    syncStrategy: NotRequired[SyncStrategy]
    retry: NotRequired[RetryStrategy]
    told: NotRequired[dict[str, Any]]
    source: NotRequired[str]
    agent: NotRequired[str]
    record: Link


class Records(TypedDict):
    """One page of the record."""

    metadata: Page
    items: list[Record]


class ChangedValue(TypedDict):
    """A field, with what it said before and after; null where it was not there."""

    path: str
    before: Any
    after: Any


class ChangedObject(TypedDict):
    """An object that an operation changed; `cut` where its fields did not fit into the answer."""

    object: str
    result: str
    fields: list[ChangedValue]
    cut: NotRequired[bool]


class ChangesOfOperation(TypedDict):
    """What an operation changed; `leftOut` is how many more objects."""

    operation: str
    objects: list[ChangedObject]
    leftOut: int


class Chain(TypedDict):
    """Where a chain ends."""

    chain: str
    seq: int
    hash: str


class Chains(TypedDict):
    """Where chains end."""

    items: list[Chain]
    metadata: Page


class DriftedObject(TypedDict):
    """The object that was changed."""

    group: str
    kind: str
    namespace: str
    name: str


class DriftedField(TypedDict):
    """One field: what it was and what it became."""

    path: str
    before: Any
    after: Any
    manager: str
    operation: str
    subresource: str
    time: str


class Person(TypedDict):
    """Who it may have been, by the audit log; whatever else the log told stands beside these."""

    user: str
    certain: bool
    at: Moment
    verb: str
    fields: list[str]
    deed: str


class Drift(TypedDict):
    """One change beside git."""

    id: str
    application: str
    cluster: str
    object: DriftedObject
    what: str
    done: str
    operation: str
    seenBy: str
    noticedAt: str
    endedAt: str
    uid: str
    resourceVersion: str
    generation: int
    fields: list[DriftedField]
    who: list[Person]


class Drifts(TypedDict):
    """One page of changes beside git, newest first."""

    metadata: Page
    items: list[Drift]
