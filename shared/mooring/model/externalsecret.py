"""`ExternalSecret` and `ClusterExternalSecret` as teams write them for the External Secrets Operator (v1 and v1beta1).

They say which values of which store become which keys of a `Secret`; `model.externalparsing` reads them. Source of the
fields and their defaults: external-secrets.io, "API specification", "ExternalSecret" and "ClusterExternalSecret".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Conversion",
    "CreationPolicy",
    "DataFrom",
    "Datum",
    "Decoding",
    "DeletionPolicy",
    "ExternalSecret",
    "Find",
    "GeneratorRef",
    "Into",
    "MergeRewrite",
    "RefreshPolicy",
    "RegexpRewrite",
    "RemoteRef",
    "Rewrite",
    "Source",
    "StoreRef",
    "Target",
    "Template",
    "TemplateFrom",
    "TransformRewrite",
]

Decoding: TypeAlias = Literal["None", "Auto", "Base64", "Base64URL"]
Conversion: TypeAlias = Literal["Default", "Unicode"]
CreationPolicy: TypeAlias = Literal["Owner", "Orphan", "Merge", "None"]
DeletionPolicy: TypeAlias = Literal["Retain", "Delete", "Merge"]
RefreshPolicy: TypeAlias = Literal["Periodic", "CreatedOnce", "OnChange"]
Into: TypeAlias = Literal["Data", "Labels", "Annotations"]

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class StoreRef:
    """A SecretStore of the same namespace, or a ClusterSecretStore."""

    name: str
    cluster: bool = False


@dataclass(frozen=True, slots=True)
class GeneratorRef:
    """A generator of the same namespace (generators.external-secrets.io/v1alpha1)."""

    kind: str
    name: str


Source: TypeAlias = StoreRef | GeneratorRef


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """One secret of a provider; `property` is a path into its JSON, `version` in the provider's own words."""

    key: str
    property: str = ""
    version: str = ""
    metadata: bool = False
    conversion: Conversion = "Default"
    decoding: Decoding = "None"


@dataclass(frozen=True, slots=True)
class Datum:
    """One key of the Secret; `field` is where it stands, for errors."""

    key: str
    ref: RemoteRef
    source: Source
    field: str


@dataclass(frozen=True, slots=True)
class Find:
    """All secrets below a path whose names fit a regular expression (Go's RE2) and that have all these tags."""

    path: str
    regexp: str
    tags: Mapping[str, str]
    conversion: Conversion = "Default"
    decoding: Decoding = "None"


@dataclass(frozen=True, slots=True)
class RegexpRewrite:
    """Replaces what fits in every key."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class TransformRewrite:
    """Makes every key anew by a template that sees the old one as `.value`."""

    template: str


@dataclass(frozen=True, slots=True)
class MergeRewrite:
    """Merges the JSON objects that the keys hold: into their own keys, or (with `into`) into one JSON text."""

    into: str
    priority: tuple[str, ...]
    ignore_missing: bool
    ignore_conflicts: bool
    as_json: bool


Rewrite: TypeAlias = RegexpRewrite | TransformRewrite | MergeRewrite


@dataclass(frozen=True, slots=True)
class DataFrom:
    """Many keys at once: out of one secret (`extract`), of many (`find`), or from a generator (neither)."""

    source: Source
    extract: RemoteRef | None
    find: Find | None
    rewrites: tuple[Rewrite, ...]
    field: str


@dataclass(frozen=True, slots=True)
class TemplateFrom:
    """Templates in a ConfigMap, a Secret (`kind`, `name`, `items` with whether keys are templates too) or a literal."""

    kind: Literal["ConfigMap", "Secret", ""]
    name: str
    items: tuple[tuple[str, bool], ...]
    literal: str
    into: Into


@dataclass(frozen=True, slots=True)
class Template:
    """What the Secret looks like; without `merge` its data replaces what was fetched."""

    type: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[TemplateFrom, ...] = ()
    merge: bool = False

    @property
    def makes_data(self) -> bool:
        """Whether templates decide the data."""
        return bool(self.data) or any(each.into == "Data" for each in self.sources)


@dataclass(frozen=True, slots=True)
class Target:
    """The Secret that is made."""

    name: str
    creation: CreationPolicy = "Owner"
    deletion: DeletionPolicy = "Retain"
    template: Template | None = None
    immutable: bool = False


@dataclass(frozen=True, slots=True)
class ExternalSecret:
    """One declared ExternalSecret; `interval` is in seconds, 0 for never again.

    `labels` and `annotations` are its own: the Secret gets them where no template names others.
    """

    namespace: str
    name: str
    target: Target
    data: tuple[Datum, ...]
    data_from: tuple[DataFrom, ...]
    policy: RefreshPolicy = "Periodic"
    interval: float = _HOUR
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def refreshes(self) -> float:
        """Seconds after which its values are read again, 0 for never."""
        return self.interval if self.policy == "Periodic" else 0.0
