"""Every change beside git becomes one record, before anything is done about it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.access.orphans import OrphanRules
from mooring.access.parsing import built_in
from mooring.access.project import KindRule
from mooring.events.deeds import Deed, Identity, ObjectName
from mooring.flows.syncs.accusing import attribute_late
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import DriftRecord
from tests.doubles.installation import Crash, World, config_map, deployment, installation

HEALING: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
REPORTING: dict[str, Any] = {"automated": {"prune": True}}
SETTINGS = ObjectKey("", "ConfigMap", "shop", "settings")
WEB = ObjectKey("apps", "Deployment", "shop", "web")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    world = make_world()
    world.now = datetime(2026, 1, 1, 2, 1, tzinfo=UTC).timestamp()  # a minute after whatever the double is told to edit
    return world


def synced(world: World, policy: dict[str, Any], *objects: Any) -> AppKey:
    key = world.declare(**policy)
    world.push(key, *objects or (config_map("settings", level="info"), deployment("web")))
    world.sync(key)
    return key


def records(world: World, key: AppKey) -> list[DriftRecord]:
    return world.applications.drifts.of_app(key, 1000)


def edit(world: World, key: ObjectKey, field: str, value: Any, manager: str = "kubectl-edit") -> None:
    def change(live: Any) -> None:
        place = live["data"] if key.kind in ("ConfigMap", "Secret") else live["spec"]
        place[field] = value

    world.cluster.edit(key, change, manager)


def test_an_edit_is_on_record_with_what_it_said_before(world: World) -> None:
    """GIVEN a healing application WHEN somebody edits an object THEN the record has both values and the operation."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    world.sweep()
    (record,) = records(world, key)
    (changed,) = record.fields
    assert ("changed", SETTINGS, "sweep", "reverted") == (record.what, record.key, record.seen_by, record.done)
    assert (".data.level", "info", "debug", "kubectl-edit", "Update") == (
        changed.path, changed.before, changed.after, changed.manager, changed.operation,
    )  # fmt: skip
    operation = world.record(key).status.operation
    assert operation is not None
    assert operation.id == record.operation
    assert record.ended_at >= record.noticed_at > 0


def test_a_deletion_and_a_new_one_are_two_records(world: World) -> None:
    """GIVEN an object that was deleted and put back WHEN it is deleted again THEN that is another record."""
    key = synced(world, HEALING)
    for _ in range(2):
        found = world.cluster.get(SETTINGS)
        assert found is not None
        world.cluster.delete(SETTINGS, found.uid, "Background")
        world.now += 60
        world.sweep()
    assert ["deleted", "deleted"] == [each.what for each in records(world, key)]
    assert {"reverted"} == {each.done for each in records(world, key)}


def test_reported_drift_is_recorded_once_and_closed_when_it_ends(world: World) -> None:
    """GIVEN no selfHeal WHEN many sweeps see the same drift THEN one record is written, and closed when it is over."""
    key = synced(world, REPORTING)
    edit(world, SETTINGS, "level", "debug")
    world.sweep()
    token = world.record(key).lease.token
    world.sweep()
    world.sweep()
    assert token == world.record(key).lease.token
    (record,) = records(world, key)
    assert ("reported", 0.0) == (record.done, record.ended_at)
    world.now += 60
    edit(world, WEB, "replicas", 5, "kubectl-scale")
    world.sweep()
    assert [WEB, SETTINGS] == [each.key for each in records(world, key)]
    edit(world, SETTINGS, "level", "info")
    world.sweep()
    assert {WEB: "reported", SETTINGS: "ended"} == {each.key: each.done for each in records(world, key)}


def test_a_second_edit_of_reported_drift_is_news(world: World) -> None:
    """GIVEN drift that is reported WHEN another field is edited THEN a second record holds that field alone."""
    key = synced(world, REPORTING, config_map("settings", level="info", color="blue"))
    edit(world, SETTINGS, "level", "debug")
    world.sweep()
    world.now += 60
    edit(world, SETTINGS, "color", "red")
    world.sweep()
    second, first = records(world, key)
    assert [".data.level"] == [each.path for each in first.fields]
    assert [".data.color"] == [each.path for each in second.fields]
    assert first.noticed_at <= second.since


def test_a_commit_that_says_the_same_adopts_the_edit(world: World) -> None:
    """GIVEN reported drift WHEN the next commit says what the cluster says THEN the record ends as adopted."""
    key = synced(world, REPORTING)
    edit(world, SETTINGS, "level", "debug")
    world.sweep()
    world.push(key, config_map("settings", level="debug"), deployment("web"))
    world.sync(key)
    assert ["adopted"] == [each.done for each in records(world, key)]


