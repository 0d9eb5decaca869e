"""Everything that a step of the story may touch: the cluster, the repositories, the `mooring` command, the witnesses.

Steps act as people do (git, kubectl, mooring) and look at the cluster themselves. What they look with shares no code
with Mooring.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from local.cluster import Client
from local.demo.audit import AuditLog
from local.demo.forge import Repository, Webhook, create_repository

__all__ = ["Disappointment", "World", "until"]

T = TypeVar("T")


class Disappointment(Exception):
    """What was observed is not what was expected; the message says what was observed."""


def until(look: Callable[[], T | None], *, timeout: float, otherwise: Callable[[], str], pause: float = 0.05) -> T:
    """What `look` finds, as soon as it finds something. Raises `Disappointment` with `otherwise()` at the end."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Disappointment(f"after {timeout:.0f} s: {otherwise()}")
        time.sleep(pause)


@dataclass(slots=True)
class World:
    """A running stack and a company's repositories on it. `sweep` is in seconds."""

    cluster: Client
    kubectl_program: Path
    kubeconfig: Path
    mooring: Mapping[str, str]
    webhook: Webhook
    git_root: Path
    git_url: str
    runner: int
    audit: AuditLog
    remembered: Callable[[], dict[str, str]]
    sweeps: Callable[[], int]
    sweep: float
    work: Path
    repositories: dict[str, Repository] = field(default_factory=dict)

    def add_repository(self, name: str, files: Path | None = None) -> Repository:
        """Creates a repository on the local git server."""
        repository = create_repository(
            name, files=files, root=self.git_root, url=self.git_url, work=self.work, webhook=self.webhook
        )
        self.repositories[name] = repository
        return repository

    def get(self, path: str) -> dict[str, Any] | None:
        """The object at a path of the API server, or None if it is not there."""
        status, body = self.cluster("GET", path)
        if status == 404:
            return None
        if status != 200:
            raise Disappointment(f"GET {path}: {status} {body}")
        found: dict[str, Any] = body
        return found

    def workload(self, namespace: str, name: str, kind: str = "deployments") -> dict[str, Any] | None:
        """A Deployment (or another kind of `apps/v1`, by its plural)."""
        return self.get(f"/apis/apps/v1/namespaces/{namespace}/{kind}/{name}")

    def kubectl(self, *arguments: str, editor: str | None = None) -> str:
        """Runs kubectl as the administrator. Raises `Disappointment` with its words if it fails."""
        environment = os.environ | ({"KUBE_EDITOR": editor} if editor else {})
        command = [str(self.kubectl_program), f"--kubeconfig={self.kubeconfig}", *arguments]
        return _run(command, environment, self.work)

    def run_mooring(self, *arguments: str) -> str:
        """Runs the `mooring` command. Raises `Disappointment` with its words if it fails."""
        environment = os.environ | {"MOORING_URL": self.mooring["url"], "MOORING_TOKEN": self.mooring["token"]}
        return _run([sys.executable, "-m", "mooring_cli.main", *arguments], environment, self.work)

    def app(self, name: str) -> dict[str, Any]:
        """An application as `mooring app get -o json` prints it."""
        found: dict[str, Any] = json.loads(self.run_mooring("app", "get", name, "-o", "json"))
        return found

    def synced(self, *names: str, timeout: float = 90, revision: str | None = None) -> None:
        """Waits until applications are Synced and Healthy, at a revision if one is given."""
        at = ("--revision", revision) if revision else ()
        self.run_mooring("app", "wait", *names, "--timeout", str(timeout), *at)


def _run(command: list[str], environment: Mapping[str, str], directory: Path) -> str:
    done = subprocess.run(
        command, env=environment, cwd=directory, check=False, capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Disappointment(f"{Path(command[0]).name} {' '.join(command[1:5])} …: {words[-1] if words else 'failed'}")
    return done.stdout
