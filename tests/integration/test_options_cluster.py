"""Sync options against a real API server: what it refuses, drops, replaces and remembers of who owns what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.operations import Operation
from tests.doubles.installation import World

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
OPTIONS = "argocd.argoproj.io/sync-options"


def config_map(namespace: str, options: str, *, immutable: bool = False, **data: str) -> Manifest:
    metadata = {"name": "settings", "namespace": namespace, "annotations": {OPTIONS: options}}
    frozen = {"immutable": True} if immutable else {}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data, **frozen}


def deployment(namespace: str, options: str, *, app: str = "web", image: str = "web:1", **container: Any) -> Manifest:
    labels = {"app": app}
    spec = {"containers": [{"name": "web", "image": image, **container}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "annotations": {OPTIONS: options}},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


def live(target: Target, manifest: Manifest) -> Manifest:
    found = target.get(ObjectKey.of(manifest))
    assert found is not None
    assert found.live is not None
    return found.live


def operation(world: World, key: AppKey) -> Operation:
    found = world.record(key).status.operation
    assert found is not None
    return found


def patch(target: Target, manifest: Manifest, change: dict[str, Any]) -> None:
    """Somebody edits an object by hand."""
    key = ObjectKey.of(manifest)
    path = target.discovery.resource(key.group, key.kind).path(key.namespace, key.name)
    headers = {"Content-Type": "application/merge-patch+json"}
    target.server.request("PATCH", path, {"fieldManager": "kubectl-edit"}, change, headers)


def requests_of(world: World, act: Callable[[], None]) -> int:
    """How many requests the cluster gets."""
    before = world.cluster.requests
    act()
    return world.cluster.requests - before


def test_undeclared_fields_are_left_out_without_validation(world: World, target: Target, namespace: str) -> None:
    """GIVEN fields that no schema declares WHEN Validate=false is set THEN they are left out, and that is no drift."""
    key = world.declare(f"validate-{namespace}", **AUTO)
    strict = deployment(namespace, "", bogus=1)
    world.push(key, strict)
    world.sync(key)
    assert "field not declared in schema" in operation(world, key).message
    lenient = deployment(namespace, "Validate=false", bogus=1)
    lenient["spec"]["alsoBogus"] = {"a": 1}
    world.push(key, lenient)
    world.sync(key)
    assert "Succeeded" == operation(world, key).phase
    (result,) = operation(world, key).results
    assert ".spec.alsoBogus is not declared" in result.message
    assert "bogus" not in live(target, lenient)["spec"]["template"]["spec"]["containers"][0]
    world.sweep()
    assert "Synced" == world.record(key).status.sync
    patch(target, lenient, {"spec": {"minReadySeconds": 7}})
    world.sweep()
    assert "Synced" == world.record(key).status.sync, "a field that isn't ours"
    assert 1 == requests_of(world, world.sweep)


def test_replacing_takes_away_what_others_set(world: World, target: Target, namespace: str) -> None:
    """GIVEN Replace=true WHEN git changes an object THEN it is replaced as a whole, and later drift is undone."""
    key = world.declare(f"replace-{namespace}", **AUTO)
    manifest = config_map(namespace, "Replace=true", x="1")
    world.push(key, manifest)
    world.sync(key)
    patch(target, manifest, {"data": {"theirs": "1"}})
    world.push(key, config_map(namespace, "Replace=true", x="2"))
    world.sync(key)
    assert "Succeeded" == operation(world, key).phase
    assert {"x": "2"} == live(target, manifest)["data"]
    world.sweep()
    assert ("Synced", 1) == (world.record(key).status.sync, requests_of(world, world.sweep))
    patch(target, manifest, {"data": {"x": "9"}})
    world.sweep()
    assert {"x": "2"} == live(target, manifest)["data"]
    patch(target, manifest, {"data": {"x": None}})
    world.now += 2  # the pause before the same field is put back a second time
    world.sweep()
    assert {"x": "2"} == live(target, manifest)["data"]
    world.sweep()
    assert ("Synced", 1) == (world.record(key).status.sync, requests_of(world, world.sweep))


def test_replacing_a_deployment_fights_nobody(world: World, target: Target, namespace: str) -> None:
    """GIVEN a replaced Deployment WHEN a controller annotates it THEN that is no drift."""
    key = world.declare(f"controller-{namespace}", syncOptions=["Replace=true"], **AUTO)
    manifest = deployment(namespace, "")
    world.push(key, manifest)
    world.sync(key)
    world.push(key, deployment(namespace, "", image="web:2"))
    world.sync(key)
    assert "Succeeded" == operation(world, key).phase
    patch(target, manifest, {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}}})
    patch(target, manifest, {"spec": {"minReadySeconds": 7}})
    world.sweep()
    annotations = live(target, manifest)["metadata"]["annotations"]
    assert "2" == annotations["deployment.kubernetes.io/revision"]
    assert ("Synced", 1) == (world.record(key).status.sync, requests_of(world, world.sweep))


@pytest.mark.parametrize("kind", ["ConfigMap", "Deployment"])
@pytest.mark.parametrize("options", ["", "Replace=true", "Force=true", "Replace=true,Force=true"])
def test_immutable_fields(world: World, target: Target, namespace: str, kind: str, options: str) -> None:
    """GIVEN a change of an immutable field WHEN synced THEN the error says what to do; with Force it is made anew."""
    key = world.declare(f"immutable-{namespace}", **AUTO)
    if kind == "ConfigMap":
        first = config_map(namespace, options, immutable=True, x="1")
        second = config_map(namespace, options, immutable=True, x="2")
    else:
        first, second = deployment(namespace, options), deployment(namespace, options, app="shop")
    world.push(key, first)
    world.sync(key)
    uid = live(target, first)["metadata"]["uid"]
    world.push(key, second)
    world.sync(key)
    done = operation(world, key)
    if "Force" in options:
        assert "Succeeded" == done.phase
        assert uid != live(target, first)["metadata"]["uid"]
        world.sweep()
        assert "Synced" == world.record(key).status.sync
    else:
        assert "Failed" == done.phase
        assert "immutable" in done.message
        assert "Force=true" in done.message
        assert uid == live(target, first)["metadata"]["uid"]


def test_namespace_metadata(world: World, target: Target, namespace: str) -> None:
    """GIVEN managedNamespaceMetadata WHEN it changes THEN the namespace follows, beside labels of other managers."""
    options = {"syncOptions": ["CreateNamespace=true"], **AUTO}
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    key = world.declare(
        f"labels-{namespace}", managedNamespaceMetadata={"labels": {"team": "a", "old": "1"}}, **options
    )
    world.push(key, config_map("shop", "", x="1"))
    world.sync(key)
    assert "a" == live(target, named)["metadata"]["labels"]["team"]
    patch(target, named, {"metadata": {"labels": {"theirs": "1"}}})
    world.declare(f"labels-{namespace}", managedNamespaceMetadata={"labels": {"team": "b"}}, **options)
    world.sync(key)
    labels = live(target, named)["metadata"]["labels"]
    assert ("b", "1", None) == (labels["team"], labels["theirs"], labels.get("old"))
