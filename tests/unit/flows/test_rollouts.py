"""Rolling sync: a set that decides when its applications are synced, and when they are deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.events.messages import ApplicationSetMessage, AppMessage, Cause
from mooring.flows.sets.setasking import delete_set
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from tests.doubles.installation import World, config_map, deployment, installation
from tests.doubles.setworld import KEY, Sets

STEPS: list[dict[str, Any]] = [
    {"matchExpressions": [{"key": "stage", "operator": "In", "values": ["test"]}]},
    {"matchExpressions": [{"key": "stage", "operator": "In", "values": ["prod"]}], "maxUpdate": 1},
]
ROLLING = {"strategy": {"type": "RollingSync", "rollingSync": {"steps": STEPS}}}


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def sets(worlds: Callable[[], World]) -> Sets:
    return Sets(worlds())


def key(name: str) -> AppKey:
    return AppKey("argocd", f"shop-{name}")


def sync(sets: Sets, name: str) -> None:
    """What the queue brings: one message about the application, and what it tells its set."""
    sets.world.now += 60
    handle_syncs(sets.world.ports(), [AppMessage(key(name), Cause("render"))])


def told(sets: Sets) -> bool:
    """Whether the set was told that an application has moved on; takes it from the queue."""
    found = [each for each in sets.world.queues.sent if isinstance(each[1], ApplicationSetMessage)]
    sets.world.queues.sent.clear()
    return ("renders", ApplicationSetMessage(str(KEY), Cause("render"), progress=True)) in found


def stages(sets: Sets) -> dict[str, tuple[str, str]]:
    return {each["application"]: (each["step"], each["status"]) for each in sets.shown()["status"]["applicationStatus"]}


def test_steps_come_one_after_the_other(sets: Sets) -> None:
    """GIVEN two steps, the second one at a time WHEN applications become healthy THEN the next ones are asked for."""
    sets.declare("t/test", "a", "b", **ROLLING)
    automated = [each.application.automated for each in sets.applications.values()]
    assert [None, None, None] == automated  # the set begins their syncs, and nobody else
    for name in ("t", "a", "b"):
        sets.world.push(key(name), config_map(name))
    assert {"shop-t": ("1", "Pending"), "shop-a": ("2", "Waiting"), "shop-b": ("2", "Waiting")} == stages(sets)
    for name in ("a", "b", "t"):
        sync(sets, name)
    assert ["t"] == sorted({each.name for each in sets.world.cluster.objects if each.kind == "ConfigMap"})
    assert told(sets)
    assert "step 1 is under way" in sets.condition("RolloutProgressing")["message"]
    sets.look("render", progress=True)
    assert ("2", "Pending") == stages(sets)["shop-a"]
    assert ("2", "Waiting") == stages(sets)["shop-b"]
    assert "True" == sets.condition("RolloutProgressing")["status"]
    sync(sets, "a")
    assert told(sets)
    sets.look("render", progress=True)
    sync(sets, "b")
    sets.look("render", progress=True)
    assert {("1", "Healthy"), ("2", "Healthy")} == set(stages(sets).values())
    assert "False" == sets.condition("RolloutProgressing")["status"]
    record = sets.world.record(key("b"))
    assert record.status.operation is not None
    assert record.status.operation.prune  # as the template's automated sync says


def test_a_push_begins_a_new_rollout(sets: Sets) -> None:
    """GIVEN all is healthy WHEN git moves THEN the application is not synced by itself, but its set is told."""
    sets.declare("t/test", "a", **ROLLING)
    for name in ("t", "a"):
        sets.world.push(key(name), config_map(name))
        sync(sets, name)
        sets.look("render", progress=True)
    sync(sets, "a")
    sets.look("render", progress=True)
    assert {"Healthy"} == {stage for _, stage in stages(sets).values()}
    told(sets)
    sets.world.push(key("a"), config_map("a", more="yes"))
    sync(sets, "a")
    live = {each.name: found for each, found in sets.world.cluster.objects.items()}
    assert "more" not in (live["a"].get("data") or {})
    assert told(sets)
    sets.look("render", progress=True)
    sync(sets, "a")
    assert told(sets)
    sets.look("render", progress=True)
    assert ("2", "Healthy") == stages(sets)["shop-a"]


def test_what_does_not_become_healthy_stops_the_steps(sets: Sets) -> None:
    """GIVEN a Deployment that never gets ready in the first step THEN the second one is not begun."""
    sets.declare("t/test", "a", **ROLLING)
    sets.world.push(key("t"), deployment("web"))
    sets.world.push(key("a"), config_map("a"))
    for _ in range(3):
        sync(sets, "t")
        sync(sets, "a")
        sets.look("render", progress=True)
    assert {"shop-t": ("1", "Progressing"), "shop-a": ("2", "Waiting")} == stages(sets)


def test_what_can_not_be_synced_is_not_asked_for_again(sets: Sets) -> None:
    """GIVEN an application that its project does not permit WHEN its sync was tried THEN it is not tried in a loop."""
    sets.declare("t/test", **ROLLING)
    sets.world.push(key("t"), config_map("t"))
    del sets.world.targets.projects["default"]
    sync(sets, "t")
    for _ in range(3):
        sets.look("render", progress=True)
        assert sets.world.record(key("t")).request is None


def test_applications_are_deleted_from_the_last_step(sets: Sets) -> None:
    """GIVEN deletionOrder Reverse WHEN the set is deleted THEN each step goes when the one behind it is gone."""
    strategy = {**ROLLING["strategy"], "deletionOrder": "Reverse"}
    sets.declare("t/test", "a", "other/none", strategy=strategy)
    delete_set(sets.world.asking, KEY, "ada", cascade=True)
    for name in ("shop-other", "shop-a", "shop-t"):
        sets.look("render", progress=True)
        assert [name] == sets.going
        sets.forget(name)
    sets.look("render", progress=True)
    assert [] == sets.world.registry.sets.listed()
