"""A whole local stack, as `make up` starts it, with a few applications in as many states, for a browser to look at.

Everything is real: repositories, an API server whose Deployments become ready, the functions behind their queues, and
the WebSocket. What is planted went the way that a user's would: declared by the API, committed to git, and changed in
the cluster by somebody with a name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local import dashboard, repositories
from local.stack import Options, Stack
from tests.e2e.ground import Case, Ground, config_map, text, until

__all__ = ["Harbour", "deployment", "edit", "harbour"]

_BY_ITSELF = {"automated": {"prune": True, "selfHeal": True}}
_BY_HAND: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Harbour:
    """The stack, and its applications by name."""

    ground: Ground
    cases: Mapping[str, Case]

    @property
    def url(self) -> str:
        return self.ground.stack.mooring.url.replace("127.0.0.1", "localhost")

    def pods(self, namespace: str) -> dict[str, str]:
        """Each pod that stays, and its uid."""
        items = self.listed(f"/api/v1/namespaces/{namespace}/pods")
        return {each["metadata"]["name"]: each["metadata"]["uid"] for each in items}

    def listed(self, path: str) -> list[dict[str, Any]]:
        """What is in the cluster and not on its way out."""
        status, answer = self.ground.stack.cluster.client("GET", path)
        assert status == 200, answer
        return [each for each in answer["items"] if not each["metadata"].get("deletionTimestamp")]


def deployment(name: str, replicas: int = 2, image: str = "shop:1.4.2", **more: Any) -> dict[str, Any]:
    """A Deployment; `more` goes into its pods' spec."""
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": image}], **more}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def _service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@contextmanager
def harbour(directory: Path) -> Iterator[Harbour]:
    """The stack with its applications, until the end of the block."""
    dashboard.build(print)
    with Stack.start(Options(directory=directory, sweep=3600, audit=True), lambda line: None) as stack:
        ground = Ground(stack)
        yield Harbour(ground, _plant(ground))
        ground.http.clear()


