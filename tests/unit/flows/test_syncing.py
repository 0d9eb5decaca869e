"""What a sync does and what it leaves alone, over moto's DynamoDB and a cluster in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state import codec
from tests.doubles.installation import World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def _key(kind: str, name: str) -> ObjectKey:
    return ObjectKey("apps" if kind == "Deployment" else "", kind, "shop", name)


def _status(world: World, key: AppKey) -> tuple[str, str]:
    status = world.record(key).status
    return status.sync, status.operation.phase if status.operation else ""


def test_first_sync(world: World) -> None:
    """GIVEN a new application WHEN it is synced THEN its objects are there, remembered and Synced."""
    key = world.declare(**AUTO)
    revision = world.push(key, config_map("a", x="1"), deployment("web"))
    world.sync(key)
    record = world.record(key)
    assert {_key("ConfigMap", "a"), _key("Deployment", "web")} == set(world.cluster.objects) == set(record.inventory)
    assert ("Synced", "Succeeded") == _status(world, key)
    assert (revision, "octocat", "Change it") == (
        record.status.revision,
        record.status.operation.cause.by,
        record.status.operation.commit.subject,
    )


def test_only_changed_objects_are_applied(world: World) -> None:
    """GIVEN a synced application WHEN git changes one object THEN just that one is applied."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"), config_map("b", x="1"))
    world.sync(key)
    world.cluster.applies.clear()
    world.push(key, config_map("a", x="1"), config_map("b", x="2"))
    world.sync(key)
    assert [_key("ConfigMap", "b")] == world.cluster.applies


def test_nothing_changed_writes_nothing(world: World) -> None:
    """GIVEN a synced application WHEN sweeps find nothing THEN neither cluster nor table is written."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"), deployment("web"))
    world.sync(key)
    world.sweep()
    before = {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{key}")}
    world.cluster.applies.clear()
    for _ in range(5):
        world.sweep()
        world.sync(key)
    assert [] == world.cluster.applies
    assert before == {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{key}")}


@pytest.mark.parametrize("how", ["edit", "delete", "label"])
def test_drift_is_reverted(world: World, how: str) -> None:
    """GIVEN selfHeal WHEN an object is edited, deleted or loses its label THEN a sweep restores it and says what it was."""
    key = world.declare(**AUTO)
    world.push(key, deployment("web", replicas=2), config_map("a", x="1"))
    world.sync(key)
    web = _key("Deployment", "web")
    if how == "edit":
        world.cluster.edit(web, lambda live: live["spec"].update(replicas=1))
    elif how == "delete":
        del world.cluster.objects[web]
    else:
        world.cluster.edit(web, lambda live: live["metadata"]["labels"].clear())
    world.cluster.applies.clear()
    world.sweep()
    live = world.cluster.objects[web]
    assert 2 == live["spec"]["replicas"]
    assert "mooring.dev/app" in live["metadata"]["labels"]
    assert [web] == world.cluster.applies
    operation = world.record(key).status.operation
    assert operation is not None
    assert ("heal", "Succeeded") == (operation.kind, operation.phase)
    assert "reverted Deployment web" in operation.message


def test_drift_is_only_reported_without_self_heal(world: World) -> None:
    """GIVEN no selfHeal WHEN an object is edited THEN it stays, and the status names field, values and manager."""
    key = world.declare(automated={"prune": True})
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    web = _key("Deployment", "web")
    world.cluster.edit(web, lambda live: live["spec"].update(replicas=1))
    world.cluster.applies.clear()
    world.sweep()
    assert 1 == world.cluster.objects[web]["spec"]["replicas"]
    assert [] == world.cluster.applies
    (resource,) = world.record(key).status.resources
    assert "OutOfSync" == resource.sync == world.record(key).status.sync
    assert [(".spec.replicas", 2, 1)] == [(d["path"], d["desired"], d["live"]) for d in resource.drift]
    world.cluster.edit(web, lambda live: live["spec"].update(replicas=2))
    world.sweep()
    assert "Synced" == world.record(key).status.sync


def test_a_shortened_status_is_written_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN drift with more to say than an item holds WHEN nothing else happens THEN sweeps write nothing more."""
    monkeypatch.setattr(codec, "MAX_BODY", 8_000)
    key = world.declare(automated={"prune": True})
    names = [f"c{n:03}" for n in range(300)]
    world.push(key, *(config_map(name, x="1") for name in names))
    world.sync(key)
    for name in names:
        text = hashlib.sha256(name.encode()).hexdigest()
        world.cluster.edit(_key("ConfigMap", name), lambda live, text=text: live["data"].update(x=text))
    world.sweep()
    before = world.table.get((f"APP#{key}", "LEASE"))
    status = world.record(key).status
    assert ("OutOfSync", 300) == (status.sync, sum(bool(resource.drift) for resource in status.resources))
    assert status.resources[0].drift[0]["path"] != status.resources[-1].drift[0]["path"], "some words are left out"
    for _ in range(2):
        world.sweep()
    assert before == world.table.get((f"APP#{key}", "LEASE"))


