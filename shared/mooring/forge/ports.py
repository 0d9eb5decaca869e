"""What every code host can be asked here, whatever it calls it, and what it answers.

Hosts spell the same things differently: pull request or merge request, verdict or vote or approval state. The clients
translate; nobody above them knows which host it is. What a host does not tell stays empty rather than guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from mooring.model.mergedrequest import MergedRequest

__all__ = [
    "Change",
    "Check",
    "CheckHost",
    "CheckState",
    "CodeHost",
    "Hook",
    "HookHost",
    "LabelHost",
    "Proposal",
    "State",
]

State = Literal["open", "merged", "closed"]
CheckState = Literal["passed", "pending", "failed"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request to be opened, from the branch `head` to the branch `base` of the same repository."""

    head: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Change:
    """A pull (merge) request as it stands."""

    number: int
    title: str
    body: str
    url: str
    head: str
    base: str
    state: State


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a repository; no host shows its secret."""

    id: str
    url: str
    events: tuple[str, ...]
    active: bool = True


class CodeHost(Protocol):
    """One repository on a code host. Everything raises as `forge.rest.Rest` does."""

    def merged_request(self, commit: str, /) -> MergedRequest | None:
        """The merged request that brought a commit (by its full SHA); None where none is known."""
        ...

    def open_change(self, proposal: Proposal) -> Change:
        """Opens a pull request. Raises `RejectedError` where the host does not take it."""
        ...

    def find_change(self, head: str, base: str) -> Change | None:
        """The open pull request between two branches of this repository; None where there is none."""
        ...

    def change(self, number: int) -> Change | None:
        """A pull request by its number; None where there is none."""
        ...

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """Gives a pull request another title and description."""
        ...

    def comment(self, number: int, text: str) -> None:
        """Says something on a pull request."""
        ...

    def close_change(self, number: int) -> None:
        """Closes a pull request without merging it."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """What something (a pipeline, a scanner) last said of a commit."""

    name: str
    state: CheckState


@runtime_checkable
class LabelHost(Protocol):
    """A host whose pull requests have labels."""

    def label_change(self, number: int, labels: Sequence[str]) -> None:
        """Adds labels to a pull request; those that it has stay."""
        ...


@runtime_checkable
class CheckHost(Protocol):
    """A host that tells what was checked."""

    def checks(self, commit: str) -> Sequence[Check]:
        """The latest state of every check of a commit (by its full SHA)."""
        ...


class HookHost(Protocol):
    """A host whose webhooks can be installed."""

    def hooks(self) -> Sequence[Hook]:
        """Every webhook of the repository."""
        ...

    def create_hook(self, url: str, secret: str) -> Hook:
        """A new webhook that sends pushes, tags and pull requests, signed with the secret."""
        ...

    def update_hook(self, hook: Hook, secret: str) -> Hook:
        """Has a webhook send what `create_hook` would, signed with this secret; it may have another id then."""
        ...
