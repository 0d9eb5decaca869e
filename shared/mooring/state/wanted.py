"""What git wants of an application, as values: which commit, what a render made of it, or why it made nothing.

It is the item `WANTED`: written by renders alone, and read by whoever syncs, shows or compares. Nothing in it says what
a cluster holds (see `state.statuses`). Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.events.messages import Cause
from mooring.state.spending import Cost

__all__ = ["Commit", "Input", "ReadSource", "RenderFailure", "Rendering", "WantedState"]


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
