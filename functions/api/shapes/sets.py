"""ApplicationSets."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.applications import HealthState
from shapes.common import Asked, Metadata, Moment, Page, ShownMetadata


class ApplicationSetSpec(TypedDict):
    """Argo CD's "ApplicationSet Specification"; docs/applicationsets.md says what is read otherwise."""

    generators: list[dict[str, Any]]
    template: dict[str, Any]
    goTemplate: NotRequired[bool | None]
    syncPolicy: NotRequired[dict[str, Any] | None]
    strategy: NotRequired[dict[str, Any] | None]


class ApplicationSet(TypedDict):
    """An ApplicationSet as it is declared."""

    apiVersion: Literal["argoproj.io/v1alpha1"]
    kind: Literal["ApplicationSet"]
    metadata: Metadata
    spec: ApplicationSetSpec


class SetCondition(TypedDict):
    """Something that a person should know."""

    type: str
    status: str
    reason: NotRequired[str]
    message: str
    lastTransitionTime: NotRequired[Moment]


class SetMember(TypedDict):
    """How far a progressive rollout is with one application."""

    application: str
    step: str
    status: str


class HeldRemoval(TypedDict):
    """A removal that waits to be confirmed with its token."""

    applications: list[str]
    token: str


class SetResource(TypedDict):
    """An application of a set."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    status: str
    health: HealthState


class ApplicationSetStatus(TypedDict):
    """What is known of a set."""

    conditions: list[SetCondition]
    observedGeneration: int
    applicationStatus: NotRequired[list[SetMember]]
    heldRemoval: NotRequired[HeldRemoval]
    resources: NotRequired[list[SetResource]]
    resourcesCount: NotRequired[int]


class ShownApplicationSet(TypedDict):
    """An ApplicationSet with its status."""

    apiVersion: str
    kind: str
    metadata: ShownMetadata
    spec: ApplicationSetSpec
    status: ApplicationSetStatus


class ApplicationSets(TypedDict):
    """The ApplicationSets by name."""

    metadata: Page
    items: list[ShownApplicationSet]


class DeclaredApplicationSet(TypedDict):
    """An ApplicationSet as it was taken."""

    applicationSet: ApplicationSet
    warnings: list[str]


class AskedPreview(TypedDict):
    """Where the answer will be: GET /api/v1/applicationsets/preview/ID."""

    preview: Asked


Previewed = TypedDict(
    "Previewed",
    {"name": str, "from": NotRequired[str], "why": NotRequired[str], "diff": NotRequired[str]},
)
Previewed.__doc__ = "What would become of one application, and why."


class FoundPreview(TypedDict):
    """What a set would change, or why that can't be said."""

    error: NotRequired[str]
    generated: NotRequired[int]
    added: NotRequired[list[Previewed]]
    changed: NotRequired[list[Previewed]]
    removed: NotRequired[list[Previewed]]
    held: NotRequired[list[Previewed]]
    token: NotRequired[str]
    kept: NotRequired[list[Previewed]]
    outdated: NotRequired[list[Previewed]]
    unchanged: NotRequired[int]
    conflicts: NotRequired[list[Previewed]]
    refused: NotRequired[list[Previewed]]


class SetPreview(TypedDict):
    """What a set would change; null while nobody has looked."""

    done: bool
    preview: FoundPreview | None


class Confirmation(TypedDict):
    """The token of the removal that waits."""

    token: str


class ConfirmedRemoval(TypedDict):
    """The applications that are removed."""

    removed: list[str]