def test_drift_under_a_new_commit_still_tells_what_was_said_before(world: World) -> None:
    """GIVEN an edit WHEN git changes the same object before anybody looked THEN the record has the applied value."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    world.push(key, config_map("settings", level="warn"), deployment("web"))
    world.sweep()
    (record,) = records(world, key)
    assert [(".data.level", "info", "debug")] == [(each.path, each.before, each.after) for each in record.fields]


def test_nothing_is_lost_when_a_hundred_objects_drift_at_once(world: World) -> None:
    """GIVEN 130 objects WHEN all are edited at once THEN each has its record, reverted by the one operation."""
    names = [f"settings-{number}" for number in range(130)]
    key = synced(world, HEALING, *(config_map(name, level="info") for name in names))
    for name in names:
        edit(world, ObjectKey("", "ConfigMap", "shop", name), "level", "debug")
    world.sweep()
    found = records(world, key)
    assert set(names) == {each.key.name for each in found}
    assert {"reverted"} == {each.done for each in found}
    assert len(names) == len(found)


def test_values_of_secrets_are_keyed_digests(world: World) -> None:
    """GIVEN a Secret WHEN its value is edited THEN the record tells that it differs, and no value."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}}
    before, after = (base64.b64encode(text).decode() for text in (b"correct horse", b"battery staple"))
    key = synced(world, HEALING, {**secret, "data": {"password": before}})
    edit(world, ObjectKey("", "Secret", "shop", "login"), "password", after)
    world.sweep()
    (record,) = records(world, key)
    (changed,) = record.fields
    assert changed.before != changed.after
    assert all(str(value).startswith("(hmac:") for value in (changed.before, changed.after))
    assert before not in str(record) and after not in str(record)


def deed(name: str, user: str, at: str, *, verb: str = "patch", manager: str = "kubectl-edit") -> Deed:
    return Deed(f"{user}-{at}", at, verb, ObjectName("", "configmaps", "shop", name), Identity(user), manager=manager)


@pytest.mark.parametrize("late", [False, True])
def test_the_audit_log_names_the_person_in_either_order(world: World, late: bool) -> None:
    """GIVEN an edit WHEN its audit event comes before the sweep or after it THEN the record names the person."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    found = world.cluster.get(SETTINGS)
    assert found is not None
    (time,) = [each.time for each in found.managers if each.manager == "kubectl-edit"]
    done = deed("settings", "ada@acme", time.replace("Z", ".500000Z"))
    if late:
        world.sweep()
    world.applications.deeds.keep("in-cluster", [done], now=world.now)
    if late:
        attribute_late(world.applications.drifts, world.applications.deeds.find, "in-cluster", [done])
    else:
        world.sweep()
    (record,) = records(world, key)
    assert [("ada@acme", True, (".data.level",))] == [(e.user, e.certain, e.fields) for e in record.suspects]


def test_a_crash_before_the_revert_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an edit WHEN the function dies at the revert, and another comes THEN there is one record, and it is ended."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    with monkeypatch.context() as patched:
        patched.setattr(type(world.cluster), "apply", dies)
        with pytest.raises(Crash):
            world.sweep()
    (record,) = records(world, key)
    assert ("noticed", "info", "debug") == (record.done, record.fields[0].before, record.fields[0].after)
    world.now += 60
    world.sweep()
    (after,) = records(world, key)
    assert (record.id, "reverted") == (after.id, after.done)


def test_a_crash_after_the_revert_ends_the_record_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a revert WHEN the function dies before it could say so THEN the next one ends the record."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    with monkeypatch.context() as patched:
        patched.setattr(type(world.applications), "finish", dies)
        with pytest.raises(Crash):
            world.sweep()
    world.now += 60
    world.sweep()
    world.now += 60
    world.sweep()
    assert ["reverted"] == [each.done for each in records(world, key)]


def dies(*_args: Any, **_named: Any) -> None:
    raise Crash


def test_the_same_edit_after_a_revert_is_another_record(world: World) -> None:
    """GIVEN a fight WHEN the same value is set again and again THEN each time is on record, also what is held back."""
    key = synced(world, HEALING)
    for pause in (0, 2, 6, 18, 1):
        edit(world, SETTINGS, "level", "debug", "operator")
        world.now += pause
        world.sweep()
    assert ["held back", *["reverted"] * 4] == [each.done for each in records(world, key)]


def test_values_that_came_out_of_sops_are_keyed_digests(world: World) -> None:
    """GIVEN a ConfigMap whose render opened SOPS files WHEN it is edited THEN no value is in record or status."""
    hidden = config_map("settings", level="correct-horse")
    hidden["metadata"]["annotations"] = {"mooring.dev/hidden": "true"}
    key = synced(world, REPORTING, hidden)
    edit(world, SETTINGS, "level", "battery-staple")
    world.sweep()
    told = str(records(world, key)) + str(world.record(key).status)
    assert "(hmac:" in told
    assert "correct-horse" not in told
    assert "battery-staple" not in told


def test_a_lost_label_and_an_object_made_anew_are_told(world: World) -> None:
    """GIVEN an object without our label, and one that somebody made anew THEN the records say which is which."""
    key = synced(world, HEALING)
    world.cluster.edit(SETTINGS, lambda live: live["metadata"]["labels"].pop("mooring.dev/app"))
    world.cluster.objects[WEB]["metadata"]["uid"] = "another"
    world.sweep()
    assert {SETTINGS: "label lost", WEB: "recreated"} == {each.key: each.what for each in records(world, key)}


def test_a_look_that_finds_nothing_new_asks_the_records_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN reported drift that is on record WHEN it is seen again THEN no record is read or written."""
    key = synced(world, REPORTING)
    edit(world, SETTINGS, "level", "debug")
    world.sweep()
    asked: list[str] = []
    table = type(world.table)
    for name in ("query", "write"):
        real = getattr(table, name)

        def spied(self: Any, *args: Any, name: str = name, real: Any = real, **named: Any) -> Any:
            asked.append(f"{name} {args[0]}")
            return real(self, *args, **named)

        monkeypatch.setattr(table, name, spied)
    world.sweep()
    assert [] == [each for each in asked if "DRIFT" in each or each.startswith("write")]
    assert 1 == len(records(world, key))


