"""Phases, waves and hooks: in which order things happen, what is waited for, and what a crash in between changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import ConflictError
from mooring.flows.asked.declaring import AskPorts, delete
from mooring.flows.syncs.hooking import OPERATION_ANNOTATION
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.model.application import AppKey
from tests.doubles.hooks import annotated, end_job, job, key_of, make_ready, names, state
from tests.doubles.installation import Crash, World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def test_a_wave_waits_for_the_one_before(world: World) -> None:
    """GIVEN two waves WHEN the first is on its way THEN the second is begun only when it is healthy, without a function."""
    key = world.declare(**AUTO)
    world.push(key, annotated(deployment("db"), wave="-1"), annotated(deployment("web"), wave="1"))
    world.sync(key)
    assert ["db"] == names(world)
    assert ("Running", "waiting for Deployment db") == (state(world, key)[0], state(world, key)[1].split(" (")[0])
    assert "Missing" == next(r.health.status for r in world.record(key).status.resources if r.key.name == "web")
    before = list(world.table.query(f"APP#{key}"))
    world.sync(key)
    assert before == list(world.table.query(f"APP#{key}")), "waiting writes nothing"
    make_ready(world, "db")
    world.sync(key)
    assert ["db", "web"] == names(world)
    assert "Succeeded" == state(world, key)[0], "the last wave is not waited for"
    assert "Synced" == world.record(key).status.sync
    assert [1] == [len([o for o in world.applications.operations(key, 9) if o.phase == "Succeeded"])]


def test_a_degraded_wave_fails_the_sync(world: World) -> None:
    """GIVEN a first wave that is degraded WHEN looked at THEN the second is never begun, and the reason is told."""
    key = world.declare(**AUTO)
    world.push(key, annotated(deployment("db"), wave="-1"), deployment("web"))
    world.sync(key)
    live = world.cluster.objects[key_of("Deployment", "db")]
    live["status"] = {
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    }
    world.sync(key)
    phase, message = state(world, key)
    assert "Failed" == phase
    assert "Deployment db" in message
    assert "degraded" in message
    assert ["db"] == names(world)


def test_unknown_kinds_are_no_obstacle(world: World) -> None:
    """GIVEN kinds without health in earlier waves WHEN synced THEN all waves go through at once, in order."""
    key = world.declare(**AUTO)
    world.push(key, *(annotated(config_map(f"c{wave}"), wave=str(wave)) for wave in (2, -1, 0)))
    world.sync(key)
    assert ["c-1", "c0", "c2"] == names(world)
    assert "Succeeded" == state(world, key)[0]


def test_hooks_around_a_sync(world: World) -> None:
    """GIVEN hooks of all phases WHEN synced THEN each runs at its time, once, and isn't part of the inventory."""
    key = world.declare(**AUTO)
    push = (
        job("before", hook="PreSync"), config_map("app"), job("during", hook="Sync"), job("after", hook="PostSync"),
        job("trouble", hook="SyncFail"), job("never", hook="Skip"),
    )  # fmt: skip
    world.push(key, *push)
    world.sync(key)
    assert ["before"] == names(world)
    end_job(world, "before")
    world.sync(key)
    assert ["before", "app", "during"] == names(world)
    end_job(world, "during")
    world.sync(key)
    assert ["before", "app", "during", "after"] == names(world)
    assert "Running" == state(world, key)[0]
    end_job(world, "after")
    world.sync(key)
    record = world.record(key)
    assert "Succeeded" == state(world, key)[0]
    assert [key_of("ConfigMap", "app")] == list(record.inventory)
    assert [("before", "PreSync"), ("during", "Sync"), ("after", "PostSync")] == [
        (result.key.name, result.phase) for result in record.status.operation.results if result.phase
    ]
    world.cluster.applies.clear()
    world.sweep()
    world.sync(key)
    assert [] == world.cluster.applies, "hooks are no drift"


def test_a_failed_hook_fails_the_sync_and_runs_sync_fail(world: World) -> None:
    """GIVEN a PreSync hook that fails WHEN looked at THEN nothing is applied, SyncFail hooks run, and the reason is told."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app"), job("trouble", hook="SyncFail"))
    world.sync(key)
    end_job(world, "before", "Failed")
    world.sync(key)
    assert ["before", "trouble"] == names(world)
    assert "Running" == state(world, key)[0]
    end_job(world, "trouble")
    world.sync(key)
    phase, message = state(world, key)
    assert "Failed" == phase
    assert "Job before: the hook failed: it is over" in message
    assert key_of("ConfigMap", "app") not in world.cluster.objects
    assert world.record(key).retry is not None


def test_a_refused_object_runs_sync_fail(world: World) -> None:
    """GIVEN an object that is refused WHEN a SyncFail hook is there THEN it runs, and the error stays the object's."""
    key = world.declare(**AUTO)
    world.cluster.refused[key_of("ConfigMap", "bad")] = "spec.x: Invalid value"
    world.push(key, config_map("bad"), job("trouble", hook="SyncFail"))
    world.sync(key)
    assert ["trouble"] == names(world)
    end_job(world, "trouble")
    world.sync(key)
    assert "Failed" == state(world, key)[0]
    assert "ConfigMap bad: spec.x: Invalid value" in state(world, key)[1]


