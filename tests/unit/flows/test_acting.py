"""What is refused before an object is touched for somebody: what the project forbids, and what is another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mooring.access.project import KindRule
from mooring.events.messages import Cause, ObjectMessage
from mooring.flows.asked.handling import ask_deletion, outcome
from mooring.flows.asked.registering import RegisterPorts
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from tests.doubles.installation import World

MINE = ObjectKey("", "ConfigMap", "shop", "mine")
DOCUMENT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}


def _deleted(world: World, app: AppKey, key: ObjectKey) -> Any:
    ports = RegisterPorts(world.registry, world.applications, world.queues)  # type: ignore[arg-type]
    cluster, id_ = ask_deletion(ports, app, key, "ada", world.now)
    message = ObjectMessage(cluster, (key,), Cause("person", id_, "ada"), app, act=id_)
    assert [] == handle_syncs(world.ports(), [message])
    return outcome(ports, app, id_)


@pytest.fixture
def synced(make_world: Callable[[], World]) -> tuple[World, AppKey]:
    world = make_world()
    key = world.declare()
    world.push(key, DOCUMENT)
    world.request(key)
    world.sync(key)
    assert MINE in world.cluster.objects
    return world, key


def test_what_the_project_forbids_by_now_stays(synced: tuple[World, AppKey]) -> None:
    """GIVEN a project that has come to forbid a kind WHEN such an object is to be deleted THEN it is refused and stays."""
    world, app = synced
    project = world.targets.projects["default"]
    world.targets.projects["default"] = replace(project, namespaced_denied=(KindRule("", "ConfigMap", ""),))
    assert "ConfigMap" in _deleted(world, app, MINE)["error"]
    assert MINE in world.cluster.objects


def test_nobody_finds_out_what_there_is(synced: tuple[World, AppKey]) -> None:
    """GIVEN an object of another and a name of none WHEN each is to be deleted THEN both are refused in the same words."""
    world, app = synced
    other = world.declare("other", namespace="secret")
    world.push(other, DOCUMENT)
    world.request(other)
    world.sync(other)
    theirs, nothing = (_deleted(world, app, replace(MINE, namespace=where)) for where in ("secret", "nowhere"))
    assert replace(MINE, namespace="secret") in world.cluster.objects
    assert theirs["error"] == nothing["error"]
