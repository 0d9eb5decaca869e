"""Sync options where controllers answer: what is kept, what is deleted and how, what is made anew, what is waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.flows.asked.declaring import AskPorts, declare, delete
from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, operation, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
OPTIONS = "argocd.argoproj.io/sync-options"
CONFIRMATION = "DeletionConfirmationRequired"
APPROVED = "argocd.argoproj.io/deletion-approved"


class Ground:
    """One application in a namespace of its own."""

    def __init__(self, world: World, target: Target, cluster: Cluster, namespace: str) -> None:
        self.world, self.cluster, self.namespace = world, cluster, namespace
        self.key = AppKey("argocd", "shop")
        use(world, target)

    def declare(self, *options: str, annotations: dict[str, str] | None = None, **policy: Any) -> None:
        policy = AUTO | {"syncOptions": list(options)} | policy
        self.key = self.world.declare(self.key.name, namespace=self.namespace, annotations=annotations, **policy)

    def sync(self, *manifests: Manifest, phase: str = "Succeeded") -> str:
        """Pushes these objects and syncs; the operation's message."""
        self.world.push(self.key, *manifests)
        done = settle(self.world, self.key)
        assert phase == done.phase, done.message
        return done.message

    def names(self, *kinds: str) -> set[str]:
        """What is in the namespace and is not being deleted."""
        found = {item["metadata"]["name"] for kind in kinds for item in listed(self.cluster, kind, self.namespace)}
        return found - {"kube-root-ca.crt"}

    def live(self, kind: str, name: str) -> Manifest:
        items = listed(self.cluster, kind, self.namespace)
        return next(item for item in items if item["metadata"]["name"] == name)

    def approve(self) -> None:
        """Somebody confirms what waits for it, by declaring the application again."""
        self.world.now += 10
        spec = self.world.record(self.key).spec
        assert spec is not None
        document = spec.application.declared
        moment = datetime.fromtimestamp(self.world.now, UTC).isoformat()
        declare(
            self.asking, {**document, "metadata": {**document["metadata"], "annotations": {APPROVED: moment}}}, "ada"
        )

    @property
    def asking(self) -> AskPorts:
        return AskPorts(self.world.applications, self.world.queues, lambda: self.world.now, self.world.registry)  # type: ignore[arg-type]

    def conditions(self) -> set[str]:
        return {condition.type for condition in self.world.record(self.key).status.conditions}

    def ask_deletion(self) -> None:
        delete(self.asking, self.key, "ada", cascade=None)

    @property
    def is_gone(self) -> bool:
        return self.world.record(self.key).spec is None

    def delete(self) -> None:
        """Deletes the application to its end."""
        self.ask_deletion()

        def over() -> bool:
            self.world.sync(self.key)
            return self.is_gone

        until(over, lambda: operation(self.world, self.key))


@pytest.fixture
def ground(
    make_world: Callable[[], World],
    workload_target: Target,
    workload_cluster: Cluster,
    make_namespace: Callable[[Cluster], str],
) -> Ground:
    return Ground(make_world(), workload_target, workload_cluster, make_namespace(workload_cluster))


def config_map(name: str, options: str = "", **annotations: str) -> Manifest:
    metadata = {"name": name, "annotations": annotations | ({OPTIONS: options} if options else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"x": "1"}}


