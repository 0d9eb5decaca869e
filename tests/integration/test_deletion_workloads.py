"""Applications that go, with controllers, finalizers, hooks and a cluster that is away for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.flows.asked.declaring import AskPorts, delete
from mooring.flows.clusters.live import Target
from mooring.health import STANDARD
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.state.registry import Cluster as Registered
from tests.doubles import faultyproxy
from tests.doubles.faultyproxy import FaultyProxy, faulty_proxy
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, operation, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
WAVE = "argocd.argoproj.io/sync-wave"
HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
HELD = "example.com/held"
MERGE = "application/merge-patch+json"
KINDS = ("ConfigMap", "Deployment", "Job", "Pod", "ReplicaSet")


class Ground:
    """One application in a namespace of its own, whose cluster is reached through a proxy."""

    def __init__(self, world: World, proxy: FaultyProxy, cluster: Cluster, namespace: str) -> None:
        self.world, self.proxy, self.cluster, self.namespace = world, proxy, cluster, namespace
        connection = replace(from_kubeconfig(cluster.kubeconfig), server=proxy.url)
        self.server = ApiServer(connection, sleep=lambda seconds: None)
        use(
            world,
            Target(Registered("in-cluster", proxy.url, True, "secret"), self.server, Discovery(self.server), STANDARD),
        )
        self.key: AppKey = world.declare("shop", namespace=namespace, **AUTO)

    def sync(self, *manifests: Manifest) -> None:
        self.world.push(self.key, *manifests)
        assert "Succeeded" == settle(self.world, self.key).phase

    def ask(self) -> None:
        """Somebody deletes the application."""
        ports: Any = AskPorts(self.world.applications, self.world.queues, lambda: self.world.now, self.world.registry)
        delete(ports, self.key, "ada", cascade=None)

    def step(self) -> None:
        """A message about the application comes, some time after the last one."""
        self.world.now += 20
        self.world.sync(self.key, "retry")

    def finish(self) -> None:
        """Comes back until the application is gone."""

        def over() -> bool:
            self.step()
            return self.is_gone

        until(over, lambda: operation(self.world, self.key))

    @property
    def is_gone(self) -> bool:
        return self.world.record(self.key).spec is None

    def names(self, *kinds: str) -> set[str]:
        """What is in the namespace and is not being deleted."""
        found = {item["metadata"]["name"] for kind in kinds for item in listed(self.cluster, kind, self.namespace)}
        return found - {"kube-root-ca.crt"}

    def release(self, name: str) -> None:
        """Whoever holds a ConfigMap lets it go."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/{name}"
        status, answer = self.cluster.client("PATCH", path, {"metadata": {"finalizers": None}}, content_type=MERGE)
        assert status == 200, answer

    def items(self) -> list[Any]:
        return list(self.world.table.query(f"APP#{self.key}"))


@pytest.fixture
def ground(
    make_world: Callable[[], World], workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> Iterator[Ground]:
    with faulty_proxy(from_kubeconfig(workload_cluster.kubeconfig)) as proxy:
        ground = Ground(make_world(), proxy, workload_cluster, make_namespace(workload_cluster))
        yield ground
        ground.server.close()


def config_map(name: str, *finalizers: str, wave: int = 0, **annotations: str) -> Manifest:
    metadata = {"name": name, "finalizers": list(finalizers), "annotations": {WAVE: str(wave), **annotations}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"x": "1"}}