def test_forged_fingerprint_is_found(world: World) -> None:
    """GIVEN a value changed and our managedFields entry restored WHEN a sweep looks THEN the generation gives it away."""
    key = world.declare(**AUTO)
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    live = world.cluster.objects[_key("Deployment", "web")]
    live["spec"]["replicas"] = 7
    live["metadata"]["generation"] += 1
    world.sweep()
    assert 2 == world.cluster.objects[_key("Deployment", "web")]["spec"]["replicas"]


def test_foreign_fields_are_checked_once(world: World) -> None:
    """GIVEN a field that isn't ours WHEN it is set by somebody THEN it stays, and is asked about only once."""
    key = world.declare(**AUTO)
    world.push(key, deployment("web"))
    world.sync(key)
    world.cluster.edit(_key("Deployment", "web"), lambda live: live["spec"].update(paused=True))
    world.sweep()
    asked = world.cluster.requests
    world.sweep()
    assert 1 == world.cluster.requests - asked
    assert True is world.cluster.objects[_key("Deployment", "web")]["spec"]["paused"]
    assert "Synced" == world.record(key).status.sync


def test_prune(world: World) -> None:
    """GIVEN prune WHEN an object leaves git THEN it leaves the cluster and the inventory."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert {_key("ConfigMap", "a")} == set(world.cluster.objects) == set(world.record(key).inventory)


def test_prune_off_keeps_and_reports(world: World) -> None:
    """GIVEN prune off WHEN an object leaves git THEN it stays, reported; a sync with prune takes it away."""
    key = world.declare(automated={"selfHeal": True})
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert _key("ConfigMap", "b") in world.cluster.objects
    status = world.record(key).status
    assert "OutOfSync" == status.sync
    assert [_key("ConfigMap", "b")] == [r.key for r in status.resources if r.requires_pruning]
    world.request(key, prune=True)
    world.sync(key, "person")
    assert _key("ConfigMap", "b") not in world.cluster.objects
    assert ("Synced", "Succeeded") == _status(world, key)


@pytest.mark.parametrize(
    "annotations",
    [{"argocd.argoproj.io/sync-options": "Validate=true,Prune=false"}, {"helm.sh/resource-policy": "keep"}],
)
def test_protected_objects_are_not_pruned(world: World, annotations: dict[str, str]) -> None:
    """GIVEN an object that says it must stay WHEN it leaves git THEN it stays and the operation says why."""
    key = world.declare(**AUTO)
    kept = config_map("b")
    kept["metadata"]["annotations"] = annotations
    world.push(key, config_map("a"), kept)
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert _key("ConfigMap", "b") in world.cluster.objects
    assert "OutOfSync" == world.record(key).status.sync
    assert "stays" in world.record(key).status.operation.results[0].message


def test_pruning_everything_is_refused(world: World) -> None:
    """GIVEN a revision without objects WHEN allowEmpty is off THEN nothing is deleted and the error names the field."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"))
    world.sync(key)
    world.push(key)
    world.sync(key)
    assert _key("ConfigMap", "a") in world.cluster.objects
    operation = world.record(key).status.operation
    assert "Failed" == operation.phase
    assert "allowEmpty" in operation.message
    world.declare(automated={"prune": True, "allowEmpty": True})
    world.sync(key)
    assert {} == world.cluster.objects


def test_backoff_and_a_good_commit(world: World) -> None:
    """GIVEN a refused object WHEN time passes THEN tries follow 5, 10, 20 … s; the next good commit does not wait."""
    key = world.declare(**AUTO, retry={"limit": 3})
    world.cluster.refused[_key("ConfigMap", "bad")] = "spec.x: Invalid value"
    world.push(key, config_map("bad"))
    delays = []
    for _ in range(4):
        world.queues.waiting.clear()
        world.sync(key, "retry")
        record = world.record(key)
        assert ("OutOfSync", "Failed") == _status(world, key)
        assert "spec.x: Invalid value" in record.status.operation.message
        delays.append(round(record.retry.due - world.now))
        asked = world.cluster.requests
        world.sync(key)
        assert asked == world.cluster.requests, "not due yet"
        world.now = record.retry.due
    assert [5, 10, 20, 40] == delays
    assert [] == world.queues.waiting, "the limit is reached"
    world.sync(key, "retry")
    assert 4 == world.record(key).retry.failures
    world.push(key, config_map("good"))
    world.sync(key)
    assert ("Synced", "Succeeded") == _status(world, key)
    assert world.record(key).retry is None


