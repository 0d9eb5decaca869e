"""Objects that stand among an application's manifests more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mooring.model.objects import ObjectKey
from tests.doubles.installation import World, config_map, installation


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def _warnings(world: World) -> list[str]:
    (record,) = world.applications.load([listed.key for listed in world.applications.registered()]).values()
    return [each.message for each in record.status.conditions if each.type == "RepeatedResourceWarning"]


def test_the_last_one_is_applied_and_the_warning_goes_with_its_cause(world: World) -> None:
    """GIVEN an object three times WHEN synced THEN the last one counts and it is told, until git has it once."""
    key = world.declare(automated={"prune": True, "selfHeal": True})
    world.push(
        key,
        config_map("a", color="red"),
        config_map("b"),
        config_map("a", color="blue"),
        config_map("a", color="green"),
    )
    world.sync(key)
    live = world.cluster.objects[ObjectKey("", "ConfigMap", "shop", "a")]
    assert {"color": "green"} == live["data"]
    assert ["ConfigMap shop/a (3 times) stands among the manifests more than once: the last one counts"] == _warnings(
        world
    )
    assert 2 == len(world.record(key).inventory)

    world.push(key, config_map("a", color="green"), config_map("b"))
    world.sync(key)
    assert [] == _warnings(world)


def test_without_automation_it_is_told_as_well(world: World) -> None:
    """GIVEN an application that is synced by hand WHEN git has objects twice THEN each of them is named."""
    key = world.declare()
    world.push(key, *(config_map(name) for name in "abcdef"), *(config_map(name) for name in "abcdef"))
    world.sync(key)
    (told,) = _warnings(world)
    assert told.startswith("ConfigMap shop/a (2 times), ConfigMap shop/b (2 times), ")
    assert told.endswith(" and 1 more stand among the manifests more than once: the last one counts")
