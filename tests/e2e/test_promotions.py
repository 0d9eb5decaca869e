"""What is well in staging goes to production by itself: git, functions, queues and both namespaces are real.

The rule writes a commit, since functions ask no code host on this machine; the way by a pull request is told over a real
Gitea in `tests/contract/test_promotions_gitea.py`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local import repositories
from local.demo.forge import push_payload
from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, until

IMAGE = "registry.test/acme/web"
REPOSITORY = "shop.git"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack with controllers, so that Deployments become healthy, that hardly ever sweeps."""
    directory = tmp_path_factory.mktemp("promotions") / "stack"
    with Stack.start(Options(directory=directory, sweep=3600), lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


def kustomization(tag: str) -> str:
    return f"# ask the team first\nresources: [../../base]\nimages:\n  - name: {IMAGE}\n    newTag: {tag} # runs\n"


def web() -> str:
    """A Deployment without pods, which is healthy as soon as its controller has seen it."""
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": IMAGE}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": pod}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})


def stage(ground: Ground, name: str) -> Case:
    """An application over its own overlay of the shared repository."""
    case = Case(ground, name)
    status, answer = ground.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    case.spec["source"] |= {"repoURL": f"{ground.stack.git_url}/{REPOSITORY}", "path": f"overlays/{name}"}
    case.spec["syncPolicy"] = {"automated": {"prune": True, "selfHeal": True}}
    assert case.declare().status == 200
    return case


def runs(case: Case) -> str:
    """The tag in the cluster; empty as long as there is none."""
    path = f"/apis/apps/v1/namespaces/{case.name}/deployments/web"
    status, answer = case.ground.stack.cluster.client("GET", path)
    if status != 200:
        return ""
    return str(answer["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def healthy(app: dict[str, Any]) -> bool:
    return (app["status"]["sync"]["status"], app["status"]["health"]["status"]) == ("Synced", "Healthy")


def test_what_is_well_in_staging_reaches_production(ground: Ground) -> None:
    """GIVEN a rule between two applications WHEN staging is given another image by a push and is well with it THEN
    production's folder gets it in a commit that says where it came from, production runs it, and that is on record.
    """
    root = ground.stack.git_root / REPOSITORY
    repositories.create(ground.stack.git_root, REPOSITORY)
    overlays = {f"overlays/{name}/kustomization.yaml": kustomization("v1") for name in ("staging", "production")}
    base = {"base/web.yaml": web(), "base/kustomization.yaml": "resources: [web.yaml]\n"}
    repositories.commit(root, {**base, **overlays})
    staging, production = stage(ground, "staging"), stage(ground, "production")
    for each in (staging, production):
        each.until(healthy)
    rule = {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "from": {"application": "staging"},
            "to": {"application": "production"},
            "moves": {"images": ["registry.test/*"]},
            "when": {"healthyFor": "2s"},
            "how": {"commit": {}},
            "verify": {"healthyFor": "2s"},
        },
    }
    done = ground.run_mooring("apply", "-f", "-", given=json.dumps(rule))
    assert 0 == done.returncode, done.stderr

    def shown() -> Any:
        return ground.ask("GET", "promotions/shop").body["status"]

    until(lambda: shown()["phase"] == "UpToDate", shown)

    def git(*command: str) -> str:
        return subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, text=True).stdout

    def pushed(revision: str, name: str) -> None:
        """The code host tells of a commit, whoever made it."""
        files = {"added": [], "modified": [f"overlays/{name}/kustomization.yaml"], "removed": []}
        payload = push_payload("shop", staging.spec["source"]["repoURL"], revision, files)
        assert 202 == ground.deliver(json.dumps(payload).encode()).status

    revision = repositories.commit(root, {"overlays/staging/kustomization.yaml": kustomization("v2")}, "Stage v2")
    pushed(revision, "staging")
    until(lambda: shown()["phase"] == "Verifying", shown)
    assert "v1" == runs(production)
    pushed(git("rev-parse", "main").strip(), "production")
    until(lambda: shown()["phase"] == "Verified", shown)
    assert ("v2", "v2") == (runs(staging), runs(production))
    assert kustomization("v2") == git("show", "main:overlays/production/kustomization.yaml")
    assert "1" == git("rev-list", "--count", f"{revision}..main").strip()
    told = git("log", "-1", "--format=%B", "main")
    assert f"Promote staging to production: {IMAGE}: v1 → v2" in told
    assert f"From: argocd/staging at {revision}" in told
    status = shown()
    assert ("verified", [f"{IMAGE}: v1 → v2"]) == (status["verification"]["outcome"], status["verification"]["changes"])
    listed = ground.run_mooring("promotion", "get", "shop")
    assert 0 == listed.returncode, listed.stderr
    assert "Verified" in listed.stdout
