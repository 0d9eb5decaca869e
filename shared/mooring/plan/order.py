"""In which order objects are applied and pruned.

Wave first, then kind, then name; a Namespace or CustomResourceDefinition moves ahead to the wave of its first user.
Prunes go the other way. Source: Argo CD, "Sync Phases and Waves", and gitops-engine's `syncTasks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mooring.errors import RenderError
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["WAVE_ANNOTATION", "declared_wave", "kind_rank", "sort_key", "waves"]

WAVE_ANNOTATION = "argocd.argoproj.io/sync-wave"

_KINDS = (
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget", "ServiceAccount", "Secret",
    "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole",
    "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet",
    "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_KINDS)}


def kind_rank(kind: str) -> int:
    """The place of a kind in the order of applying; kinds that aren't listed come last."""
    return _RANK.get(kind, len(_KINDS))


def sort_key(wave: int, key: ObjectKey) -> tuple[int, int, ObjectKey]:
    """Sorts objects into the order of applying: total and stable, since keys are unique."""
    return wave, kind_rank(key.kind), key


def declared_wave(manifest: Manifest, annotation: str = WAVE_ANNOTATION) -> int:
    """The wave that an annotation names, 0 where it is absent. Raises `RenderError` for what is no number."""
    metadata = manifest["metadata"]
    text = (metadata.get("annotations") or {}).get(annotation, "0")
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise RenderError(
            f"must be a whole number in quotes, not {text!r}",
            field=f"metadata.annotations[{annotation}]",
            subject=f"{manifest['kind']} {metadata.get('name') or metadata.get('generateName')}",
        ) from error


def waves(objects: Iterable[tuple[ObjectKey, Manifest]]) -> Mapping[ObjectKey, int]:
    """The wave of each object. Raises `RenderError` for a wave that is not a number."""
    pairs = list(objects)
    found = {key: declared_wave(manifest) for key, manifest in pairs}
    first_in_namespace: dict[str, int] = {}
    first_of_kind: dict[tuple[str, str], int] = {}
    for key, wave in found.items():
        first_in_namespace[key.namespace] = min(wave, first_in_namespace.get(key.namespace, wave))
        kind = (key.group, key.kind)
        first_of_kind[kind] = min(wave, first_of_kind.get(kind, wave))
    for key, manifest in pairs:
        if key.kind == "Namespace" and not key.group:
            found[key] = min(found[key], first_in_namespace.get(key.name, found[key]))
        elif key.kind == "CustomResourceDefinition":
            spec = manifest.get("spec") or {}
            kind = (spec.get("group", ""), (spec.get("names") or {}).get("kind", ""))
            found[key] = min(found[key], first_of_kind.get(kind, found[key]))
    return found
