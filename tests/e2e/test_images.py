"""A pushed image reaches the cluster, and people hear of it: registry, event, commit, bundle and cluster are real, Slack
is a double.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local import repositories
from local.demo.instances import instances
from local.stack import Options, Stack
from mooring.model.imageannotations import PREFIX
from tests.doubles.listeners import TOKEN, Listeners, listeners
from tests.doubles.realregistry import RealRegistry, real_registry
from tests.e2e.ground import Case, Ground, until

WORD = "a-word-that-both-sides-know"
RELEASED = r"regexp:^v[0-9]+\.[0-9]+\.[0-9]+$"
TESTED = r"regexp:^qa-v1\.0\.[0-9]+$"
IMAGE = "my-service"
TOLD = ("on-image-updated", "on-sync-succeeded")  # without workloads nothing becomes healthy


@pytest.fixture(scope="module")
def heard() -> Iterator[Listeners]:
    with listeners() as double:
        yield double


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, heard: Listeners) -> Iterator[Ground]:
    """A stack that hardly ever sweeps: what happens is what events do, and Slack hears of it."""
    directory = tmp_path_factory.mktemp("images") / "stack"
    with Stack.start(Options(directory=directory, workloads=False, sweep=3600), lambda line: None) as stack:
        known = json.dumps({"github": stack.webhook.secret, "webhook.registry.secret": WORD})
        stack.client("secretsmanager").put_secret_value(SecretId=stack.resources["WebhookSecret"], SecretString=known)
        secret = json.dumps({"slack-token": TOKEN})
        stack.client("secretsmanager").put_secret_value(
            SecretId=stack.resources["NotificationsSecret"], SecretString=secret
        )
        started = Ground(stack)
        settings = {"service.slack": f"{{token: $slack-token, apiURL: {heard.url}/api}}"}
        done = started.run_mooring("notifications", "apply", "-f", "-", given=json.dumps(settings))
        assert done.returncode == 0, done.stderr
        yield started
        started.http.clear()


@pytest.fixture(scope="module")
def registry(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    """A registry that tells of pushes; being on this machine, it has to be named in the settings."""
    for pid in instances(os.getpid(), "webhook"):
        os.kill(pid, signal.SIGKILL)  # it knows the secret as it was
    told = (f"{ground.stack.webhook.url}/registry", WORD)
    with real_registry(tmp_path_factory.mktemp("registry"), tells=told) as started:
        conf = {"registries": [{"name": "here", "prefix": started.host, "api_url": f"http://{started.host}"}]}
        assert ground.ask("PUT", "settings", {"registries.conf": json.dumps(conf)}).status == 200
        yield started


@dataclass(slots=True)
class Service:
    """One application of the service: its folder on a branch, and the image that the cluster runs."""

    case: Case
    registry: RealRegistry
    branch: str

    def runs(self) -> str:
        """The tag in the cluster; empty as long as there is none."""
        path = f"/apis/apps/v1/namespaces/{self.case.name}/deployments/my-service"
        status, answer = self.case.ground.stack.cluster.client("GET", path)
        if status != 200:
            return ""
        image: str = answer["spec"]["template"]["spec"]["containers"][0]["image"]
        return image.rpartition(":")[2]

    def until(self, tag: str) -> None:
        """Waits until the cluster runs a tag."""
        deadline = time.monotonic() + 60
        while self.runs() != tag:
            assert time.monotonic() < deadline, (self.runs(), self.told())
            time.sleep(0.1)

    def told(self) -> str:
        """What `mooring image list` says."""
        return self.case.ground.run_mooring("image", "list", self.case.name).stdout

    def git(self, *command: str) -> str:
        at = self.case.ground.stack.git_root / "my-service.git"
        return subprocess.run(["git", *command], cwd=at, check=True, capture_output=True, text=True).stdout.strip()


def manifests(image: str, tag: str) -> dict[str, str | bytes | None]:
    template = {
        "metadata": {"labels": {"app": "my-service"}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    spec = {"selector": {"matchLabels": {"app": "my-service"}}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "my-service"}, "spec": spec}
    kustomization = (
        f"resources: [web.yaml]\nimages:\n  # who deploys: see README\n  - name: {image}\n    newTag: {tag}\n"
    )
    return {"k8s/web.yaml": json.dumps(deployment), "k8s/kustomization.yaml": kustomization}


def service(
    ground: Ground, registry: RealRegistry, name: str, branch: str, tag: str, allow: str, **more: str
) -> Service:
    """Declares an application that follows a branch, and waits until it runs its first tag."""
    case = Case(ground, name)
    status, answer = ground.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    image = f"{registry.host}/{IMAGE}"
    repositories.commit(ground.stack.git_root / "my-service.git", manifests(image, tag), branch=branch)
    document = case.document(
        source={"repoURL": f"{ground.stack.git_url}/my-service.git", "targetRevision": branch},
        syncPolicy={"automated": {"prune": True, "selfHeal": True}},
    )
    settings = {
        "image-list": f"app={image}",
        "app.update-strategy": "semver",
        "app.allow-tags": allow,
        "write-back-method": "git",
        "write-back-target": "kustomization",
    }
    told = {f"notifications.argoproj.io/subscribe.{trigger}.slack": name for trigger in TOLD}
    document["metadata"]["annotations"] = told | {f"{PREFIX}{key}": each for key, each in (settings | more).items()}
    assert ground.ask("POST", "applications", document).status == 200
    found = Service(case, registry, branch)
    found.until(tag)
    return found


def test_pushing_a_version_deploys_it(ground: Ground, registry: RealRegistry, heard: Listeners) -> None:
    """GIVEN production that takes released versions, and QA that follows `develop` with versions of its own, WHEN images
    are pushed THEN each runs what it should and its people are told, a revert stays, and the history says which image it
    was.
    """
    repositories.create(ground.stack.git_root, "my-service.git")
    registry.push(IMAGE, "v1.2.0", "qa-v1.0.6")
    production = service(ground, registry, "production", "main", "v1.2.0", RELEASED)
    quality = service(
        ground, registry, "quality", "develop", "qa-v1.0.6", TESTED, **{"app.update-strategy": "alphabetical"}
    )

    registry.push(IMAGE, "v1.3.0")
    production.until("v1.3.0")
    assert "build: automatic update of production" == production.git("log", "-1", "--format=%s", "main")
    assert "# who deploys: see README" in production.git("show", "main:k8s/kustomization.yaml")
    operation = production.case.until(lambda app: app["status"]["operationState"]["phase"] == "Succeeded")["status"]
    told = operation["operationState"]["operation"]["initiatedBy"]
    assert {"automated": True, "username": f"image {registry.host}/{IMAGE}:v1.3.0"} == told
    first, updated = "argocd/production was synced", f"production is to run {registry.host}/{IMAGE}:v1.3.0"
    until(
        lambda: sorted([first, first, updated]) == sorted(heard.said("production")),
        lambda: (heard.said("production"), heard.refused),
    )

    registry.push(IMAGE, "qa-v1.0.7")
    registry.push(IMAGE, "latest", "v2.0.0-rc1")
    quality.until("qa-v1.0.7")
    assert "v1.3.0" == production.runs()
    assert "build: automatic update of quality" == quality.git("log", "-1", "--format=%s", "develop")

    former = production.git("show", "main~1:k8s/kustomization.yaml")
    revert = {"k8s/kustomization.yaml": f"{former}\n"}
    revision = repositories.commit(ground.stack.git_root / "my-service.git", revert, "Revert")
    assert ground.ask("POST", "applications/production/sync", {}).status == 202
    production.until("v1.2.0")
    assert 0 == ground.run_mooring("image", "list", "production").returncode
    registry.push(IMAGE, "latest", created="2026-02-02T00:00:00Z")  # any push has it looked at again
    deadline = time.monotonic() + 30
    while "Held" not in production.told():
        assert time.monotonic() < deadline, production.told()
        time.sleep(0.2)
    assert revision == production.git("rev-parse", "main")

    planned = ground.run_mooring("image", "plan", "production")
    assert 0 == planned.returncode, planned.stderr
    assert "v1.3.0" in planned.stdout
    registry.push(IMAGE, "v1.3.1")
    production.until("v1.3.1")


def test_a_registry_that_shows_no_word_is_not_believed(ground: Ground, registry: RealRegistry) -> None:
    """GIVEN an event without the word that both sides know, it is refused."""
    event: dict[str, Any] = {"events": []}
    headers = {"Content-Type": "application/vnd.docker.distribution.events.v2+json"}
    answer = ground.http.request(
        "POST", f"{ground.stack.webhook.url}/registry", body=json.dumps(event).encode(), headers=headers
    )
    assert 401 == answer.status
    headers["Authorization"] = "Basic " + base64.b64encode(b"mooring:wrong").decode()
    answer = ground.http.request(
        "POST", f"{ground.stack.webhook.url}/registry", body=json.dumps(event).encode(), headers=headers
    )
    assert 401 == answer.status
