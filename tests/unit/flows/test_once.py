"""A sync with options, tries and a strategy of its own: what holds for it alone, through tries and crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.asked.declaring import ask_sync
from mooring.flows.asked.ending import ask_termination
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.model.application import AppKey, Retry
from mooring.model.objects import ObjectKey
from mooring.model.once import Once, read_once
from mooring.state.operations import Operation
from tests.doubles.hooks import end_job, job, key_of, names
from tests.doubles.installation import Crash, World, config_map, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
A, B = (key_of("ConfigMap", name) for name in "ab")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def ask(world: World, key: AppKey, *options: str, **more: Any) -> str:
    """Somebody asks for a sync with options of its own, and its turn comes."""
    world.now += 1
    id_ = ask_sync(world.asking, key, "ada", prune=more.pop("prune", None), once=Once(options, **more))
    world.sync(key, "person")
    return id_


def last(world: World, key: AppKey) -> Operation:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation


def test_options_hold_for_one_sync_alone(world: World) -> None:
    """GIVEN an immutable field that changes WHEN a sync is asked for with Force=true THEN the object is made anew, the
    operation says so, and the next sync does not do it again.
    """
    key = world.declare()
    world.push(key, config_map("a", x="1"))
    ask(world, key)
    world.cluster.frozen.add(A)
    world.push(key, config_map("a", x="2"))
    ask(world, key)
    assert ("Failed", []) == (last(world, key).phase, world.cluster.made_room)
    forced = ask(world, key, "Force=true")
    assert ("Succeeded", [A]) == (last(world, key).phase, world.cluster.made_room)
    assert (forced, ("Force=true",)) == (last(world, key).id, last(world, key).once.options)
    world.push(key, config_map("a", x="3"))
    ask(world, key)
    assert ("Failed", [A], Once()) == (last(world, key).phase, world.cluster.made_room, last(world, key).once)


def test_replace_takes_away_what_others_set_this_once(world: World) -> None:
    """GIVEN what somebody added to an object that changes WHEN a sync with Replace=true is asked for THEN it goes."""
    key = world.declare()
    world.push(key, config_map("a", x="1"))
    ask(world, key)
    world.cluster.edit(A, lambda live: live["data"].update(theirs="y"))
    world.push(key, config_map("a", x="2"))
    ask(world, key)
    assert {"x": "2", "theirs": "y"} == world.cluster.objects[A]["data"]
    world.push(key, config_map("a", x="3"))
    ask(world, key, "Replace=true")
    assert {"x": "3"} == world.cluster.objects[A]["data"]


def test_declared_options_stay_beside_those_of_one_sync(world: World) -> None:
    """GIVEN a declared Prune=false WHEN a sync prunes with another option THEN what is guarded stays, and the rule of
    waves for what is pruned last is remembered by no object.
    """
    key = world.declare(syncOptions=["Prune=false"])
    world.push(key, config_map("a"), config_map("b"))
    ask(world, key, "PruneLast=true", prune=True)
    assert all("PruneLast" not in entry.notes for entry in world.record(key).inventory.values())
    world.push(key, config_map("a"))
    ask(world, key, "PruneLast=true", prune=True)
    assert {A, B} == world.cluster.objects.keys()


def test_the_namespace_is_made_this_once(world: World) -> None:
    """GIVEN no CreateNamespace WHEN a sync is asked for with it THEN the namespace is made."""
    key = world.declare()
    world.push(key, config_map("a"))
    ask(world, key, "CreateNamespace=true")
    assert ObjectKey("", "Namespace", "", "shop") in world.cluster.objects


def test_a_strategy_without_hooks(world: World) -> None:
    """GIVEN a hook WHEN a sync is asked for with the strategy apply THEN it does not run, and the objects are applied."""
    key = world.declare()
    world.push(key, job("migrate", hook="PreSync"), config_map("a"))
    ask(world, key, hooks=False)
    assert (["a"], "Succeeded") == (names(world), last(world, key).phase)
    ask(world, key)
    assert ["a", "migrate"] == names(world)


@pytest.mark.parametrize("policy", [{}, AUTO])
def test_a_sync_is_tried_again_as_itself(world: World, policy: dict[str, Any]) -> None:
    """GIVEN a sync with a limit of tries WHEN it fails THEN it stays Running under its id until a try succeeds, each
    with its options, and its end is one record with what all tries did.
    """
    key = world.declare(**policy)
    world.push(key, config_map("a"), config_map("b"))
    world.cluster.refused[B] = "not today"
    id_ = ask(world, key, "Replace=true", retry=Retry(limit=3, duration=10.0))
    first = last(world, key)
    assert (id_, "Running", 1) == (first.id, first.phase, first.tries)
    assert first.message.endswith("not today (retry 1 of 3 in 10 s)"), first.message
    assert (key, 10.5) == (world.queues.waiting[-1][0].message.app, world.queues.waiting[-1][1])
    world.now += 5
    world.sync(key, "retry")
    world.sweep()
    assert first == last(world, key), "it is too early"
    world.now += 6
    world.sweep()  # the message was lost
    assert ("Running", 2) == (last(world, key).phase, last(world, key).tries)
    assert last(world, key).message.endswith("(retry 2 of 3 in 20 s)")
    del world.cluster.refused[B]
    world.now += 21
    world.sync(key, "retry")
    ended = last(world, key)
    assert (id_, "Succeeded", 2, ("Replace=true",)) == (ended.id, ended.phase, ended.retries, ended.once.options)
    assert {("a", "created"), ("b", "created")} == {(each.key.name, each.status) for each in ended.results}
    assert [id_] == [each.id for each in world.applications.operations(key, 9)]
    assert (None, None) == (world.record(key).request, world.record(key).retry)


@pytest.mark.parametrize("policy", [{}, AUTO])
def test_tries_come_to_their_end(world: World, policy: dict[str, Any]) -> None:
    """GIVEN a sync with one try more WHEN both fail THEN it is Failed for good, also where sync is automated."""
    key = world.declare(**policy)
    world.push(key, config_map("a"))
    world.cluster.refused[A] = "not today"
    id_ = ask(world, key, retry=Retry(limit=1))
    world.now += 6
    world.sync(key, "retry")
    ended = last(world, key)
    assert (id_, "Failed", 1) == (ended.id, ended.phase, ended.retries)
    assert ended.message.endswith("not today (tried 2 times)")
    del world.cluster.refused[A]
    for _ in range(3):
        world.now += 1_000
        world.sweep()
    assert (id_, {}) == (last(world, key).id, world.cluster.objects)
    world.push(key, config_map("a", x="2"))
    world.sync(key)
    assert bool(policy) == (A in world.cluster.objects), "a new commit is another matter"


def test_no_tries_means_none(world: World) -> None:
    """GIVEN a limit of 0 WHEN the sync fails THEN it ends, also where what failed may pass by itself."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"))
    world.cluster.refused[A] = "not today"
    ask(world, key, retry=Retry(limit=0))
    assert "Failed" == last(world, key).phase


