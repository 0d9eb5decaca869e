"""What a sync may be asked for, and how what was asked for is shown."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Moment


class ChosenResource(TypedDict):
    """One object to be synced."""

    group: NotRequired[str]
    kind: str
    namespace: NotRequired[str]
    name: str


class Forced(TypedDict):
    """Whether objects whose immutable fields change are deleted and made anew, as Force=true does."""

    force: NotRequired[bool]


class SyncStrategy(TypedDict):
    """`hook`, as ever, or `apply`, which runs no hooks; one of them."""

    hook: NotRequired[Forced | None]
    apply: NotRequired[Forced | None]


class Backoff(TypedDict):
    """How long it takes to the next try: `duration` (5s) times `factor` (2) each time, `maxDuration` (3m) at most."""

    duration: NotRequired[str]
    factor: NotRequired[int]
    maxDuration: NotRequired[str]


class RetryStrategy(TypedDict):
    """How often a failed sync is tried again: `limit` times (5), without an end where that is negative."""

    limit: NotRequired[int]
    backoff: NotRequired[Backoff]


class SyncOptionItems(TypedDict):
    """Argo CD's spelling of the list."""

    items: list[str] | None


class SyncRequest(TypedDict):
    """What a sync may choose. `syncOptions`, `strategy` and `retryStrategy` hold for this sync alone, in all its tries;
    any other field is refused.
    """

    prune: NotRequired[bool | None]
    dryRun: NotRequired[bool]
    resources: NotRequired[list[ChosenResource | str] | None]
    revision: NotRequired[str | None]
    revisions: NotRequired[list[str] | None]
    sourcePositions: NotRequired[list[int] | None]
    syncOptions: NotRequired[list[str] | SyncOptionItems | None]
    strategy: NotRequired[SyncStrategy | None]
    retryStrategy: NotRequired[RetryStrategy | None]


class WaitingRequest(TypedDict):
    """A sync that was asked for and not begun: it waits for its render, for an operation to end, or for its turn."""

    id: str
    by: str
    at: Moment
    waitsFor: Literal["render", "operation", "turn"]
    dryRun: bool
    prune: NotRequired[bool]
    revisions: NotRequired[list[str]]
    resources: NotRequired[list[str]]
    returnsTo: NotRequired[str]
    syncOptions: NotRequired[list[str]]
    syncStrategy: NotRequired[SyncStrategy]
    retry: NotRequired[RetryStrategy]
