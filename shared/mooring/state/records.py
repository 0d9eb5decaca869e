"""What the table remembers of an application, as values.

`SPEC` is what the user declared, `WANTED` what git wants of it, `STATUS` what we last found and did, `RETRY` how often
this has failed, `LEASE` who may write. Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from mooring.events.messages import Cause
from mooring.health import Health
from mooring.model.application import AppKey, Application
from mooring.model.chain import Head
from mooring.model.objects import ObjectKey
from mooring.model.once import Once
from mooring.model.tracking import Owner
from mooring.plan.hooks import Phase
from mooring.plan.inventory import Inventory
from mooring.state.spending import Cost

__all__ = [
    "DIGITS",
    "Commit",
    "Condition",
    "Deleting",
    "Fight",
    "HookRun",
    "Input",
    "Instead",
    "Lease",
    "Operation",
    "OperationPhase",
    "Paused",
    "Pushed",
    "ReadSource",
    "Record",
    "RenderFailure",
    "Rendering",
    "Request",
    "Resource",
    "ResourceResult",
    "RetryState",
    "Spec",
    "Status",
    "SyncStatus",
    "Uncounted",
    "WantedState",
]

DIGITS: Final = 16
"""Digits of a digest in the result of an object: enough to tell, and the bundle's whole digest stands beside them."""
SyncStatus = Literal["Synced", "OutOfSync", "Unknown"]
Uncounted = Literal["", "sync", "health", "opened"]
OperationPhase = Literal["Running", "Terminating", "Succeeded", "Failed", "Error"]


