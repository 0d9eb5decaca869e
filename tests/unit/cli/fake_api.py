"""An API that answers from a script, and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = "test-token"


@dataclass(slots=True)
class Call:
    """One request as the API saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class FakeApi:
    """Answers each `METHOD /path?query` with its next scripted answer; the last one stays."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)

    def on(self, request: str, *answers: Any, status: int = 200) -> None:
        self.answers.setdefault(request, []).extend((status, answer) for answer in answers)

    def answer(self, call: Call) -> tuple[int, Any]:
        self.calls.append(call)
        signing_in = call.target.startswith("/api/v1/login")
        if not signing_in and call.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"detail": "unknown token", "field": None}
        target = re.sub(r"port=[0-9]+", "port=PORT", call.target)
        script = self.answers.get(f"{call.method} {target}")
        if not script:
            return 404, {"detail": f"no answer for {call.method} {call.target}", "field": None}
        return script.pop(0) if len(script) > 1 else script[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


def application(sync: str = "Synced", health: str = "Healthy", **operation: Any) -> dict[str, Any]:
    """An Application as the API returns it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/acme/shop.git", "path": "k8s", "targetRevision": "main"},
            "destination": {"name": "in-cluster", "namespace": "shop"},
            "syncPolicy": {"automated": {"prune": True}},
        },
        "status": {
            "sync": {"status": sync, "revision": "a" * 40},
            "health": {"status": health},
            "operationState": {"phase": "Succeeded", "message": "3 applied", "startedAt": "2026-01-01T00:00:00Z"}
            | operation,
            "resources": [
                {
                    "group": "apps",
                    "version": "v1",
                    "kind": "Deployment",
                    "namespace": "shop",
                    "name": "web",
                    "status": sync,
                    "health": {"status": health},
                }
            ],
            "history": [{"id": 1, "revision": "a" * 40, "deployedAt": "2026-01-01T00:00:01Z", "message": "Start\n\nx"}],
        },
    }


def summary(name: str = "shop", namespace: str = "argocd", **changed: Any) -> dict[str, Any]:
    """A row of the list of applications, as the API returns it with `view=summary`."""
    return {
        "name": name,
        "namespace": namespace,
        "project": "default",
        "cluster": "in-cluster",
        "server": "",
        "destinationNamespace": "shop",
        "repoURL": "https://git.example.com/acme/shop.git",
        "path": "k8s",
        "chart": "",
        "targetRevision": "main",
        "revision": "a" * 40,
        "sync": "Synced",
        "health": "Healthy",
        "phase": "Succeeded",
        "message": "",
        "autoSync": True,
    } | changed