@pytest.mark.parametrize(
    ("policy", "end", "left"),
    [
        ("HookSucceeded", "Complete", False),
        ("HookSucceeded", "Failed", True),
        ("HookFailed", "Failed", False),
        ("HookFailed", "Complete", True),
        ("HookSucceeded,HookFailed", "Failed", False),
        ("", "Complete", True),
    ],
)
def test_delete_policies(world: World, policy: str, end: str, left: bool) -> None:
    """GIVEN a delete policy WHEN the hook ends THEN it stays or goes as the policy says."""
    key = world.declare(**AUTO)
    hook = job("before", hook="PreSync", **({"policy": policy} if policy else {}))
    world.push(key, hook, config_map("app"))
    world.sync(key)
    end_job(world, "before", end)
    world.sync(key)
    assert left == (key_of("Job", "before") in world.cluster.objects)


def test_before_hook_creation_makes_it_anew(world: World) -> None:
    """GIVEN the default policy WHEN the next sync comes THEN the old hook goes first and a new one is made."""
    key = world.declare(**AUTO)
    for value in ("1", "2"):
        world.push(key, job("before", hook="PreSync"), config_map("app", x=value))
        world.sync(key)
        world.sync(key)
        end_job(world, "before")
        world.sync(key)
        assert "Succeeded" == state(world, key)[0]
        live = world.cluster.objects[key_of("Job", "before")]
        made_in = f"{world.record(key).status.operation.id}/PreSync"
        assert made_in == live["metadata"]["annotations"][OPERATION_ANNOTATION]
    assert 2 == names(world).count("before")


def test_generated_names_are_new_each_time(world: World) -> None:
    """GIVEN a hook with generateName WHEN two syncs run THEN there are two hooks, and each sync looks at its own."""
    key = world.declare(**AUTO)
    hook = job("x", hook="PreSync")
    hook["metadata"] = {"generateName": "migrate-", "annotations": hook["metadata"]["annotations"]}
    for value in ("1", "2"):
        world.now += 100
        revision = world.push(key, hook, config_map("app", x=value))
        world.sync(key)
        made = [each.name for each in world.cluster.objects if each.name.startswith(f"migrate-{revision[:7]}-presync-")]
        assert [made[-1]] == [each for each in names(world) if each.startswith("migrate-")][-1:]
        end_job(world, made[-1])
        world.sync(key)
    assert 2 == len([each for each in world.cluster.objects if each.kind == "Job"])


def test_helm_hooks_are_mapped(world: World) -> None:
    """GIVEN Helm's hooks with weights WHEN synced THEN they run in their phases, lighter ones first."""
    key = world.declare(**AUTO)
    world.push(
        key,
        job("second", helm="pre-install,pre-upgrade", weight="5"),
        job("first", helm="pre-upgrade", weight="-5"),
        config_map("app"),
        job("check", helm="test"),
    )
    world.sync(key)
    assert ["first"] == names(world)
    end_job(world, "first")
    world.sync(key)
    assert ["first", "second"] == names(world)
    end_job(world, "second")
    world.sync(key)
    assert ["first", "second", "app"] == names(world)


def test_healing_runs_no_hooks(world: World) -> None:
    """GIVEN an application with hooks WHEN drift is reverted THEN no hook runs, since git did not change."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app", x="1"))
    world.sync(key)
    end_job(world, "before")
    world.sync(key)
    world.cluster.applies.clear()
    world.cluster.edit(key_of("ConfigMap", "app"), lambda live: live["data"].update(x="2"))
    world.sweep()
    assert ["app"] == names(world)


@pytest.mark.parametrize("option", ["Prune=false", "Prune=confirm"])
def test_healing_beside_what_stays_runs_no_hooks(world: World, option: str) -> None:
    """GIVEN an object that left git and stays WHEN drift of another is reverted THEN that is a heal, and no hook runs."""
    key = world.declare(**AUTO)
    stays = config_map("stays")
    stays["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": option}
    world.push(key, stays, config_map("app", x="1"))
    world.sync(key)
    world.push(key, job("before", hook="PreSync"), config_map("app", x="1"))
    world.sync(key)
    end_job(world, "before")
    world.sync(key)
    assert "Succeeded" == state(world, key)[0]
    world.cluster.applies.clear()
    world.cluster.edit(key_of("ConfigMap", "app"), lambda live: live["data"].update(x="2"))
    world.sweep()
    operation = world.record(key).status.operation
    assert operation is not None
    assert (["app"], "heal", "Succeeded") == (names(world), operation.kind, operation.phase)
    assert key_of("ConfigMap", "stays") in world.cluster.objects
    assert ["stays"] == [each.key.name for each in world.record(key).status.resources if each.requires_pruning]
    world.push(key, job("before", hook="PreSync"), config_map("app", x="3"))
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert "sync" == operation.kind, "a new commit is a sync, whatever stays"


def test_a_newer_commit_takes_over_from_a_waiting_sync(world: World) -> None:
    """GIVEN a sync that waits WHEN a newer commit comes THEN it begins at once and the old one is in the history."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app", x="1"))
    world.sync(key)
    world.push(key, config_map("app", x="2"))
    world.sync(key)
    assert "Succeeded" == state(world, key)[0]
    assert "2" == world.cluster.objects[key_of("ConfigMap", "app")]["data"]["x"]
    assert {"Succeeded", "Failed"} == {operation.phase for operation in world.applications.operations(key, 9)}


