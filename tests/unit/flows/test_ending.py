"""The end of a request that was not begun: whatever it waits for, exactly once, and on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.asked.declaring import ask_sync
from mooring.flows.asked.ending import ask_termination
from mooring.flows.asked.showing import show_application
from mooring.flows.asked.steering import ask_rollback
from mooring.model.application import AppKey
from mooring.state.operations import Instead, Operation
from mooring.state.wanted import Commit
from tests.doubles.hooks import job, key_of
from tests.doubles.installation import World, config_map, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
A = key_of("ConfigMap", "a")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def last(world: World, key: AppKey) -> Operation:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation


def on_record(world: World, key: AppKey) -> list[tuple[str, str, str]]:
    return [(each.id, each.phase, each.message) for each in world.applications.operations(key, 9)]


def asked(world: World, key: AppKey, *, rendered: bool) -> str:
    """A sync to another revision was asked for, and `render` has done its part, or not."""
    world.now += 1
    id_ = ask_sync(world.asking, key, "ada", prune=True, revisions=("v1",))
    request = world.record(key).request
    assert request is not None
    if rendered:
        bundle = world.bundles.save((config_map("a", x="other"),))
        brings = Instead("b" * 40, bundle, Commit())
        world.applications.fulfil(key, request.__class__(**{**_fields(request), "instead": brings}))
    return id_


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


@pytest.mark.parametrize("rendered", [False, True])
@pytest.mark.parametrize("synced", [False, True])
def test_a_request_that_waits_is_ended(world: World, rendered: bool, synced: bool) -> None:
    """GIVEN a request that waits for its render, or its turn, also of an application that was never synced WHEN it is
    terminated THEN it is over at once, on record with who ended it, and is never begun.
    """
    key = world.declare()
    world.push(key, config_map("a"))
    if synced:
        world.request(key)
        world.sync(key)
    id_ = asked(world, key, rendered=rendered)
    waiting = show_application(world.record(key))["status"]["requested"]
    assert (id_, "turn" if rendered else "render", ["v1"]) == (waiting["id"], waiting["waitsFor"], waiting["revisions"])
    assert id_ == ask_termination(world.asking, key, "bob")
    ended = last(world, key)
    assert (id_, "Failed", "terminated by bob before it began") in on_record(world, key)
    assert (id_, "ada", "b" * 40 if rendered else "v1") == (ended.id, ended.cause.by, ended.revision)
    assert (None, "requested" in show_application(world.record(key))["status"]) == (world.record(key).request, False)
    before = dict(world.cluster.objects)
    for kind in ("person", "retry"):
        world.sync(key, kind)
    world.sweep()
    assert (before, 1) == (world.cluster.objects, sum(each[0] == id_ for each in on_record(world, key)))
    with pytest.raises(ConfigurationError, match="no operation is in progress"):
        ask_termination(world.asking, key, "bob")


def test_a_rollback_that_was_not_begun_is_ended_and_the_pause_stays(world: World) -> None:
    """GIVEN a rollback that nobody has begun WHEN it is terminated THEN it is over, and nothing is synced by itself."""
    key = world.declare(**AUTO)
    for value in "12":
        world.push(key, config_map("a", x=value))
        world.sync(key)
    back = ask_rollback(world.asking, key, "ada", to=None)
    assert back.id == ask_termination(world.asking, key, "bob")
    world.sync(key, "person")
    record = world.record(key)
    assert record.spec is not None
    assert ({"x": "2"}, True, back.operation.id) == (
        world.cluster.objects[A]["data"], record.spec.paused is not None, last(world, key).returned,
    )  # fmt: skip


def test_what_runs_and_what_waits_behind_it_end_together(world: World) -> None:
    """GIVEN a request that waits for its render while an operation waits for a hook WHEN somebody terminates THEN both
    end, each once, on record.
    """
    key = world.declare()
    world.push(key, job("migrate", hook="PreSync"), config_map("a"))
    world.request(key)
    world.sync(key)
    running = last(world, key)
    id_ = asked(world, key, rendered=False)
    assert "render" == show_application(world.record(key))["status"]["requested"]["waitsFor"]
    assert running.id == ask_termination(world.asking, key, "bob")
    world.sync(key, "person")
    assert {running.id: "Failed", id_: "Failed"} == {each[0]: each[1] for each in on_record(world, key)}
    assert (2, None, "Failed") == (len(on_record(world, key)), world.record(key).request, last(world, key).phase)
    assert {} == world.cluster.objects


def test_a_request_that_is_begun_meanwhile_is_ended_as_an_operation(world: World) -> None:
    """GIVEN a function that begins the request between the reading and the writing of whoever ends it WHEN both write
    THEN the operation is ended, once.
    """
    key = world.declare()
    world.push(key, job("migrate", hook="PreSync"), config_map("a"))
    world.now += 1
    id_ = ask_sync(world.asking, key, "ada", prune=True)
    load, raced = world.applications.load, []

    def late(keys: Any, **more: Any) -> Any:
        found = load(keys, **more)
        if not raced:
            raced.append(True)
            world.sync(key, "person")
        return found

    world.applications.load = late  # type: ignore[method-assign]
    assert id_ == ask_termination(world.asking, key, "bob")
    world.applications.load = load  # type: ignore[method-assign]
    world.sync(key, "person")
    assert [id_] == [each[0] for each in on_record(world, key)]
    assert ("Failed", {}) == (last(world, key).phase, world.cluster.objects)
    assert last(world, key).message.startswith("terminated by bob; ")


def test_whoever_would_begin_it_comes_too_late(world: World) -> None:
    """GIVEN a function that has read the request WHEN it is ended before that function begins it THEN nothing begins."""
    key = world.declare()
    world.push(key, config_map("a"))
    world.now += 1
    id_ = ask_sync(world.asking, key, "ada", prune=True)
    load, ended = world.applications.load, []

    def stale(keys: Any, **more: Any) -> Any:
        found = load(keys, **more)
        if not ended:
            ended.append(True)
            ended.append(ask_termination(world.asking, key, "bob"))
        return found

    world.applications.load = stale  # type: ignore[method-assign]
    world.sync(key, "person")
    assert [True, id_] == ended
    world.applications.load = load  # type: ignore[method-assign]
    world.sync(key, "person")
    assert ([id_], {}) == ([each[0] for each in on_record(world, key)], world.cluster.objects)


def test_a_request_that_comes_while_another_is_answered_stays(world: World) -> None:
    """GIVEN a sync that somebody asked for WHEN another one is asked for before it has ended THEN that one stays."""
    key = world.declare()
    world.push(key, config_map("a"))
    world.request(key)
    second: list[str] = []

    def ask_again(what: str) -> None:
        world.cluster.after = lambda what: None
        second.append(ask_sync(world.asking, key, "bob", prune=True))

    world.cluster.after = ask_again
    world.sync(key)
    request = world.record(key).request
    assert ("Succeeded", second) == (last(world, key).phase, [] if request is None else [request.id])
    world.sync(key, "person")
    assert (second[0], None) == (last(world, key).id, world.record(key).request)
