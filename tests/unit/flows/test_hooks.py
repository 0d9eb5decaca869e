"""Hooks from their creation to their end: policies, refusals, tracking, termination; and what waves wait for beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ForbiddenError, UnreachableError
from mooring.flows.asked.declaring import AskPorts, delete
from mooring.flows.asked.ending import ask_termination
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.flows.asked.showing import show_application
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import TRACKING_ANNOTATION
from tests.doubles.hooks import annotated, end_job, job, key_of, make_ready, names, state
from tests.doubles.installation import Crash, World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
ACCOUNT = ObjectKey("", "ServiceAccount", "shop", "migrator")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def _account(**annotations: str) -> Manifest:
    return annotated({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "migrator"}}, **annotations)


def _ask(world: World) -> AskPorts:
    return AskPorts(world.applications, world.queues, lambda: world.now, world.registry)  # type: ignore[arg-type]


def _with_account(world: World) -> AppKey:
    """A Job that needs a ServiceAccount, both hooks that are deleted when they have succeeded, as charts have them."""
    key = world.declare(**AUTO)
    world.push(
        key,
        _account(hook="PreSync", wave="-5", policy="HookSucceeded"),
        job("migrate", hook="PreSync", policy="HookSucceeded"),
        config_map("app"),
    )
    return key


def test_what_later_hooks_need_is_deleted_at_the_end(world: World) -> None:
    """GIVEN a hook that has succeeded WHEN later ones still run THEN it stays for them, and goes when the sync ends."""
    key = _with_account(world)
    world.sync(key)
    assert ["migrator", "migrate"] == names(world)
    assert ACCOUNT in world.cluster.objects
    end_job(world, "migrate")
    world.sync(key)
    assert ("Succeeded", [key_of("ConfigMap", "app")]) == (state(world, key)[0], list(world.cluster.objects))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_hooks_are_deleted_fails_nothing(make_world: Callable[[], World], when: str) -> None:
    """GIVEN hooks that go at the end WHEN the function dies around any write of that THEN the sync succeeds all the same."""
    at = 0
    while True:
        at += 1
        world = make_world()
        key = _with_account(world)
        world.sync(key)
        end_job(world, "migrate")
        if not _dies_at(world, key, at, when):
            break
        world.now += LEASE_SECONDS + 1
        world.sync(key)
        assert ("Succeeded", [key_of("ConfigMap", "app")]) == (state(world, key)[0], list(world.cluster.objects)), at
        assert ["migrator", "migrate", "app"] == names(world), f"{when} {at}"
    assert at > 4


def _dies_at(world: World, key: AppKey, at: int, when: str) -> bool:
    count = 0

    def strike(moment: str) -> Callable[[str], None]:
        def hit(what: str) -> None:
            nonlocal count
            count += moment == "before"
            if count == at and moment == when:
                raise Crash(what)

        return hit

    world.cluster.before, world.cluster.after = strike("before"), strike("after")
    write = world.table.write

    def fused(*operations: Any) -> None:
        world.cluster.before("table")
        write(*operations)
        world.cluster.after("table")

    world.table.write = fused  # type: ignore[method-assign]
    try:
        world.sync(key)
    except Crash:
        return True
    finally:
        world.table.write = write  # type: ignore[method-assign]
        world.cluster.before = world.cluster.after = lambda what: None
    return False


def test_a_crash_while_a_failed_hook_is_deleted_stays_a_failure(make_world: Callable[[], World]) -> None:
    """GIVEN a failed hook that goes WHEN the function dies around any write of that THEN nothing is applied after it."""
    at = 0
    while True:
        at += 1
        world = make_world()
        key = world.declare(**AUTO)
        world.push(key, job("before", hook="PreSync", policy="HookFailed"), config_map("app"))
        world.sync(key)
        end_job(world, "before", "Failed")
        if not _dies_at(world, key, at, "after"):
            break
        world.now += LEASE_SECONDS + 1
        world.sync(key)
        first = world.applications.operations(key, 9)[-1]
        assert "Failed" == first.phase, at
        assert "the hook failed: it is over" in first.message, at
        assert key_of("ConfigMap", "app") not in world.cluster.objects, at
    assert at > 3


def test_what_an_unfinished_sync_has_left_is_made_anew(world: World) -> None:
    """GIVEN a hook that succeeded in a sync that was superseded WHEN the next sync comes THEN it runs again."""
    key = world.declare(**AUTO)
    hooks = (job("a", hook="PreSync", policy="HookSucceeded"), job("b", hook="PreSync", wave="1"))
    world.push(key, *hooks, config_map("app", x="1"))
    world.sync(key)
    end_job(world, "a")
    world.sync(key)
    assert ["a", "b"] == names(world)
    world.push(key, *hooks, config_map("app", x="2"))
    world.sync(key)
    world.sync(key)
    assert ["a", "b", "a"] == names(world)
    assert "Running" == state(world, key)[0], "the old one's success is not the new one's"


def test_hooks_are_tracked_and_yet_no_objects(world: World) -> None:
    """GIVEN hooks WHEN synced THEN they carry the tracking id, and a sweep neither prunes nor counts them."""
    key = world.declare(**AUTO)
    generated = job("x", hook="PreSync")
    generated["metadata"] = {"generateName": "migrate-", "annotations": generated["metadata"]["annotations"]}
    world.push(key, job("before", hook="PreSync"), generated, config_map("app"))
    world.sync(key)
    hooks = [each for each in world.cluster.objects if each.kind == "Job"]
    assert [f"{key}:batch/Job:shop/{each.name}" for each in hooks] == [
        world.cluster.objects[each]["metadata"]["annotations"][TRACKING_ANNOTATION] for each in hooks
    ]
    for each in hooks:
        end_job(world, each.name)
    world.sync(key)
    world.cluster.edit(hooks[0], lambda live: live["spec"].update(parallelism=3))
    world.sweep()
    record = world.record(key)
    assert ("Synced", [key_of("ConfigMap", "app")]) == (record.status.sync, list(record.inventory))
    assert set(hooks) < set(world.cluster.objects)


def test_a_refused_hook_has_a_result_of_its_own(world: World) -> None:
    """GIVEN a hook that the server refuses beside another WHEN synced THEN both are listed, and the reason is told."""
    key = world.declare(**AUTO)
    world.cluster.refused[key_of("Job", "bad")] = "jobs.batch is forbidden"
    world.push(key, job("bad", hook="PreSync"), job("good", hook="PreSync"), config_map("app"))
    world.sync(key)
    assert (["good"], "Running") == (names(world), state(world, key)[0]), "what runs is waited for"
    end_job(world, "good")
    world.sync(key)
    assert "Failed" == state(world, key)[0]
    assert "Job bad: the hook failed: jobs.batch is forbidden" in state(world, key)[1]
    shown = show_application(world.record(key))["status"]["operationState"]["syncResult"]["resources"]
    assert [
        ("bad", "PreSync", "Failed", "jobs.batch is forbidden"),
        ("good", "PreSync", "Succeeded", "it is over"),
    ] == sorted((each["name"], each["hookType"], each["hookPhase"], each["message"]) for each in shown)


def test_a_hook_of_unknown_health_has_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a hook whose health can't be told WHEN looked at THEN it has failed, as in Argo CD, and is not waited for."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app"))
    world.sync(key)
    world.cluster.objects[key_of("Job", "before")]["status"] = {"conditions": "not a list"}
    world.sync(key)
    assert "Failed" == state(world, key)[0]


def _terminated(world: World, *hooks: Manifest, prepare: Callable[[World], None] = lambda world: None) -> AppKey:
    key = world.declare(**AUTO)
    world.push(key, *hooks, job("trouble", hook="SyncFail"), config_map("app"))
    world.sync(key)
    prepare(world)
    ask_termination(_ask(world), key, "ada")
    world.sync(key, "person")
    return key


def _hooks(world: World, key: AppKey) -> list[tuple[str, str, str]]:
    operation = world.record(key).status.operation
    assert operation is not None
    assert [(run.key.name, run.state.lower()) for run in operation.hooks] == [
        (result.key.name, result.status) for result in operation.results if result.phase
    ]
    return [(run.key.name, run.state, run.message) for run in operation.hooks]


def test_termination_ends_running_hooks_and_runs_no_sync_fail(world: World) -> None:
    """GIVEN a sync that waits for a hook WHEN terminated THEN the hook goes, no SyncFail hook runs, and it has failed."""
    key = _terminated(world, job("before", hook="PreSync"))
    assert [("before", "Failed", "Terminated")] == _hooks(world, key)
    assert ({}, ["before"], "Failed") == (world.cluster.objects, names(world), state(world, key)[0])


@pytest.mark.parametrize(
    ("policy", "left"), [("BeforeHookCreation", True), ("HookSucceeded", True), ("HookFailed", False)]
)
def test_a_hook_that_has_just_ended_keeps_its_end(world: World, policy: str, left: bool) -> None:
    """GIVEN a hook that ended meanwhile WHEN terminated THEN its end is told, and it goes only with HookFailed."""
    hook = job("before", hook="PreSync", policy=policy)
    key = _terminated(world, hook, prepare=lambda world: end_job(world, "before"))
    assert [("before", "Succeeded", "it is over")] == _hooks(world, key)
    assert left == (key_of("Job", "before") in world.cluster.objects)


def test_a_hook_that_is_gone_needs_no_end(world: World) -> None:
    """GIVEN a hook that somebody deleted WHEN terminated THEN nothing is left to do, and that is no error."""
    key = _terminated(world, job("before", hook="PreSync"), prepare=lambda world: world.cluster.objects.clear())
    assert [("before", "Succeeded", "Terminated")] == _hooks(world, key)
    assert "Failed" == state(world, key)[0]


def test_a_termination_that_can_not_end_a_hook_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a hook that may not be deleted WHEN terminated THEN the operation ends as Error and says why."""

    def refuse(*arguments: Any) -> bool:
        raise ForbiddenError("jobs.batch is forbidden")

    monkeypatch.setattr(world.cluster, "delete", refuse)
    key = _terminated(world, job("before", hook="PreSync"))
    phase, message = state(world, key)
    assert "Error" == phase
    assert "a hook could not be ended: jobs.batch is forbidden" in message
    assert [("before", "Failed", "could not be ended: jobs.batch is forbidden")] == _hooks(world, key)


