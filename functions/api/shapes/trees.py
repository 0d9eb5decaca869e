"""The objects of an application and all that they own, as a tree."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from shapes.applications import HealthState
from shapes.common import Moment


class ObjectName(TypedDict):
    """What names an object."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str


class ParentRef(TypedDict):
    """An owner of an object."""

    group: str
    kind: str
    namespace: str
    name: str
    uid: str


class InfoItem(TypedDict):
    """A few words: replicas, restarts, the node."""

    name: str
    value: str


class TreeNode(ObjectName):
    """One object of a tree.

    `managed` are the application's own, with `status`, `syncWave` and the number of fields that drifted; `uid` is empty
    for what is missing. `targets` are the uids that a Service or an Ingress sends to, 100 at most of `targetCount`.
    """

    uid: str
    parentRefs: NotRequired[list[ParentRef]]
    resourceVersion: NotRequired[str]
    createdAt: NotRequired[Moment]
    health: NotRequired[HealthState]
    images: NotRequired[list[str]]
    info: NotRequired[list[InfoItem]]
    externalURLs: NotRequired[list[str]]
    targets: NotRequired[list[str]]
    targetCount: NotRequired[int]
    managed: NotRequired[bool]
    status: NotRequired[str]
    syncWave: NotRequired[int]
    drift: NotRequired[int]
    requiresPruning: NotRequired[bool]
    uncounted: NotRequired[str]
    hook: NotRequired[str]
    hookState: NotRequired[str]


class TreeSummary(TypedDict):
    """How many there are, by kind, health and sync status, whether or not all are shown."""

    nodes: int
    kinds: dict[str, int]
    health: dict[str, int]
    sync: dict[str, int]


class Unlisted(TypedDict):
    """A kind that could not be listed, and why."""

    group: str
    kind: str
    message: str


class ResourceTree(TypedDict):
    """The tree as a list: the application's own first. `cut` counts by kind what did not fit."""

    nodes: list[TreeNode]
    summary: TreeSummary
    cut: dict[str, int]
    unlisted: list[Unlisted]
    cluster: str
