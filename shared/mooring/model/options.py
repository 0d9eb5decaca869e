"""What an application asks of its syncs: `syncOptions`, `managedNamespaceMetadata` and the annotations of Argo CD.

What changes anything is read, what Mooring always does anyway is accepted as it stands.
Source: Argo CD, "Sync Options", "Annotations and Labels used by Argo CD" and "Skip Application Reconcile".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from mooring.model.fields import Fields
from mooring.model.objectoptions import BOOLEANS, CHOICES, ObjectOptions, set_option

__all__ = [
    "SELF_HEAL",
    "Marks",
    "NamespaceMetadata",
    "Propagation",
    "SyncOptions",
    "read_marks",
    "read_options",
    "read_self_heal",
    "with_option",
]

Propagation: TypeAlias = Literal["Foreground", "Background", "Orphan"]

SKIP = "argocd.argoproj.io/skip-reconcile"
REFRESH = "argocd.argoproj.io/refresh"
APPROVED = "argocd.argoproj.io/deletion-approved"
SELF_HEAL = "mooring.dev/self-heal"


@dataclass(frozen=True, slots=True)
class NamespaceMetadata:
    """`managedNamespaceMetadata`: what the destination's namespace carries."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """The options that change what a sync does; `objects` hold for every object that doesn't say otherwise."""

    create_namespace: bool = False
    propagation: Propagation = "Foreground"
    respect_ignore_differences: bool = False
    fail_on_shared_resource: bool = False
    client_side_apply_migration: bool = True
    objects: ObjectOptions = ObjectOptions()
    namespace: NamespaceMetadata | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """What an Application's own annotations ask for.

    `skip`: nothing is done or looked at; `refresh`: git is asked at once when it is declared; `approved`: since when
    (seconds since the epoch, 0 for never) deletions that need confirmation are confirmed; `self_heal`: whether changes
    by hand are put back where nothing is synced by itself, None where the project decides.
    """

    skip: bool = False
    refresh: bool = False
    approved: float = 0.0
    self_heal: bool | None = None


_ACCEPTED = {
    "ServerSideApply=true", "ServerSideApply=false", "ApplyOutOfSyncOnly=true", "ApplyOutOfSyncOnly=false",
    "SkipDryRunOnMissingResource=true", "SkipDryRunOnMissingResource=false",
}  # fmt: skip
_SWITCHES = {
    "CreateNamespace": "create_namespace",
    "RespectIgnoreDifferences": "respect_ignore_differences",
    "FailOnSharedResource": "fail_on_shared_resource",
    "ClientSideApplyMigration": "client_side_apply_migration",
}
_PROPAGATION: dict[str, Propagation] = {
    "foreground": "Foreground",
    "background": "Background",
    "orphan": "Orphan",
}


def read_options(policy: Fields) -> SyncOptions:
    """`syncPolicy.syncOptions` and `managedNamespaceMetadata`. Raises `ConfigurationError` naming the field."""
    found = SyncOptions()
    for index, option in enumerate(policy.texts("syncOptions")):
        at = f"syncOptions[{index}]"
        try:
            changed = with_option(found, option)
        except ValueError as error:
            raise policy.error(at, str(error)) from error
        if changed is None:
            policy.warnings.append(f"spec.syncPolicy.{at}: unknown option {option!r}, ignored")
        else:
            found = changed
    return replace(found, namespace=_namespace(policy, create=found.create_namespace))


def with_option(options: SyncOptions, option: str) -> SyncOptions | None:
    """The options with one more of them (`NAME=VALUE`) set; None where nobody knows it.

    Raises `ValueError` with what it must be where the value is none that it takes.
    """
    name, _, value = option.partition("=")
    if name in _SWITCHES:
        if value not in ("true", "false"):
            raise ValueError(f"must be {name}=true or {name}=false")
        switch: dict[str, Any] = {_SWITCHES[name]: value == "true"}
        return replace(options, **switch)
    if name == "PrunePropagationPolicy":
        if value not in _PROPAGATION:
            raise ValueError("must be PrunePropagationPolicy=foreground, background or orphan")
        return replace(options, propagation=_PROPAGATION[value])
    if name in CHOICES or name in BOOLEANS:
        changed = set_option(options.objects, name, value)
        if changed is None:
            more = ", =false or =confirm" if name in CHOICES else " or =false"
            raise ValueError(f"must be {name}=true{more}")
        return replace(options, objects=changed)
    return options if option in _ACCEPTED else None


def _namespace(policy: Fields, *, create: bool) -> NamespaceMetadata | None:
    block = policy.mapping("managedNamespaceMetadata")
    if block is None:
        return None
    metadata = NamespaceMetadata(block.text_map("labels"), block.text_map("annotations"))
    block.close()
    if not metadata.labels and not metadata.annotations:
        return None
    if not create:
        policy.warnings.append(
            "spec.syncPolicy.managedNamespaceMetadata: has an effect only with the sync option CreateNamespace=true"
        )
    return metadata


def read_marks(metadata: Fields) -> Marks:
    """What the annotations of an Application ask for; a time that is none counts as absent, with a warning.

    Raises `ConfigurationError` as `read_self_heal` does.
    """
    annotations = metadata.text_map("annotations")
    approved = 0.0
    if text := annotations.get(APPROVED):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            metadata.warnings.append(f"metadata.annotations[{APPROVED}]: {text!r} is no RFC 3339 time, ignored")
        else:
            approved = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return Marks(annotations.get(SKIP) == "true", REFRESH in annotations, approved, read_self_heal(metadata))


def read_self_heal(metadata: Fields) -> bool | None:
    """What an annotation says of changes by hand, None where there is none; raises `ConfigurationError`."""
    said = (metadata.raw_mapping("annotations") or {}).get(SELF_HEAL)
    if said not in (None, "true", "false"):
        raise metadata.error(f"annotations.{SELF_HEAL}", f'must be "true" or "false", not {said!r}')
    return None if said is None else said == "true"