def test_the_next_prune_wave_waits_until_the_last_is_gone(world: World) -> None:
    """GIVEN two waves that left git WHEN the first to go hangs on a finalizer THEN the other one stays until it is gone."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), annotated(config_map("b"), wave="1"), config_map("c"))
    world.sync(key)
    a, b = key_of("ConfigMap", "a"), key_of("ConfigMap", "b")
    world.cluster.lingering.add(b)
    world.push(key, config_map("c"))
    world.sync(key)
    assert {a, b} < set(world.cluster.objects)
    assert ("Running", "waiting for deletion of ConfigMap b") == state(world, key)
    written = list(world.table.query(f"APP#{key}"))
    world.sync(key)
    assert written == list(world.table.query(f"APP#{key}")), "waiting writes nothing"
    del world.cluster.objects[b]
    world.sync(key)
    assert ("Succeeded", [key_of("ConfigMap", "c")]) == (state(world, key)[0], list(world.cluster.objects))


def test_a_sync_does_not_wait_for_its_last_prunes(world: World) -> None:
    """GIVEN an object that hangs on a finalizer WHEN nothing comes after its prune THEN the sync succeeds."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)
    world.cluster.lingering.add(key_of("ConfigMap", "b"))
    world.push(key, config_map("a"))
    requests = world.cluster.requests
    world.sync(key)
    assert ("Succeeded", 2) == (state(world, key)[0], world.cluster.requests - requests)