def test_options_of_an_automated_application_hold_in_each_try(world: World) -> None:
    """GIVEN automated sync WHEN a sync with options fails THEN it is tried again as the policy says, with them."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    world.cluster.frozen.add(A)
    world.push(key, config_map("a", x="2"), config_map("b"))
    world.cluster.refused[B] = "not today"
    id_ = ask(world, key, "Force=true")
    assert ("Running", 1, [A]) == (last(world, key).phase, last(world, key).tries, world.cluster.made_room)
    del world.cluster.refused[B]
    world.now += 6
    world.sync(key, "retry")
    assert (id_, "Succeeded", {A, B}) == (last(world, key).id, last(world, key).phase, world.cluster.objects.keys())


def test_each_try_runs_its_hooks_anew(world: World) -> None:
    """GIVEN a hook that fails WHEN the sync is tried again THEN the hook is made anew, and its end decides."""
    key = world.declare()
    world.push(key, job("migrate", hook="PreSync"), config_map("a"))
    ask(world, key, retry=Retry(limit=2))
    end_job(world, "migrate", "Failed")
    world.sync(key, "retry")
    assert ("Running", 1) == (last(world, key).phase, last(world, key).tries)
    world.now += 6
    for _ in range(2):  # the old one goes, the new one is made
        world.sync(key, "retry")
    assert "status" not in world.cluster.objects[key_of("Job", "migrate")]
    end_job(world, "migrate")
    world.sync(key, "retry")
    ended = last(world, key)
    assert ("Succeeded", A in world.cluster.objects) == (ended.phase, True)
    assert [("migrate", "succeeded"), ("a", "created")] == [(each.key.name, each.status) for each in ended.results]


def test_a_sync_between_tries_is_terminated(world: World) -> None:
    """GIVEN a sync that waits for its next try WHEN it is terminated THEN it ends, once, and nothing tries again."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"))
    world.cluster.refused[A] = "not today"
    id_ = ask(world, key, retry=Retry(limit=-1))
    assert id_ == ask_termination(world.asking, key, "bob")
    world.sync(key, "person")
    assert (id_, "Failed") == (last(world, key).id, last(world, key).phase)
    assert last(world, key).message.startswith("terminated by bob")
    del world.cluster.refused[A]
    world.now += 1_000
    world.sweep()
    assert ([id_], {}) == ([each.id for each in world.applications.operations(key, 9)], world.cluster.objects)


