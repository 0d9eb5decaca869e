"""A stack for many small applications: each has a repository and a namespace of its own and a last good state.

What it looks with shares no code with Mooring. Everything that Mooring answers is kept, so that a test can look for what
must be in none of the answers.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from local import repositories
from local.demo.forge import push_payload
from local.stack import Stack

PATIENCE = 30.0
ENDED = {"Succeeded", "Failed", "Error"}


def config_map(name: str = "settings", color: str = "blue", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"color": color}}


def text(*manifests: object) -> str:
    """Manifests as the text of one file; JSON is YAML."""
    return "---\n".join(f"{json.dumps(manifest)}\n" for manifest in manifests)


def until(holds: Callable[[], bool], what: Callable[[], object], patience: float = 90.0) -> None:
    """Waits until something holds; fails with `what` where it never does."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of Mooring's: its status and its decoded body."""

    status: int
    body: Any

    @property
    def error(self) -> tuple[str | None, str]:
        """The field and the message of an error."""
        return self.body["field"], self.body["detail"]


@dataclass(slots=True)
class Ground:
    """The stack, what Mooring answered so far, and a new name for each application."""

    stack: Stack
    answers: list[str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=35.0))

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Answer:
        """One call of the API; a body of bytes is sent as it is."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.stack.mooring.secret if token is None else token}"}
        return self._send(method, f"{self.stack.mooring.url}/api/v1/{path}", data, headers)

    def deliver(
        self,
        body: bytes,
        *,
        delivery: str | None = None,
        signature: str | None = None,
        secret: str | None = None,
        event: str = "push",
    ) -> Answer:
        """One delivery of GitHub's; an empty signature is left out."""
        key = (self.stack.webhook.secret if secret is None else secret).encode()
        if signature is None:
            signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4())}
        headers |= {"Content-Type": "application/json"}
        headers |= {"X-Hub-Signature-256": signature} if signature else {}
        return self._send("POST", self.stack.webhook.url, body, headers)

    def _send(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        answer = self.http.request(method, url, body=data, headers=headers)
        told = answer.data.decode()
        self.answers.append(told)
        return Answer(answer.status, json.loads(told) if told else None)

    def run_mooring(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Runs the `mooring` command with something on its standard input."""
        environment = os.environ | {"MOORING_URL": self.stack.mooring.url, "MOORING_TOKEN": self.stack.mooring.secret}
        done = subprocess.run(
            [sys.executable, "-m", "mooring_cli.main", *arguments],
            cwd=self.stack.directory, env=environment, input=given, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        self.answers += [done.stdout, done.stderr]
        return done

    def new(self, name: str, *manifests: object, automated: bool = True) -> Case:
        """An application whose last good state is in the cluster: `manifests`, by default one ConfigMap."""
        case = Case(self, f"{name}-{next(self.numbers)}")
        status, answer = self.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": case.name}})
        assert status == 201, answer
        repositories.create(self.stack.git_root, f"{case.name}.git")
        case.commit({"k8s/settings.yaml": text(*manifests or [config_map()])})
        if automated:
            case.spec["syncPolicy"] = {"automated": {"prune": True, "selfHeal": True}}
        assert case.declare().status == 200
        if not automated:
            case.sync()
        case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
        case.remember()
        return case


@dataclass(slots=True)
class Case:
    """One application, its repository and its namespace, all of one name."""

    ground: Ground
    name: str
    spec: dict[str, Any] = field(default_factory=dict)
    good: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        url = f"{self.ground.stack.git_url}/{self.name}.git"
        server = self.ground.stack.cluster.server
        self.spec |= {
            "project": "default",
            "source": {"repoURL": url, "path": "k8s", "targetRevision": "main"},
            "destination": {"server": server, "namespace": self.name},
        }

    def document(self, **changes: Any) -> dict[str, Any]:
        """The declared application; `changes` are merged into its spec (`source={"path": "x"}`)."""
        spec = json.loads(json.dumps(self.spec))
        for name, value in changes.items():
            spec[name] = {**spec.get(name, {}), **value} if isinstance(value, dict) else value
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": self.name, "namespace": "argocd"},
            "spec": spec,
        }

    def declare(self, **changes: Any) -> Answer:
        """Declares the application anew."""
        return self.ground.ask("POST", "applications", self.document(**changes))

    def commit(self, files: Mapping[str, str | bytes | None], links: Mapping[str, str] | None = None) -> str:
        """Commits to `main`; nobody is told."""
        return repositories.commit(self.ground.stack.git_root / f"{self.name}.git", files, links=links)

    def push(self, files: Mapping[str, str | bytes | None], links: Mapping[str, str] | None = None) -> str:
        """Commits to `main` and sends the webhook."""
        revision = self.commit(files, links)
        changed = {"added": [*files, *(links or {})], "modified": [], "removed": []}
        payload = push_payload(self.name, self.spec["source"]["repoURL"], revision, changed)
        assert self.ground.deliver(json.dumps(payload).encode()).status == 202
        return revision

    def get(self) -> dict[str, Any]:
        """The application as the API shows it."""
        answer = self.ground.ask("GET", f"applications/{self.name}")
        assert answer.status == 200, answer
        app: dict[str, Any] = answer.body
        return app

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The application as soon as something holds of it."""
        deadline = time.monotonic() + PATIENCE
        while not holds(app := self.get()):
            assert time.monotonic() < deadline, json.dumps(app["status"], indent=1)
            time.sleep(0.05)
        return app

    def sync(self, **asked: Any) -> dict[str, Any]:
        """Asks for a sync, and returns the application when that has ended."""
        answer = self.ground.ask("POST", f"applications/{self.name}/sync", asked)
        assert answer.status == 202, answer
        operation = answer.body["operation"]["id"]

        def ended(app: dict[str, Any]) -> bool:
            state = app["status"].get("operationState", {})
            return state.get("id") == operation and state["phase"] in ENDED

        return self.until(ended)

    def condition(self, kind: str) -> str:
        """The message of a condition, as soon as there is one of this type."""
        return _condition(self.until(lambda app: bool(_condition(app, kind))), kind)

    def no_condition(self, kind: str) -> None:
        """Waits until there is no condition of this type."""
        self.until(lambda app: not _condition(app, kind))

    def live(self) -> list[Any]:
        """Everything of Mooring's in the namespace: name, uid, resource version and data of each ConfigMap."""
        path = f"/api/v1/namespaces/{self.name}/configmaps?labelSelector=mooring.dev/app"
        status, answer = self.ground.stack.cluster.client("GET", path)
        assert status == 200, answer
        return [
            (item["metadata"]["name"], item["metadata"]["uid"], item["metadata"]["resourceVersion"], item["data"])
            for item in answer["items"]
        ]

    def colors(self) -> dict[str, str]:
        """The colour of each ConfigMap in the namespace."""
        return {name: data["color"] for name, _, _, data in self.live()}

    def remember(self) -> None:
        """Takes what is in the cluster for the last good state."""
        self.good = self.live()

    @property
    def stands(self) -> bool:
        """Whether the last good state is in the cluster, untouched."""
        return bool(self.good) and self.live() == self.good


def _condition(app: dict[str, Any], kind: str) -> str:
    messages = [each["message"] for each in app["status"]["conditions"] if each["type"] == kind]
    return messages[0] if messages else ""
