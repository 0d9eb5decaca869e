"""Everything that the table remembers of an application, as one value.

`SPEC` is what the user declared, `WANTED` what git wants of it (`state.wanted`), `STATUS` what we last found and did
(`state.statuses`, `state.operations`), `RETRY` how often this has failed, `LEASE` who may write. Times are seconds
since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.model.application import AppKey, Application
from mooring.model.chain import Head
from mooring.plan.inventory import Inventory
from mooring.state.operations import Request, RetryState
from mooring.state.statuses import Status
from mooring.state.wanted import WantedState

__all__ = ["Deleting", "Lease", "Paused", "Record", "Spec"]


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
