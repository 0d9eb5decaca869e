"""`source.kustomize`: what an application adds to a kustomization that stands in git (Argo CD, "Kustomize")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mooring.model.fields import Fields

__all__ = ["KustomizeOptions", "KustomizePatch", "KustomizeReplicas", "parse_kustomize"]

_TARGET = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")


@dataclass(frozen=True, slots=True)
class KustomizePatch:
    """One patch: its text or the path of its file, what it applies to, and Kustomize's options for it."""

    patch: str = ""
    path: str = ""
    target: Mapping[str, str] | None = None
    options: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class KustomizeReplicas:
    """How many replicas the workload of this name has."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class KustomizeOptions:
    """`source.kustomize`, all of it. `images` are written as Kustomize's command line takes them
    (`name=new:tag`, `name:tag`, `name@digest`).
    """

    name_prefix: str = ""
    name_suffix: str = ""
    images: tuple[str, ...] = ()
    replicas: tuple[KustomizeReplicas, ...] = ()
    patches: tuple[KustomizePatch, ...] = ()
    components: tuple[str, ...] = ()
    ignore_missing_components: bool = False
    common_labels: Mapping[str, str] | None = None
    common_annotations: Mapping[str, str] | None = None
    common_annotations_envsubst: bool = False
    force_common_labels: bool = False
    force_common_annotations: bool = False
    label_without_selector: bool = False
    label_include_templates: bool = False
    namespace: str = ""
    version: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


def parse_kustomize(block: Fields) -> KustomizeOptions:
    """Reads the block. Raises `ConfigurationError` with the path of what is wrong."""
    options = KustomizeOptions(
        name_prefix=block.text("namePrefix"),
        name_suffix=block.text("nameSuffix"),
        images=block.texts("images"),
        replicas=_replicas(block),
        patches=_patches(block),
        components=block.texts("components"),
        ignore_missing_components=block.boolean("ignoreMissingComponents", False),
        common_labels=block.text_map("commonLabels") or None,
        common_annotations=block.text_map("commonAnnotations") or None,
        common_annotations_envsubst=block.boolean("commonAnnotationsEnvsubst", False),
        force_common_labels=block.boolean("forceCommonLabels", False),
        force_common_annotations=block.boolean("forceCommonAnnotations", False),
        label_without_selector=block.boolean("labelWithoutSelector", False),
        label_include_templates=block.boolean("labelIncludeTemplates", False),
        namespace=block.text("namespace"),
        version=block.text("version"),
        kube_version=block.text("kubeVersion"),
        api_versions=block.texts("apiVersions"),
    )
    if options.label_include_templates and not options.label_without_selector:
        raise block.error("labelIncludeTemplates", "has a meaning only together with labelWithoutSelector: true")
    block.close()
    return options


def _replicas(block: Fields) -> tuple[KustomizeReplicas, ...]:
    found = []
    for item in block.mappings("replicas"):
        name = item.required_text("name")
        count = _count(item)
        if count < 0:
            raise item.error("count", "must not be negative")
        found.append(KustomizeReplicas(name, count))
        item.close()
    return tuple(found)


def _count(item: Fields) -> int:
    """A number, or (the field is Kubernetes' IntOrString) one in quotes."""
    raw = item.raw("count")
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,9}", raw):
        return int(raw)
    if not item.has("count"):
        raise item.error("count", "must not be empty")
    return item.integer("count", 0)


def _patches(block: Fields) -> tuple[KustomizePatch, ...]:
    found = []
    for item in block.mappings("patches"):
        patch, path = item.text("patch"), item.text("path")
        if bool(patch) == bool(path):
            raise item.error("patch", "must be given, or else path; one of the two")
        target = None
        if (selector := item.mapping("target")) is not None:
            target = {name: selector.text(name) for name in _TARGET if selector.has(name)}
            selector.ignore(*_TARGET)
            selector.close()
        options = None
        if (flags := item.mapping("options")) is not None:
            options = {
                name: flags.boolean(name, False) for name in ("allowNameChange", "allowKindChange") if flags.has(name)
            }
            flags.ignore("allowNameChange", "allowKindChange")
            flags.close()
        found.append(KustomizePatch(patch, path, target, options))
        item.close()
    return tuple(found)