def deployment(name: str, wave: int = 0) -> Manifest:
    pod = {"containers": [{"name": "app", "image": "example.com/app:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {WAVE: str(wave)}},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def job(name: str, phase: str, policy: str = "BeforeHookCreation") -> Manifest:
    pod = {"containers": [{"name": "job", "image": "example.com/job:1"}], "restartPolicy": "Never"}
    metadata = {"name": name, "annotations": {HOOK: phase, POLICY: policy}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def test_what_a_finalizer_holds_is_waited_for(ground: Ground) -> None:
    """GIVEN an object that is held WHEN the application is deleted THEN it is known until the object is gone."""
    ground.sync(config_map("held", HELD, wave=1), deployment("web", wave=1), config_map("first"))
    until(lambda: 1 == len(ground.names("Pod")), lambda: "no pod")
    ground.ask()
    ground.step()
    until(lambda: set() == ground.names("Deployment", "ReplicaSet", "Pod"), lambda: ground.names("Deployment", "Pod"))
    for _ in range(3):
        ground.step()
    assert not ground.is_gone
    done = operation(ground.world, ground.key)
    assert ("delete", "Running") == (done.kind, done.phase)
    assert "deletion of ConfigMap held" in done.message
    assert {"first"} == ground.names("ConfigMap"), "its wave comes after that of the held one"
    before = ground.items()
    ground.world.queues.waiting.clear()
    ground.step()
    assert 1 == len(ground.world.queues.waiting)
    ground.world.sweep()
    assert 1 == len(ground.world.queues.waiting), "one message waits, however many sweeps come"
    assert before == ground.items(), "waiting writes nothing"
    ground.release("held")
    ground.finish()
    assert set() == ground.names(*KINDS)
    kept = {item["sk"].partition("#")[0] for item in ground.items()}
    assert {"LEASE", "OP"} == kept, "what is on record of it stays"


def test_hooks_run_around_a_deletion(ground: Ground) -> None:
    """GIVEN hooks of deletion WHEN the application is deleted THEN one runs before all objects and one after them."""
    ground.sync(job("save", "PreDelete"), job("tell", "PostDelete"), config_map("held", HELD), deployment("web"))
    ground.ask()
    ground.step()
    assert {"held", "web", "save"} == ground.names("ConfigMap", "Deployment", "Job")
    until(
        lambda: _stepped(ground) and "held" not in ground.names("ConfigMap"),
        lambda: operation(ground.world, ground.key),
    )
    ground.step()
    assert "tell" not in ground.names("Job"), "not before the last object is gone"
    ground.release("held")
    ground.finish()
    assert {"save", "tell"} == ground.names("Job")
    assert set() == ground.names("ConfigMap", "Deployment", "ReplicaSet")


def _stepped(ground: Ground) -> bool:
    ground.step()
    return True


def test_a_prune_is_over_when_its_object_is_gone(ground: Ground) -> None:
    """GIVEN a pruned object that is held WHEN a hook of PostSync comes after it THEN the hook is made when it is gone."""
    ground.sync(config_map("held", HELD), config_map("a"))
    ground.world.push(ground.key, config_map("a"), deployment("web"), job("tell", "PostSync"))
    until(lambda: _stepped(ground) and "held" not in ground.names("ConfigMap"), lambda: ground.names("ConfigMap"))
    for _ in range(2):
        ground.step()
    waiting = operation(ground.world, ground.key)
    assert ("Running", "waiting for deletion of ConfigMap held") == (waiting.phase, waiting.message)
    assert set() == ground.names("Job")
    before = ground.items()
    ground.step()
    assert before == ground.items(), "waiting writes nothing"
    ground.release("held")
    assert "Succeeded" == settle(ground.world, ground.key).phase
    assert ({"tell"}, {"a"}) == (ground.names("Job"), ground.names("ConfigMap"))


def test_a_cluster_that_goes_away_and_comes_back(ground: Ground) -> None:
    """GIVEN a deletion in the middle WHEN its cluster is away THEN it stays, visible and tried again, until it is back."""
    ground.sync(config_map("held", HELD, wave=1), deployment("web"), config_map("first"))
    ground.ask()
    ground.step()
    remembered = ground.world.record(ground.key).inventory.keys()
    ground.proxy.choose = lambda method, path: faultyproxy.RESET
    ground.world.queues.waiting.clear()
    ground.step()
    record = ground.world.record(ground.key)
    done = operation(ground.world, ground.key)
    assert "can't be reached" in done.message
    assert any("can't be reached" in condition.message for condition in record.status.conditions)
    assert {"argocd/shop"} == {str(later.message.app) for later, _ in ground.world.queues.waiting}
    ground.world.sweep()
    ground.step()
    assert remembered == ground.world.record(ground.key).inventory.keys()
    assert {"first", "web"} == ground.names("ConfigMap", "Deployment")
    ground.proxy.choose = lambda method, path: faultyproxy.CALM
    ground.release("held")
    ground.finish()
    assert set() == ground.names("ConfigMap", "Deployment", "ReplicaSet", "Pod")


def test_without_the_cascade_everything_stays(ground: Ground) -> None:
    """GIVEN a running application WHEN it is deleted without its objects THEN the pods run on and nothing is asked."""
    ground.sync(deployment("web"), config_map("a"))
    until(lambda: 1 == len(ground.names("Pod")), lambda: "no pod")
    pods = ground.names("Pod")
    ports: Any = AskPorts(
        ground.world.applications, ground.world.queues, lambda: ground.world.now, ground.world.registry
    )
    delete(ports, ground.key, "ada", cascade=False)
    ground.proxy.seen.clear()
    ground.step()
    assert ground.is_gone
    assert [] == ground.proxy.seen
    assert (pods, {"web", "a"}) == (ground.names("Pod"), ground.names("ConfigMap", "Deployment"))