@dataclass(frozen=True, slots=True)
class Deleting:
    """An application that is to go, with its objects (`cascade`) or without."""

    cascade: bool
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody wants nothing synced or put back by itself until further notice."""

    by: str
    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Spec:
    """The declared application; `generation` counts its changes, `by` is who made the last one.

    `owner` is the ApplicationSet (`namespace/name`) that it comes from, empty for none; `rolling` says that the set
    decides when it is synced. `paused` and `approved` (since when deletions are confirmed) were said beside the
    declaration, and stay when it changes (`state.said`).
    """

    application: Application
    generation: int
    warnings: tuple[str, ...]
    deleting: Deleting | None = None
    by: str = ""
    owner: str = ""
    rolling: bool = False
    paused: Paused | None = None
    approved: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A repository (of git, or of charts) that a render read, as it was named, at which revision; `verified` as in
    `Commit`.
    """

    repository: str
    revision: str
    in_git: bool = True
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """Who wrote the revision, and why.

    `repository` (in its normal form) and `sha` name the commit of the first source in git: by these two, whoever let it
    in is found (`state.mergedrequests`). `signer` is whose signature it bears; `verified` says that the project asked
    for one, of the commit or of the tag that names it, and that it was good. `sources` are all that was read, where
    that is more than this commit.
    """

    author: str = ""
    email: str = ""
    subject: str = ""
    at: str = ""
    committer: str = ""
    committer_email: str = ""
    signer: str = ""
    verified: bool = False
    repository: str = ""
    sha: str = ""
    sources: tuple[ReadSource, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderFailure:
    """Why `revision` has no bundle for the spec's `generation`; a transient failure is tried again by the next
    sweep. `beyond` names the revisions of what the sources had led to before: where those move, it may be mended.
    """

    message: str
    transient: bool
    revision: str
    generation: int
    at: float
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a render reads: a declared source, or (`led_to`) a repository that the sources lead to.

    `revision` is a full SHA, or a chart's version; `depends` are the paths there that decide the outcome.
    """

    url: str
    target: str
    chart: str = ""
    revision: str = ""
    depends: tuple[str, ...] = ()
    led_to: bool = False

    @property
    def in_git(self) -> bool:
        """Whether it is a git repository, and not a repository of charts or a registry."""
        return not self.chart and not self.url.lower().startswith("oci://")


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a render gave, and what decided it: as long as `identity` comes out the same, so does the bundle.

    `by_revision` says that the revision itself is among what decides, since a build variable brought it in;
    `by_cluster` the same of what the cluster speaks. `unpinned` says that it read something that has no revisions.
    `parts` counts the bundle's objects by declared source, in their order; empty for a single one.
    """

    bundle: str
    inputs: tuple[Input, ...]
    identity: str
    source_type: str
    warnings: tuple[str, ...] = ()
    by_revision: bool = False
    by_cluster: bool = False
    unpinned: bool = False
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedState:
    """What git wants: what was rendered at `revision` for the spec's `generation`.

    `revision` names the revisions of all declared sources, in their order, with commas between them. `resolved_at`
    orders renders that overtake each other; `earlier` are former renderings, newest first, which a revert finds again.
    `spent` is the application's share of all renders there were, and nothing that would make one state another.
    """

    revision: str
    generation: int
    resolved_at: float
    cause: Cause
    commit: Commit
    renderer: str
    rendering: Rendering = Rendering("", (), "", "")
    earlier: tuple[Rendering, ...] = ()
    failure: RenderFailure | None = None
    spent: Cost = field(default=Cost(), compare=False)

    @property
    def bundle(self) -> str:
        """The digest of the bundle; empty as long as nothing could be rendered."""
        return self.rendering.bundle


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a reader should know; `since` is when it was first true."""

    type: str
    message: str
    since: float


@dataclass(frozen=True, slots=True)
class Resource:
    """One object as `app get` lists it. `health` is None for kinds that have no rule. `drift` lists changed fields.

    `uncounted` says what of it the application's own status leaves out (Argo CD, "Compare Options", "Resource Health");
    `opened` marks an object that lives in git alone, whose row tells what became of it (see `flows.secrets.opening`).
    """

    key: ObjectKey
    version: str
    wave: int
    sync: SyncStatus
    health: Health | None = None
    requires_pruning: bool = False
    drift: tuple[dict[str, Any], ...] = ()
    uncounted: Uncounted = ""


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """What one operation did to one object: a word (created, configured, pruned, failed …) and the server's message.

    `phase` is that of a hook, empty for an ordinary object; `diff` is what a dry run would change, as unified-diff
    text. `before` and `after` are the first digits of the digests of what was known to be applied and of what was
    applied now (`DIGITS`; keyed for a Secret, see `secrets.digests`); empty where there was, or is, nothing.
    """

    key: ObjectKey
    version: str
    status: str
    message: str = ""
    phase: str = ""
    diff: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class HookRun:
    """One hook of an operation, from its creation to its end."""

    key: ObjectKey
    version: str
    phase: Phase
    state: Literal["Running", "Succeeded", "Failed"]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One sync, from start to end, over as many invocations as it takes.

    `failing` says why it is going to fail once its SyncFail hooks have run. `former` is the bundle that the application
    was at before, empty where there was none; `chosen` are the objects that somebody wanted synced, empty for all.
    `returned` is the operation whose bundle it brings back, empty for none. `once` is what somebody wanted of it alone;
    where it is tried again as the same operation, `tries` have failed, the next begins at `again_at` (0 once it has
    begun), and `earlier` is what those before did.
    """

    id: str
    kind: Literal["sync", "heal", "delete", "partial", "dry run"]
    phase: OperationPhase
    message: str
    started_at: float
    finished_at: float
    revision: str
    bundle: str
    generation: int
    cause: Cause
    commit: Commit
    results: tuple[ResourceResult, ...] = ()
    prune: bool = False
    hooks: tuple[HookRun, ...] = ()
    failing: str = ""
    retries: int = 0
    requests: int = 0
    former: str = ""
    chosen: tuple[str, ...] = ()
    returned: str = ""
    once: Once = Once()
    tries: int = 0
    again_at: float = 0.0
    earlier: tuple[ResourceResult, ...] = ()
    cost: Cost = field(default=Cost(), compare=False)


@dataclass(frozen=True, slots=True)
class Fight:
    """One object whose same `fields` (readable paths) `manager` changes and we put back: when, in order of time."""

    key: ObjectKey
    fields: tuple[str, ...]
    manager: str
    reverted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """A secret of a store (or a property of it) that `source` had written, or was about to, and that goes with it.

    `access` is as whom it is deleted (`model.externalstore.access_text`), `recovery` how many days it can be restored.
    """

    source: ObjectKey
    name: str
    property: str
    access: str
    recovery: int


@dataclass(frozen=True, slots=True)
class Status:
    """What was last found and done, compared against `bundle` of `revision` and the spec's `generation`.

    `cluster` is where the inventory's objects live; `shared` are wanted objects that were left to other applications,
    `fights` what was put back lately; `orphans` the first objects of the namespace that no application has, `orphaned`
    how many there are; `reopen_at` is when secrets have to be opened again (seconds since the epoch), or 0; `pushed`
    are secrets elsewhere that were written for it; `images` those of its objects. `changed_at` is since when sync,
    health and phase are what they are, `synced_at` when a sync last succeeded, `counted` what of `WantedState.spent` is
    in the sums of costs: noted as it is written, and nothing that would make one status another.
    """

    sync: SyncStatus = "Unknown"
    bundle: str = ""
    revision: str = ""
    generation: int = 0
    cluster: str = ""
    health: Health = Health("Unknown")
    resources: tuple[Resource, ...] = ()
    conditions: tuple[Condition, ...] = ()
    operation: Operation | None = None
    shared: tuple[tuple[ObjectKey, Owner], ...] = ()
    fights: tuple[Fight, ...] = ()
    orphans: tuple[ObjectKey, ...] = ()
    orphaned: int = 0
    reopen_at: float = 0.0
    pushed: tuple[Pushed, ...] = ()
    images: tuple[str, ...] = ()
    changed_at: float = field(default=0.0, compare=False)
    synced_at: float = field(default=0.0, compare=False)
    counted: Cost = field(default=Cost(), compare=False)

    def because(self, type_: str, message: str, now: float) -> Status:
        """The status with one condition of this type, or without any where the message is empty."""
        old = next((c for c in self.conditions if c.type == type_), None)
        if old is not None and old.message == message:
            return self
        others = tuple(c for c in self.conditions if c.type != type_)
        since = old.since if old is not None else now
        return replace(self, conditions=(*others, Condition(type_, message, since)) if message else others)


@dataclass(frozen=True, slots=True)
class Instead:
    """What a request brings in the place of what git wants: a bundle, or (`failure`) why there is none."""

    revision: str
    bundle: str
    commit: Commit
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A sync that a person asked for. `prune` is None where the application's own policy decides.

    `resources` choose some of the objects (see `flows.asked.asking`); with `dry_run` nothing is changed. `revisions`
    are other target revisions than the declared ones, one for each source (empty where the declared one counts):
    `instead` is what `render` makes of them, or the bundle of the operation `returned`. `once` is what is wanted of
    this sync alone.
    """

    id: str
    by: str
    at: float
    prune: bool | None = None
    resources: tuple[str, ...] = ()
    dry_run: bool = False
    revisions: tuple[str, ...] = ()
    instead: Instead | None = None
    returned: str = ""
    once: Once = Once()

    @property
    def limited(self) -> bool:
        """Whether it is anything less than a sync to what git wants."""
        return self.dry_run or bool(self.resources)

    @property
    def unrendered(self) -> bool:
        """Whether `render` has yet to say what its revisions are."""
        return bool(self.revisions) and self.instead is None


@dataclass(frozen=True, slots=True)
class RetryState:
    """How often syncing this bundle has failed, and when it is tried next."""

    bundle: str
    generation: int
    failures: int
    due: float
    message: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write. The token only grows; every write of a sync is conditional on it.

    `head` is where the chain of the application's operations ends (ADR 0095): whoever holds the token knows it.
    """

    token: int = 0
    owner: str = ""
    expires: float = 0.0
    head: Head = Head()


@dataclass(frozen=True, slots=True)
class Record:
    """Everything about one application, as read at one time."""

    key: AppKey
    spec: Spec | None = None
    wanted: WantedState | None = None
    status: Status = field(default_factory=Status)
    retry: RetryState | None = None
    request: Request | None = None
    lease: Lease = Lease()
    inventory: Inventory = field(default_factory=dict)
    chunks: int = 0
