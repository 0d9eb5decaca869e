"""What docs/cost.md promises is counted: what the flows ask of AWS where nothing happens, and on the way of a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mooring.events.forges.happenings import Delivery, Push
from mooring.events.forges.verifying import Rules
from mooring.flows.arrivals.deliveries import DeliveryPorts, handle_happenings
from mooring.flows.sweeps.attending import attend
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.deliveries import Deliveries
from mooring.state.registry import Cluster
from mooring.state.watchers import Watchers
from tests.doubles.installation import REPOSITORY, World, config_map

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@contextmanager
def counted(world: World) -> Iterator[Counter[str]]:
    """What is asked of the table and the bucket meanwhile."""
    asked: Counter[str] = Counter()

    def note(model: object, **_: object) -> None:
        asked[model.name] += 1  # type: ignore[attr-defined]

    clients = [world.table._client, world.bundles._client]
    for client in clients:
        client.meta.events.register("before-call", note, unique_id="counting")
    yield asked
    for client in clients:
        client.meta.events.unregister("before-call", unique_id="counting")


def _deployed(world: World, **declared: Any) -> list[AppKey]:
    keys = [world.declare(f"shop-{n}", namespace=f"shop-{n}", **declared) for n in range(5)]
    for key in keys:
        world.push(key, config_map("a", x="1"), config_map("b", x="1"))
        world.request(key)
        world.sync(key)
    world.sweep()
    return keys


@pytest.mark.parametrize(
    ("declared", "drifted"),
    [
        (AUTO, False),
        ({"automated": {}}, True),
        ({"automated": {"selfHeal": False}}, False),
        ({"annotations": {"mooring.dev/self-heal": "true"}}, False),
        ({}, True),
    ],
)
def test_a_look_that_finds_nothing_new_writes_nothing(world: World, declared: dict[str, Any], drifted: bool) -> None:
    """GIVEN five applications, whatever becomes of changes by hand, perhaps with one that was reported already WHEN their
    cluster is looked at THEN one query and two reads are asked for, and nothing is written or sent.
    """
    _deployed(world, **declared)
    if drifted:
        world.cluster.edit(ObjectKey("", "ConfigMap", "shop-0", "a"), lambda live: live["data"].update(x="2"))
        world.sweep()
    world.queues.sent.clear()
    with counted(world) as asked:
        world.sweep()
    assert ({"Query": 1, "BatchGetItem": 2}, []) == (asked, world.queues.sent)


def test_a_commit_is_synced_in_six_requests(world: World) -> None:
    """GIVEN a new bundle of one application WHEN it is synced THEN six requests are made, and two where it is again."""
    key = _deployed(world, **AUTO)[0]
    world.push(key, config_map("a", x="2"), config_map("b", x="1"))
    with counted(world) as asked:
        world.sync(key)
    assert {"BatchGetItem": 2, "GetObject": 1, "TransactWriteItems": 2, "Query": 1} == asked
    with counted(world) as again:
        world.sync(key)
    assert {"BatchGetItem": 2} == again


def test_a_delivery_takes_three_requests_of_the_table(world: World) -> None:
    """GIVEN a push to a repository of five applications WHEN it is delivered THEN it is looked up, noted, and no more;
    WHEN it is delivered again THEN one read finds that out.
    """
    _deployed(world, **AUTO)
    ports = DeliveryPorts(
        world.applications, world.registry, Deliveries(world.table), world.queues, dict, Rules, lambda: world.now  # type: ignore[arg-type]
    )  # fmt: skip
    push = Push((f"https://{REPOSITORY}",), "refs/heads/main", "a" * 40, "ada", frozenset({"shop-1/a.yaml"}), "main")
    delivery = Delivery("github", "push", "1", "twin", (push,))
    with counted(world) as asked:
        assert "queued" == handle_happenings(ports, delivery).outcome
    assert {"BatchGetItem": 1, "Query": 1, "BatchWriteItem": 1} == asked
    with counted(world) as again:
        assert "duplicate" == handle_happenings(ports, delivery).outcome
    assert {"BatchGetItem": 1} == again


@pytest.mark.parametrize(("mode", "reads"), [("sweep", {}), ("audit", {}), ("watch", {"BatchGetItem": 1})])
def test_only_a_watch_costs_a_sweep_a_read(world: World, mode: str, reads: dict[str, int]) -> None:
    """GIVEN a drift mode WHEN a sweep sees to watchers THEN a cluster that is watched takes one read, others none."""
    cluster = Cluster("in-cluster", "https://k.test", True, "", annotations={"mooring.dev/drift": mode})
    with counted(world) as asked:
        assert [] == attend(Watchers(world.table), lambda *_: None, [cluster], {"in-cluster"}, world.now)
    assert reads == asked
