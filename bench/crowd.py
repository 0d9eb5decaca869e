"""A crowd: many applications of several kinds in one or more repositories, as platform teams keep them.

Of ten applications four are folders of plain YAML, three are Kustomize overlays of a base that many share, and three
are value files for a chart that all share. So a push to a file of one concerns one, and a push to a base or to the
chart concerns many.
"""

from __future__ import annotations

import json

__all__ = ["declared", "files", "kind", "name", "own_file", "plain_files", "shared_files"]

_BASES = 5
_CHART = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {{ toJson .Values.settings }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: "registry.example.com/web:{{ .Values.tag }}"}]}
"""


def name(number: int) -> str:
    """The application's name, and its namespace's."""
    return f"crowd-{number:04}"


def kind(number: int) -> str:
    """What the application is made with."""
    return ("plain", "plain", "plain", "plain", "kustomize", "kustomize", "kustomize", "helm", "helm", "helm")[
        number % 10
    ]


def own_file(number: int) -> str:
    """A file that concerns this application alone."""
    leaf = {"plain": "config.yaml", "kustomize": "kustomization.yaml", "helm": "values.yaml"}[kind(number)]
    return f"apps/{name(number)}/{leaf}"


def files(number: int, mark: int) -> dict[str, str]:
    """The application's own files, by path; each tells the mark."""
    if kind(number) == "plain":
        return plain_files(number, mark)
    if kind(number) == "helm":
        values = {"replicas": 2, "tag": "1.0.0", "settings": _settings(number, mark)}
        return {own_file(number): json.dumps(values, indent=1)}
    overlay = {
        "resources": [f"../../bases/web-{number % _BASES}"],
        "namePrefix": f"{name(number)}-",
        "patches": [{"target": {"kind": "ConfigMap"}, "path": "patch.yaml"}],
        "commonAnnotations": {"mark": str(mark)},
    }
    patch = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "any"}, "data": _settings(number, 0)}
    return {own_file(number): json.dumps(overlay, indent=1), f"apps/{name(number)}/patch.yaml": json.dumps(patch)}


def plain_files(number: int, mark: int) -> dict[str, str]:
    """Plain YAML, whatever the application's kind: a ConfigMap, a Service and a ServiceAccount in two files."""
    service = {"selector": {"app": name(number)}, "ports": [{"name": "http", "port": 80}]}
    rest = [_object("v1", "Service", "web", spec=service), _object("v1", "ServiceAccount", "web")]
    return {
        f"apps/{name(number)}/config.yaml": _text(_object("v1", "ConfigMap", "settings", data=_settings(number, mark))),
        f"apps/{name(number)}/service.yaml": _text(*rest),
    }


def shared_files() -> dict[str, str]:
    """The bases and the chart."""
    found = {
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "charts/web/values.yaml": "replicas: 1\ntag: latest\nsettings: {}\n",
        "charts/web/templates/web.yaml": _CHART,
    }
    for base in range(_BASES):
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        found[f"bases/web-{base}/kustomization.yaml"] = "resources: [web.yaml, config.yaml]\n"
        found[f"bases/web-{base}/web.yaml"] = _text(_object("apps/v1", "Deployment", "web", spec=spec))
        found[f"bases/web-{base}/config.yaml"] = _text(_object("v1", "ConfigMap", "settings", data=_settings(base, 0)))
    return found


def declared(number: int, url: str, *, server: str = "https://kubernetes.default.svc", plain: bool = False) -> object:
    """The Application."""
    source: dict[str, object] = {"repoURL": url, "targetRevision": "main", "path": f"apps/{name(number)}"}
    if kind(number) == "helm" and not plain:
        source |= {"path": "charts/web", "helm": {"valueFiles": [f"../../apps/{name(number)}/values.yaml"]}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name(number), "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": source,
            "destination": {"server": server, "namespace": name(number)},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def _settings(number: int, mark: int) -> dict[str, str]:
    return {"mark": str(mark)} | {f"key-{line:02}": f"value {number}.{line}" for line in range(10)}


def _object(version: str, of: str, called: str, **more: object) -> dict[str, object]:
    return {"apiVersion": version, "kind": of, "metadata": {"name": called}, **more}


def _text(*objects: object) -> str:
    return "---\n".join(json.dumps(each, indent=1) + "\n" for each in objects)