def test_a_new_commit_takes_over_between_tries(world: World) -> None:
    """GIVEN a sync that waits for its next try WHEN git moves on THEN what is new is synced at once, as it was asked."""
    key = world.declare()
    world.push(key, config_map("a"))
    world.cluster.refused[A] = "not today"
    id_ = ask(world, key, "Validate=false", retry=Retry(limit=3, duration=100.0, max_duration=100.0))
    del world.cluster.refused[A]
    world.push(key, config_map("a", x="2"))
    world.sync(key)
    assert (id_, "Succeeded", ("Validate=false",)) == (
        last(world, key).id, last(world, key).phase, last(world, key).once.options,
    )  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_anywhere_loses_no_option_and_no_try(make_world: Callable[[], World], when: str) -> None:
    """GIVEN a forced sync that fails once WHEN the function dies around any write of either try THEN it ends as it would
    have, with its options, under its id.
    """
    at = 0
    while True:
        at += 1
        world = make_world()
        key = world.declare()
        world.push(key, config_map("a", x="1"))
        ask(world, key)
        world.cluster.frozen.add(A)
        world.cluster.refused[B] = "not today"
        world.push(key, config_map("a", x="2"), config_map("b"))
        world.now += 1
        id_ = ask_sync(world.asking, key, "ada", prune=None, once=Once(("Force=true",), retry=Retry(limit=5)))
        died = _dies_at(world, key, at, when)
        world.now += LEASE_SECONDS + 1
        world.sweep()
        del world.cluster.refused[B]
        for _ in range(3):
            world.now += 200
            world.sweep()
        ended = last(world, key)
        assert (id_, "Succeeded", ("Force=true",)) == (ended.id, ended.phase, ended.once.options), (at, ended)
        assert ({"x": "2"}, True) == (world.cluster.objects[A]["data"], B in world.cluster.objects), at
        assert world.record(key).request is None, at
        if not died:
            break
    assert at > 4


def _dies_at(world: World, key: AppKey, at: int, when: str) -> bool:
    """Syncs, dying at the given write of the table or the cluster; whether there was one."""
    left = at

    def strike(side: str) -> Callable[[str], None]:
        def hit(_what: str) -> None:
            nonlocal left
            if side == when:
                left -= 1
                if left == 0:
                    raise Crash

        return hit

    world.cluster.before, world.cluster.after = strike("before"), strike("after")
    write = world.table.write

    def fused(*operations: Any) -> None:
        world.cluster.before("table")
        write(*operations)
        world.cluster.after("table")

    world.table.write = fused  # type: ignore[method-assign]
    try:
        world.sync(key, "person")
    except Crash:
        return True
    finally:
        world.cluster.before = world.cluster.after = lambda what: None
        world.table.write = write  # type: ignore[method-assign]
    return False


