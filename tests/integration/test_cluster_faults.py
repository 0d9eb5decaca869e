"""The flows against a real API server, with a network and a server that misbehave in between.

The table and the bundles are moto's; cluster, client, discovery and flows are the real ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.trying import APPLY, Waits
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.declaring import AskPorts, delete
from mooring.flows.clusters.live import Target
from mooring.flows.syncs.ports import LEASE_SECONDS, SyncPorts
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import STANDARD
from mooring.model.application import RESOURCES_FINALIZER
from mooring.model.objects import Manifest
from mooring.state import registry
from tests.doubles import faultyproxy
from tests.doubles.faultyproxy import FaultyProxy, faulty_proxy
from tests.doubles.installation import OneCluster, World

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WIDTH = 8
QUICK = Waits(connect=1.0, answer=0.4, whole=2.0, tries=5)


@pytest.fixture(scope="module")
def upstream(cluster: Cluster) -> Connection:
    return from_kubeconfig(cluster.kubeconfig)


@pytest.fixture
def proxy(upstream: Connection) -> Iterator[FaultyProxy]:
    with faulty_proxy(upstream) as running:
        yield running


class Ground:
    """One application in a namespace of its own, synced through the proxy by functions that come and go."""

    def __init__(self, world: World, proxy: FaultyProxy, upstream: Connection, namespace: str) -> None:
        self.world = world
        self.proxy = proxy
        self.namespace = namespace
        self.naps: list[float] = []
        self.past_proxy = ApiServer(upstream)
        self._connection = replace(upstream, server=proxy.url)
        self._pool = ThreadPoolExecutor(WIDTH)
        self._servers: list[ApiServer] = []
        self.key = world.declare(retry={"limit": 2}, **AUTO)

    def target(self) -> Target:
        """A connection as a cold start makes it; it doesn't wait as long as a real one would."""

        def sleep(seconds: float) -> None:
            self.naps.append(seconds)
            self.proxy.hangs.wait(min(seconds, 0.02))

        server = ApiServer(self._connection, waits=QUICK, pool_size=WIDTH, sleep=sleep, now=lambda: self.world.now)
        self._servers.append(server)
        return Target(
            registry.Cluster("in-cluster", self.proxy.url, True, "secret"), server, Discovery(server), STANDARD
        )

    def run(self, *messages: AppMessage | ClusterMessage) -> Any:
        """One invocation of a fresh function."""
        target: Any = self.target()
        ports = SyncPorts(
            self.world.applications, self.world.bundles, OneCluster(target, self.world.targets.declared), self.world.queues,  # type: ignore[arg-type]
            self._pool, WIDTH, self.world.ports().expressions, lambda: self.world.now, "one", self.world.now + 1000,
        )  # fmt: skip
        assert [] == handle_syncs(ports, messages)
        return self.world.record(self.key).status

    def sync(self) -> Any:
        """One message about the application."""
        return self.run(AppMessage(self.key, Cause("render")))

    def sweep(self) -> Any:
        """One look at the whole cluster."""
        return self.run(ClusterMessage("in-cluster", Cause("tick")))

    def later(self) -> None:
        """Enough time passes for leases to end and retries to be due."""
        self.world.now += max(LEASE_SECONDS, 300.0)

    def calm(self) -> Any:
        """The network recovers, and the functions run that would run by themselves."""
        self.proxy.choose = lambda method, path: faultyproxy.CALM
        for _ in range(2):
            self.later()
            status = self.sweep()
        return status

    def config_map(self, number: int, value: str) -> Manifest:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"m-{number}", "namespace": self.namespace},
            "data": {"value": value},
        }

    def live(self) -> dict[str, str]:
        """What the cluster holds of the application, read past the proxy; what is being deleted counts as gone."""
        found = self.past_proxy.request("GET", f"/api/v1/namespaces/{self.namespace}/configmaps").body["items"]
        return {
            item["metadata"]["name"]: item["data"]["value"]
            for item in found
            if "mooring.dev/app" in (item["metadata"].get("labels") or {})
            and "deletionTimestamp" not in item["metadata"]
        }

    def close(self) -> None:
        for server in (*self._servers, self.past_proxy):
            server.close()
        self._pool.shutdown()


@pytest.fixture
def ground(
    make_world: Callable[[], World], proxy: FaultyProxy, upstream: Connection, namespace: str
) -> Iterator[Ground]:
    ground = Ground(make_world(), proxy, upstream, namespace)
    yield ground
    ground.close()


def is_object(path: str) -> bool:
    return "/configmaps/" in path


