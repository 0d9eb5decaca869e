"""Projects, signatures' keys, sealing keys, notifications: what holds for many."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from shapes.common import Metadata, Moment, NameOnly, Page


class OrphanOfProject(TypedDict):
    """An object that belongs to none of a project's applications."""

    cluster: str
    group: NotRequired[str]
    kind: str
    namespace: str
    name: str
    applications: list[str]


class ProjectStatus(TypedDict):
    """What syncs found."""

    orphanedResources: list[OrphanOfProject]


class ProjectSpec(TypedDict):
    """Argo CD's "Project Specification"; docs/projects.md says what is read otherwise."""

    description: NotRequired[str | None]
    sourceRepos: NotRequired[list[str] | None]
    destinations: NotRequired[list[dict[str, Any]] | None]
    roles: NotRequired[list[dict[str, Any]] | None]
    syncWindows: NotRequired[list[dict[str, Any]] | None]
    orphanedResources: NotRequired[dict[str, Any] | None]


class Project(TypedDict):
    """A project as it is declared."""

    apiVersion: Literal["argoproj.io/v1alpha1"]
    kind: Literal["AppProject"]
    metadata: NameOnly
    spec: ProjectSpec


class ShownProject(TypedDict):
    """A project as it was declared; with orphans where it asks for them."""

    apiVersion: str
    kind: str
    metadata: NameOnly
    spec: ProjectSpec
    status: NotRequired[ProjectStatus]


class Projects(TypedDict):
    """The projects by name."""

    metadata: Page
    items: list[ShownProject]


class DeclaredProject(TypedDict):
    """A project as it was taken, and what its author should know of its text."""

    project: Project
    warnings: list[str]


class GpgKeyForm(TypedDict):
    """A public key in ASCII armor, or a ConfigMap argocd-gpg-keys-cm."""

    key: NotRequired[str]
    kind: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    data: NotRequired[dict[str, str] | None]


class GpgKey(TypedDict):
    """A public key; `keyID` is what projects name."""

    keyID: str
    fingerprint: str
    owner: str
    keyData: str
    expires: NotRequired[Moment]
    revoked: NotRequired[bool]


class GpgKeys(TypedDict):
    """Imported keys."""

    items: list[GpgKey]
    metadata: Page


class ImportedGpgKeys(TypedDict):
    """The keys that were in the text."""

    items: list[GpgKey]


class SealingKey(TypedDict):
    """The certificate of a sealing key."""

    fingerprint: str
    since: str | float
    certificate: str


class SealingKeys(TypedDict):
    """The certificates of all sealing keys."""

    items: list[SealingKey]
    metadata: Page


class SealingKeyForm(TypedDict):
    """A TLS Secret as a sealed-secrets controller keeps it."""

    kind: Literal["Secret"]
    metadata: NotRequired[dict[str, Any]]
    data: NotRequired[dict[str, str]]
    stringData: NotRequired[dict[str, str]]


class ImportedSealingKey(TypedDict):
    """What the imported key is known by."""

    fingerprint: str


class Service(TypedDict):
    """What kubeseal looks for before it asks for the certificate."""

    apiVersion: Literal["v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: dict[str, Any]


class Notification(TypedDict):
    """One thing that somebody was told, or should have been."""

    id: str
    of: str
    at: Moment
    trigger: str
    service: str
    recipient: str
    state: str
    attempts: int
    error: str
    title: str


class Notifications(TypedDict):
    """What was told, newest first."""

    items: list[Notification]
    metadata: Page


class RetriedNotification(TypedDict):
    """The notification that is tried again, as the list has it."""

    of: str
    id: str
