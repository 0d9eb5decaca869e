"""A project: who may take what from where to which place, and when.

The values of an `AppProject`, checked when they were read (`access.parsing`). Field names, and what an absent one
means, follow Argo CD's "Projects" page and its `v1alpha1` types.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from mooring.model.objects import Manifest

if TYPE_CHECKING:
    from mooring.access.cron import Schedule
    from mooring.access.integrity import SignaturePolicy
    from mooring.access.orphans import OrphanRules
    from mooring.access.secretrules import SecretRules

__all__ = [
    "DEFAULT_PROJECT",
    "KindRule",
    "KindRules",
    "Permitted",
    "Place",
    "Policy",
    "Project",
    "Refusal",
    "Role",
    "ServiceAccount",
    "SyncWindow",
]

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class Permitted:
    """One of `spec.destinations`: where objects may live. Globs; a leading `!` takes away."""

    server: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class KindRule:
    """Kinds of objects, and (of cluster-scoped ones) names; an empty name is any. Patterns of Go's `path.Match`."""

    group: str
    kind: str
    name: str = ""


KindRules: TypeAlias = tuple[KindRule, ...]


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """When applications may be synced, or must not be. `duration` runs on the clock of `time_zone`."""

    kind: Literal["allow", "deny"]
    cron: str
    schedule: Schedule
    duration: timedelta
    lasting: str
    applications: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    manual_sync: bool = False
    sync_overrun: bool = False
    time_zone: str = "UTC"
    and_operator: bool = False
    description: str = ""

    def __str__(self) -> str:
        told = f"{self.kind} window {self.cron!r} for {self.lasting} ({self.time_zone})"
        return f"{told}: {self.description}" if self.description else told


@dataclass(frozen=True, slots=True)
class Policy:
    """One line of a role: may its holders do this to these objects? Globs."""

    resource: str
    action: str
    object: str
    allow: bool


@dataclass(frozen=True, slots=True)
class Role:
    """Whom the project's policies are for."""

    name: str
    description: str = ""
    policies: tuple[Policy, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """One of `spec.destinationServiceAccounts`: as whom objects are written; `account` is `[namespace:]name`."""

    server: str
    namespace: str
    account: str


@dataclass(frozen=True, slots=True)
class Project:
    """One project as declared. `namespaced_allowed` is None where nothing was listed, which allows every kind;
    `orphans` where nobody asks for them, `secrets` where no rule is about them. `self_heal` says whether changes by
    hand are put back in applications that are synced by hand and say nothing about it themselves.
    """

    name: str
    declared: Manifest
    description: str = ""
    source_repos: tuple[str, ...] = ()
    destinations: tuple[Permitted, ...] = ()
    cluster_allowed: KindRules = ()
    cluster_denied: KindRules = ()
    namespaced_allowed: KindRules | None = None
    namespaced_denied: KindRules = ()
    source_namespaces: tuple[str, ...] = ()
    windows: tuple[SyncWindow, ...] = ()
    roles: tuple[Role, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    own_clusters_only: bool = False
    signatures: tuple[SignaturePolicy, ...] = ()
    orphans: OrphanRules | None = None
    secrets: SecretRules | None = None
    self_heal: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster under every name and address that a rule may know it by."""

    servers: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        return self.names[0] if self.names else self.servers[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a project does not permit something: its rule, the value that it refuses, and what to do."""

    project: str
    field: str
    value: str
    advice: str

    def __str__(self) -> str:
        return f"project {self.project!r} does not permit {self.value} ({self.field}); {self.advice}"
