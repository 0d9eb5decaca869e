"""What is to be written where, and for whom: the words that the rest of this room shares. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from mooring.errors import ConfigurationError, MooringError
from mooring.source.drafts import Person
from mooring.writeback.edits import Edit

__all__ = [
    "MOORING",
    "Destination",
    "ImageChange",
    "Outcome",
    "Style",
    "Update",
    "Written",
    "by_destination",
    "checked_branch",
]

MOORING: Final = Person("mooring", "mooring@users.noreply.localhost")

_LONGEST: Final = 255
_NO_BRANCH: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(/|$)|^@$|^HEAD$")


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An image that moves: `image` is its name with the registry, `old` and `new` are tags or digests; `labels` are
    those of the new image's configuration.
    """

    image: str
    old: str
    new: str
    alias: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """What is to change for one application."""

    namespace: str
    name: str
    edits: tuple[Edit, ...]
    images: tuple[ImageChange, ...] = ()

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Destination:
    """A branch of a repository. An empty `base` is the default branch, an empty `head` the base itself; `credential` is
    empty for the registered one, or `secret:<namespace>/<name>`.
    """

    url: str
    base: str = ""
    head: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How commits look: a Go template for their messages (empty for the usual one), and whose they are; without a
    committer its author is. `labels` are for pull requests, on hosts that have such.
    """

    template: str = ""
    author: Person = MOORING
    committer: Person | None = None
    sign_off: bool = False
    labels: tuple[str, ...] = ()

    @property
    def by(self) -> Person:
        """The committer."""
        return self.committer or self.author


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one application's edits: `written` where the branch has them and the base had not; a failed one
    has its error, and holds up no other.
    """

    state: Literal["written", "unchanged", "failed"]
    error: MooringError | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What is on the branch now: `sha` is its newest commit, made by us just now where `made` is true."""

    destination: Destination
    sha: str
    made: bool
    outcomes: Mapping[str, Outcome]
    message: str = ""
    attempts: int = 1

    def states(self, state: str) -> list[str]:
        """The keys of the applications in a state."""
        return [key for key, each in self.outcomes.items() if each.state == state]


def by_destination(updates: Sequence[tuple[Destination, Update]]) -> dict[Destination, list[Update]]:
    """Updates that make one commit, sorted by application so that the same ones always make the same commit."""
    found: dict[Destination, list[Update]] = {}
    for destination, update in sorted(updates, key=lambda each: each[1].key):
        found.setdefault(destination, []).append(update)
    return found


def checked_branch(name: str, *, where: str = "git-branch") -> str:
    """A branch's name, cut at 255 characters as Image Updater does. Raises `ConfigurationError` for what git refuses
    (git-check-ref-format).
    """
    cut = name.strip()[:_LONGEST]
    if not cut or _NO_BRANCH.search(cut):
        raise ConfigurationError(f"{cut!r} can be no branch; write letters, digits, '-', '_', '.' and '/'", field=where)
    return cut
