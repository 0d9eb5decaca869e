"""Applications that are synced by hand, and whose objects nobody else may change: what is put back, and from which commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.access.parsing import built_in, parse_project
from mooring.errors import ConfigurationError
from mooring.flows.syncs.sync import handle_syncs
from mooring.events.messages import Cause, ClusterMessage, ObjectMessage
from mooring.model.application import AppKey, parse_application
from mooring.model.objects import ObjectKey
from mooring.state.operations import Operation
from tests.doubles.installation import Crash, World, config_map, deployment, installation

HEALING = {"mooring.dev/self-heal": "true"}
REPORTING = {"mooring.dev/self-heal": "false"}
SETTINGS = ObjectKey("", "ConfigMap", "shop", "settings")
WEB = ObjectKey("apps", "Deployment", "shop", "web")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def released(world: World, **declared: Any) -> tuple[AppKey, str]:
    """An application that somebody synced once, and its revision."""
    declared.setdefault("annotations", HEALING)
    key = world.declare(**declared)
    revision = world.push(key, config_map("settings", level="info"), deployment("web"), config_map("gone", x="1"))
    world.request(key)
    world.sync(key)
    return key, revision


def edit(world: World, level: str = "debug") -> None:
    world.cluster.edit(SETTINGS, lambda live: live["data"].update(level=level))


def level(world: World) -> str:
    said: str = world.cluster.objects[SETTINGS]["data"]["level"]
    return said


def last(world: World, key: AppKey) -> Operation:
    operation = world.record(key).status.operation
    assert operation is not None
    return operation


def items(world: World, key: AppKey) -> Any:
    return {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{key}")}


def test_a_change_by_hand_goes_back(world: World) -> None:
    """GIVEN a released application WHEN somebody edits an object THEN it is put back, and no sync is in the history."""
    key, revision = released(world)
    edit(world)
    world.sweep()
    assert ("info", "heal", "Succeeded", revision) == (
        level(world), last(world, key).kind, last(world, key).phase, last(world, key).revision,
    )  # fmt: skip
    assert "Synced" == world.record(key).status.sync
    (record,) = world.applications.drifts.of_app(key, 10)
    assert ("reverted", "debug") == (record.done, record.fields[0].after)


def test_a_newer_commit_stays_out(world: World) -> None:
    """GIVEN commits that nobody synced WHEN an object is edited and another deleted THEN both are as they were released."""
    key, revision = released(world)
    world.push(key, config_map("settings", level="warn"), deployment("web", replicas=5), config_map("new", y="1"))
    world.sweep()
    world.push(key, config_map("settings", level="error"), deployment("web", replicas=7), config_map("new", y="1"))
    world.sweep()
    edit(world)
    found = world.cluster.get(WEB)
    assert found is not None
    world.cluster.delete(WEB, found.uid, "Background")
    world.sweep()
    assert ("info", 2, revision) == (
        level(world), world.cluster.objects[WEB]["spec"]["replicas"], last(world, key).revision,
    )  # fmt: skip
    # AND nothing new is there, nothing is pruned, and git is still told to be ahead
    names = {each.name for each in world.cluster.objects}
    assert {"settings", "web", "gone"} == names & {"settings", "web", "gone", "new"}
    assert "OutOfSync" == world.record(key).status.sync
    # AND the record names the field, although git says something else by now
    fields = [each.path for record in world.applications.drifts.of_app(key, 10) for each in record.fields]
    assert ".data.level" in fields
    # AND looking again and again writes nothing
    world.sweep()
    before = items(world, key)
    world.sweep()
    assert before == items(world, key)


def test_an_object_that_git_has_no_more_is_put_back_too(world: World) -> None:
    """GIVEN an object that a newer commit removes WHEN it is edited before anybody syncs THEN it is as released."""
    key, _ = released(world)
    world.push(key, deployment("web"))
    world.sweep()
    edit(world)
    world.sweep()
    assert "info" == level(world)


def test_a_value_of_the_next_commit_is_reverted_not_adopted(world: World) -> None:
    """GIVEN a commit that nobody synced WHEN somebody sets its value by hand THEN it goes back, and the record says so."""
    key, _ = released(world)
    world.push(key, config_map("settings", level="warn"), deployment("web"), config_map("gone", x="1"))
    world.sweep()
    edit(world, "warn")
    world.sweep()
    assert "info" == level(world)
    assert ["reverted"] == [each.done for each in world.applications.drifts.of_app(key, 10)]


@pytest.mark.parametrize("cause", ["watch", "audit"])
def test_one_object_that_was_named(world: World, cause: Any) -> None:
    """GIVEN a newer commit WHEN a watch or the audit log names an edited object THEN that one is put back."""
    key, _ = released(world)
    world.push(key, config_map("settings", level="warn"), deployment("web", replicas=9))
    world.sweep()
    edit(world)
    assert [] == handle_syncs(world.ports(), [ObjectMessage("in-cluster", (SETTINGS,), Cause(cause), key)])
    assert ("info", 2) == (level(world), world.cluster.objects[WEB]["spec"]["replicas"])


@pytest.mark.parametrize(
    "declared",
    [
        {"annotations": {}},
        {"annotations": REPORTING},
        {"annotations": {}, "automated": {"enabled": False, "selfHeal": True}},
        {"annotations": HEALING, "automated": {"selfHeal": False}},
    ],
)
def test_alert_only(world: World, declared: Any) -> None:
    """GIVEN nothing that heals WHEN somebody edits an object THEN it is told and recorded once, and stays."""
    key, _ = released(world, **declared)
    edit(world)
    world.sweep()
    before = items(world, key)
    world.sweep()
    assert before == items(world, key)
    assert ("debug", "OutOfSync") == (level(world), world.record(key).status.sync)
    assert ["reported"] == [each.done for each in world.applications.drifts.of_app(key, 10)]


@pytest.mark.parametrize(("annotations", "expected"), [({}, "info"), (REPORTING, "debug")])
def test_a_project_decides_for_those_who_do_not(world: World, annotations: Any, expected: str) -> None:
    """GIVEN a project that heals WHEN an application says nothing THEN it is healed; what it says itself counts more."""
    world.targets.projects["default"] = replace(built_in(), self_heal=True)
    released(world, annotations=annotations)
    edit(world)
    world.sweep()
    assert expected == level(world)


def test_a_deny_window_holds_it_back(world: World) -> None:
    """GIVEN a deny window WHEN somebody edits an object THEN it stays until the window closes, and that is told."""
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"], "manualSync": True}
    document = {**built_in().declared, "spec": {**built_in().declared["spec"], "syncWindows": [window]}}
    key, _ = released(world)
    world.targets.projects["default"] = parse_project(document).project
    edit(world)
    world.sweep()
    assert "debug" == level(world)
    assert any(each.type == "SyncWindow" for each in world.record(key).status.conditions)
    world.targets.projects["default"] = built_in()
    world.sweep()
    assert "info" == level(world)
    assert not any(each.type == "SyncWindow" for each in world.record(key).status.conditions)


@pytest.mark.parametrize("at", range(12))
def test_a_crash_anywhere_is_made_good(world: World, at: int) -> None:
    """GIVEN a heal that dies at some write WHEN the next look comes THEN the object is as released, and nothing runs on."""
    key, _ = released(world)
    world.push(key, config_map("settings", level="warn"), deployment("web"))
    world.sweep()
    edit(world)
    writes = 0
    write = world.table.write

    def dies(*args: Any, **named: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes > at // 2 and at % 2:
            raise Crash
        done = write(*args, **named)
        if writes > at // 2:
            raise Crash
        return done

    world.table.write = dies  # type: ignore[method-assign]
    try:
        handle_syncs(world.ports(), [ClusterMessage("in-cluster", Cause("tick"))])
    except Crash:
        pass
    finally:
        world.table.write = write  # type: ignore[method-assign]
    world.now += 60
    world.sweep()
    world.now += 60
    world.sweep()
    assert ("info", "Succeeded") == (level(world), last(world, key).phase)
    assert {"reverted"} == {each.done for each in world.applications.drifts.of_app(key, 10)}


def test_what_can_not_be_had_any_more_is_told(world: World) -> None:
    """GIVEN an application whose manifests come out otherwise by now WHEN an object is edited THEN a warning names it."""
    key, _ = released(world)
    edit(world)
    inventory = dict(world.record(key).inventory)
    inventory[SETTINGS] = replace(inventory[SETTINGS], digest="0" * 64)
    record = world.record(key)
    world.applications.observe(record, now=world.now, inventory=inventory, status=record.status)
    world.sweep()
    (told,) = [each.message for each in world.record(key).status.conditions if each.type == "SelfHealWarning"]
    assert told.startswith("ConfigMap/settings: changed by hand and not put back")
    assert "debug" == level(world)
    # AND a sync by hand ends it
    world.request(key)
    world.sync(key)
    assert "info" == level(world)
    assert not any(each.type == "SelfHealWarning" for each in world.record(key).status.conditions)


def test_the_annotation_is_true_or_false() -> None:
    """GIVEN another word WHEN an application or a project is read THEN the error names the annotation."""
    document: dict[str, Any] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "annotations": {"mooring.dev/self-heal": "yes"}},
        "spec": {"source": {"repoURL": "https://git.test/a"}, "destination": {"name": "in-cluster"}},
    }
    with pytest.raises(ConfigurationError) as caught:
        parse_application(document)
    assert "metadata.annotations.mooring.dev/self-heal" == caught.value.field
    project = {**built_in().declared, "metadata": {"name": "a", "annotations": {"mooring.dev/self-heal": "1"}}}
    with pytest.raises(ConfigurationError) as caught:
        parse_project(project)
    assert "metadata.annotations.mooring.dev/self-heal" == caught.value.field


def test_an_annotation_without_effect_is_told() -> None:
    """GIVEN an automated application WHEN it has the annotation THEN a warning says who decides."""
    document: dict[str, Any] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "annotations": HEALING},
        "spec": {
            "source": {"repoURL": "https://git.test/a", "path": "k8s"},
            "destination": {"name": "in-cluster"},
            "syncPolicy": {"automated": {}},
        },
    }
    assert "selfHeal decides" in parse_application(document).warnings[0]
