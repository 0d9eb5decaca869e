"""Sync options at work: what is kept, replaced, made anew, labelled or left out, over a cluster in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import ConflictError
from mooring.flows.asked.declaring import AskPorts, declare, delete
from mooring.flows.syncs.guarding import CONFIRMATION
from mooring.flows.syncs.ports import LEASE_SECONDS
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.installation import Crash, World, config_map, deployment, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
PREFIX = "argocd.argoproj.io/"
NAMESPACE = ObjectKey("", "Namespace", "", "shop")
CRD = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "cars.example.com")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


def having(manifest: Manifest, **annotations: str) -> Manifest:
    """The manifest with annotations of `argocd.argoproj.io/`."""
    named = {f"{PREFIX}{name.replace('_', '-')}": value for name, value in annotations.items()}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": named}}


def crd() -> Manifest:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "cars.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Car"}, "scope": "Namespaced"},
    }


def key_of(name: str) -> ObjectKey:
    return ObjectKey("", "ConfigMap", "shop", name)


def message_of(world: World, key: AppKey, name: str) -> str:
    """What the last operation said about an object."""
    operation = world.record(key).status.operation
    assert operation is not None
    return next(result.message for result in operation.results if result.key.name == name)


def conditions(world: World, key: AppKey) -> dict[str, str]:
    return {condition.type: condition.message for condition in world.record(key).status.conditions}


def approval(at: float) -> dict[str, str]:
    return {f"{PREFIX}deletion-approved": datetime.fromtimestamp(at, UTC).isoformat()}


def asking(world: World) -> AskPorts:
    return AskPorts(world.applications, world.queues, lambda: world.now, world.registry)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "annotation", "stays"),
    [
        ([], "Prune=false", True),
        (["Prune=false"], "", True),
        (["Prune=false"], "Prune=true", False),
        ([], "Delete=false", False),
        (["Delete=false"], "", False),
    ],
)
def test_prune_false(world: World, options: list[str], annotation: str, stays: bool) -> None:
    """GIVEN Prune=false on application or object WHEN an object leaves git THEN it stays; the object's word wins."""
    key = world.declare(syncOptions=options, **AUTO)
    world.push(key, config_map("a"), having(config_map("b"), sync_options=annotation))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert stays == (key_of("b") in world.cluster.objects)
    assert ("OutOfSync" if stays else "Synced") == world.record(key).status.sync


def test_pruning_waits_for_confirmation(world: World) -> None:
    """GIVEN Prune=confirm WHEN an object leaves git THEN it goes as soon as, and not before, that is confirmed."""
    early = approval(world.now - 100)
    key = world.declare(annotations=early, **AUTO)
    world.push(key, config_map("a"), having(config_map("b"), sync_options="Prune=confirm"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert key_of("b") in world.cluster.objects, "the old confirmation is for something else"
    assert "ConfigMap b" in conditions(world, key)[CONFIRMATION]
    assert "confirmed" in message_of(world, key, "b")
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    assert key_of("b") in world.cluster.objects
    confirmed = approval(world.now)
    world.now += 50
    world.declare(annotations=confirmed, **AUTO)
    world.sync(key)
    assert key_of("b") not in world.cluster.objects
    assert CONFIRMATION not in conditions(world, key)
    assert "Synced" == world.record(key).status.sync


def test_a_pending_confirmation_costs_no_writes(world: World) -> None:
    """GIVEN an object that waits for confirmation WHEN sweeps pass by THEN nothing is written."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), having(config_map("b"), sync_options="Prune=confirm"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    world.sweep()
    before = list(world.table.query(f"APP#{key}"))
    for _ in range(3):
        world.sweep()
    assert before == list(world.table.query(f"APP#{key}"))


def test_deletion_keeps_what_says_so(world: World) -> None:
    """GIVEN Delete=false and a CRD WHEN the application is deleted THEN both stay, and the rest goes."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a"), having(config_map("b"), sync_options="Delete=false"), crd())
    world.sync(key)
    delete(asking(world), key, "ada", cascade=None)
    world.sync(key, "person")
    assert {key_of("b"), CRD} == set(world.cluster.objects)
    assert world.record(key).spec is None


