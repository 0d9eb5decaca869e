"""Objects that kubectl and Argo CD applied, and those of other applications, on a real API server."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.apply import apply, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.differences.rules import Rules
from mooring.flows.syncs.adopting import first_apply
from mooring.flows.syncs.executing import Execution, Hands, execute
from mooring.flows.syncs.preparing import prepare
from mooring.flows.clusters.live import Target
from mooring.health import STANDARD
from mooring.model.application import Application, parse_application
from mooring.model.objects import Manifest, ObjectKey, digest
from mooring.model.tracking import Owner
from mooring.plan.steps import plan_sync
from mooring.state.registry import Cluster as Registered

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture(scope="module")
def target(cluster: Cluster) -> Iterator[Target]:
    server = ApiServer(from_kubeconfig(cluster.kubeconfig))
    registered = Registered("in-cluster", "https://cluster.test", True, "secret")
    yield Target(registered, server, Discovery(server), STANDARD)
    server.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def deployment(namespace: str, **metadata: Any) -> Manifest:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, **metadata},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]}]},
            },
        },
    }


def service(namespace: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


def application(namespace: str, *options: str, name: str = "shop") -> Application:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {
            "source": {"repoURL": "https://git.test/acme/shop", "path": "."},
            "destination": {"name": "in-cluster", "namespace": namespace},
            "syncPolicy": {"syncOptions": list(options)},
        },
    }
    return parse_application(document).application


def sync(
    target: Target, pool: ThreadPoolExecutor, app: Application, *manifests: Manifest, owned: bool = False
) -> Execution:
    """The first sync of an application; `owned` says that other applications still want what they have."""
    plan = plan_sync(prepare(copy.deepcopy(manifests), app, target, digest).objects, {}, prune=False)
    execution = Execution({})
    hands = Hands(
        target, app, pool, 1, Rules(()), lambda inventory: None, lambda: True, still_wants=lambda owner, key: owned
    )
    for wave in plan.waves:
        execute(wave.stages, execution, hands)
    return execution


def kubectl(tools: dict[str, Path], cluster: Cluster, manifest: Manifest, *arguments: str) -> None:
    command = [tools["kubectl"], "--kubeconfig", cluster.kubeconfig, *(arguments or ("apply",)), "-f", "-"]
    subprocess.run(command, input=json.dumps(manifest).encode(), check=True, capture_output=True, timeout=60)


def read(target: Target, kind: str, namespace: str, name: str = "web") -> Manifest:
    group = "apps" if kind == "Deployment" else ""
    live = get(target.server, target.discovery, ObjectKey(group, kind, namespace, name))
    assert live is not None
    return live


def managers(live: Manifest) -> set[str]:
    return {entry["manager"] for entry in live["metadata"]["managedFields"] if not entry.get("subresource")}


def test_first_apply_makes_only_what_is_not_there(target: Target, namespace: str) -> None:
    """GIVEN an object that exists WHEN it is first applied THEN nothing changes; one that doesn't is made."""
    assert first_apply(target, service(namespace)) is not None
    before = read(target, "Service", namespace)
    changed = service(namespace)
    changed["spec"]["ports"][0]["port"] = 81
    asked = target.requests
    assert first_apply(target, changed) is None
    assert 1 == target.requests - asked
    assert before == read(target, "Service", namespace)


def test_a_first_sync_costs_one_request_an_object(target: Target, pool: ThreadPoolExecutor, namespace: str) -> None:
    """GIVEN an empty namespace WHEN two objects are synced first THEN two requests are made."""
    sync(target, pool, application(namespace), {**service(namespace), "metadata": {"name": "warm"}})
    asked = target.requests
    execution = sync(target, pool, application(namespace), deployment(namespace), service(namespace))
    assert [] == execution.failures
    assert 2 == target.requests - asked


@pytest.mark.parametrize("arguments", [("apply",), ("apply", "--server-side"), ("create", "--save-config")])
def test_what_kubectl_applied_is_adopted(
    cluster: Cluster,
    control_plane_tools: dict[str, Path],
    target: Target,
    pool: ThreadPoolExecutor,
    namespace: str,
    arguments: tuple[str, ...],
) -> None:
    """GIVEN objects that kubectl applied WHEN they are synced THEN they run on as they were, and all is ours."""
    kubectl(control_plane_tools, cluster, deployment(namespace, annotations={"old": "1"}), *arguments)
    kubectl(control_plane_tools, cluster, service(namespace), *arguments)
    before, service_before = read(target, "Deployment", namespace), read(target, "Service", namespace)
    execution = sync(target, pool, application(namespace), deployment(namespace), service(namespace))
    live = read(target, "Deployment", namespace)
    assert [] == execution.failures
    assert {} == execution.shared
    assert {"mooring.dev/tracking-id"} == set(live["metadata"]["annotations"])
    assert (before["metadata"]["uid"], before["spec"]) == (live["metadata"]["uid"], live["spec"])
    assert {"mooring"} == managers(live)
    assert service_before["spec"] == read(target, "Service", namespace)["spec"]


