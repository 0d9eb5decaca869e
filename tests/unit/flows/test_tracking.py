"""Whose an object is: what is taken over, what is left alone, and what a copy is worth."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from mooring.cluster.adopting import migrated
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import Owner, is_tracked, owner_of, tracking_id
from tests.doubles.installation import Crash, World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
APP = AppKey("argocd", "shop")
A = ObjectKey("", "ConfigMap", "shop", "a")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def live(*, labels: dict[str, str] | None = None, managers: tuple[str, ...] = (), **annotations: str) -> Manifest:
    names = {
        "ours": "mooring.dev/tracking-id",
        "argo": "argocd.argoproj.io/tracking-id",
    }
    fields = [{"manager": manager, "operation": "Update", "fieldsV1": {}} for manager in managers]
    metadata = {
        "name": "a",
        "namespace": "shop",
        "labels": labels or {},
        "annotations": {names[name]: value for name, value in annotations.items()},
        "managedFields": fields,
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


@pytest.mark.parametrize(
    ("owner", "manifest"),
    [
        (None, live()),
        (None, live(labels={"mooring.dev/app": "argocd.shop"}, ours="argocd/shop:/ConfigMap:shop/a")),
        (
            Owner("argocd/other", "argocd.other"),
            live(labels={"mooring.dev/app": "argocd.other"}, ours="argocd/other:/ConfigMap:shop/a"),
        ),
        (Owner("argocd.other", "argocd.other"), live(labels={"mooring.dev/app": "argocd.other"})),
        (None, live(labels={"mooring.dev/app": "argocd.other"}, ours="argocd/other:/ConfigMap:shop/b")),
        (Owner("other"), live(argo="other:/ConfigMap:shop/a")),
        (None, live(argo="shop:/ConfigMap:shop/a")),
        (None, live(argo="other:/ConfigMap:shop/b")),
        (None, live(labels={"app.kubernetes.io/instance": "other"})),
        (Owner("other"), live(labels={"app.kubernetes.io/instance": "other"}, managers=("argocd-controller",))),
    ],
)
def test_owner(owner: Owner | None, manifest: Manifest) -> None:
    """GIVEN the tracking of an object THEN its owner is who it names, unless it is a copy or was ours under Argo CD."""
    assert owner == owner_of(manifest, APP)


def test_a_copy_is_not_tracked() -> None:
    """GIVEN our label and the annotation of another object THEN the object is not ours; the label alone will do."""
    other = ObjectKey("", "ConfigMap", "shop", "b")
    label = "argocd.shop"
    assert (True, True, False, False) == (
        is_tracked(APP, A, label, tracking_id(APP, A)),
        is_tracked(APP, A, label, ""),
        is_tracked(APP, A, label, tracking_id(APP, other)),
        is_tracked(APP, A, "argocd.other", tracking_id(APP, A)),
    )


def test_first_sync_costs_one_request_an_object(world: World) -> None:
    """GIVEN objects that nobody has WHEN they are synced first THEN each costs one request, and is tracked."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)
    assert 2 == world.cluster.requests
    annotations = world.cluster.objects[A]["metadata"]["annotations"]
    assert "argocd/shop:/ConfigMap:shop/a" == annotations["mooring.dev/tracking-id"]


def _condition(world: World, key: AppKey, type_: str) -> str:
    return next((each.message for each in world.record(key).status.conditions if each.type == type_), "")


def _share(world: World) -> tuple[AppKey, AppKey]:
    """Two applications that want the ConfigMap a; the first one has it."""
    one, two = world.declare("one", **AUTO), world.declare("two", **AUTO)
    world.push(one, config_map("a", x="one"))
    world.sync(one)
    world.push(two, config_map("a", x="two"), config_map("b"))
    world.sync(two)
    return one, two


def test_an_object_of_another_application_is_left_alone(world: World) -> None:
    """GIVEN an object that another application wants WHEN a second one wants it THEN it stays, and both are named."""
    _, two = _share(world)
    assert {"x": "one"} == world.cluster.objects[A]["data"]
    status = world.record(two).status
    told = "ConfigMap/a is part of applications argocd/two and argocd/one"
    assert told == _condition(world, two, "SharedResourceWarning")
    assert ("OutOfSync", "Succeeded") == (status.sync, status.operation.phase if status.operation else "")
    assert {"a": "OutOfSync", "b": "Synced"} == {each.key.name: each.sync for each in status.resources}
    assert A not in world.record(two).inventory