def test_what_was_asked_for_is_shown_before_during_and_after(world: World) -> None:
    """GIVEN a sync of its own kind WHEN the application is shown THEN it is told while it waits, runs and is over."""
    key = world.declare()
    world.push(key, config_map("a"))
    once = read_once(["Validate=false"], {"apply": {"force": True}}, {"limit": 2, "backoff": {"duration": "7s"}})
    told = {"syncOptions": ["Force=true", "Validate=false"], "syncStrategy": {"apply": {"force": True}}}
    retry = {"limit": 2, "backoff": {"duration": "7s", "factor": 2, "maxDuration": "180s"}}
    id_ = ask_sync(world.asking, key, "ada", prune=True, once=once)
    waiting = show_application(world.record(key))["status"]["requested"]
    assert {"id": id_, "by": "ada", "waitsFor": "turn", "prune": True, "dryRun": False} | told | {"retry": retry} == {
        name: value for name, value in waiting.items() if name != "at"
    }
    world.sync(key, "person")
    history = world.applications.operations(key, 9)
    status = show_application(world.record(key), history)["status"]
    operation = status["operationState"]["operation"]
    assert ("requested" in status, told, retry) == (
        False, {name: operation["sync"][name] for name in told}, operation["retry"],
    )  # fmt: skip
    assert told | {"retry": retry} == {name: status["history"][0][name] for name in (*told, "retry")}


@pytest.mark.parametrize(
    ("options", "strategy", "retry", "field", "words"),
    [
        (["Prune=false"], None, None, "syncOptions[0]", "`prune` says"),
        (["Force=true", "Delete=false"], None, None, "syncOptions[1]", "declare it"),
        (["ServerSideApply=false"], None, None, "syncOptions[0]", "Replace=true"),
        (["ApplyOutOfSyncOnly=false"], None, None, "syncOptions[0]", "only what differs"),
        (["PruneLast=false"], None, None, "syncOptions[0]", "remember"),
        (["Replace=yes"], None, None, "syncOptions[0]", "must be Replace=true or =false"),
        (["Faster=true"], None, None, "syncOptions[0]", "is no sync option"),
        (["Replace=true", "Replace=false"], None, None, "syncOptions[1]", "says something else"),
        ("Replace=true", None, None, "syncOptions", "must be a list"),
        (["Force=false"], {"hook": {"force": True}}, None, "syncOptions[0]", "says something else"),
        (None, "hook", None, "strategy", "must be a mapping"),
        (None, {"apply": {}, "hook": {}}, None, "strategy", "both"),
        (None, {"hook": {"force": "yes"}}, None, "strategy.hook.force", "must be true or false"),
        (None, {"canary": {}}, None, "strategy.canary", "nobody knows"),
        (None, None, {"limit": "3"}, "retryStrategy.limit", "whole number"),
        (None, None, {"tries": 3}, "retryStrategy.tries", "nobody knows"),
        (None, None, {"backoff": {"duration": "soon"}}, "retryStrategy.backoff.duration", "soon"),
        (None, None, {"backoff": {"maxDuration": "2h"}}, "retryStrategy.backoff.maxDuration", "900 s"),
        (None, None, {"backoff": {"duration": "0s"}}, "retryStrategy.backoff.duration", "more than 0 s"),
        ({"option": ["Replace=true"]}, None, None, "syncOptions.option", "nobody knows"),
        (None, None, 3, "retryStrategy", "must be a mapping"),
    ],
)
def test_what_cannot_be_had_is_named(options: Any, strategy: Any, retry: Any, field: str, words: str) -> None:
    """GIVEN what can't be had for one sync WHEN it is read THEN the error names the field and what to do."""
    with pytest.raises(ConfigurationError, match=words) as raised:
        read_once(options, strategy, retry)
    assert field == raised.value.field


def test_options_are_read_as_argo_cd_spells_them() -> None:
    """GIVEN Argo CD's own forms WHEN they are read THEN what is so anyway is accepted, and kept for the record."""
    given = ["ServerSideApply=true", "ApplyOutOfSyncOnly=true", "Force=true", " PrunePropagationPolicy=orphan"]
    assert read_once({"items": given}, {"hook": {"force": True}}) == read_once(given)
    assert Once(("Force=true",), hooks=False) == read_once(None, {"apply": {"force": True}})
    assert Once() == read_once({"items": None}, {"hook": {}}, None)
    once = read_once(given, {"apply": {}}, {"limit": 1})
    assert once == Once.from_json(once.to_json())
