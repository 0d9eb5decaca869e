"""Five thousand objects in one application, on a real API server, in functions that live too short for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from local.cluster import Cluster
from local.demo.audit import AuditLog
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.events.messages import AppMessage, Cause
from mooring.flows.syncs.sync import handle_syncs
from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.state.registry import Cluster as Registered
from tests.doubles.installation import World, config_map, installation

OBJECTS = 5_000
ITEM = 400 * 1024  # Amazon DynamoDB, "Service, account, and table quotas": item size
LIFE = 2_200  # requests to the cluster that one function has time for


@dataclass
class Large:
    """The application after its first sync. `known` is how many objects were done after each function's life."""

    world: World
    key: AppKey
    target: Target
    audit: AuditLog
    namespace: str
    known: list[int]
    pool: ThreadPoolExecutor
    mark: int = 0

    def objects(self, *changed: int) -> list[Manifest]:
        found = [config_map(f"large-{n}", value="new" if n in changed else "old") for n in range(OBJECTS)]
        for manifest in found:
            manifest["metadata"]["namespace"] = self.namespace
        return found

    def live(self, requests: float) -> None:
        """One function's life; its time passes with every request, so that its end is the same on any machine."""
        begun, before = self.world.now, self.target.requests
        ports = replace(
            self.world.ports(),
            pool=self.pool,
            width=8,
            clock=lambda: begun + (self.target.requests - before) / 1_000,
            deadline=begun + requests / 1_000,
        )
        assert not handle_syncs(ports, [AppMessage(self.key, Cause("render"))])
        self.world.now = begun + 100

    def applied(self) -> Counter[str]:
        """How often each object was written since the last time that this was asked."""
        counted = Counter(
            request.name
            for request in self.audit.since(self.mark)
            if request.is_write and request.namespace == self.namespace
        )
        self.mark = self.audit.mark()
        return counted


@pytest.fixture(scope="module")
def large(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    assert cluster.audit_log is not None
    namespace = f"large-{tmp_path_factory.getbasetemp().name[-12:].lower()}".replace("_", "-").replace(".", "-")
    assert cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})[0] == 201
    server = ApiServer(from_kubeconfig(cluster.kubeconfig), pool_size=8)
    with installation() as make, ThreadPoolExecutor(8) as pool:
        world = make()
        target = Target(Registered("in-cluster", cluster.server, True, "secret"), server, Discovery(server))
        world.targets.live = target  # type: ignore[assignment]
        key = world.declare("large", automated={"prune": True, "selfHeal": True})
        large = Large(world, key, target, AuditLog(cluster.audit_log), namespace, [], pool)
        large.mark = large.audit.mark()
        world.push(key, *large.objects())
        while len(large.known) < 10 and OBJECTS not in large.known:
            large.live(LIFE)
            done = [entry for entry in world.record(key).inventory.values() if entry.digest and not entry.unsure]
            large.known.append(len(done))
        yield large
    server.close()


def test_each_function_goes_on_where_the_last_one_stopped(large: Large) -> None:
    """GIVEN 5,000 objects WHEN functions end too early THEN each gets further, and no object is written twice."""
    assert OBJECTS == large.known[-1]
    assert 3 <= len(large.known) <= 4, large.known
    assert sorted(set(large.known)) == large.known
    assert Counter({f"large-{n}": 1 for n in range(OBJECTS)}) == large.applied()
    record = large.world.record(large.key)
    assert record.status.operation is not None
    assert ("Synced", "Succeeded") == (record.status.sync, record.status.operation.phase)
    assert OBJECTS == len(record.status.resources)


def test_a_sweep_finds_nothing_and_writes_nothing(large: Large) -> None:
    """GIVEN all in sync WHEN the cluster is looked at THEN ten pages are read, and neither table nor cluster written."""
    large.applied()
    before, items = large.target.requests, list(large.world.table.query(f"APP#{large.key}"))
    large.world.sweep()
    assert large.target.requests - before <= OBJECTS / 500 + 1
    assert Counter() == large.applied()
    assert items == list(large.world.table.query(f"APP#{large.key}"))


def test_one_change_is_one_request(large: Large) -> None:
    """GIVEN all in sync WHEN git changes one of 5,000 objects THEN that one is applied and nothing else is asked."""
    large.applied()
    large.world.push(large.key, *large.objects(4_321))
    before = large.target.requests
    large.live(LIFE)
    assert 1 == large.target.requests - before
    assert Counter({"large-4321": 1}) == large.applied()
    assert "Synced" == large.world.record(large.key).status.sync


def test_every_item_fits_the_table(large: Large) -> None:
    """GIVEN 5,000 objects WHEN the items are weighed THEN each is below what DynamoDB takes, by far."""
    sizes = {item["sk"]: len(item.get("body", b"")) for item in large.world.table.query(f"APP#{large.key}")}
    assert ITEM * 0.9 > max(sizes.values()), sizes
    assert 2 <= sum(sk.startswith("INV#") for sk in sizes), "the inventory is kept in several items"
