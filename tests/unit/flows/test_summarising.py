"""A row of a list says what the whole application says, and no status is read for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.summarising import Summary, summaries
from mooring.flows.sweeps.summarised import summarise_old
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.state.records import Deleting
from mooring.state.statuses import Condition
from mooring.state.wanted import RenderFailure
from mooring.state.table import Item, Key, put
from tests.doubles.installation import World, installation


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def config(name: str = "settings", value: str = "1") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"key": value},
    }


def deployment(image: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
    }


def row(world: World, key: AppKey) -> Summary:
    (found,) = [each for each in summaries(world.applications) if each.key == key]
    return found


def test_a_row_follows_a_sync(world: World) -> None:
    """GIVEN a declared application WHEN rendered and synced THEN its row says so, with images, revision and times."""
    key = world.declare(automated={})
    assert ("Unknown", "Unknown", "", 0.0) == (
        row(world, key).sync, row(world, key).health, row(world, key).phase, row(world, key).synced_at,
    )  # fmt: skip
    world.push(key, config(), deployment("shop/web:1.2.3"))
    assert "OutOfSync" == row(world, key).sync
    handle_syncs(world.ports(), [AppMessage(key, Cause("push"))])
    found = row(world, key)
    assert ("Synced", "Succeeded", ["shop/web:1.2.3"], "in-cluster") == (
        found.sync, found.phase, list(found.images), found.cluster,
    )  # fmt: skip
    record = world.record(key)
    assert record.wanted is not None
    assert (record.wanted.revision, world.now, world.now) == (found.revision, found.synced_at, found.changed_at)


def test_rows_agree_with_whole_applications(world: World) -> None:
    """GIVEN applications in many states WHEN listed in both ways THEN sync, health and conditions are the same."""
    keys = [world.declare(f"app-{number}", **({"automated": {}} if number % 2 else {})) for number in range(6)]
    for number, key in enumerate(keys[1:]):
        world.push(key, config(f"settings-{number}"))
    handle_syncs(world.ports(), [AppMessage(key, Cause("push")) for key in keys])
    world.push(keys[3], config("settings-3", "2"))
    record = world.record(keys[4])
    assert record.wanted is not None
    failure = RenderFailure("helm is not amused " * 40, False, "f" * 40, 1, 1.0)
    world.applications.want([(keys[4], replace(record.wanted, failure=failure))])
    record = world.record(keys[5])
    status = replace(record.status, conditions=(Condition("ClusterError", "no such cluster", 1.0),))
    world.applications.observe(record, now=world.now + 5, inventory=record.inventory, status=status)
    rows = {each.key: each for each in summaries(world.applications)}
    assert sorted(keys) == list(rows)
    for key in keys:
        shown = show_application(world.record(key))["status"]
        told = rows[key]
        assert (shown["sync"]["status"], shown["sync"]["revision"]) == (told.sync, told.revision)
        assert (shown["health"]["status"], len(shown["conditions"])) == (told.health, told.conditions)
        assert shown.get("operationState", {}).get("phase", "") == told.phase
    assert 200 == len(rows[keys[4]].message)


def test_the_time_of_a_change_stays_while_nothing_changes(world: World) -> None:
    """GIVEN a synced application WHEN looked at again and then its health changes THEN only that moves its time."""
    key = world.declare(automated={})
    world.push(key, config())
    handle_syncs(world.ports(), [AppMessage(key, Cause("push"))])
    synced = world.now
    world.now += 60
    record = world.record(key)
    world.applications.observe(record, now=world.now, inventory={}, status=replace(record.status, orphaned=1))
    assert (synced, synced) == (row(world, key).changed_at, row(world, key).synced_at)
    record = world.record(key)
    degraded = replace(record.status, health=replace(record.status.health, status="Degraded"))
    world.applications.observe(record, now=world.now, inventory={}, status=degraded)
    assert (world.now, synced) == (row(world, key).changed_at, row(world, key).synced_at)


def test_a_deleted_application_leaves_the_list(world: World) -> None:
    """GIVEN two applications WHEN one is being deleted, then gone THEN its row says so, then is no more."""
    keys = [world.declare("one", automated={}), world.declare("two", automated={})]
    for key in keys:
        world.push(key, config(key.name))
    handle_syncs(world.ports(), [AppMessage(key, Cause("push")) for key in keys])
    record = world.record(keys[0])
    assert record.spec is not None
    deleting = replace(record.spec, deleting=Deleting(True, "ada", world.now), generation=record.spec.generation + 1)
    world.applications.replace_spec(deleting, record.spec)
    assert [True, False] == [each.deleting for each in summaries(world.applications)]
    handle_syncs(world.ports(), [AppMessage(keys[0], Cause("person"))])
    handle_syncs(world.ports(), [AppMessage(keys[0], Cause("person"))])
    assert [keys[1]] == [each.key for each in summaries(world.applications)]


def without_facts(world: World, key: AppKey) -> None:
    """Makes the items of an application what an older version of Mooring wrote."""
    for at in [(f"APP#{key}", part) for part in ("SPEC", "WANTED", "STATUS")] + [("APPS", str(key))]:
        item = world.table.get(at)
        assert item is not None
        kept = {name: value for name, value in item.items() if not name.startswith("summar")}
        world.table.write(put(kept))


def test_items_of_an_older_version_are_completed_by_a_sweep(world: World) -> None:
    """GIVEN applications written before lists had an index WHEN swept THEN they are listed as before, once and for all."""
    keys = [world.declare(name, automated={}) for name in ("one", "two", "three")]
    for key in keys:
        world.push(key, config(key.name))
        world.sync(key)
    before = list(summaries(world.applications))
    for key in keys[:2]:
        without_facts(world, key)
    assert [keys[2]] == [each.key for each in summaries(world.applications)]
    with ThreadPoolExecutor(2) as pool:
        summarise_old(world.applications, world.applications.registered(), pool)
        assert before == list(summaries(world.applications))
        assert all(each.summarised for each in world.applications.registered())


def test_what_was_written_meanwhile_is_not_completed(world: World) -> None:
    """GIVEN an item that is written as a sweep completes it WHEN that is done THEN what was written stays."""
    key = world.declare(automated={})
    world.push(key, config())
    world.sync(key)
    without_facts(world, key)
    unsummarised = world.applications.unsummarised
    read = world.table.get_many

    def overtaken(keys: Iterable[Key]) -> dict[Key, Item]:
        items = read(keys)
        world.table.get_many = read  # type: ignore[method-assign]
        world.push(key, config(value="2"))
        return items

    world.table.get_many = overtaken  # type: ignore[method-assign]
    unsummarised.complete([key])
    assert not any(each.summarised for each in world.applications.registered())
    unsummarised.complete([key])
    assert "OutOfSync" == row(world, key).sync
