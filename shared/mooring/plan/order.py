"""In which order objects are applied and pruned.

Wave first, then kind, then name; a Namespace or CustomResourceDefinition moves ahead to the wave of its first user.
Prunes go the other way. Source: Argo CD, "Sync Phases and Waves", and gitops-engine's `syncTasks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mooring.errors import RenderError
from mooring.model.merges import merge_of
from mooring.model.objects import Manifest, ObjectKey

__all__ = ["declared_wave", "kind_rank", "provides", "rank", "sort_key", "uses", "waves"]

_WAVE = "argocd.argoproj.io/sync-wave"
_HELM_WEIGHT = "helm.sh/hook-weight"

_KINDS = (
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget", "ServiceAccount", "Secret",
    "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole",
    "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet",
    "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
    "AppProject",
)  # fmt: skip
# The last one is ours: Argo CD lets an application wait for its project, here a declaration that names none is refused.
_RANK = {kind: rank for rank, kind in enumerate(_KINDS)}


def kind_rank(kind: str) -> int:
    """The place of a kind in the order of applying; kinds that aren't listed come last."""
    return _RANK.get(kind, len(_KINDS))


def rank(key: ObjectKey) -> tuple[int, bool]:
    """The place of an object in its wave: by kind, and what is added to a Secret after the Secrets."""
    return kind_rank(key.kind), merge_of(key) is not None


def sort_key(wave: int, key: ObjectKey) -> tuple[int, tuple[int, bool], str, ObjectKey]:
    """Sorts objects into the order of applying: total and stable, since keys are unique."""
    return wave, rank(key), key.name, key


def declared_wave(manifest: Manifest) -> int:
    """The wave that a manifest names, 0 where it names none; Helm's weight of a hook is one as well (Argo CD, "Helm",
    Helm Hooks). Raises `RenderError` for what is no number.
    """
    metadata = manifest["metadata"]
    annotations = metadata.get("annotations") or {}
    annotation = _WAVE if _WAVE in annotations else _HELM_WEIGHT
    text = annotations.get(annotation, "0")
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise RenderError(
            f"must be a whole number in quotes, not {text!r}",
            field=f"metadata.annotations[{annotation}]",
            subject=f"{manifest['kind']} {metadata.get('name') or metadata.get('generateName')}",
        ) from error


def provides(manifest: Manifest) -> tuple[str, str] | None:
    """What others need before they can be made: a namespace as ("", name), a custom kind as (group, kind)."""
    if manifest["kind"] == "Namespace" and manifest["apiVersion"] == "v1":
        return "", manifest["metadata"]["name"]
    if manifest["kind"] != "CustomResourceDefinition":
        return None
    spec = manifest.get("spec") or {}
    group, kind = spec.get("group"), (spec.get("names") or {}).get("kind")
    return (group, kind) if group and kind else None


def uses(manifest: Manifest) -> tuple[tuple[str, str], tuple[str, str]]:
    """What a manifest needs of what `provides` names: its namespace and its kind."""
    group, _, _ = manifest["apiVersion"].rpartition("/")
    return ("", manifest["metadata"].get("namespace") or ""), (group, manifest["kind"] if group else "")


def waves(objects: Iterable[tuple[ObjectKey, Manifest]]) -> Mapping[ObjectKey, int]:
    """The wave of each object. Raises `RenderError` for a wave that is not a number."""
    pairs = list(objects)
    found = {key: declared_wave(manifest) for key, manifest in pairs}
    first: dict[tuple[str, str], int] = {}
    for key, manifest in pairs:
        wave = found[key]
        for used in uses(manifest):
            if wave < first.get(used, wave + 1):
                first[used] = wave
    for key, manifest in pairs:
        provided = provides(manifest)
        if provided is not None:
            found[key] = min(found[key], first.get(provided, found[key]))
    return found