@pytest.mark.parametrize("fault", faultyproxy.FAULTS)
def test_a_trouble_that_passes_is_not_noticed(ground: Ground, fault: str) -> None:
    """GIVEN every object's first request meets a fault THEN the sync is complete, and each object was applied once."""
    met: set[str] = set()

    def first_time(method: str, path: str) -> str:
        if not is_object(path) or path in met:
            return faultyproxy.CALM
        met.add(path)
        return fault

    ground.proxy.choose = first_time
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(4)))
    status = ground.sync()
    assert ("Synced", "Succeeded") == (status.sync, status.operation.phase)
    assert {f"m-{number}": "1" for number in range(4)} == ground.live()
    arrived = ground.proxy.applied()
    # Only a request whose answer was lost on the way may be carried out again: nobody can know that it was.
    most = 2 if fault in (faultyproxy.LOST, faultyproxy.HALF) else 1
    assert all(most >= arrived.count(each) for each in arrived)
    if fault == faultyproxy.THROTTLED:
        assert max(ground.naps) >= 1.0, "Retry-After was not kept to"


@pytest.mark.parametrize("fault", [fault for fault in faultyproxy.FAULTS if fault != faultyproxy.LATE])
def test_a_trouble_that_stays_is_a_retried_failure(ground: Ground, fault: str) -> None:
    """GIVEN one object that meets a fault each time THEN the others are applied, the sync says so and is tried again."""
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(4)))
    ground.proxy.choose = lambda method, path: fault if "/configmaps/m-2" in path else faultyproxy.CALM
    status = ground.sync()
    operation = status.operation
    assert ("OutOfSync", "Failed") == (status.sync, operation.phase)
    assert "m-2" in operation.message
    assert "the next one in" in operation.message
    assert {"m-0", "m-1", "m-3"} <= set(ground.live())
    assert ["retry"] == [later.message.cause.kind for later, _delay in ground.world.queues.waiting]
    assert ("Synced", "Succeeded") == _told(ground.calm())
    settled = [path for path, _body in ground.proxy.applied() if "m-2" not in path]
    assert len(set(settled)) == len(settled), "an object that was recorded as applied was applied again"


def _told(status: Any) -> tuple[str, str]:
    return status.sync, status.operation.phase


def test_a_wait_that_the_server_names_is_kept(ground: Ground) -> None:
    """GIVEN a server that asks for a minute WHEN that is longer than a request may wait THEN the retry comes after it."""
    ground.world.push(ground.key, ground.config_map(0, "1"))
    ground.proxy.retry_after = 60
    ground.proxy.choose = lambda method, path: faultyproxy.THROTTLED if is_object(path) else faultyproxy.CALM
    assert "Failed" == ground.sync().operation.phase
    [(_later, delay)] = ground.world.queues.waiting
    assert 60.0 <= delay
    assert ("Synced", "Succeeded") == _told(ground.calm())


def test_an_aggregated_api_that_is_down_stops_only_its_users(ground: Ground, upstream: Connection) -> None:
    """GIVEN an API whose server is down THEN who uses it is Unknown and keeps everything, and the others are synced."""
    group = f"{ground.namespace[-12:].strip('-')}.example.com"
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 10,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": ground.namespace, "name": "nobody"},
        },
    }
    thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "x", "namespace": ground.namespace}}
    user = ground.world.declare("user", **AUTO)
    path = f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{group}"
    ground.past_proxy.request("PATCH", path, {"fieldManager": "test"}, service, {"Content-Type": APPLY})
    try:
        ground.world.push(ground.key, ground.config_map(0, "1"))
        ground.world.push(user, ground.config_map(1, "1"), thing)
        ground.sync()
        told = ground.run(AppMessage(user, Cause("render")))
        used = ground.world.record(user).status
        assert ("Synced", "Succeeded") == _told(ground.sweep())
        assert told is not None
        assert "Unknown" == used.sync
        assert f"can't reach the aggregated API {group}" in used.conditions[0].message
        assert [] == ground.proxy.deleted()
    finally:
        ground.past_proxy.request("DELETE", path)


def test_a_cluster_out_of_sight_loses_nothing(ground: Ground) -> None:
    """GIVEN a cluster that can't be reached THEN it is Unknown, since when and why; nothing is deleted or forgotten."""
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(6)))
    assert ("Synced", "Succeeded") == _told(ground.sync())
    remembered = ground.world.record(ground.key).inventory
    ground.world.push(ground.key, ground.config_map(0, "1"), ground.config_map(9, "1"))
    ground.proxy.choose = lambda method, path: faultyproxy.RESET
    began = ground.world.now
    first = ground.sweep()
    assert ("Unknown", "Unknown") == (first.sync, first.health.status)
    [condition] = first.conditions
    assert ("ClusterError", began) == (condition.type, condition.since)
    assert f"{ground.proxy.url} can't be reached" in condition.message
    before = ground.world.record(ground.key)
    for _ in range(3):
        ground.later()
        ground.sweep()
    assert before == ground.world.record(ground.key), "a sweep over a cluster that stays away writes nothing"
    assert remembered == before.inventory
    assert [] == ground.proxy.deleted()
    after = ground.calm()
    assert ("Synced", "Succeeded", ()) == (*_told(after), after.conditions)
    assert {"m-0": "1", "m-9": "1"} == ground.live()


