"""The laws about crashes: whatever step a function dies at, a rerun ends where no crash would have ended.

Steps are enumerated, not sampled: every write to the table and to the cluster is a step, and the process dies once before
and once after each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.model.application import AppKey
from mooring.model.chain import find_faults
from mooring.model.objects import ObjectKey
from mooring.state.table import Table
from tests.doubles.installation import Crash, World, config_map, deployment

AUTO = {"automated": {"prune": True, "selfHeal": True}}


class Fuse:
    """Counts steps and dies at one of them: `when` is `before` or `after` it took effect."""

    def __init__(self, at: int, when: str) -> None:
        self.at = at
        self.when = when
        self.count = 0

    def before(self, what: str) -> None:
        self.count += 1
        if self.count == self.at and self.when == "before":
            raise Crash(f"before step {self.count}: {what}")

    def after(self, what: str) -> None:
        if self.count == self.at and self.when == "after":
            raise Crash(f"after step {self.count}: {what}")


class FusedTable(Table):
    """The table, with every write a step."""

    fuse: Fuse

    def write(self, *operations: Any) -> None:
        self.fuse.before("table")
        super().write(*operations)
        self.fuse.after("table")


def _scenario(world: World) -> AppKey:
    """An application with a first sync behind it and a commit before it that adds, changes, removes; plus drift."""
    key = world.declare(**AUTO)
    world.push(
        key, config_map("stays", x="1"), config_map("changes", x="1"), config_map("goes", x="1"), deployment("web")
    )
    world.sync(key)
    web = ObjectKey("apps", "Deployment", "shop", "web")
    world.cluster.edit(web, lambda live: live["spec"].update(replicas=9))
    world.push(
        key, config_map("stays", x="1"), config_map("changes", x="2"), config_map("new", x="1"), deployment("web")
    )
    world.cluster.applies.clear()
    return key


def _end_state(world: World, key: AppKey) -> tuple[Any, Any, Any]:
    record = world.record(key)
    objects = {
        str(each): [live.get("data"), live.get("spec"), live["metadata"].get("labels")]
        for each, live in world.cluster.objects.items()
    }
    remembered = {str(each): [entry.digest, entry.intent] for each, entry in record.inventory.items()}
    status = record.status
    told = [status.sync, status.health.status, [(str(r.key), r.sync) for r in status.resources], status.operation.phase]
    return objects, remembered, told


def _assert_on_record(world: World, key: AppKey, where: str) -> None:
    """The chains of records are whole, no operation is on record twice, and the last one is."""
    records = world.applications
    operations = [link for _, link, _ in records.links(key, "", "~")]
    assert [] == find_faults(str(key), operations, records.ends([key])[key]), where
    ids = [link.id for link in operations]
    assert sorted(set(ids)) == sorted(ids), where
    last = world.record(key).status.operation
    assert last is not None
    assert last.id in ids, where
    drifts = [link for _, link, _ in records.drifts.links(key, "", "~")]
    assert drifts, "the scenario has drift"
    assert [] == find_faults(f"{key} drift", drifts, records.drifts.ends([key])[str(key)]), where


def _run(world: World, key: AppKey) -> None:
    world.sync(key)
    world.sweep()


def _crash(world: World, key: AppKey, fuse: Fuse) -> bool:
    """Runs until the fuse blows; whether it did."""
    fused = FusedTable(world.table._client, world.table.name)
    fused.fuse = fuse
    world.applications._table, world.cluster.before, world.cluster.after = fused, fuse.before, fuse.after
    try:
        _run(world, key)
    except Crash:
        return True
    finally:
        world.applications._table = world.table
        world.cluster.before = world.cluster.after = lambda what: None
    return False


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_ends_as_no_crash(make_world: Callable[[], World], when: str) -> None:
    """GIVEN a sync that dies at step n, for every n WHEN another one runs THEN everything ends as without the crash."""
    calm = make_world()
    key = _scenario(calm)
    _run(calm, key)
    expected = _end_state(calm, key)
    assert "Synced" == expected[2][0]
    unhurt = calm.cluster.applies.copy()
    at = 0
    while True:
        at += 1
        world = make_world()
        key = _scenario(world)
        if not _crash(world, key, Fuse(at, when)):
            break
        remembered = world.record(key).inventory
        assert set(world.cluster.objects) <= set(remembered), f"{when} step {at}: an object that nobody remembers"
        world.now += LEASE_SECONDS + 1
        _run(world, key)
        assert expected == _end_state(world, key), f"{when} step {at}"
        assert sorted(set(unhurt)) == sorted(set(world.cluster.applies)), f"{when} step {at}"
        assert len(unhurt) == len(world.cluster.applies), f"{when} step {at}: something unchanged was applied twice"
        _assert_on_record(world, key, f"{when} step {at}")
    assert at > 8, "the scenario has fewer steps than it was written for"


def test_a_crash_of_the_rerun_too(make_world: Callable[[], World]) -> None:
    """GIVEN a first crash in the middle WHEN the rerun crashes at every step THEN the third run ends in the same state."""
    calm = make_world()
    key = _scenario(calm)
    _run(calm, key)
    expected = _end_state(calm, key)
    at = 0
    while True:
        at += 1
        world = make_world()
        key = _scenario(world)
        assert _crash(world, key, Fuse(4, "after"))
        world.now += LEASE_SECONDS + 1
        if not _crash(world, key, Fuse(at, "after")):
            break
        world.now += LEASE_SECONDS + 1
        _run(world, key)
        assert expected == _end_state(world, key), f"step {at}"
        _assert_on_record(world, key, f"step {at}")


def test_two_syncs_never_both_write(make_world: Callable[[], World]) -> None:
    """GIVEN a sync paused past its lease at every step WHEN another one runs meanwhile THEN only one writes results."""
    at = 0
    while True:
        at += 1
        world = make_world()
        key = _scenario(world)
        if not _pause_at(world, key, at):
            break
        _run(world, key)
        record = world.record(key)
        told = [
            result.key
            for operation in world.applications.operations(key, 100)
            if operation.revision == record.wanted.revision
            for result in operation.results
            if result.status != "unchanged"
        ]
        assert sorted(set(told)) == sorted(told), f"step {at}: two operations say they did the same"
        assert "Synced" == record.status.sync
        _assert_on_record(world, key, f"step {at}")


def _pause_at(world: World, key: AppKey, at: int) -> bool:
    """Runs a sync that falls asleep at a step, lets another one run to its end, and wakes up again."""
    hit: list[int] = []

    class Sleepy(Fuse):
        def before(self, what: str) -> None:
            self.count += 1
            if self.count == at:
                hit.append(at)
                calm = world.applications._table
                world.applications._table = world.table
                world.cluster.before = lambda what: None
                world.now += LEASE_SECONDS + 1
                _run(world, key)
                world.applications._table, world.cluster.before = calm, self.before

    fuse = Sleepy(at, "never")
    fused = FusedTable(world.table._client, world.table.name)
    fused.fuse = fuse
    world.applications._table, world.cluster.before = fused, fuse.before
    try:
        _run(world, key)
    finally:
        world.applications._table = world.table
        world.cluster.before = lambda what: None
    return bool(hit)