def _plant(ground: Ground) -> dict[str, Case]:
    done = ground.run_mooring("cluster", "set", "in-cluster", "--drift", "audit")
    assert done.returncode == 0, done.stderr
    _declare(ground, "projects", "AppProject", "shop", {
        "description": "All of the shop's team", "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    })  # fmt: skip
    stuck = deployment("ledger", 1, nodeSelector={"disk": "none-has-it"})
    stuck["spec"]["progressDeadlineSeconds"] = 1
    waiting = deployment("pilot", 1, nodeSelector={"disk": "none-has-it"})
    later = config_map("settings", annotations={"argocd.argoproj.io/sync-wave": "1"})
    careful = config_map("archive", annotations={"argocd.argoproj.io/sync-options": "Prune=confirm"})
    web = [deployment("web"), _service("web"), config_map("settings")]
    cases = {
        "shop": _case(ground, "shop", web, _BY_ITSELF),
        "ledger": _case(ground, "ledger", [stuck, config_map("settings")], _BY_HAND),
        "search": _case(ground, "search", [config_map("settings"), config_map("synonyms")], _BY_HAND),
        "orders": _case(ground, "orders", [config_map("settings"), careful], _BY_ITSELF),
        "mailer": _case(ground, "mailer", [config_map("settings")], _BY_ITSELF),
        "stock": _case(ground, "stock", [deployment("web"), config_map("settings")], _BY_HAND),
        "pilot": _case(ground, "pilot", [waiting, later], _BY_HAND),
        "catalog": _case(ground, "catalog", [config_map("settings"), config_map("prices")], _BY_HAND),
    }
    for name in ("ledger", "search", "stock", "catalog"):
        assert ground.ask("POST", f"applications/{name}/sync", {}).status == 202
    _of_apps(ground)
    _set(ground)
    for name in cases.keys() - {"pilot"}:
        cases[name].until(lambda app: app["status"]["sync"]["status"] == "Synced")
    cases["ledger"].until(lambda app: app["status"]["health"]["status"] == "Degraded")
    cases["shop"].until(lambda app: app["status"]["health"]["status"] == "Healthy")
    # A second commit, so that there is one to go back to; an edit by somebody with a name; and one that waits in git.
    web[0] = deployment("web", image="shop:1.5.0")
    cases["shop"].push({"k8s/app.yaml": text(*web[:2], config_map("settings", "green"))})
    cases["orders"].push({"k8s/app.yaml": text(config_map("settings", "green"))})
    cases["search"].push({"k8s/app.yaml": text(config_map("settings", "green"), config_map("synonyms"))})
    _edit_until_seen(ground, cases["catalog"])
    cases["shop"].until(
        lambda app: len(app["status"]["history"]) == 2 and app["status"]["health"]["status"] == "Healthy"
    )
    cases["orders"].condition("DeletionConfirmationRequired")
    for name in ("search", "catalog"):
        cases[name].until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    until(lambda: "dora@example.com" in json.dumps(ground.ask("GET", "drifts?app=catalog").body), lambda: "no author")
    return cases


def _edit_until_seen(ground: Ground, catalog: Case) -> None:
    """An instance of `audit` looks for objects that it doesn't know each ten seconds at most (`flows.arrivals.inuse`).

    What it passes over is for the next sweep, and here is none: the edit goes on until it is seen.
    """
    for more in ({}, {"origin": "by hand"}, {"origin": "by hand, again"}):
        edit(ground, "catalog", "configmaps/prices", {"data": {"color": "red", **more}})
        over = time.monotonic() + 12
        while time.monotonic() < over:
            if catalog.get()["status"]["sync"]["status"] == "OutOfSync":
                return
            time.sleep(0.1)


def edit(ground: Ground, namespace: str, what: str, change: object, person: str = "dora@example.com") -> None:
    """Changes an object of the core group as this person does it with kubectl edit."""
    access = ground.stack.cluster.access
    with urllib3.PoolManager(ca_cert_data=access.ca_data, timeout=30.0, retries=False) as pool:
        answer = pool.request(
            "PATCH",
            f"{access.server}/api/v1/namespaces/{namespace}/{what}?fieldManager=kubectl-edit",
            body=json.dumps(change),
            headers={
                "Authorization": f"Bearer {access.token}",
                "Content-Type": "application/merge-patch+json",
                "Impersonate-User": person,
                "Impersonate-Group": "system:masters",
                "User-Agent": "kubectl/v1.36.3",
            },
        )
    assert answer.status == 200, answer.data


def _case(ground: Ground, name: str, manifests: list[Any], policy: dict[str, Any]) -> Case:
    status, answer = ground.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert status == 201, answer
    repositories.create(ground.stack.git_root, f"{name}.git")
    case = Case(ground, name)
    case.commit({"k8s/app.yaml": text(*manifests)})
    if policy:
        case.spec["syncPolicy"] = policy
    case.spec["project"] = "shop"
    assert case.declare().status == 200
    return case


def _declare(ground: Ground, path: str, kind: str, name: str, spec: dict[str, Any]) -> None:
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    answer = ground.ask("POST", path, document)
    assert answer.status in (200, 201), answer


def _of_apps(ground: Ground) -> None:
    """An application of applications: one child, whose source is a folder of the same repository."""
    repositories.create(ground.stack.git_root, "platform.git")
    url = f"{ground.stack.git_url}/platform.git"
    child = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "platform-dns", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "dns", "targetRevision": "main"},
            "destination": {"server": ground.stack.cluster.server, "namespace": "default"},
            "syncPolicy": _BY_ITSELF,
        },
    }
    repositories.commit(
        ground.stack.git_root / "platform.git",
        {"apps/dns.yaml": text(child), "dns/zone.yaml": text(config_map("zone"))},
    )
    spec = {
        "project": "default",
        "source": {"repoURL": url, "path": "apps", "targetRevision": "main"},
        "destination": {"server": ground.stack.cluster.server, "namespace": "argocd"},
        "syncPolicy": _BY_ITSELF,
    }
    _declare(ground, "applications", "Application", "platform", spec)


def _set(ground: Ground) -> None:
    """An ApplicationSet of two applications."""
    url = f"{ground.stack.git_url}/platform.git"
    template = {
        "metadata": {"name": "edge-{{ .name }}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "dns", "targetRevision": "main"},
            "destination": {"server": ground.stack.cluster.server, "namespace": "edge-{{ .name }}"},
            "syncPolicy": _BY_ITSELF | {"syncOptions": ["CreateNamespace=true"]},
        },
    }
    generators = [{"list": {"elements": [{"name": "north"}, {"name": "south"}]}}]
    _declare(ground, "applicationsets", "ApplicationSet", "edge", {
        "goTemplate": True, "generators": generators, "template": template,
    })  # fmt: skip