def test_an_application_is_known_until_its_objects_are_gone(world: World) -> None:
    """GIVEN an object that hangs on a finalizer WHEN its application is deleted THEN that waits, and so does PostDelete."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), job("after", hook="PostDelete"))
    world.sync(key)
    world.cluster.lingering.add(key_of("ConfigMap", "a"))
    delete(_ask(world), key, "ada", cascade=None)
    world.sync(key, "person")
    assert ["a"] == names(world)
    assert "waiting for deletion of ConfigMap a" in state(world, key)[1]
    del world.cluster.objects[key_of("ConfigMap", "a")]
    world.sync(key)
    assert ["a", "after"] == names(world)
    end_job(world, "after")
    world.sync(key)
    assert world.record(key).spec is None


def test_what_hooks_have_left_goes_with_the_application(world: World) -> None:
    """GIVEN hooks that stayed after their syncs WHEN the application is deleted THEN they go, and no other's do."""
    key = world.declare(**AUTO)
    generated = job("x", hook="PreSync")
    generated["metadata"] = {"generateName": "migrate-", "annotations": generated["metadata"]["annotations"]}
    hooks = (generated, job("check", hook="PostSync"), job("farewell", hook="PostDelete"))
    other = world.declare("other", **AUTO)
    for each, objects in ((key, hooks), (other, (job("theirs", hook="PreSync"),))):
        world.push(each, *objects, config_map(f"of-{each.name}"))
        world.sync(each)
        for _ in range(2):
            for made in [live for live in world.cluster.objects if live.kind == "Job"]:
                end_job(world, made.name)
            world.sync(each)
    assert 3 == len([each for each in world.cluster.objects if each.kind == "Job"])
    delete(_ask(world), key, "ada", cascade=None)
    world.sync(key, "person")
    assert {"theirs", "of-other", "farewell"} == {each.name for each in world.cluster.objects}
    end_job(world, "farewell")
    world.sync(key)
    assert world.record(key).spec is None
    assert {"theirs", "of-other", "farewell"} == {each.name for each in world.cluster.objects}