def test_orphans_that_come_and_go_are_on_record(world: World) -> None:
    """GIVEN a project that watches for orphans WHEN one appears and vanishes THEN each has a record, once."""
    world.targets.projects["default"] = replace(built_in(), orphans=OrphanRules())
    key = synced(world, HEALING)
    stray = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stray", "namespace": "shop"}, "data": {}}
    world.cluster.apply(stray, field_manager="kubectl")
    for _ in range(2):
        world.now += 60
        world.sweep()
    name = ObjectKey("", "ConfigMap", "shop", "stray")
    assert [("orphan", name)] == [(each.what, each.key) for each in records(world, key)]
    found = world.cluster.get(name)
    assert found is not None
    world.cluster.delete(name, found.uid, "Background")
    for _ in range(2):
        world.now += 60
        world.sweep()
    assert ["orphan gone", "orphan"] == [each.what for each in records(world, key)]


def test_edits_of_ten_people_are_neither_lost_nor_blamed_on_another(world: World) -> None:
    """GIVEN a hundred objects that ten people edit WHEN audit events come late, shuffled and twice THEN each is named."""
    people = {f"settings-{number}": f"person-{number % 10}" for number in range(100)}
    key = synced(world, HEALING, *(config_map(name, level="info") for name in people))
    for name in people:
        edit(world, ObjectKey("", "ConfigMap", "shop", name), "level", "debug")
    world.sweep()
    deeds = [deed(name, person, "2026-01-01T02:00:00.250000Z") for name, person in people.items()]
    deeds += random.Random(7).sample(deeds, 50)
    random.Random(8).shuffle(deeds)
    for start in range(0, len(deeds), 40):
        batch = deeds[start : start + 40]
        world.applications.deeds.keep("in-cluster", batch, now=world.now)
        attribute_late(world.applications.drifts, world.applications.deeds.find, "in-cluster", batch)
    blamed = {each.key.name: [(who.user, who.certain) for who in each.suspects] for each in records(world, key)}
    assert {name: [(person, True)] for name, person in people.items()} == blamed


def test_drift_of_an_application_that_is_refused_is_recorded_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a project that no longer permits the kind WHEN drift is seen again and again THEN it is written once."""
    key = synced(world, HEALING)
    edit(world, SETTINGS, "level", "debug")
    world.targets.projects["default"] = replace(built_in(), namespaced_denied=(KindRule("", "ConfigMap"),))
    world.sweep()
    monkeypatch.setattr(type(world.table), "write", dies)
    world.sweep()
    assert ["noticed"] == [each.done for each in records(world, key)]


def test_a_second_edit_of_one_of_hundreds_is_another_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN so much reported drift that the status has no room for its words WHEN one object is edited again THEN that is
    on record too, and looks that find nothing new write nothing.
    """
    monkeypatch.setattr("mooring.state.codec.MAX_BODY", 0)
    monkeypatch.setattr("mooring.state.fitting._IN_WORDS", 2)
    key = synced(world, REPORTING, *(config_map(f"map-{number}", level="info") for number in range(5)))
    last = ObjectKey("", "ConfigMap", "shop", "map-4")
    for number in range(5):
        edit(world, ObjectKey("", "ConfigMap", "shop", f"map-{number}"), "level", "debug")
    world.sweep()
    assert 5 == len(records(world, key))
    token = world.record(key).lease.token
    world.sweep()
    assert token == world.record(key).lease.token
    edit(world, last, "level", "trace")
    world.sweep()
    assert 6 == len(records(world, key))
    assert ["debug", "trace"] == sorted(each.fields[0].after for each in records(world, key) if each.key == last)
    world.sweep()
    assert 6 == len(records(world, key))