def test_deletion_takes_definitions_that_say_so(world: World) -> None:
    """GIVEN Delete=true on a CRD WHEN the application is deleted THEN the CRD goes too; pruning never asks."""
    key = world.declare(**AUTO)
    world.push(key, having(crd(), sync_options="Delete=true"))
    world.sync(key)
    delete(asking(world), key, "ada", cascade=None)
    world.sync(key, "person")
    assert {} == world.cluster.objects
    other = world.declare("other", **AUTO)
    world.push(other, crd(), config_map("a"))
    world.sync(other)
    world.push(other, config_map("a"))
    world.sync(other)
    assert CRD not in world.cluster.objects


def test_deletion_waits_for_confirmation(world: World) -> None:
    """GIVEN Delete=confirm WHEN the application is deleted THEN it waits without a function until that is confirmed."""
    key = world.declare(syncOptions=["Delete=confirm"], **AUTO)
    world.push(key, having(config_map("a"), sync_options="Delete=true"), config_map("b"))
    world.sync(key)
    delete(asking(world), key, "ada", cascade=None)
    world.queues.waiting.clear()
    world.sync(key, "person")
    assert {key_of("b")} == set(world.cluster.objects)
    assert "ConfigMap b" in conditions(world, key)[CONFIRMATION]
    assert [] == world.queues.waiting
    before = list(world.table.query(f"APP#{key}"))
    world.sweep()
    assert before == list(world.table.query(f"APP#{key}"))
    spec = world.record(key).spec
    assert spec is not None
    document = spec.application.declared
    with pytest.raises(ConflictError):
        declare(asking(world), document, "ada")
    world.now += 10
    metadata = {**document["metadata"], "annotations": approval(world.now)}
    declare(asking(world), {**document, "metadata": metadata}, "ada")
    world.sync(key, "person")
    assert {} == world.cluster.objects
    assert world.record(key).spec is None


@pytest.mark.parametrize("options", [["PruneLast=true"], []])
def test_prune_last_waits_for_health(world: World, options: list[str]) -> None:
    """GIVEN PruneLast on application or object WHEN a sync replaces it THEN it goes when all else is healthy."""
    key = world.declare(syncOptions=options, **AUTO)
    world.push(key, having(config_map("old"), sync_options="" if options else "PruneLast=true"))
    world.sync(key)
    world.push(key, deployment("web"))
    world.sync(key)
    assert key_of("old") in world.cluster.objects
    operation = world.record(key).status.operation
    assert operation is not None
    assert "Running" == operation.phase
    live = world.cluster.objects[ObjectKey("apps", "Deployment", "shop", "web")]
    live["status"] = {
        "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2,
    }  # fmt: skip
    world.sync(key, "retry")
    assert key_of("old") not in world.cluster.objects
    assert "Synced" == world.record(key).status.sync


def test_replace_takes_away_what_others_set(world: World) -> None:
    """GIVEN Replace=true WHEN git changes the object THEN it is replaced as a whole, and drift is found afterwards."""
    key = world.declare(**AUTO)
    world.push(key, having(config_map("a", x="1"), sync_options="Replace=true"))
    world.sync(key)
    world.cluster.edit(key_of("a"), lambda live: live["data"].update(theirs="1"))
    world.sweep()
    assert "theirs" in world.cluster.objects[key_of("a")]["data"], "what others add is no drift"
    world.push(key, having(config_map("a", x="2"), sync_options="Replace=true"))
    world.sync(key)
    assert {"x": "2"} == world.cluster.objects[key_of("a")]["data"]
    asked = world.cluster.requests
    world.sweep()
    assert 1 == world.cluster.requests - asked
    world.cluster.edit(key_of("a"), lambda live: live["data"].update(x="9"))
    world.sweep()
    assert {"x": "2"} == world.cluster.objects[key_of("a")]["data"]
    assert "Synced" == world.record(key).status.sync


@pytest.mark.parametrize(
    ("options", "made_anew"),
    [("", False), ("Replace=true", False), ("Force=true", True), ("Force=true,Replace=true", True)],
)
def test_immutable_fields(world: World, options: str, made_anew: bool) -> None:
    """GIVEN an immutable field WHEN git changes it THEN the error says what to do, and Force makes the object anew."""
    key = world.declare(**AUTO)
    world.push(key, having(config_map("a", x="1"), sync_options=options))
    world.sync(key)
    world.cluster.frozen.add(key_of("a"))
    world.push(key, having(config_map("a", x="2"), sync_options=options))
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert {"x": "2" if made_anew else "1"} == world.cluster.objects[key_of("a")]["data"]
    assert ([key_of("a")] if made_anew else []) == world.cluster.made_room
    assert ("Succeeded" if made_anew else "Failed") == operation.phase
    assert made_anew or "Force=true" in operation.message


