"""Two managers that undo each other's changes: when it is called a fight, what is said, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.syncs.fighting import calm_down, held_back, note_reverts
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.codec import status_from, status_item
from mooring.state.statuses import Status
from tests.doubles.installation import World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
WEB = ObjectKey("apps", "Deployment", "shop", "web")
REPLICAS = ({"path": ".spec.replicas", "desired": 2, "live": 1, "manager": "scaler", "time": ""},)
IMAGE = ({"path": ".spec.image", "desired": "a", "live": "b", "manager": "", "time": ""},)


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
    world.push(key, deployment("web", replicas=2), config_map("a", x="1"))
    world.sync(key)
    return key


def _fight(world: World, key: AppKey) -> str:
    return next((each.message for each in world.record(key).status.conditions if each.type == "FightDetected"), "")


def _scale(world: World) -> None:
    world.cluster.edit(WEB, lambda live: live["spec"].update(replicas=1), manager="scaler")


def _replicas(world: World) -> int:
    replicas: int = world.cluster.objects[WEB]["spec"]["replicas"]
    return replicas


def _revert(world: World, times: int, pause: float = 60) -> None:
    for _ in range(times):
        world.now += pause
        _scale(world)
        world.sweep()
        assert 2 == _replicas(world)


def test_three_reverts_are_no_fight(world: World, shop: AppKey) -> None:
    """GIVEN the same field put back three times in ten minutes THEN nothing is said."""
    _revert(world, 3)
    assert "" == _fight(world, shop)


def test_slow_reverts_are_no_fight(world: World, shop: AppKey) -> None:
    """GIVEN the same field put back every five minutes THEN nothing is said, however often."""
    _revert(world, 8, pause=300)
    assert "" == _fight(world, shop)


def test_a_fight_is_told(world: World, shop: AppKey) -> None:
    """GIVEN a fourth revert in ten minutes THEN the condition names object, field and both managers."""
    _revert(world, 4)
    told = _fight(world, shop)
    assert told.startswith("Deployment/web: .spec.replicas changed by scaler and put back by mooring again and again")


def test_healing_backs_off(world: World, shop: AppKey) -> None:
    """GIVEN a field put back WHEN it changes again and again THEN each time it waits longer; others are not held."""
    _revert(world, 1)
    for wait in (2, 6, 18, 54, 162, 300, 300):
        _scale(world)
        world.cluster.edit(ObjectKey("", "ConfigMap", "shop", "a"), lambda live: live["data"].update(x="2"))
        world.now += wait - 1
        world.sweep()
        assert (1, "1") == (
            _replicas(world),
            world.cluster.objects[ObjectKey("", "ConfigMap", "shop", "a")]["data"]["x"],
        )
        assert "OutOfSync" == world.record(shop).status.sync
        world.now += 2
        world.sweep()
        assert 2 == _replicas(world)
    assert 6 == len(next(each for each in world.record(shop).status.fights if each.key == WEB).reverted)


def test_healing_comes_when_the_wait_is_over(world: World, shop: AppKey) -> None:
    """GIVEN a change that is held back WHEN looks find it THEN one message comes back, in time, and with it the healing."""
    _revert(world, 4)
    world.queues.waiting.clear()
    _scale(world)
    world.now += 10
    world.sweep()
    world.now += 1
    world.sweep()
    ((later, delay),) = world.queues.waiting
    assert (ObjectMessage("in-cluster", (WEB,), Cause("retry"), shop), 1) == (later.message, _replicas(world))
    world.now += delay - 1
    assert [] == handle_syncs(world.ports(), [later.message])
    assert 2 == _replicas(world)


def test_nothing_comes_back_without_self_heal(world: World) -> None:
    """GIVEN an application that heals nothing WHEN it drifts during a fight THEN no message is sent on that account."""
    key = world.declare(**AUTO)
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    _revert(world, 4)
    world.declare(automated={"prune": True})
    world.sync(key)
    world.queues.waiting.clear()
    _scale(world)
    world.sweep()
    assert [] == world.queues.waiting


def test_a_request_waits_for_nothing(world: World, shop: AppKey) -> None:
    """GIVEN an object that is held back WHEN somebody asks for a sync THEN it is put back at once."""
    _revert(world, 4)
    _scale(world)
    world.request(shop)
    world.sync(shop)
    assert 2 == _replicas(world)


def test_a_fight_ends(world: World, shop: AppKey) -> None:
    """GIVEN a fight WHEN it was calm for ten minutes THEN the condition goes, and sweeps write nothing from then on."""
    _revert(world, 4)
    world.now += 599
    world.sweep()
    assert "" != _fight(world, shop)
    world.now += 2
    world.sweep()
    assert "" == _fight(world, shop)
    before = {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{shop}")}
    world.now += 1000
    world.sweep()
    assert before == {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{shop}")}


def test_sweeps_in_a_held_back_fight_write_once(world: World, shop: AppKey) -> None:
    """GIVEN a change that is held back WHEN sweeps see it THEN it is written down once."""
    _revert(world, 4)
    _scale(world)
    world.sweep()
    before = {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{shop}")}
    world.cluster.applies.clear()
    world.sweep()
    assert before == {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{shop}")}
    assert [] == world.cluster.applies


def test_other_fields_are_another_matter() -> None:
    """GIVEN reverts of one field WHEN another one of the object is put back THEN counting begins anew."""
    status = Status()
    for moment in range(3):
        status = note_reverts(status, {WEB: REPLICAS}, float(moment))
    status = note_reverts(status, {WEB: IMAGE}, 3.0)
    assert (3.0,) == status.fights[0].reverted
    assert () == status.conditions


def test_nothing_reverted_changes_nothing() -> None:
    """GIVEN no reverts THEN a status is the same before and after."""
    status = Status()
    assert status is note_reverts(status, {}, 1.0)
    assert status is calm_down(status, {}, 1.0)
    assert frozenset() == held_back(status.fights, 1.0)


def test_fights_are_kept() -> None:
    """GIVEN a status with a fight WHEN it is written and read THEN it is the same."""
    status = note_reverts(Status(), {WEB: REPLICAS}, 1.5)
    assert status == status_from(status_item("APP#x", status))


def test_what_is_remembered_is_bounded() -> None:
    """GIVEN a fight WHEN thousands of objects are put back at once THEN it stays, and few of the others."""
    status = Status()
    for moment in range(4):
        status = note_reverts(status, {WEB: REPLICAS}, float(moment))
    many = {ObjectKey("", "ConfigMap", "a", f"a{number}"): REPLICAS for number in range(5000)}
    status = note_reverts(status, many, 5.0)
    assert 200 == len(status.fights)
    assert WEB in {fight.key for fight in status.fights}