def test_a_shared_object_is_no_fight(world: World) -> None:
    """GIVEN a shared object WHEN sweeps come by THEN nothing is applied and nothing is written."""
    one, two = _share(world)
    world.sweep()
    before = {(item["pk"], item["sk"]): item for key in (one, two) for item in world.table.query(f"APP#{key}")}
    world.cluster.applies.clear()
    for _ in range(3):
        world.sweep()
    assert [] == world.cluster.applies
    assert before == {(item["pk"], item["sk"]): item for key in (one, two) for item in world.table.query(f"APP#{key}")}


def test_a_shared_object_is_taken_over_when_its_owner_lets_go(world: World) -> None:
    """GIVEN a shared object WHEN its owner wants it no more THEN the next sweep takes it over and the warning ends."""
    one, two = _share(world)
    world.declare("one", automated={"prune": False})
    world.push(one, config_map("c"))
    world.sync(one)
    world.sweep()
    assert {"x": "two"} == world.cluster.objects[A]["data"]
    assert ("Synced", "") == (world.record(two).status.sync, _condition(world, two, "SharedResourceWarning"))


def test_fail_on_shared_resource(world: World) -> None:
    """GIVEN FailOnSharedResource WHEN an object is another's THEN the sync fails and says whose."""
    one = world.declare("one", **AUTO)
    world.push(one, config_map("a", x="one"))
    world.sync(one)
    two = world.declare("two", **AUTO, syncOptions=["FailOnSharedResource=true"])
    world.push(two, config_map("a", x="two"))
    world.sync(two)
    operation = world.record(two).status.operation
    assert operation is not None
    assert "Failed" == operation.phase
    assert "Shared resource found: ConfigMap/a is part of applications argocd/two and argocd/one" in operation.message
    assert {"x": "one"} == world.cluster.objects[A]["data"]
    assert "argocd/one" in _condition(world, two, "SharedResourceWarning")


def test_what_another_applications_label_forges_is_taken_over(world: World) -> None:
    """GIVEN the label of an application that does not exist WHEN the object is wanted THEN it is ours."""
    key = world.declare(**AUTO)
    manifest = config_map("a", x="0")
    manifest["metadata"] |= {"namespace": "shop", "labels": {"mooring.dev/app": "argocd.gone"}}
    world.cluster.apply(manifest)
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    assert {"x": "1"} == world.cluster.objects[A]["data"]
    assert "argocd.shop" == world.cluster.objects[A]["metadata"]["labels"]["mooring.dev/app"]


def test_a_copied_object_is_not_pruned(world: World) -> None:
    """GIVEN a copy under a name that git drops WHEN it is pruned THEN it stays, since it is tracked as another object."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), config_map("b"))
    world.sync(key)
    b = ObjectKey("", "ConfigMap", "shop", "b")
    annotations = world.cluster.objects[b]["metadata"]["annotations"]
    annotations["mooring.dev/tracking-id"] = tracking_id(key, A)
    world.push(key, config_map("a"))
    world.sync(key)
    assert b in world.cluster.objects
    assert b not in world.record(key).inventory


def test_an_object_of_kubectl_is_adopted(world: World) -> None:
    """GIVEN an object that kubectl applied WHEN it is synced THEN what git drops goes, and its generation stays."""
    key = world.declare(**AUTO)
    web = _of_kubectl(world)
    world.push(key, deployment("web"))
    world.sync(key)
    found = world.cluster.objects[web]
    assert {"mooring.dev/tracking-id"} == set(found["metadata"]["annotations"])
    assert 1 == found["metadata"]["generation"]
    assert ["mooring"] == [entry["manager"] for entry in found["metadata"]["managedFields"]]
    assert "Synced" == world.record(key).status.sync


def _of_kubectl(world: World) -> ObjectKey:
    manifest = deployment("web")
    manifest["metadata"] |= {"namespace": "shop", "annotations": {"last-applied": "{}"}}
    key = ObjectKey.of(manifest)
    world.cluster.apply(manifest)
    entries = world.cluster.objects[key]["metadata"]["managedFields"]
    entries[0] |= {"manager": "kubectl-client-side-apply", "operation": "Update"}
    return key


def test_without_migration_kubectl_keeps_its_fields(world: World) -> None:
    """GIVEN ClientSideApplyMigration=false WHEN an object of kubectl's is synced THEN what kubectl owns stays its own."""
    key = world.declare(**AUTO, syncOptions=["ClientSideApplyMigration=false"])
    web = _of_kubectl(world)
    world.push(key, deployment("web", replicas=3))
    world.sync(key)
    found = world.cluster.objects[web]
    assert 3 == found["spec"]["replicas"]
    assert {"last-applied", "mooring.dev/tracking-id"} == set(found["metadata"]["annotations"])
    assert ["kubectl-client-side-apply", "mooring"] == [e["manager"] for e in found["metadata"]["managedFields"]]
    assert "Synced" == world.record(key).status.sync