def test_unknown_options_are_told(world: World) -> None:
    """GIVEN an option that nobody knows WHEN the object is applied THEN the result warns of it."""
    key = world.declare(**AUTO)
    world.push(key, having(config_map("a"), sync_options="Fast=true"))
    world.sync(key)
    assert "unknown option 'Fast=true'" in message_of(world, key, "a")


def test_extraneous_objects_may_be_ignored(world: World) -> None:
    """GIVEN IgnoreExtraneous WHEN the object leaves git and isn't pruned THEN the application is Synced all the same."""
    key = world.declare(automated={})
    world.push(key, config_map("a"), having(config_map("b"), compare_options="IgnoreExtraneous"))
    world.sync(key)
    world.push(key, config_map("a"))
    world.sync(key)
    assert key_of("b") in world.cluster.objects
    status = world.record(key).status
    assert "Synced" == status.sync
    assert [("b", "OutOfSync")] == [(r.key.name, r.sync) for r in status.resources if r.requires_pruning]


def test_health_may_be_ignored(world: World) -> None:
    """GIVEN ignore-healthcheck WHEN the object is not healthy THEN it is shown so, and the application doesn't mind."""
    key = world.declare(**AUTO)
    world.push(key, having(deployment("web"), ignore_healthcheck="true"))
    world.sync(key)
    world.sweep()
    status = world.record(key).status
    (resource,) = status.resources
    assert resource.health is not None
    assert ("Progressing", "Healthy") == (resource.health.status, status.health.status)


def test_skipped_applications_are_left_alone(world: World) -> None:
    """GIVEN skip-reconcile WHEN git or the cluster changes THEN nothing is done or asked, and the status says why."""
    key = world.declare(**AUTO)
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    world.declare(annotations={f"{PREFIX}skip-reconcile": "true"}, **AUTO)
    world.push(key, config_map("a", x="2"))
    asked = world.cluster.requests
    world.sync(key)
    world.sweep()
    assert asked == world.cluster.requests
    assert {"x": "1"} == world.cluster.objects[key_of("a")]["data"]
    assert "skip-reconcile" in conditions(world, key)["ReconcileSkipped"]
    before = list(world.table.query(f"APP#{key}"))
    world.sweep()
    assert before == list(world.table.query(f"APP#{key}"))
    world.declare(**AUTO)
    world.sync(key)
    assert {"x": "2"} == world.cluster.objects[key_of("a")]["data"]
    assert "ReconcileSkipped" not in conditions(world, key)


def test_refresh_asks_for_a_render(world: World) -> None:
    """GIVEN the refresh annotation WHEN the same application is declared again THEN git is asked at once."""
    key = world.declare(annotations={f"{PREFIX}refresh": "normal"}, **AUTO)
    spec = world.record(key).spec
    assert spec is not None
    declare(asking(world), spec.application.declared, "ada")
    assert ["renders"] == [to for to, _ in world.queues.sent]
    plain = world.declare("plain", **AUTO)
    spec = world.record(plain).spec
    assert spec is not None
    declare(asking(world), spec.application.declared, "ada")
    assert ["renders"] == [to for to, _ in world.queues.sent]


def test_namespace_metadata_is_kept_in_step(world: World) -> None:
    """GIVEN managedNamespaceMetadata WHEN it changes THEN the namespace follows, and what others set there stays."""
    options = {"syncOptions": ["CreateNamespace=true"], **AUTO}
    key = world.declare(managedNamespaceMetadata={"labels": {"team": "a", "old": "x"}}, **options)
    world.push(key, config_map("a"))
    world.sync(key)
    assert {"team": "a", "old": "x"} == world.cluster.objects[NAMESPACE]["metadata"]["labels"]
    world.cluster.edit(NAMESPACE, lambda live: live["metadata"]["labels"].update(theirs="1"))
    metadata = {"labels": {"team": "b"}, "annotations": {"note": "n"}}
    world.declare(managedNamespaceMetadata=metadata, **options)
    world.sync(key)
    live = world.cluster.objects[NAMESPACE]["metadata"]
    assert {"team": "b", "theirs": "1"} == live["labels"]
    assert {"note": "n"} == live["annotations"]
    asked = world.cluster.requests
    world.sync(key)
    assert asked == world.cluster.requests
    world.push(key)
    world.declare(automated={"prune": True, "allowEmpty": True}, syncOptions=["CreateNamespace=true"])
    world.sync(key)
    assert {NAMESPACE} == set(world.cluster.objects), "it is never pruned"


