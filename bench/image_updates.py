"""From a pushed image to the cluster: `python -m bench image_updates [--pushes 10] [--applications 90]`.

A stack with a real registry (Distribution's own server, which tells of pushes), a git server and an API server, all on
this machine. A push is timed from the registry's answer to the manifest until a poll of the API server shows the tag.
Then many applications that lie in one repository wait for one image: how long until their commit is there, how long
until all of them run it, and how many commits that took.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from local import repositories
from local.demo.instances import instances
from local.stack import Options, Stack
from tests.doubles.realregistry import RealRegistry, real_registry

__all__ = ["main"]

_PREFIX = "argocd-image-updater.argoproj.io/"
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class _Place:
    stack: Stack
    registry: RealRegistry
    http: urllib3.PoolManager

    def ask(self, method: str, path: str, body: object) -> None:
        """One call of Mooring's API."""
        headers = {"Authorization": f"Bearer {self.stack.mooring.secret}"}
        url = f"{self.stack.mooring.url}/api/v1/{path}"
        answer = self.http.request(method, url, body=json.dumps(body).encode(), headers=headers, timeout=60.0)
        assert answer.status < 300, (path, answer.status, answer.data)

    def declare(self, name: str, image: str) -> None:
        """One application, in a folder of its own, of the namespace `bench`."""
        settings = {
            "image-list": f"app={image}",
            "write-back-method": "git",
            "write-back-target": "kustomization",
        }
        source = {"repoURL": f"{self.stack.git_url}/bench.git", "path": name, "targetRevision": "main"}
        self.ask(
            "POST",
            "applications",
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": name, "annotations": {f"{_PREFIX}{key}": each for key, each in settings.items()}},
                "spec": {
                    "project": "default",
                    "source": source,
                    "destination": {"server": self.stack.cluster.server, "namespace": "bench"},
                    "syncPolicy": {"automated": {}},
                },
            },
        )

    def running(self) -> dict[str, str]:
        """The tag that each Deployment of the namespace runs."""
        _, answer = self.stack.cluster.client("GET", "/apis/apps/v1/namespaces/bench/deployments")
        return {
            each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
            for each in answer["items"]
        }

    def commits(self) -> int:
        """How many commits `main` has."""
        at = self.stack.git_root / "bench.git"
        return int(
            subprocess.run(["git", "rev-list", "--count", "main"], cwd=at, check=True, capture_output=True).stdout
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.image_updates", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pushes", type=int, default=10)
    parser.add_argument("--applications", type=int, default=90)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        options = Options(directory=Path(directory, "stack"), workloads=False, sweep=3600)
        with Stack.start(options, lambda _: None) as stack:
            word = secrets.token_urlsafe(32)
            known = json.dumps({"github": stack.webhook.secret, "webhook.registry.secret": word})
            stack.client("secretsmanager").put_secret_value(
                SecretId=stack.resources["WebhookSecret"], SecretString=known
            )
            for pid in instances(os.getpid(), "webhook"):
                os.kill(pid, signal.SIGKILL)  # it knows the secret as it was
            told = (f"{stack.webhook.url}/registry", word)
            with real_registry(Path(directory, "registry"), tells=told) as registry:
                place = _Place(stack, registry, urllib3.PoolManager(retries=False))
                _measure(place, chosen.pushes, chosen.applications)
                place.http.clear()
    return 0


def _measure(place: _Place, pushes: int, applications: int) -> None:
    host = place.registry.host
    conf = {"registries": [{"name": "here", "prefix": host, "api_url": f"http://{host}", "limit": 0}]}
    place.ask("PUT", "settings", {"registries.conf": json.dumps(conf)})
    status, _ = place.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": "bench"}})
    assert status == 201
    repositories.create(place.stack.git_root, "bench.git")
    many = [f"many-{number}" for number in range(applications)]
    files: dict[str, str | bytes | None] = dict(_files("one", f"{host}/bench/one"))
    for name in many:
        files |= _files(name, f"{host}/bench/many")
    repositories.commit(place.stack.git_root / "bench.git", files)
    place.registry.push("bench/one", "v1.0.0")
    place.registry.push("bench/many", "v1.0.0")
    place.declare("one", f"{host}/bench/one")
    _until(lambda: place.running().get("one") == "v1.0.0")
    took = []
    for number in range(1, pushes + 1):
        tag = f"v1.0.{number}"
        place.registry.push("bench/one", tag)
        begun = time.monotonic()
        _until(lambda tag=tag: place.running()["one"] == tag)  # type: ignore[misc]
        took.append(time.monotonic() - begun)
        time.sleep(1.0)
    for name in many:
        place.declare(name, f"{host}/bench/many")
    _until(lambda: sum(tag == "v1.0.0" for tag in place.running().values()) >= applications)
    time.sleep(5.0)
    before = place.commits()
    place.registry.push("bench/many", "v1.1.0")
    begun = time.monotonic()
    _until(lambda: place.commits() > before)
    committed = time.monotonic() - begun
    _until(lambda: sum(tag == "v1.1.0" for tag in place.running().values()) >= applications)
    done = time.monotonic() - begun
    print("| what | measured |\n| --- | --- |")
    print(
        f"| registry event to running image, {pushes} pushes: median, fastest, slowest | "
        f"{statistics.median(took):.1f} s, {min(took):.1f} s, {max(took):.1f} s |"
    )
    print(f"| {applications} applications of one repository: push to commit | {committed:.1f} s |")
    print(f"| … until all of them run the image | {done:.1f} s |")
    print(f"| … commits that this took | {place.commits() - before} |")


def _files(name: str, image: str) -> dict[str, str | bytes | None]:
    labels = {"app": name}
    container = {"name": "app", "image": image}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    kustomization = f"resources: [web.yaml]\nimages:\n  - name: {image}\n    newTag: v1.0.0\n"
    return {f"{name}/web.yaml": json.dumps(deployment), f"{name}/kustomization.yaml": kustomization}


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("not in time")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
