"""One example for each body that people write by hand; a test reads them by their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_META: Final = {"name": "shop", "namespace": "argocd"}
_SOURCE: Final = {"repoURL": "https://github.com/acme/k8s-manifests", "path": "shop", "targetRevision": "HEAD"}
_SPEC: Final = {
    "project": "default",
    "source": _SOURCE,
    "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
}

EXAMPLES: Final[Mapping[str, Any]] = {
    "ActionRequest": {"action": "scale", "parameters": [{"name": "replicas", "value": "3"}]},
    "Application": {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": _META,
        "spec": {**_SPEC, "syncPolicy": {"automated": {"prune": True, "selfHeal": True}}},
    },
    "ApplicationSet": {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "shops", "namespace": "argocd"},
        "spec": {
            "goTemplate": True,
            "generators": [{"list": {"elements": [{"name": "shop"}]}}],
            "template": {"metadata": {"name": "{{.name}}"}, "spec": _SPEC},
        },
    },
    "ClusterChange": {"labels": {"tier": "gold"}, "limits": {"requestsPerSecond": 20}},
    "ClusterForm": {"eks": {"clusterName": "production", "region": "eu-central-1"}, "default": True},
    "Confirmation": {"token": "2f6c0d9e"},
    "GivenManifests": {
        "manifests": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}]
    },
    "HookForm": {
        "repository": "https://github.com/acme/k8s-manifests",
        "token": "a token of the host",
        "url": "https://mooring.example.com/api/webhook",
    },
    "PauseRequest": {"why": "incident 7"},
    "Project": {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team"},
        "spec": {
            "sourceRepos": ["https://github.com/acme/*"],
            "destinations": [{"server": "*", "namespace": "shop"}],
        },
    },
    "RepositoryForm": {"url": "https://github.com/acme", "username": "mooring", "password": "a token to read with"},
    "RollbackRequest": {"operation": "01JB0ZQ3V1N1A9V5C5Q0T8XW3M"},
    "Root": {"repoURL": "https://github.com/acme/root", "path": "apps"},
    "SyncRequest": {
        "prune": False,
        "dryRun": True,
        "resources": [{"group": "apps", "kind": "Deployment", "name": "web"}],
    },
}