MANAGED = {"syncOptions": ["CreateNamespace=true"], "managedNamespaceMetadata": {"labels": {"team": "a"}}}


def test_namespace_metadata_is_healed(world: World) -> None:
    """GIVEN managed labels of a namespace WHEN one is changed by hand THEN a sweep puts it back and says what it was."""
    key = world.declare(**MANAGED, **AUTO)
    world.push(key, config_map("a"))
    world.sync(key)
    world.cluster.edit(NAMESPACE, lambda live: live["metadata"]["labels"].update(team="b", theirs="1"))
    world.cluster.applies.clear()
    world.sweep()
    assert {"team": "a", "theirs": "1"} == world.cluster.objects[NAMESPACE]["metadata"]["labels"]
    assert [NAMESPACE] == world.cluster.applies
    status = world.record(key).status
    assert status.operation is not None
    assert ("Synced", "heal", "Succeeded") == (status.sync, status.operation.kind, status.operation.phase)
    assert "reverted Namespace shop: .metadata.labels.team (by kubectl-edit at" in status.operation.message
    assert ["Namespace"] == [fight.key.kind for fight in status.fights]
    assert ["ConfigMap"] == [resource.key.kind for resource in status.resources]
    before = {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{key}")}
    asked = world.cluster.requests
    for _ in range(3):
        world.sweep()
    assert before == {(item["pk"], item["sk"]): item for item in world.table.query(f"APP#{key}")}
    assert 3 * 2 == world.cluster.requests - asked, "a list of the kind, and the namespace"


def test_namespace_metadata_is_only_reported_without_self_heal(world: World) -> None:
    """GIVEN no selfHeal WHEN a managed label is removed THEN it is shown as drift, once, until it is back."""
    key = world.declare(automated={"prune": True}, **MANAGED)
    world.push(key, config_map("a"))
    world.sync(key)
    world.cluster.edit(NAMESPACE, lambda live: live["metadata"]["labels"].clear())
    world.sweep()
    status = world.record(key).status
    assert ("OutOfSync", "Healthy") == (status.sync, status.health.status)
    (shown,) = [resource for resource in status.resources if resource.key == NAMESPACE]
    assert [(".metadata.labels.team", "a", None)] == [(d["path"], d["desired"], d["live"]) for d in shown.drift]
    lease = world.record(key).lease
    world.sweep()
    assert lease == world.record(key).lease, "nothing more is written"
    world.request(key)
    world.sync(key)
    assert {"team": "a"} == world.cluster.objects[NAMESPACE]["metadata"]["labels"]
    assert "Synced" == world.record(key).status.sync
    world.cluster.edit(NAMESPACE, lambda live: live["metadata"]["labels"].clear())
    world.sweep()
    world.cluster.edit(NAMESPACE, lambda live: live["metadata"]["labels"].update(team="a"))
    world.sweep()
    status = world.record(key).status
    assert ("Synced", ["ConfigMap"]) == (status.sync, [resource.key.kind for resource in status.resources])


@pytest.mark.parametrize("options", ["Replace=true", "Force=true", "Force=true,Replace=true", "Validate=false"])
def test_any_crash_ends_the_same(make_world: Callable[[], World], options: str) -> None:
    """GIVEN options that replace or make anew WHEN a function dies at any write THEN the next one ends what it began."""
    for at in range(8):
        world = make_world()
        key = world.declare(**AUTO)
        world.push(key, having(config_map("a", x="1"), sync_options=options))
        world.sync(key)
        if "Force" in options:
            world.cluster.frozen.add(key_of("a"))
        world.push(key, having(config_map("a", x="2"), sync_options=options))
        writes = 0

        def count(_: str, at: int = at) -> None:
            nonlocal writes
            if writes == at:
                writes += 1
                raise Crash
            writes += 1

        world.cluster.before = world.cluster.after = count
        try:
            world.sync(key)
        except Crash:
            world.cluster.before = world.cluster.after = lambda what: None
            world.now += LEASE_SECONDS + 1
            world.sync(key)
        assert {"x": "2"} == world.cluster.objects[key_of("a")]["data"]
        status = world.record(key).status
        assert ("Synced", {key_of("a")}) == (status.sync, set(world.record(key).inventory))
        world.sweep()
        assert "Synced" == world.record(key).status.sync