def test_what_git_drops_goes(
    cluster: Cluster, control_plane_tools: dict[str, Path], target: Target, pool: ThreadPoolExecutor, namespace: str
) -> None:
    """GIVEN a field that kubectl applied and git does not have WHEN the object is adopted THEN the field is gone."""
    more = deployment(namespace)
    more["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "B", "value": "2"})
    more["spec"]["minReadySeconds"] = 7
    kubectl(control_plane_tools, cluster, more)
    sync(target, pool, application(namespace), deployment(namespace))
    live = read(target, "Deployment", namespace)
    assert [{"name": "A", "value": "1"}] == live["spec"]["template"]["spec"]["containers"][0]["env"]
    assert "minReadySeconds" not in live["spec"]


def test_other_managers_keep_what_is_theirs(
    cluster: Cluster, control_plane_tools: dict[str, Path], target: Target, pool: ThreadPoolExecutor, namespace: str
) -> None:
    """GIVEN an autoscaler's replicas and a controller's status WHEN the object is adopted THEN both stay theirs."""
    kubectl(control_plane_tools, cluster, deployment(namespace))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    merge = {"Content-Type": "application/merge-patch+json"}
    scaling = {"spec": {"replicas": 5}}
    target.server.request("PATCH", f"{path}/scale", {"fieldManager": "autoscaler"}, scaling, merge)
    reporting = {"status": {"observedGeneration": 1, "replicas": 5}}
    target.server.request("PATCH", f"{path}/status", {"fieldManager": "kube-controller-manager"}, reporting, merge)
    wanted = deployment(namespace)
    del wanted["spec"]["replicas"]
    sync(target, pool, application(namespace), wanted)
    live = read(target, "Deployment", namespace)
    assert (5, 5) == (live["spec"]["replicas"], live["status"]["replicas"])
    others = {e["manager"] for e in live["metadata"]["managedFields"] if e.get("subresource")}
    assert {"autoscaler", "kube-controller-manager"} == others


@pytest.mark.parametrize(
    ("tracked", "owner"), [("shop", None), ("elsewhere", Owner("elsewhere"))], ids=["same name", "another name"]
)
def test_what_argo_cd_applied_is_adopted(
    target: Target, pool: ThreadPoolExecutor, namespace: str, tracked: str, owner: Owner | None
) -> None:
    """GIVEN an object of Argo CD WHEN it is synced THEN it is ours; another application's name is told."""
    identity = f"{tracked}:apps/Deployment:{namespace}/web"
    manifest = deployment(namespace, annotations={"argocd.argoproj.io/tracking-id": identity})
    apply(target.server, target.discovery, manifest, field_manager="argocd-controller")
    before = read(target, "Deployment", namespace)
    execution = sync(target, pool, application(namespace), deployment(namespace))
    live = read(target, "Deployment", namespace)
    assert {"mooring.dev/tracking-id"} == set(live["metadata"]["annotations"])
    assert ({"mooring"}, before["spec"]) == (managers(live), live["spec"])
    assert ({} if owner is None else {ObjectKey.of(manifest): owner}) == execution.shared


def test_an_object_of_another_application_stays(target: Target, pool: ThreadPoolExecutor, namespace: str) -> None:
    """GIVEN an object that another application wants WHEN a second one syncs it THEN nothing of it changes."""
    sync(target, pool, application(namespace, name="one"), service(namespace))
    before = read(target, "Service", namespace)
    changed = service(namespace)
    changed["spec"]["ports"][0]["port"] = 81
    execution = sync(target, pool, application(namespace, name="two"), changed, owned=True)
    key = ObjectKey.of(changed)
    assert before == read(target, "Service", namespace)
    assert {key: Owner("argocd/one", "argocd.one")} == execution.shared
    assert {key} == execution.left
    assert ["skipped"] == [result.status for result in execution.results]


def test_fail_on_shared_resource(target: Target, pool: ThreadPoolExecutor, namespace: str) -> None:
    """GIVEN FailOnSharedResource WHEN an object is another's THEN the sync fails and nothing of it changes."""
    sync(target, pool, application(namespace, name="one"), service(namespace))
    before = read(target, "Service", namespace)
    app = application(namespace, "FailOnSharedResource=true", name="two")
    execution = sync(target, pool, app, service(namespace))
    ((_, error),) = execution.failures
    assert "Shared resource found: Service/web is part of applications argocd/two and argocd/one" == error.message
    assert before == read(target, "Service", namespace)


def test_adopting_twice_does_no_more(
    cluster: Cluster, control_plane_tools: dict[str, Path], target: Target, pool: ThreadPoolExecutor, namespace: str
) -> None:
    """GIVEN a sync that died after it made an old manager's fields its own WHEN it runs again THEN the end is the same."""
    kubectl(control_plane_tools, cluster, deployment(namespace))
    assert target.adopt(read(target, "Deployment", namespace))
    assert LAST_APPLIED in read(target, "Deployment", namespace)["metadata"]["annotations"]
    assert not target.adopt(read(target, "Deployment", namespace))
    sync(target, pool, application(namespace), deployment(namespace))
    assert {"mooring.dev/tracking-id"} == set(read(target, "Deployment", namespace)["metadata"]["annotations"])
