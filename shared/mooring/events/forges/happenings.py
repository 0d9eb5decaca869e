"""The one vocabulary: what may happen in a repository as far as Mooring is concerned.

A payload that says less than it could (which files, which branch is the default one) says None or nothing here, and
whoever reads it then looks at the repository. It never guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Action", "Delivery", "Happening", "ImagePushed", "Ping", "PullRequest", "Push"]

Action = Literal["opened", "updated", "closed", "merged"]


@dataclass(frozen=True, slots=True)
class Push:
    """A branch or tag that moved, came or went (`deleted`).

    `urls` are the repository's addresses, `files` the changed paths, or None where the payload does not list them all;
    `default` is the default branch, empty where it isn't told.
    """

    urls: tuple[str, ...]
    ref: str
    after: str
    by: str
    files: frozenset[str] | None = None
    default: str = ""

    @property
    def kind(self) -> Literal["branch", "tag", "other"]:
        """What moved."""
        if self.ref.startswith("refs/heads/"):
            return "branch"
        return "tag" if self.ref.startswith("refs/tags/") else "other"

    @property
    def name(self) -> str:
        """The branch or tag without its prefix."""
        return self.ref.split("/", 2)[-1]

    @property
    def deleted(self) -> bool:
        """Whether there is no such branch or tag any more."""
        return not self.after.strip("0")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull or merge request that was opened, changed, closed or merged.

    `refs` are the references that a forge keeps for it, `names` what a generator may call its repository.
    """

    urls: tuple[str, ...]
    names: tuple[str, ...]
    number: str
    action: Action
    by: str
    source: str = ""
    target: str = ""
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """Tags of an image that a registry has got; `image` is its one spelling (`docker.io/library/nginx`)."""

    image: str
    tags: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The forge tries whether anybody is there."""


Happening: TypeAlias = Push | PullRequest | ImagePushed | Ping


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that may count. `id` tells it from others of its provider, `twin` from those with other content.

    `twin` is empty where the content says nothing that would tell two happenings apart, or where `id` is signed too.
    `proven` is False for a delivery that only the settings let in.
    """

    provider: str
    event: str
    id: str
    twin: str
    happened: tuple[Happening, ...]
    proven: bool = True