def test_a_crash_makes_no_hook_run_twice(make_world: Callable[[], World]) -> None:
    """GIVEN a crash before and after every write WHEN the sync goes on THEN each hook was made once, in its order."""
    for when in ("before", "after"):
        at = 0
        while True:
            at += 1
            world = make_world()
            key = world.declare(**AUTO)
            world.push(key, config_map("old"))
            world.sync(key)
            world.cluster.applies.clear()
            world.push(
                key,
                job("before", hook="PreSync"),
                annotated(config_map("first"), wave="-1"),
                annotated(config_map("last"), wave="2"),
                job("after", hook="PostSync"),
            )
            died = _go_through(world, key, at, when)
            if not died:
                break
            assert "Succeeded" == state(world, key)[0], f"{when} step {at}"
            assert ["before", "first", "last", "after"] == names(world), f"{when} step {at}"
            kept = {key_of("ConfigMap", "first"), key_of("ConfigMap", "last")}
            assert kept == set(world.record(key).inventory), f"{when} step {at}"
            assert key_of("ConfigMap", "old") not in world.cluster.objects, f"{when} step {at}"
        assert at > 10


def _go_through(world: World, key: AppKey, at: int, when: str) -> bool:
    """Syncs to the end, with Jobs ending in between; dies once, at a step."""
    count = 0
    died = False

    def strike(moment: str) -> Callable[[str], None]:
        def hit(what: str) -> None:
            nonlocal count, died
            if moment == "before":
                count += 1
            if count == at and moment == when and not died:
                died = True
                raise Crash(f"{when} step {at}: {what}")

        return hit

    world.cluster.before, world.cluster.after = strike("before"), strike("after")
    write = world.table.write

    def fused(*operations: Any) -> None:
        world.cluster.before("table")
        write(*operations)
        world.cluster.after("table")

    world.applications._table = world.table
    world.table.write = fused  # type: ignore[method-assign]
    try:
        for _ in range(8):
            try:
                world.sync(key)
            except Crash:
                world.now += LEASE_SECONDS + 1
            for name in ("before", "after"):
                if key_of("Job", name) in world.cluster.objects:
                    end_job(world, name)
    finally:
        world.table.write = write  # type: ignore[method-assign]
        world.cluster.before = world.cluster.after = lambda what: None
    return died


def test_deletion_runs_its_hooks(world: World) -> None:
    """GIVEN PreDelete and PostDelete hooks WHEN the application is deleted THEN they run before and after its objects."""
    key = world.declare(**AUTO)
    world.push(key, config_map("app"), job("farewell", hook="PreDelete"), job("cleanup", hook="PostDelete"))
    world.sync(key)
    assert ["app"] == names(world)
    delete(AskPorts(world.applications, world.queues, lambda: world.now, world.registry), key, "ada", cascade=None)  # type: ignore[arg-type]
    world.sync(key, "person")
    assert ["app", "farewell"] == names(world)
    assert key_of("ConfigMap", "app") in world.cluster.objects
    end_job(world, "farewell")
    world.sync(key)
    assert key_of("ConfigMap", "app") not in world.cluster.objects
    assert world.record(key).spec is not None
    end_job(world, "cleanup")
    world.sync(key)
    assert world.record(key).spec is None


def test_a_hook_that_meets_a_conflict_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an earlier hook that is not quite gone WHEN the new one is refused for it THEN the sync waits."""
    key = world.declare(**AUTO)
    world.push(key, job("before", hook="PreSync"), config_map("app"))
    apply = world.cluster.apply

    def refuse(*arguments: Any, **named: Any) -> Any:
        raise ConflictError("object is being deleted")

    monkeypatch.setattr(world.cluster, "apply", refuse)
    world.sync(key)
    assert "Running" == state(world, key)[0]
    monkeypatch.setattr(world.cluster, "apply", apply)
    world.sync(key)
    assert ["before"] == names(world)