def test_failure_stops_later_stages(world: World) -> None:
    """GIVEN an object that is refused WHEN others come later or were pruned THEN they are not touched."""
    key = world.declare(**AUTO)
    world.push(key, config_map("old"))
    world.sync(key)
    world.cluster.refused[_key("ConfigMap", "bad")] = "no"
    world.push(key, config_map("bad"), deployment("web"))
    world.sync(key)
    assert {_key("ConfigMap", "old")} == set(world.cluster.objects)
    assert {_key("ConfigMap", "old"), _key("ConfigMap", "bad"), _key("Deployment", "web")} == set(
        world.record(key).inventory
    )


def test_manual_application_waits_for_a_person(world: World) -> None:
    """GIVEN no automated policy WHEN git changes THEN nothing is applied until somebody asks for it."""
    key = world.declare()
    world.push(key, config_map("a"))
    world.sync(key)
    assert {} == world.cluster.objects
    assert "OutOfSync" == world.record(key).status.sync
    world.request(key)
    world.sync(key, "person")
    assert ("Synced", "Succeeded") == _status(world, key)
    assert "ada" == world.record(key).status.operation.cause.by
    assert world.record(key).request is None


def test_deletion_cascades_and_forgets(world: World) -> None:
    """GIVEN an application that is being deleted WHEN it is synced THEN objects go, and all but its records."""
    from mooring.flows.asked.declaring import AskPorts, delete

    key = world.declare(**AUTO)
    world.push(key, config_map("a"), deployment("web"))
    world.sync(key)
    delete(AskPorts(world.applications, world.queues, lambda: world.now, world.registry), key, "ada", cascade=None)  # type: ignore[arg-type]
    world.sync(key, "person")
    assert {} == world.cluster.objects
    assert {"LEASE", "OP"} == {item["sk"].partition("#")[0] for item in world.table.query(f"APP#{key}")}
    assert [] == world.applications.registered()


def test_another_managers_copy_is_not_pruned(world: World) -> None:
    """GIVEN an object that was given to another application WHEN it leaves git THEN it is released, not deleted."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)

    def give_away(live: Manifest) -> None:
        live["metadata"]["labels"]["mooring.dev/app"] = "argocd.other"

    world.cluster.edit(_key("ConfigMap", "b"), give_away)
    world.push(key, config_map("a"))
    world.sync(key)
    assert _key("ConfigMap", "b") in world.cluster.objects
    assert _key("ConfigMap", "b") not in world.record(key).inventory


IGNORE_REPLICAS = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]


def test_ignored_differences_are_no_drift(world: World) -> None:
    """GIVEN a rule about replicas WHEN somebody scales THEN it is no drift, and is settled by one deep check."""
    key = world.declare(ignore=IGNORE_REPLICAS, **AUTO)
    world.push(key, deployment("web", replicas=2))
    world.sync(key)
    web = _key("Deployment", "web")
    world.cluster.edit(web, lambda live: live["spec"].update(replicas=9))
    world.cluster.applies.clear()
    world.sweep()
    assert [] == world.cluster.applies
    assert "Synced" == world.record(key).status.sync
    asked = world.cluster.requests
    world.sweep()
    assert 1 == world.cluster.requests - asked


def test_ignored_fields_are_sent_unless_respected(world: World) -> None:
    """GIVEN a rule about replicas WHEN git changes another field THEN replicas are reset, or kept if that is asked for."""
    for options, expected in (([], 2), (["RespectIgnoreDifferences=true"], 9)):
        key = world.declare(f"shop-{expected}", ignore=IGNORE_REPLICAS, syncOptions=options, **AUTO)
        name = f"web-{expected}"
        world.push(key, deployment(name, replicas=2))
        world.sync(key)
        world.cluster.edit(_key("Deployment", name), lambda live: live["spec"].update(replicas=9))
        world.sweep()
        world.push(key, deployment(name, replicas=2, image="shop:2"))
        world.sync(key)
        live = world.cluster.objects[_key("Deployment", name)]
        assert ("shop:2", expected) == (live["spec"]["template"]["spec"]["image"], live["spec"]["replicas"])
        world.sweep()
        assert "Synced" == world.record(key).status.sync


def test_other_drift_is_reverted_beside_ignored_fields(world: World) -> None:
    """GIVEN a rule about replicas WHEN another field is changed too THEN that one is named and reverted."""
    key = world.declare(ignore=IGNORE_REPLICAS, syncOptions=["RespectIgnoreDifferences=true"], **AUTO)
    world.push(key, deployment("web", replicas=2))
    world.sync(key)

    def change(live: Manifest) -> None:
        live["spec"]["replicas"] = 9
        live["spec"]["template"]["spec"]["image"] = "evil:1"

    world.cluster.edit(_key("Deployment", "web"), change)
    world.sweep()
    live = world.cluster.objects[_key("Deployment", "web")]
    assert ("shop:1", 9) == (live["spec"]["template"]["spec"]["image"], live["spec"]["replicas"])
    assert ".spec.replicas" not in world.record(key).status.operation.message
