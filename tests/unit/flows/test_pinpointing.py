"""One object that may have been changed: read alone, put back alone, told as every heal is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mooring.events.messages import Cause, Later, ObjectMessage
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.tracking import APP_LABEL
from tests.doubles.installation import World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WEB = ObjectKey("apps", "Deployment", "shop", "web")
A, B = ObjectKey("", "ConfigMap", "shop", "a"), ObjectKey("", "ConfigMap", "shop", "b")
WATCH = Cause("watch")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> AppKey:
    key = world.declare(**AUTO)
    world.push(key, deployment("web", replicas=2), config_map("a", x="1"), config_map("b", x="1"))
    world.sync(key)
    world.sweep()
    world.cluster.applies.clear()
    world.queues.waiting.clear()
    return key


def _tell(world: World, *objects: ObjectKey, app: AppKey | None = None) -> None:
    world.now += 10
    assert [] == handle_syncs(world.ports(), [ObjectMessage("in-cluster", objects, WATCH, app)])


def _scale(world: World) -> None:
    world.cluster.edit(WEB, lambda live: live["spec"].update(replicas=1), manager="scaler")


def test_one_object_is_read_and_applied(world: World, shop: AppKey) -> None:
    """GIVEN two changed objects WHEN one is named THEN one read and one apply put it back, and the other stays."""
    _scale(world)
    world.cluster.edit(A, lambda live: live["data"].update(x="2"))
    before = world.cluster.requests
    _tell(world, WEB, app=shop)
    assert ([WEB], 2) == (world.cluster.applies, world.cluster.requests - before)
    status = world.record(shop).status
    assert status.operation is not None
    assert ("heal", "watch", "Succeeded", "Synced") == (
        status.operation.kind, status.operation.cause.kind, status.operation.phase, status.sync,
    )  # fmt: skip
    world.sweep()
    assert [WEB, A] == world.cluster.applies


@pytest.mark.parametrize("app", [True, False])
def test_nothing_is_written_where_nothing_changed(world: World, shop: AppKey, app: bool) -> None:
    """GIVEN objects as they were applied WHEN they are named THEN nothing is applied and nothing is written."""
    before = world.record(shop)
    _tell(world, WEB, A, app=shop if app else None)
    assert ([], before) == (world.cluster.applies, world.record(shop))
    assert ([], []) == (world.queues.waiting, world.queues.sent)


def test_the_object_says_whose_it_is(world: World, shop: AppKey) -> None:
    """GIVEN a changed object and no application WHEN it is named THEN it is put back after one read."""
    _scale(world)
    before = world.cluster.requests
    _tell(world, WEB)
    assert ([WEB], 2) == (world.cluster.applies, world.cluster.requests - before)


@pytest.mark.parametrize("known", [True, False])
def test_a_deleted_object_is_found_in_the_inventories(world: World, shop: AppKey, known: bool) -> None:
    """GIVEN an object that was deleted WHEN it is named, with its application or without, THEN it comes back."""
    del world.cluster.objects[A]
    _tell(world, A, app=shop if known else None)
    assert [A] == world.cluster.applies


@pytest.mark.parametrize("known", [True, False])
def test_an_object_without_its_marks_is_changed(world: World, shop: AppKey, known: bool) -> None:
    """GIVEN an object that lost our label and annotation WHEN it is named THEN they are put back."""

    def strip(live: dict) -> None:
        live["metadata"]["labels"], live["metadata"]["annotations"] = {}, {}

    world.cluster.edit(A, strip)
    _tell(world, A, app=shop if known else None)
    assert "argocd.shop" == world.cluster.objects[A]["metadata"]["labels"][APP_LABEL]


def test_foreign_objects_are_nobodys(world: World, shop: AppKey) -> None:
    """GIVEN objects that no inventory has, or that do not exist, WHEN they are named THEN nothing happens."""
    before = world.record(shop)
    _tell(world, ObjectKey("", "Pod", "shop", "x"), ObjectKey("", "ConfigMap", "shop", "z"))
    _tell(world, ObjectKey("", "ConfigMap", "shop", "z"), app=shop)
    _tell(world, A, app=AppKey("argocd", "unknown"))
    assert ([], before) == (world.cluster.applies, world.record(shop))


def test_without_self_heal_it_is_reported(world: World) -> None:
    """GIVEN an application that heals nothing WHEN a changed object is named THEN the status says so at once."""
    key = world.declare(automated={"prune": True})
    world.push(key, deployment("web", replicas=2), config_map("a", x="1"))
    world.sync(key)
    world.cluster.applies.clear()
    _scale(world)
    world.cluster.edit(A, lambda live: live["data"].update(x="2"))
    _tell(world, WEB, app=key)
    told = {row.key: [field["path"] for field in row.drift] for row in world.record(key).status.resources}
    assert ("OutOfSync", {WEB: [".spec.replicas"], A: []}) == (world.record(key).status.sync, told)
    _tell(world, A, app=key)
    told = {row.key: [field["path"] for field in row.drift] for row in world.record(key).status.resources}
    assert ([], {WEB: [".spec.replicas"], A: [".data.x"]}) == (world.cluster.applies, told)


def test_a_heal_keeps_what_is_known_of_others(world: World) -> None:
    """GIVEN drift that is told but not yet put back WHEN another object is healed THEN it is told still."""
    key = world.declare(**AUTO)
    world.push(key, deployment("web", replicas=2), config_map("a", x="1"))
    world.sync(key)
    for _ in range(6):  # a fight, so that the next change of the Deployment is only told
        _scale(world)
        _tell(world, WEB, app=key)
    _scale(world)
    world.now -= 10
    _tell(world, WEB, app=key)
    world.cluster.edit(A, lambda live: live["data"].update(x="2"))
    world.now -= 9
    _tell(world, A, app=key)
    rows = {row.key: bool(row.drift) for row in world.record(key).status.resources}
    assert ({WEB: True, A: False}, "OutOfSync") == (rows, world.record(key).status.sync)


def test_a_fight_backs_off(world: World, shop: AppKey) -> None:
    """GIVEN a field that is changed again and again WHEN each change is told at once THEN putting back waits longer."""
    _scale(world)
    _tell(world, WEB, app=shop)
    waits = []
    for _ in range(6):
        world.queues.waiting.clear()
        _scale(world)
        world.now -= 10  # the change comes at once
        _tell(world, WEB, app=shop)
        ((later, delay),) = world.queues.waiting
        assert ObjectMessage("in-cluster", (WEB,), Cause("retry"), shop) == later.message
        waits.append(round(delay - 0.5))
        world.now += delay
        assert [] == handle_syncs(world.ports(), [later.message])
        assert 2 == world.cluster.objects[WEB]["spec"]["replicas"]
    assert [2, 6, 18, 54, 162, 300] == waits
    told = [each.message for each in world.record(shop).status.conditions if each.type == "FightDetected"]
    assert told and "changed by scaler and put back by mooring again and again" in told[0]


def test_a_busy_application_is_asked_again(world: World, shop: AppKey) -> None:
    """GIVEN an application that is being synced WHEN its object is named THEN the same message comes back."""
    record = world.record(shop)
    world.applications.begin(
        record, owner="other", now=world.now, ttl=60, inventory=record.inventory, status=record.status
    )
    _scale(world)
    _tell(world, WEB)
    assert [Later("syncs", ObjectMessage("in-cluster", (WEB,), WATCH, shop))] == [
        later for later, _ in world.queues.waiting
    ]


def test_many_objects_are_listed(world: World) -> None:
    """GIVEN more objects than are read one by one WHEN all are named THEN one list finds what has changed."""
    key = world.declare(**AUTO)
    world.push(key, *(config_map(f"m{n}", x="1") for n in range(30)))
    world.sync(key)
    world.cluster.applies.clear()
    keys = tuple(ObjectKey("", "ConfigMap", "shop", f"m{n}") for n in range(30))
    world.cluster.edit(keys[7], lambda live: live["data"].update(x="2"))
    before = world.cluster.requests
    _tell(world, *keys, app=key)
    assert ([keys[7]], True) == (world.cluster.applies, world.cluster.requests - before <= 3)


def test_ignored_fields_are_no_drift(world: World) -> None:
    """GIVEN a field under ignoreDifferences WHEN somebody changes it and it is told THEN it stays, and is remembered."""
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    key = world.declare(ignore=[rule], **AUTO)
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    world.cluster.applies.clear()
    _scale(world)
    _tell(world, WEB, app=key)
    assert ([], 1, "Synced") == (
        world.cluster.applies,
        world.cluster.objects[WEB]["spec"]["replicas"],
        world.record(key).status.sync,
    )
    before = world.cluster.requests
    _tell(world, WEB, app=key)
    assert 1 == world.cluster.requests - before