def test_a_newer_commit_ends_the_hooks_it_takes_over_from(world: World) -> None:
    """GIVEN a migration with a generated name that runs WHEN a newer commit takes over THEN only the newer one runs."""
    key = world.declare(**AUTO)
    hook = job("x", hook="PreSync")
    hook["metadata"] = {"generateName": "migrate-", "annotations": hook["metadata"]["annotations"]}
    for value in ("1", "2"):
        world.now += 100
        world.push(key, hook, config_map("app", x=value))
        world.sync(key)
        assert 1 == len(world.cluster.objects)
    assert 2 == len(names(world))
    (old,) = world.applications.operations(key, 9)
    assert [("Failed", "was ended for a newer one")] == [(run.state, run.message) for run in old.hooks]
    assert "Running" == state(world, key)[0]


def test_a_takeover_waits_for_no_hook_that_can_not_be_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a hook that may not be deleted WHEN a newer commit without it takes over THEN that one is synced."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app", x="1"))
    world.sync(key)

    def refuse(*arguments: Any) -> bool:
        raise ForbiddenError("jobs.batch is forbidden")

    monkeypatch.setattr(world.cluster, "delete", refuse)
    world.push(key, config_map("app", x="2"))
    world.sync(key)
    assert (["before", "app"], "Succeeded") == (names(world), state(world, key)[0])


def test_a_hook_of_two_phases_runs_in_both(world: World) -> None:
    """GIVEN one Job for PreSync and PostSync WHEN synced THEN its first run is deleted and it runs again."""
    key = world.declare(**AUTO)
    world.push(key, job("both", hook="PreSync,PostSync"), config_map("app"))
    world.sync(key)
    end_job(world, "both")
    world.sync(key)
    world.sync(key)
    assert ["both", "app", "both"] == names(world)
    assert "Running" == state(world, key)[0], "the first run's success is not the second's"
    end_job(world, "both")
    world.sync(key)
    assert "Succeeded" == state(world, key)[0]
    assert [("both", "Succeeded", "it is over")] * 2 == _hooks(world, key)


def test_what_an_earlier_wave_lost_is_brought_back(world: World) -> None:
    """GIVEN an object of an earlier wave that is gone WHEN a new commit is synced THEN it is made again and waited for."""
    key = world.declare(automated={"prune": True})
    world.push(key, annotated(deployment("db"), wave="-1"), config_map("app", x="1"))
    world.sync(key)
    make_ready(world, "db")
    world.sync(key)
    assert "Succeeded" == state(world, key)[0]
    del world.cluster.objects[key_of("Deployment", "db")]
    world.cluster.applies.clear()
    world.push(key, annotated(deployment("db"), wave="-1"), config_map("app", x="2"))
    world.sync(key)
    assert (["db"], "Running") == (names(world), state(world, key)[0])
    make_ready(world, "db")
    world.sync(key)
    assert (["db", "app"], "Succeeded") == (names(world), state(world, key)[0])


def test_what_vanishes_while_a_sync_waits_for_it_fails_it(world: World) -> None:
    """GIVEN a sync that waits for an object WHEN somebody deletes that THEN the sync fails and does not wait for ever."""
    key = world.declare(**AUTO)
    world.push(key, annotated(deployment("db"), wave="-1"), config_map("app"))
    world.sync(key)
    del world.cluster.objects[key_of("Deployment", "db")]
    world.sync(key)
    phase, message = state(world, key)
    assert "Failed" == phase
    assert "Deployment db: is missing; it might have been deleted" in message


def test_a_read_that_fails_names_its_object(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a wave that waits WHEN what it waits for can't be read THEN the message names the object."""
    key = world.declare(**AUTO)
    get = world.cluster.get
    world.push(key, annotated(deployment("db"), wave="-1"), config_map("app"))

    def fail(wanted: ObjectKey, version: str = "") -> Any:
        if wanted == key_of("Deployment", "db"):
            raise UnreachableError("no answer")
        return get(wanted, version)

    monkeypatch.setattr(world.cluster, "get", fail)
    world.sync(key)
    assert "Running" == state(world, key)[0], "what was just applied need not be read"
    world.push(key, annotated(deployment("db"), wave="-1"), config_map("app", x="2"))
    world.sync(key)
    assert "Deployment db: no answer" in state(world, key)[1]
