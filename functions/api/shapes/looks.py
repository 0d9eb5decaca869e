"""What is live of objects: as they are, as git wants them, what differs; and the manifests of revisions."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.applications import HealthState
from shapes.trees import ObjectName


class FieldChange(TypedDict):
    """One field that differs; null on the side where it is absent. Values of Secrets are keyed hashes."""

    path: str
    before: Any
    after: Any
    kind: Literal["added", "removed", "changed"]


class ObjectDifference(TypedDict):
    """From live to what git wants. `dryRun` is `done`, or says why the API server was not asked, or what it refuses."""

    kind: Literal["added", "removed", "changed", "unchanged"]
    dryRun: str
    changes: list[FieldChange]
    text: str
    normalizedLive: dict[str, Any] | None
    predictedLive: dict[str, Any] | None


class SetField(TypedDict):
    """Who set a field."""

    path: str
    manager: str
    operation: str
    subresource: str
    time: str


class LiveResource(ObjectName):
    """One object. `source` is what stands in git for a Secret that is opened at a sync."""

    managed: bool
    live: dict[str, Any] | None
    desired: dict[str, Any] | None
    fields: list[SetField]
    health: NotRequired[HealthState]
    diff: NotRequired[ObjectDifference]
    source: NotRequired[dict[str, Any]]
    trouble: NotRequired[str]


class PersonOfField(TypedDict):
    """Somebody who stood behind a field's manager at its time; more is told where the audit log says more."""

    user: str
    certain: bool


class FieldOfObject(SetField):
    """One field: its manager, and the commit that brought it in (ours) or the people behind the manager (others')."""

    value: Any
    commit: NotRequired[dict[str, Any]]
    who: NotRequired[list[PersonOfField]]


class Blamed(TypedDict):
    """Who set the fields of an object."""

    object: str
    fields: list[FieldOfObject]


class ToldDifference(TypedDict):
    """A difference in a list; `cut` where its fields and text did not fit: the object alone has them."""

    kind: Literal["added", "removed", "changed", "unchanged"]
    dryRun: str
    changes: list[FieldChange]
    text: str
    cut: NotRequired[bool]


class ManagedResource(ObjectName):
    """An object that differs."""

    diff: ToldDifference


class ManagedResources(TypedDict):
    """Objects that differ; `compared` were looked at one by one, `leftOut` might differ too."""

    items: list[ManagedResource]
    compared: int
    leftOut: int


class RenderedSource(TypedDict):
    """A declared source, from 1, and how many of the manifests it gave."""

    position: int
    count: int


class GivenManifests(TypedDict):
    """Manifests as git might have them, rendered where they lie; what is not among them would be pruned. `sources` are
    those that gave them, in their order; the others of the application are taken as git had them last.
    """

    manifests: list[dict[str, Any]]
    sources: NotRequired[list[RenderedSource] | None]


class ComparedManifests(ManagedResources):
    """Objects that a sync to the given manifests would change; `withheld` names Secrets that were not compared."""

    withheld: list[str]


class BuildContext(TypedDict):
    """What a render is told beside its source; of the cluster what is known since it was last reached."""

    kubeVersion: str
    apiVersions: list[str]


class Manifests(TypedDict):
    """What a revision holds."""

    revision: str
    bundle: str
    manifests: list[dict[str, Any]]


class ComparedSide(TypedDict):
    """One of two revisions."""

    at: str
    bundle: str
    revision: str


class ComparedObject(ObjectName):
    """An object that differs between two revisions; `cut` where its fields and text did not fit."""

    kindOfChange: Literal["added", "removed", "changed"]
    changes: list[FieldChange]
    text: str
    cut: NotRequired[bool]


Comparison = TypedDict(
    "Comparison",
    {"from": ComparedSide, "to": ComparedSide, "items": list[ComparedObject], "leftOut": int, "unchanged": int},
)
Comparison.__doc__ = "What differs between two revisions."