@pytest.mark.parametrize("step", range(6))
def test_a_crash_while_adopting_does_no_harm(world: World, step: int) -> None:
    """GIVEN a function that dies before or after any write of an adoption WHEN it is done again THEN the end is the same."""
    key, web = world.declare(**AUTO), _of_kubectl(world)
    world.push(key, deployment("web"))
    writes = iter(range(100))

    def die(what: str) -> None:
        if next(writes) == step:
            raise Crash(what)

    world.cluster.before = world.cluster.after = die
    with suppress(Crash):
        world.sync(key)
    world.now += 60
    world.sync(key)
    found = world.cluster.objects[web]["metadata"]
    assert {"mooring.dev/tracking-id"} == set(found["annotations"])
    assert (["mooring"], 1) == ([each["manager"] for each in found["managedFields"]], found["generation"])
    assert ("Synced", {web}) == (world.record(key).status.sync, set(world.record(key).inventory))


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **more}


def test_migration_joins_the_entries() -> None:
    """GIVEN entries of an old manager and ours THEN ours holds both, others and subresources are as they were."""
    others = [entry("kubelet", {"f:status": {}}), entry("helm", {"f:status": {}}, subresource="status")]
    metadata = {
        "managedFields": [
            entry("helm", {"f:data": {"f:a": {}, "f:b": {"f:c": {}}}}),
            entry("mooring", {"f:data": {"f:a": {"f:x": {}}, "f:b": {}, "f:d": {}}}, "Apply"),
            *others,
        ]
    }
    untouched = copy.deepcopy(metadata)
    joined = {"f:data": {"f:a": {".": {}, "f:x": {}}, "f:b": {".": {}, "f:c": {}}, "f:d": {}}}
    assert [entry("mooring", joined, "Apply"), *others] == migrated(metadata)
    assert untouched == metadata


def test_migration_without_client_side_apply() -> None:
    """GIVEN entries of kubectl's client-side apply and of Argo CD WHEN only the former are to stay THEN they do."""
    entries = [entry("kubectl-client-side-apply", {"f:a": {}}), entry("argocd-controller", {"f:b": {}})]
    found = migrated({"managedFields": entries}, client_side=False)
    assert found is not None
    assert [("mooring", {"f:b": {}}), ("kubectl-client-side-apply", {"f:a": {}})] == [
        (each["manager"], each["fieldsV1"]) for each in found
    ]
    assert migrated({"managedFields": entries[:1]}, client_side=False) is None


def test_nothing_to_migrate() -> None:
    """GIVEN only managers that are at work still THEN nothing is migrated."""
    metadata = {"managedFields": [entry("mooring", {}, "Apply"), entry("kube-controller-manager", {})]}
    assert None is migrated(metadata)


def test_what_moved_to_another_application_is_forgotten(world: World) -> None:
    """GIVEN an object that git moved to another application WHEN the first one looks THEN it lets go, and looks no more."""
    one, _ = _share(world)
    world.declare("one", automated={"prune": False})
    world.push(one, config_map("c"))
    world.sync(one)
    world.sweep()
    world.sweep()
    record = world.record(one)
    assert ({"c"}, ["c"]) == ({key.name for key in record.inventory}, [r.key.name for r in record.status.resources])
    asked = world.cluster.requests
    world.sweep()
    assert 1 == world.cluster.requests - asked
    assert {"x": "two"} == world.cluster.objects[A]["data"]
