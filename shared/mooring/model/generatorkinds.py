"""What the generators of an ApplicationSet are, once they are read (see `generators`): values, and nothing that acts.

Names and meanings follow Argo CD's page "Generators" and those below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mooring.model.forges import Forge
from mooring.model.selectors import Selector
from mooring.model.settemplate import SetTemplate

__all__ = [
    "ClusterDecisions",
    "Clusters",
    "Detail",
    "Elements",
    "Generator",
    "GitDirectories",
    "GitFiles",
    "Matrix",
    "Merge",
    "PathItem",
    "Plugin",
    "PullRequests",
    "Repositories",
    "RepositoryFilter",
    "RequestFilter",
]


@dataclass(frozen=True, slots=True)
class Elements:
    """`list`: parameters written down, and more of them in a YAML text."""

    elements: tuple[Mapping[str, Any], ...]
    yaml: str


@dataclass(frozen=True, slots=True)
class Clusters:
    """`clusters`: one set of parameters for each registered cluster, or one with all of them (`flat`)."""

    selector: Selector
    flat: bool


@dataclass(frozen=True, slots=True)
class PathItem:
    """A glob in a repository, to be taken or to be left out."""

    path: str
    exclude: bool


@dataclass(frozen=True, slots=True)
class GitDirectories:
    """`git.directories`."""

    url: str
    revision: str
    items: tuple[PathItem, ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class GitFiles:
    """`git.files`."""

    url: str
    revision: str
    items: tuple[PathItem, ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """`matrix`: every combination of two generators."""

    children: tuple[Generator, Generator]


@dataclass(frozen=True, slots=True)
class Merge:
    """`merge`: the first generator's parameters, overridden by those of the others with the same keys."""

    children: tuple[Generator, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """All of these must hold; patterns are regular expressions, found anywhere, empty for any."""

    repository: str
    branch: str
    label: str
    paths_exist: tuple[str, ...]
    paths_do_not_exist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repositories:
    """`scmProvider`: the repositories of a code host that pass any of the filters."""

    forge: Forge
    filters: tuple[RepositoryFilter, ...]
    protocol: str


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """All of these must hold; regular expressions, found anywhere, empty for any."""

    branch: str
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class PullRequests:
    """`pullRequest`: the open requests of a repository that pass any of the filters."""

    forge: Forge
    filters: tuple[RequestFilter, ...]
    missing_is_empty: bool


@dataclass(frozen=True, slots=True)
class Plugin:
    """`plugin`: whatever a service answers to these parameters."""

    config_map: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClusterDecisions:
    """`clusterDecisionResource`: clusters named in the status of objects of some kind."""

    config_map: str
    name: str
    selector: Selector


Detail: TypeAlias = (
    Elements
    | Clusters
    | GitDirectories
    | GitFiles
    | Matrix
    | Merge
    | Repositories
    | PullRequests
    | Plugin
    | ClusterDecisions
)


@dataclass(frozen=True, slots=True)
class Generator:
    """One generator. `requeue_after` is in seconds, None where the user gave none."""

    kind: str
    detail: Detail
    where: str
    declared: Mapping[str, Any]
    level: int
    selector: Selector | None = None
    values: Mapping[str, str] | None = None
    template: SetTemplate | None = None
    requeue_after: int | None = None
