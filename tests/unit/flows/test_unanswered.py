"""A sync that a person asked for always ends, whatever keeps it from beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey, Destination
from tests.doubles.installation import OneCluster, World, config_map, installation


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


class NoCluster(OneCluster):
    """No destination is known, or the one that is does not answer."""

    def __init__(self, world: World, error: MooringError) -> None:
        super().__init__(world.cluster, world.targets.declared)
        self.error = error

    def cluster(self, destination: Destination) -> Any:
        raise self.error


def sync(world: World, key: AppKey, error: MooringError) -> None:
    """One message about the application, in a function for which there is no cluster."""
    ports = replace(world.ports(), targets=NoCluster(world, error))  # type: ignore[arg-type]
    assert [] == handle_syncs(ports, [AppMessage(key, Cause("person"))])


def test_a_sync_without_a_cluster_ends(world: World) -> None:
    """GIVEN a destination that nobody registered WHEN a sync is asked for THEN it ends with the error, nothing forgotten."""
    key = world.declare(automated={"prune": True})
    world.push(key, config_map("a"))
    world.sync(key)
    world.request(key)
    sync(world, key, ConfigurationError("no cluster is registered", field="spec.destination.server"))
    record = world.record(key)
    operation = record.status.operation
    assert operation is not None
    assert ("Error", "spec.destination.server: no cluster is registered") == (operation.phase, operation.message)
    assert ["InvalidSpecError"] == [condition.type for condition in record.status.conditions]
    assert record.request is None
    assert 1 == len(record.inventory)


def test_a_cluster_that_does_not_answer_is_shown(world: World) -> None:
    """GIVEN a first sync WHEN the cluster does not answer THEN the status says so, and a sync that is asked for waits."""
    key = world.declare(automated={"prune": True})
    world.push(key, config_map("a"))
    world.request(key)
    sync(world, key, UnreachableError("does not answer", subject="in-cluster"))
    record = world.record(key)
    assert [("ClusterError", "in-cluster: does not answer")] == [(c.type, c.message) for c in record.status.conditions]
    assert record.request is not None
    world.sync(key)
    record = world.record(key)
    assert () == tuple(record.status.conditions)
    assert record.status.operation is not None and "Succeeded" == record.status.operation.phase


def test_a_first_look_that_fails_is_tried_again(world: World) -> None:
    """GIVEN a cluster that does not answer WHEN a sync meets it THEN it comes back by itself, less and less often."""
    key = world.declare(automated={"prune": True})
    world.push(key, config_map("a"))
    delays = []
    for _ in range(20):
        world.queues.waiting.clear()
        sync(world, key, UnreachableError("does not answer", subject="in-cluster"))
        if not world.queues.waiting:
            break
        ((later, delay),) = world.queues.waiting
        assert AppMessage(key, Cause("person")) == later.message
        delays.append(delay)
        world.now += delay
    assert [3.0, 3.0, 3.0, 4.5] == delays[:4]
    assert sorted(delays) == delays
    assert [] == world.queues.waiting, "after a while the ticks of the schedule suffice"
    world.sync(key)
    assert "Synced" == world.record(key).status.sync


def test_ticks_and_lasting_errors_are_not_repeated(world: World) -> None:
    """GIVEN an application WHEN a tick fails, or an error won't pass THEN nothing comes back by itself."""
    key = world.declare(automated={"prune": True})
    world.push(key, config_map("a"))
    for kind, error in (("tick", UnreachableError("no answer")), ("push", ForbiddenError("no"))):
        ports = replace(world.ports(), targets=NoCluster(world, error))  # type: ignore[arg-type]
        handle_syncs(ports, [AppMessage(key, Cause(kind))])  # type: ignore[arg-type]
    assert [] == world.queues.waiting
