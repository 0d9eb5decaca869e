"""What generators ask of the world, as interfaces; whoever evaluates a set passes them in.

Each answer is complete or an error: a generator that got half of an answer would seem to have lost applications, and
nothing may be deleted on such grounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from mooring.model.forges import Forge
from mooring.model.generatorkinds import ClusterDecisions

__all__ = [
    "ClusterFacts",
    "CodeHosts",
    "DecisionSource",
    "FoundRepository",
    "GitTrees",
    "Params",
    "Plugins",
    "Ports",
    "PullRequest",
    "Templates",
]

Params: TypeAlias = dict[str, Any]
"""One set of parameters, as Argo CD's documentation names them."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What generators may know of a registered cluster."""

    name: str
    server: str
    project: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A branch of a repository on a code host. `https` and `ssh` are where it is cloned from."""

    owner: str
    name: str
    ident: str
    branch: str
    sha: str
    https: str
    ssh: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull request (merge request)."""

    number: int
    title: str
    branch: str
    target: str
    sha: str
    author: str
    labels: tuple[str, ...] = ()


class Templates(Protocol):
    """Go templates (gokit)."""

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each request, in order."""
        ...


class GitTrees(Protocol):
    """Files of repositories at a revision (a branch, tag, SHA or HEAD)."""

    def paths(self, url: str, revision: str) -> Sequence[str]:
        """The path of every file."""
        ...

    def read(self, url: str, revision: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The content of these files."""
        ...


class CodeHosts(Protocol):
    """The APIs of code hosts. `namespace` is the set's: its secrets may be used."""

    def repositories(self, forge: Forge, namespace: str) -> Sequence[FoundRepository]:
        """Every repository; its branch is the default one, and its commit need not be known yet."""
        ...

    def branches(self, forge: Forge, namespace: str, repository: FoundRepository) -> Sequence[FoundRepository]:
        """The repository at its default branch, or at each one where the forge says so; none without a commit."""
        ...

    def has_path(self, forge: Forge, namespace: str, repository: FoundRepository, path: str) -> bool:
        """Whether a file or folder is there, on the repository's branch."""
        ...

    def pull_requests(self, forge: Forge, namespace: str) -> Sequence[PullRequest] | None:
        """All open pull requests with all of the forge's labels; None where there is no such repository."""
        ...


class Plugins(Protocol):
    """Plugin services."""

    def parameters(self, namespace: str, config_map: str, set_name: str, inputs: Mapping[str, Any]) -> list[Params]:
        """What the service answers."""
        ...


class DecisionSource(Protocol):
    """Objects in a set's namespace that name clusters in their status."""

    def decisions(self, wanted: ClusterDecisions) -> tuple[str, Sequence[Mapping[str, Any]]]:
        """The key that holds a cluster's name, and the decisions of all objects."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them. `clusters` are those that are registered, by name."""

    templates: Templates
    git: GitTrees
    clusters: Sequence[ClusterFacts]
    hosts: CodeHosts
    plugins: Plugins
    decisions: DecisionSource