def test_an_unreachable_cluster_costs_one_wait(ground: Ground) -> None:
    """GIVEN a cluster that goes away in the middle of a sync THEN only those who were at it try, not every object."""
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(100)))
    ground.proxy.choose = lambda method, path: faultyproxy.RESET if is_object(path) else faultyproxy.CALM
    status = ground.sync()
    assert ("OutOfSync", "Failed") == _told(status)
    tried = [path for _method, path, _fault in ground.proxy.seen if is_object(path)]
    assert len(tried) <= WIDTH * QUICK.tries * 2, "each object waited for itself"
    assert 100 == len(ground.world.record(ground.key).inventory), "intents are remembered, whatever came of them"
    assert ("Synced", "Succeeded") == _told(ground.calm())


def test_a_prune_that_got_no_answer_is_finished(ground: Ground) -> None:
    """GIVEN deletions whose answers are lost THEN the objects are gone and forgotten, and nothing else is deleted."""
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(4)))
    ground.sync()
    ground.world.push(ground.key, ground.config_map(0, "1"))
    met: set[str] = set()

    def lose_once(method: str, path: str) -> str:
        if method == "DELETE" and path not in met:
            met.add(path)
            return faultyproxy.LOST
        return faultyproxy.CALM

    ground.proxy.choose = lose_once
    assert ("Synced", "Succeeded") == _told(ground.sync())
    assert {"m-0": "1"} == ground.live()
    assert 3 == len(set(ground.proxy.deleted()))


def test_a_deletion_waits_for_the_cluster(ground: Ground) -> None:
    """GIVEN an application to delete WHEN its cluster is away THEN all of it stays remembered, and goes when it is back."""
    ground.key = ground.world.declare(finalizer=f"{RESOURCES_FINALIZER}/background", **AUTO)  # no collector runs here
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(4)))
    ground.sync()
    ports: Any = AskPorts(
        ground.world.applications, ground.world.queues, lambda: ground.world.now, ground.world.registry
    )
    delete(ports, ground.key, "ada", cascade=None)
    ground.proxy.choose = lambda method, path: faultyproxy.RESET
    ground.sync()
    record = ground.world.record(ground.key)
    assert 4 == len(record.inventory)
    assert record.status.operation is not None
    assert "can't be reached" in record.status.operation.message
    assert 4 == len(ground.live())
    ground.proxy.choose = lambda method, path: faultyproxy.CALM
    ground.later()
    ground.run(AppMessage(ground.key, Cause("retry")))
    assert {} == ground.live()
    assert ground.world.record(ground.key).spec is None


@pytest.mark.parametrize("seed", range(3))
def test_after_any_storm_everything_is_synced(ground: Ground, seed: int) -> None:
    """GIVEN random faults during syncs of 50 objects that change and go WHEN it is calm again THEN all is as git wants."""
    chance = random.Random(seed)
    quick = [fault for fault in faultyproxy.FAULTS if fault != faultyproxy.HANG]

    def storm(method: str, path: str) -> str:
        if chance.random() < 0.6:
            return faultyproxy.CALM
        return faultyproxy.HANG if chance.random() < 0.01 else chance.choice(quick)

    ground.proxy.choose = storm
    for value in ("1", "2"):
        wanted = {f"m-{number}": value for number in range(50) if value == "1" or number % 5}
        ground.world.push(ground.key, *(ground.config_map(int(name[2:]), value) for name in wanted))
        for _ in range(3):
            ground.sync()
            known = {key.name for key in ground.world.record(ground.key).inventory}
            assert set(ground.live()) <= known, "an object that nobody remembers"
            ground.later()
    status = ground.calm()
    assert ("Synced", "Succeeded") == _told(status)
    assert wanted == ground.live()
    assert set(wanted) == {key.name for key in ground.world.record(ground.key).inventory}
    applied = len(ground.proxy.applied())
    ground.calm()
    assert applied == len(ground.proxy.applied()), "something unchanged was applied again"


def test_calm_costs_what_it_cost(ground: Ground) -> None:
    """A first sync is two requests of discovery and one for each object; nothing here adds to that."""
    ground.world.push(ground.key, *(ground.config_map(number, "1") for number in range(5)))
    ground.sync()
    assert ["GET", "GET", *["PATCH"] * 5] == [method for method, _path, _fault in ground.proxy.seen]
