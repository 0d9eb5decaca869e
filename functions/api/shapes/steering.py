"""What people ask for beside a sync, and what is answered."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from shapes.common import Asked, Moment


class RollbackRequest(TypedDict):
    """The past sync: by its operation, or by its number in the history; the one before the last where none is named.
    Any other field is refused.
    """

    id: NotRequired[int | None]
    operation: NotRequired[str | None]
    prune: NotRequired[bool | None]
    dryRun: NotRequired[bool]


class PastSync(TypedDict):
    """What a rollback goes back to."""

    operation: str
    revision: str
    deployedAt: Moment


class PausedBy(TypedDict):
    """Who paused automated sync, and why."""

    by: str
    at: Moment
    why: str


class AskedRollback(TypedDict):
    """The operation that rolls back. `paused` where nothing is synced by itself from now on."""

    operation: Asked
    to: PastSync
    paused: PausedBy | None


class PauseRequest(TypedDict):
    """Why automated sync is to pause."""

    why: NotRequired[str]


class PauseState(TypedDict):
    """The pause that is in force."""

    paused: PausedBy


class ResumeState(TypedDict):
    """Whether anything was paused."""

    resumed: bool


class Confirmed(TypedDict):
    """The operation that prunes; null where the one that is under way does."""

    operation: Asked | None


class OfferedParameter(TypedDict):
    """Something that an action wants to know."""

    name: str
    default: str


class Offered(TypedDict):
    """One action; a disabled one makes no sense as the object is now."""

    name: str
    disabled: bool
    displayName: str
    iconClass: str
    params: list[OfferedParameter]


class Offers(TypedDict):
    """The actions of one object."""

    actions: list[Offered]


class GivenParameter(TypedDict):
    """A parameter as Argo CD's API has it."""

    name: str
    value: str


class ActionRequest(TypedDict):
    """The action by its name."""

    action: str
    parameters: NotRequired[list[GivenParameter] | dict[str, str] | None]
    resourceActionParameters: NotRequired[list[GivenParameter] | None]


class AskedHandling(TypedDict):
    """Where the outcome will be: GET /api/v1/applications/NAME/checks/ID."""

    check: Asked


class DoneTo(TypedDict):
    """What became of one object."""

    object: str
    result: str


class Handling(TypedDict):
    """The outcome. `warnings` say what git will make of it; `error` why nothing was done."""

    application: str
    object: NotRequired[str]
    done: NotRequired[list[DoneTo]]
    warnings: NotRequired[list[str]]
    error: NotRequired[str]


class Handled(TypedDict):
    """What was found; null as long as nobody has done it."""

    done: bool
    found: Handling | None
