"""`ClusterExternalSecret` (external-secrets.io): one ExternalSecret for many namespaces.

Which namespaces those are is asked here of names and labels that somebody else has read. Source of the fields:
external-secrets.io, "ClusterExternalSecret".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mooring.model.duration import parse_duration
from mooring.model.externalparsing import parse_spec
from mooring.model.externalsecret import ExternalSecret
from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.model.selectors import Selector, parse_selector

__all__ = ["ClusterExternalSecret", "parse_cluster_external_secret"]


@dataclass(frozen=True, slots=True)
class ClusterExternalSecret:
    """`single` is what it makes, its namespace empty; `refreshes` are seconds until namespaces are looked at again."""

    single: ExternalSecret
    namespaces: frozenset[str]
    selectors: tuple[Selector, ...]
    refreshes: float

    def selects(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether a namespace gets one: it is named, or one of the selectors fits."""
        return namespace in self.namespaces or any(each.matches(labels) for each in self.selectors)


_NO_METADATA: Manifest = {}


def parse_cluster_external_secret(manifest: Manifest, warnings: list[str]) -> ClusterExternalSecret:
    """Reads one. Raises `ConfigurationError` with the field's path."""
    document = Fields(manifest, "", warnings)
    metadata = document.mapping("metadata") or Fields(_NO_METADATA, "metadata", warnings)
    spec = document.mapping("spec")
    inside = None if spec is None else spec.mapping("externalSecretSpec")
    if spec is None or inside is None:
        raise document.error("spec.externalSecretSpec", "must not be empty")
    given = spec.mapping("externalSecretMetadata") or Fields(_NO_METADATA, "spec.externalSecretMetadata", warnings)
    single = parse_spec(
        inside,
        namespace="",
        name=spec.text("externalSecretName") or metadata.required_text("name"),
        labels=given.text_map("labels"),
        annotations=given.text_map("annotations"),
    )
    given.close()
    text = spec.text("refreshTime") or "1h"
    try:
        refreshes = parse_duration(text)
    except ValueError:
        raise spec.error("refreshTime", f"{text!r} is not a duration like 1h, 30m or 15s; 0 turns it off") from None
    one = parse_selector(spec, "namespaceSelector")
    selectors: tuple[Selector, ...] = () if one is None else (one,)
    if spec.has("namespaceSelectors"):
        selectors += tuple(
            each
            for index, raw in enumerate(spec.raw_list("namespaceSelectors"))
            if (each := _selector(raw, f"{spec.path}.namespaceSelectors[{index}]", warnings)) is not None
        )
    names = frozenset(spec.texts("namespaces"))
    spec.close()
    if not names and not selectors:
        raise spec.error("namespaceSelectors", "must stand here, or namespaces, or namespaceSelector")
    return ClusterExternalSecret(single, names, selectors, refreshes)


def _selector(raw: object, path: str, warnings: list[str]) -> Selector | None:
    parent, _, name = path.rpartition(".")
    return parse_selector(Fields({name: raw}, parent, warnings), name)
