"""Webhooks where repositories are hosted, and what they delivered."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Page


class HookForm(TypedDict):
    """A repository, a token of its host that is used once, and the address that webhooks are sent to."""

    repository: str
    token: str
    url: str
    provider: NotRequired[str]


class Hook(TypedDict):
    """A webhook; `ours` sends to this Mooring."""

    id: str
    url: str
    events: list[str]
    active: bool
    ours: bool


class InstalledHook(TypedDict):
    """What was done."""

    done: Literal["created", "updated"]
    provider: str
    repository: str
    hook: Hook
    warnings: NotRequired[list[str]]


class Hooks(TypedDict):
    """The webhooks of a repository."""

    provider: str
    repository: str
    items: list[Hook]


class CausedOperation(TypedDict):
    """An operation that a delivery caused; one without an id is a render that failed."""

    application: str
    operation: str
    kind: str
    phase: str
    message: str
    revision: str
    startedAt: str
    finishedAt: str


class Delivery(TypedDict):
    """What a webhook delivered, and what became of it."""

    id: str
    at: str
    provider: str
    event: str
    outcome: str
    reason: str
    repository: str
    refs: list[str]
    by: str
    source: str
    concerned: int
    touched: int
    applications: list[str]
    sets: list[str]
    caused: list[CausedOperation]
    leftOut: int


class Deliveries(TypedDict):
    """One page of deliveries, newest first."""

    metadata: Page
    items: list[Delivery]