def deployment(name: str, options: str = "", image: str = "1", **spec: Any) -> Manifest:
    pod = {"containers": [{"name": "app", "image": f"example.com/app:{image}"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {OPTIONS: options}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
            **spec,
        },
    }


def job(name: str, options: str = "", image: str = "1") -> Manifest:
    pod = {"containers": [{"name": "job", "image": f"example.com/job:{image}"}], "restartPolicy": "Never"}
    metadata = {"name": name, "annotations": {OPTIONS: options}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def service(name: str, options: str = "", **spec: Any) -> Manifest:
    metadata = {"name": name, "annotations": {OPTIONS: options}}
    ports = [{"port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def test_pruning_keeps_and_asks(ground: Ground) -> None:
    """GIVEN Prune=false, Prune=confirm and resource-policy WHEN git drops them THEN each stays as long as it says."""
    ground.declare()
    first = [
        config_map("stays", "Prune=false"), config_map("asks", "Prune=confirm"), config_map("goes"),
        config_map("kept", **{"helm.sh/resource-policy": "keep"}), deployment("web", "Prune=confirm"), config_map("a"),
    ]  # fmt: skip
    ground.sync(*first)
    ground.sync(config_map("a"))
    assert {"stays", "asks", "kept", "web", "a"} == ground.names("ConfigMap", "Deployment")
    assert {CONFIRMATION} == ground.conditions()
    assert "OutOfSync" == ground.world.record(ground.key).status.sync
    ground.world.now += 10
    ground.declare(annotations={APPROVED: datetime.fromtimestamp(ground.world.now, UTC).isoformat()})
    assert "Succeeded" == settle(ground.world, ground.key).phase
    until(lambda: {"stays", "kept", "a"} == ground.names("ConfigMap", "Deployment", "Pod"), lambda: ground.conditions())
    assert set() == ground.conditions()


def test_deleting_keeps_and_asks(ground: Ground) -> None:
    """GIVEN Delete=false, Delete=confirm and resource-policy WHEN the application goes THEN each stays as it says."""
    ground.declare()
    ground.sync(
        config_map("stays", "Delete=false"), deployment("asks", "Delete=confirm"), config_map("goes"),
        config_map("kept", **{"helm.sh/resource-policy": "keep"}),
    )  # fmt: skip
    ground.ask_deletion()
    ground.world.sync(ground.key)
    assert {"stays", "asks", "kept"} == ground.names("ConfigMap", "Deployment")
    assert {CONFIRMATION} <= ground.conditions()
    ground.world.sync(ground.key)
    assert not ground.is_gone
    ground.approve()
    ground.delete()
    assert {"stays", "kept"} == ground.names("ConfigMap", "Deployment", "Pod", "ReplicaSet")


@pytest.mark.parametrize("option", ["", "foreground", "background", "orphan"])
def test_propagation(ground: Ground, option: str) -> None:
    """GIVEN a policy of propagation WHEN a Deployment is pruned THEN its pods go with it, or stay when orphaned."""
    ground.declare(*([f"PrunePropagationPolicy={option}"] if option else []))
    ground.sync(deployment("web"), config_map("a"))
    until(lambda: 1 == len(listed(ground.cluster, "Pod", ground.namespace)), lambda: "no pod")
    ground.sync(config_map("a"))
    if option == "orphan":
        until(lambda: set() == ground.names("Deployment"), lambda: ground.names("Deployment"))
        assert 1 == len(ground.names("ReplicaSet"))
        assert 1 == len(ground.names("Pod"))
    else:
        until(lambda: set() == ground.names("Deployment", "ReplicaSet", "Pod"), lambda: ground.names("Pod"))
    ground.world.sweep()
    assert "Synced" == ground.world.record(ground.key).status.sync


@pytest.mark.parametrize("options", ["", "Replace=true", "Force=true", "Force=true,Replace=true"])
def test_a_job_that_changes(ground: Ground, options: str) -> None:
    """GIVEN a Job that has run WHEN git changes its pod THEN the error says what to do, and with Force it runs anew."""
    ground.declare()
    ground.sync(job("migrate", options), config_map("a"))
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    before = ground.live("Job", "migrate")
    if "Force" not in options:
        message = ground.sync(job("migrate", options, image="2"), config_map("a"), phase="Failed")
        assert "immutable" in message
        assert "Force=true" in message
        assert before["metadata"]["uid"] == ground.live("Job", "migrate")["metadata"]["uid"]
        return
    ground.sync(job("migrate", options, image="2"), config_map("a"))
    after = ground.live("Job", "migrate")
    assert "example.com/job:2" == after["spec"]["template"]["spec"]["containers"][0]["image"]
    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    assert "Synced" == ground.world.record(ground.key).status.sync


def _health(ground: Ground) -> str:
    ground.world.sweep()
    return str(ground.world.record(ground.key).status.health.status)


def test_a_service_that_becomes_headless(ground: Ground) -> None:
    """GIVEN a Service WHEN git makes it headless THEN that is explained, and with Force it is made anew."""
    ground.declare()
    ground.sync(service("web", selector={"app": "web"}), config_map("a"))
    headless = {"selector": {"app": "web"}, "clusterIP": "None"}
    message = ground.sync(service("web", **headless), config_map("a"), phase="Failed")
    assert "may not change once set" in message
    assert "Force=true" in message
    ground.sync(service("web", "Force=true", **headless), config_map("a"))
    assert "None" == ground.live("Service", "web")["spec"]["clusterIP"]


def test_replacing_keeps_what_the_cluster_gave(ground: Ground) -> None:
    """GIVEN Replace=true WHEN a Service and a Deployment change THEN address and pods' owner stay, and nothing drifts."""
    ground.declare("Replace=true")
    ground.sync(service("web", selector={"app": "web"}), deployment("web"))
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    address, owner = (ground.live("Service", "web")["spec"]["clusterIP"], ground.live("Deployment", "web"))
    ground.sync(service("web", selector={"app": "web", "tier": "a"}), deployment("web", image="2"))
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    assert address == ground.live("Service", "web")["spec"]["clusterIP"]
    assert owner["metadata"]["uid"] == ground.live("Deployment", "web")["metadata"]["uid"]
    assert {"app": "web", "tier": "a"} == ground.live("Service", "web")["spec"]["selector"]
    assert "Synced" == ground.world.record(ground.key).status.sync


def test_a_kind_that_comes_with_its_first_object(ground: Ground) -> None:
    """GIVEN an object ahead of its CRD in one commit WHEN synced THEN both are there, and a second sync has nothing to do."""
    word = ground.namespace.rpartition("-")[0].rpartition("-")[2]
    group = f"g{word}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [
                {
                    "name": "v1", "served": True, "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }  # fmt: skip
    annotations = {OPTIONS: "SkipDryRunOnMissingResource=true"}
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "spec": {"size": 1}}
    widget["metadata"] = {"name": "one", "annotations": annotations}
    ground.declare()
    ground.sync(widget, definition, config_map("a"))
    path = f"/apis/{group}/v1/namespaces/{ground.namespace}/widgets"
    assert {"size": 1} == ground.cluster.client("GET", f"{path}/one")[1]["spec"]
    ground.world.sweep()
    assert "Synced" == ground.world.record(ground.key).status.sync
    place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert 200 == ground.cluster.client("DELETE", f"{place}/widgets.{group}")[0]


def test_a_namespace_of_its_own(ground: Ground) -> None:
    """GIVEN CreateNamespace with metadata WHEN the application comes and goes THEN the namespace comes, and stays."""
    name = f"{ground.namespace}-made"
    ground.namespace = name
    metadata = {"labels": {"team": "a"}, "annotations": {"note": "1"}}
    ground.declare("CreateNamespace=true", managedNamespaceMetadata=metadata)
    ground.sync(deployment("web"))
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    made = ground.cluster.client("GET", f"/api/v1/namespaces/{name}")[1]["metadata"]
    assert ("a", {"note": "1"}) == (made["labels"]["team"], made["annotations"])
    ground.delete()
    until(lambda: set() == ground.names("Deployment", "ReplicaSet", "Pod"), lambda: ground.names("Deployment", "Pod"))
    assert 200 == ground.cluster.client("GET", f"/api/v1/namespaces/{name}")[0]


def test_a_part_of_a_sync(ground: Ground) -> None:
    """GIVEN two changed Deployments WHEN one is synced alone THEN only its pods are replaced."""
    ground.declare(automated=None)
    ground.world.push(ground.key, deployment("one"), deployment("two"))
    ground.world.request(ground.key)
    assert "Succeeded" == settle(ground.world, ground.key).phase
    until(lambda: 2 == len(ground.names("Pod")), lambda: ground.names("Pod"))
    ground.world.push(ground.key, deployment("one", image="2"), deployment("two", image="2"))
    ground.world.now += 1
    ground.world.request(ground.key, resources=["apps:Deployment:one"])
    done = settle(ground.world, ground.key)
    assert ("partial", "Succeeded") == (done.kind, done.phase)
    assert "example.com/app:2" == _image(ground, "one")
    assert "example.com/app:1" == _image(ground, "two")
    until(lambda: 3 == len(ground.names("ReplicaSet")), lambda: ground.names("ReplicaSet"))
    assert "OutOfSync" == ground.world.record(ground.key).status.sync


def _image(ground: Ground, name: str) -> str:
    return str(ground.live("Deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"])


def test_what_is_skipped_is_left_alone(ground: Ground) -> None:
    """GIVEN skip-reconcile WHEN git and the cluster change THEN nothing is written, until the annotation is gone."""
    ground.declare()
    ground.sync(deployment("web"))
    ground.declare(annotations={"argocd.argoproj.io/skip-reconcile": "true"})
    ground.world.push(ground.key, deployment("web", image="2"))
    path = f"/apis/apps/v1/namespaces/{ground.namespace}/deployments/web/scale"
    merge = "application/merge-patch+json"
    assert 200 == ground.cluster.client("PATCH", path, {"spec": {"replicas": 2}}, content_type=merge)[0]
    asked = ground.world.cluster.requests
    ground.world.sync(ground.key)
    ground.world.sweep()
    assert asked == ground.world.cluster.requests
    assert {"ReconcileSkipped"} == ground.conditions()
    assert "example.com/app:1" == _image(ground, "web")
    ground.declare()
    assert "Succeeded" == settle(ground.world, ground.key).phase
    assert ("example.com/app:2", 1) == (_image(ground, "web"), ground.live("Deployment", "web")["spec"]["replicas"])


def test_health_that_is_ignored_does_not_count(ground: Ground) -> None:
    """GIVEN a claim that is never bound WHEN its health is ignored THEN the application is healthy with its pods."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "annotations": {"argocd.argoproj.io/ignore-healthcheck": "true"}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "nobody-makes-these",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    ground.declare()
    ground.sync(claim, deployment("web"))
    until(lambda: "Healthy" == _health(ground), lambda: _health(ground))
    health = {str(each.key.kind): each.health for each in ground.world.record(ground.key).status.resources}
    assert health["PersistentVolumeClaim"] is not None
    assert "Progressing" == health["PersistentVolumeClaim"].status


def test_a_shared_object_fails_whoever_comes_second(ground: Ground) -> None:
    """GIVEN FailOnSharedResource WHEN two applications want a Deployment THEN the second fails and its pods run on."""
    ground.declare()
    ground.sync(deployment("web"))
    until(lambda: 1 == len(ground.names("Pod")), lambda: "no pod")
    before, pods = ground.live("Deployment", "web"), ground.names("Pod")
    first, ground.key = ground.key, AppKey("argocd", "copy")
    ground.declare("FailOnSharedResource=true")
    message = ground.sync(deployment("web", image="2"), config_map("a"), phase="Failed")
    assert "Shared resource found: Deployment/web is part of applications argocd/copy and argocd/shop" in message
    assert (before["metadata"]["uid"], pods) == (
        ground.live("Deployment", "web")["metadata"]["uid"],
        ground.names("Pod"),
    )
    ground.world.sweep()
    assert "Synced" == ground.world.record(first).status.sync
