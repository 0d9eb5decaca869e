"""Workloads that kubectl, Helm and Argo CD brought up, taken over while their pods run."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.cluster import Cluster
from local.tools import ensure
from mooring.flows.clusters.live import Target
from mooring.model.objects import Manifest
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CONTROLLERS = {"kube-controller-manager", "kwok"}
TRACKED = {"mooring.dev/tracking-id", "deployment.kubernetes.io/revision"}

Bring = Callable[[Cluster, list[Manifest], str, Path], None]


@pytest.fixture
def world(make_world: Callable[[], World], workload_target: Target) -> World:
    world = make_world()
    use(world, workload_target)
    return world


def _shop() -> list[Manifest]:
    """A Deployment and a Service as they are in git, without a namespace."""
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": "example.com/web:1",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 8080}],
        "resources": {"limits": {"memory": "1024Mi", "cpu": "0.5"}},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "a"}, "annotations": {"note": "1"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]},
    }
    return [deployment, service]


def _without_optional(manifests: list[Manifest]) -> list[Manifest]:
    """The same objects after git has dropped what they can do without."""
    deployment, service = copy.deepcopy(manifests)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"].pop()
    del container["ports"], container["resources"]
    del deployment["metadata"]["labels"], deployment["metadata"]["annotations"], deployment["spec"]["replicas"]
    service["spec"]["ports"].pop()
    return [deployment, service]


def _kubectl(*arguments: str) -> Bring:
    def bring(cluster: Cluster, manifests: list[Manifest], namespace: str, folder: Path) -> None:
        program = ensure(("kubectl",), print)["kubectl"]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        command = [program, "--kubeconfig", cluster.kubeconfig, "-n", namespace, *arguments, "-f", "-"]
        subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=60)

    return bring


def _helm(*arguments: str) -> Bring:
    def bring(cluster: Cluster, manifests: list[Manifest], namespace: str, folder: Path) -> None:
        program = ensure(("helm",), print)["helm"]
        chart = folder / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("{apiVersion: v2, name: web, version: 1.0.0}\n")
        (chart / "templates" / "all.yaml").write_text("\n---\n".join(map(json.dumps, manifests)))
        homes = {f"HELM_{name}_HOME": str(folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        command = [program, "--kubeconfig", cluster.kubeconfig, "-n", namespace, "install", "web", chart, *arguments]
        subprocess.run(command, env=os.environ | homes, check=True, capture_output=True, timeout=60)

    return bring


def _argo_cd(*, server_side: bool) -> Bring:
    """As Argo CD's controller writes them: tracked by label and annotation, client-side with its bookkeeping."""

    def bring(cluster: Cluster, manifests: list[Manifest], namespace: str, folder: Path) -> None:
        for manifest in copy.deepcopy(manifests):
            group, metadata = manifest["apiVersion"].rpartition("/")[0], manifest["metadata"]
            metadata["namespace"] = namespace
            metadata["labels"] = {**metadata.get("labels", {}), "app.kubernetes.io/instance": "shop"}
            identity = f"shop:{group}/{manifest['kind']}:{namespace}/web"
            metadata["annotations"] = {**metadata.get("annotations", {}), "argocd.argoproj.io/tracking-id": identity}
            arguments = ("apply", "--server-side") if server_side else ("apply",)
            _kubectl(*arguments, "--field-manager=argocd-controller")(cluster, [manifest], namespace, folder)

    return bring


BROUGHT = {
    "kubectl apply": _kubectl("apply"),
    "kubectl apply --server-side": _kubectl("apply", "--server-side"),
    "kubectl create": _kubectl("create"),
    "helm install": _helm(),
    "helm install --server-side=false": _helm("--server-side=false"),
    "Argo CD": _argo_cd(server_side=False),
    "Argo CD with ServerSideApply": _argo_cd(server_side=True),
}


def _running(cluster: Cluster, namespace: str) -> list[str]:
    """The uids of the pods, as soon as the Deployment is complete."""

    def complete() -> bool:
        (web,) = listed(cluster, "Deployment", namespace)
        status = web.get("status", {})
        seen = status.get("observedGeneration") == web["metadata"]["generation"]
        numbers = {status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")}
        return seen and numbers == {web["spec"]["replicas"]}

    until(complete, lambda: listed(cluster, "Deployment", namespace))
    return [pod["metadata"]["uid"] for pod in listed(cluster, "Pod", namespace)]


def _managers(item: Manifest) -> set[tuple[str, str]]:
    """Who owns fields of an object, beside its controllers."""
    entries = item["metadata"]["managedFields"]
    return {(each["manager"], each["operation"]) for each in entries if each["manager"] not in CONTROLLERS}


@pytest.mark.parametrize("bring", BROUGHT.values(), ids=BROUGHT)
def test_pods_run_on(
    workload_cluster: Cluster,
    make_namespace: Callable[[Cluster], str],
    world: World,
    tmp_path: Path,
    bring: Bring,
) -> None:
    """GIVEN a running workload of another tool WHEN it is synced THEN its pods run on, and all fields are ours.

    What git drops later is gone from the cluster, and a sweep finds nothing to do.
    """
    cluster, namespace = workload_cluster, make_namespace(workload_cluster)
    bring(cluster, _shop(), namespace, tmp_path)
    pods = _running(cluster, namespace)
    (before,), (service,) = listed(cluster, "Deployment", namespace), listed(cluster, "Service", namespace)
    key = world.declare("shop", namespace=namespace, **AUTO)
    world.push(key, *_shop())
    assert "Succeeded" == settle(world, key).phase
    (after,), (same,) = listed(cluster, "Deployment", namespace), listed(cluster, "Service", namespace)
    assert 2 == len(pods)
    assert pods == _running(cluster, namespace)
    assert 1 == len(listed(cluster, "ReplicaSet", namespace))
    for old, new in ((before, after), (service, same)):
        assert (old["metadata"]["uid"], old["spec"]) == (new["metadata"]["uid"], new["spec"])
        assert {("mooring", "Apply")} == _managers(new)
    assert TRACKED | {"note"} == set(after["metadata"]["annotations"])
    assert {"mooring.dev/tracking-id"} == set(same["metadata"]["annotations"])
    assert {"team": "a", "mooring.dev/app": "argocd.shop"} == after["metadata"]["labels"]
    asked = world.cluster.requests
    world.sweep()
    assert ("Synced", "Healthy") == (world.record(key).status.sync, world.record(key).status.health.status)
    assert 2 == world.cluster.requests - asked

    world.push(key, *_without_optional(_shop()))
    assert "Succeeded" == settle(world, key).phase
    (after,), (same,) = listed(cluster, "Deployment", namespace), listed(cluster, "Service", namespace)
    container = after["spec"]["template"]["spec"]["containers"][0]
    assert [{"name": "A", "value": "1"}] == container["env"]
    assert not container.keys() & {"ports"}
    assert {} == container["resources"]
    assert 1 == after["spec"]["replicas"], "what the API server gives to one that does not say"
    assert TRACKED == set(after["metadata"]["annotations"])
    assert {"mooring.dev/app"} == set(after["metadata"]["labels"])
    assert ["http"] == [port["name"] for port in same["spec"]["ports"]]
