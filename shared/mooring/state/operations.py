"""One sync of an application, as values: who asked for it, what it did to each object, when it is tried again.

An operation is kept twice: inside `STATUS` while it is the last one, and as a record of its own once it has ended. A
request is kept until an operation has answered it. Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from mooring.events.messages import Cause
from mooring.model.objects import ObjectKey
from mooring.model.once import Once
from mooring.plan.hooks import Phase
from mooring.state.spending import Cost
from mooring.state.wanted import Commit

__all__ = ["DIGITS", "HookRun", "Instead", "Operation", "OperationPhase", "Request", "ResourceResult", "RetryState"]

DIGITS: Final = 16
"""Digits of a digest in the result of an object: enough to tell, and the bundle's whole digest stands beside them."""
OperationPhase = Literal["Running", "Terminating", "Succeeded", "Failed", "Error"]


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
