"""Somebody runs kubectl on what is ours already, on a real API server."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.cluster import Cluster
from mooring.model.objects import Manifest
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, operation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def web() -> Manifest:
    """A Deployment as git has it."""
    labels = {"app": "web"}
    containers = [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def kubectl(tools: dict[str, Path], cluster: Cluster, namespace: str, manifest: Manifest) -> None:
    """`kubectl apply` as most people run it: client-side."""
    command = [tools["kubectl"], "--kubeconfig", cluster.kubeconfig, "--namespace", namespace, "apply", "-f", "-"]
    subprocess.run(command, input=json.dumps(manifest).encode(), check=True, capture_output=True, timeout=60)


def changed() -> Manifest:
    """The Deployment with one value changed, and fields that git doesn't have."""
    manifest = copy.deepcopy(web())
    manifest["metadata"]["annotations"] = {"note": "by hand"}
    manifest["spec"]["replicas"] = 3
    manifest["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "B", "value": "2"})
    return manifest


def managers(live: Manifest) -> set[str]:
    """Who owns fields of an object."""
    return {entry["manager"] for entry in live["metadata"]["managedFields"]}


def test_an_apply_over_ours_is_taken_back(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str], control_plane_tools: dict[str, Path]
) -> None:
    """GIVEN a synced object WHEN kubectl applies another content over it THEN healing leaves nothing of kubectl's.

    Neither the fields that it added stay, nor its bookkeeping, nor its claim to fields that git drops one day.
    """
    namespace = make_namespace(cluster)
    key = world.declare("shop", namespace=namespace, **AUTO)
    world.push(key, web())
    world.sync(key)
    (before,) = listed(cluster, "Deployment", namespace)
    kubectl(control_plane_tools, cluster, namespace, changed())
    (theirs,) = listed(cluster, "Deployment", namespace)
    assert (3, {"mooring", "kubectl-client-side-apply"}) == (theirs["spec"]["replicas"], managers(theirs))

    world.sweep()
    (after,) = listed(cluster, "Deployment", namespace)
    assert ("heal", "Succeeded") == (operation(world, key).kind, operation(world, key).phase)
    assert before["spec"] == after["spec"]
    assert {"mooring"} == managers(after)
    assert {"note", LAST_APPLIED}.isdisjoint(after["metadata"]["annotations"])
    asked = world.cluster.requests
    world.sweep()
    assert (1, "Synced") == (world.cluster.requests - asked, world.record(key).status.sync)

    smaller = web()
    del smaller["spec"]["template"]["spec"]["containers"][0]["env"]
    world.push(key, smaller)
    world.sync(key)
    (after,) = listed(cluster, "Deployment", namespace)
    assert "env" not in after["spec"]["template"]["spec"]["containers"][0]


def test_without_migration_kubectl_keeps_what_it_added(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str], control_plane_tools: dict[str, Path]
) -> None:
    """GIVEN ClientSideApplyMigration=false WHEN kubectl applies over ours THEN only what is ours is healed."""
    namespace = make_namespace(cluster)
    key = world.declare("shop", namespace=namespace, syncOptions=["ClientSideApplyMigration=false"], **AUTO)
    world.push(key, web())
    world.sync(key)
    kubectl(control_plane_tools, cluster, namespace, changed())
    world.sweep()
    (after,) = listed(cluster, "Deployment", namespace)
    assert (2, "by hand") == (after["spec"]["replicas"], after["metadata"]["annotations"]["note"])
    assert {"mooring", "kubectl-client-side-apply"} == managers(after)


def test_managed_labels_of_a_namespace_are_put_back(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str], control_plane_tools: dict[str, Path]
) -> None:
    """GIVEN managedNamespaceMetadata WHEN kubectl labels the namespace THEN a sweep puts back what is managed, only."""
    namespace = make_namespace(cluster)
    key = world.declare(
        "shop",
        namespace=namespace,
        syncOptions=["CreateNamespace=true"],
        managedNamespaceMetadata={"labels": {"pod-security.kubernetes.io/enforce": "baseline"}},
        **AUTO,
    )
    world.push(key, web())
    world.sync(key)
    command = [control_plane_tools["kubectl"], "--kubeconfig", cluster.kubeconfig, "label", "--overwrite", "namespace"]
    labels = ["pod-security.kubernetes.io/enforce=privileged", "theirs=1"]
    subprocess.run([*command, namespace, *labels], check=True, capture_output=True, timeout=60)
    world.sweep()
    _, live = cluster.client("GET", f"/api/v1/namespaces/{namespace}")
    now = live["metadata"]["labels"]
    assert ("baseline", "1") == (now["pod-security.kubernetes.io/enforce"], now["theirs"])
    assert "(by kubectl-label at" in operation(world, key).message
    assert "Synced" == world.record(key).status.sync
