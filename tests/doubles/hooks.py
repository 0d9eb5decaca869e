"""Hooks and waves for tests over the installation: manifests, what controllers would report, what came of it."""

from __future__ import annotations

from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.installation import World

WAVE = "argocd.argoproj.io/sync-wave"
HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"


def annotated(manifest: Manifest, **annotations: str) -> Manifest:
    """The manifest with annotations, their names as keywords."""
    names = {"wave": WAVE, "hook": HOOK, "policy": POLICY, "helm": "helm.sh/hook", "weight": "helm.sh/hook-weight"}
    metadata = {**manifest["metadata"], "annotations": {names[name]: value for name, value in annotations.items()}}
    return {**manifest, "metadata": metadata}


def job(name: str, **annotations: str) -> Manifest:
    """A Job as a hook."""
    manifest = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {}}}
    return annotated(manifest, **annotations)


def key_of(kind: str, name: str) -> ObjectKey:
    group = {"Deployment": "apps", "Job": "batch"}.get(kind, "")
    return ObjectKey(group, kind, "shop", name)


def end_job(world: World, name: str, condition: str = "Complete") -> None:
    """The Job controller reports that a Job has ended."""
    live = world.cluster.objects[key_of("Job", name)]
    live["status"] = {"conditions": [{"type": condition, "status": "True", "message": "it is over"}]}


def make_ready(world: World, name: str) -> None:
    """The Deployment controller reports that all replicas are there."""
    live = world.cluster.objects[key_of("Deployment", name)]
    replicas = live["spec"]["replicas"]
    live["status"] = {
        "observedGeneration": live["metadata"]["generation"],
        "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas, "readyReplicas": replicas,
    }  # fmt: skip


def names(world: World) -> list[str]:
    return [key.name for key in world.cluster.applies]


def state(world: World, key: AppKey) -> tuple[str, str]:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation.phase, operation.message
