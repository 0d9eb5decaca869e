"""The load: fifty applications of ten objects each, in one repository of plain YAML.

Six ConfigMaps, a Secret, a ServiceAccount, a Service and a Deployment with one replica. Every object carries the number
of the commit that changed it last in an annotation, so that a change can be seen in each of them.
"""

from __future__ import annotations

import json

__all__ = ["APPLICATIONS", "OBJECTS", "application", "manifests", "namespace"]

APPLICATIONS = 50
OBJECTS = 10

MARK = "bench.mooring.dev/commit"


def namespace(number: int) -> str:
    """The namespace, and the name, of an application."""
    return f"app-{number:02}"


def manifests(number: int, *, commit: int, config_commit: int | None = None) -> dict[str, str]:
    """The files of one application, by path. `config_commit` marks the first ConfigMap otherwise than the rest."""
    labels = {"app": namespace(number)}
    objects: list[dict[str, object]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"settings-{index}"}, "data": _data(index)}
        for index in range(6)
    ]
    objects += [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "data": {"token": "bm90IGEgc2VjcmV0"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": _service(labels)},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": _deployment(labels)},
    ]
    files = {}
    for index, manifest in enumerate(objects):
        mark = config_commit if config_commit is not None and index == 0 else commit
        metadata = manifest["metadata"]
        assert isinstance(metadata, dict)
        metadata |= {"labels": labels | {"bench": "yes"}, "annotations": {MARK: str(mark)}}
        # JSON is YAML; it also spares the benchmark a YAML writer.
        name = f"{str(manifest['kind']).lower()}-{metadata['name']}"
        files[f"apps/{namespace(number)}/{name}.yaml"] = json.dumps(manifest, indent=2) + "\n"
    return files


def application(number: int, url: str) -> dict[str, object]:
    """The Application for it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": namespace(number), "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "main", "path": f"apps/{namespace(number)}"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace(number)},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["CreateNamespace=true"],
            },
        },
    }


def _data(index: int) -> dict[str, str]:
    return {f"key-{line:02}": f"value {index}.{line}" for line in range(10)}


def _service(labels: dict[str, str]) -> dict[str, object]:
    return {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}


def _deployment(labels: dict[str, str]) -> dict[str, object]:
    container = {
        "name": "web",
        "image": "registry.example.com/bench/web:1.0.0",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
