"""A sync with options and tries of its own against a real API server: what it refuses the declared way, it takes so."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.flows.asked.declaring import ask_sync
from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey, Retry
from mooring.model.once import Once
from mooring.state.operations import Operation
from tests.doubles.installation import World
from tests.integration.test_options_cluster import config_map, deployment, live, operation, patch


def _ask(world: World, key: AppKey, *options: str, **more: Any) -> Operation:
    world.now += 1
    id_ = ask_sync(world.asking, key, "ada", prune=None, dry_run=more.pop("dry_run", False), once=Once(options, **more))
    world.sync(key, "person")
    found = operation(world, key)
    assert id_ == found.id
    return found


def test_force_makes_anew_what_cannot_be_changed_once(world: World, target: Target, namespace: str) -> None:
    """GIVEN an immutable ConfigMap that git changes WHEN a sync is tried, then asked for with Force=true, then without
    THEN the dry run says that it would be made anew, the sync does it, and the next one is refused by the API server.
    """
    key = world.declare(f"once-{namespace}", namespace=namespace)
    world.push(key, config_map(namespace, "", immutable=True, x="1"))
    assert "Succeeded" == _ask(world, key).phase
    first = live(target, config_map(namespace, ""))["metadata"]["uid"]
    world.push(key, config_map(namespace, "", immutable=True, x="2"))
    refused = _ask(world, key)
    assert ("Failed", True) == (refused.phase, "immutable" in refused.message)
    tried = _ask(world, key, "Force=true", dry_run=True)
    assert "would be made anew" in tried.results[0].message
    assert first == live(target, config_map(namespace, ""))["metadata"]["uid"]
    assert "Succeeded" == _ask(world, key, "Force=true").phase
    now = live(target, config_map(namespace, ""))
    assert ({"x": "2"}, True) == (now["data"], first != now["metadata"]["uid"])
    world.push(key, config_map(namespace, "", immutable=True, x="3"))
    assert "Failed" == _ask(world, key).phase


def test_replace_takes_away_what_others_set_once(world: World, target: Target, namespace: str) -> None:
    """GIVEN a field that somebody added WHEN git changes the object and a sync has Replace=true THEN the field is gone,
    and later applies own what they did before.
    """
    key = world.declare(f"once-{namespace}", namespace=namespace)
    world.push(key, config_map(namespace, "", x="1"))
    _ask(world, key)
    patch(target, config_map(namespace, ""), {"data": {"theirs": "y"}})
    world.push(key, config_map(namespace, "", x="2"))
    assert "Succeeded" == _ask(world, key, "Replace=true").phase
    assert {"x": "2"} == live(target, config_map(namespace, ""))["data"]
    world.sweep()
    assert ("Synced", {}) == (world.record(key).status.sync, _drift(world, key))
    world.push(key, config_map(namespace, "", z="3"))
    assert "Succeeded" == _ask(world, key).phase
    assert {"z": "3"} == live(target, config_map(namespace, ""))["data"]


def _drift(world: World, key: AppKey) -> dict[str, Any]:
    return {row.key.name: row.drift for row in world.record(key).status.resources if row.drift}


@pytest.mark.parametrize("limit", [1, 3])
def test_tries_end_where_the_server_gives_in(world: World, target: Target, namespace: str, limit: int) -> None:
    """GIVEN a manifest that the API server refuses for a field that it doesn't know WHEN a sync with tries meets it THEN
    it is Running between them, and ends with the last one; with Validate=false it succeeds at once.
    """
    key = world.declare(f"once-{namespace}", namespace=namespace)
    world.push(key, deployment(namespace, "", colour="red"))
    found = _ask(world, key, retry=Retry(limit=limit))
    for tries in range(1, limit + 1):
        assert ("Running", tries) == (found.phase, found.tries)
        assert "colour" in found.message
        world.now += 100
        world.sweep()
        found = operation(world, key)
    assert ("Failed", limit) == (found.phase, found.retries)
    assert "Succeeded" == _ask(world, key, "Validate=false").phase
    container = live(target, deployment(namespace, ""))["spec"]["template"]["spec"]["containers"][0]
    assert "colour" not in container
