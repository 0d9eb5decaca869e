"""Dry-run syncs, hooks and prune waves against a real API server: what it refuses, and what must not be there after."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.model.tracking import TRACKING_ANNOTATION
from tests.doubles.installation import World

HOOK = "argocd.argoproj.io/hook"
OPTIONS = "argocd.argoproj.io/sync-options"
WAVE = "argocd.argoproj.io/sync-wave"
AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


def job(namespace: str, *, image: str = "job:1", restart: str = "Never", **annotations: str) -> Manifest:
    pod = {"restartPolicy": restart, "containers": [{"name": "job", "image": image}]}
    metadata = {"name": "before", "namespace": namespace, "annotations": {HOOK: "PreSync", **annotations}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def deployment(namespace: str, options: str, *, app: str = "web", image: str = "web:1") -> Manifest:
    labels = {"app": app}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "annotations": {OPTIONS: options}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}},
        },
    }


def config_map(namespace: str, name: str, **annotations: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def live(target: Target, key: ObjectKey) -> Manifest | None:
    found = target.get(key)
    return None if found is None else found.live


def patch(target: Target, key: ObjectKey, change: dict[str, Any]) -> None:
    """Somebody edits an object by hand."""
    path = target.discovery.resource(key.group, key.kind).path(key.namespace, key.name)
    headers = {"Content-Type": "application/merge-patch+json"}
    target.server.request("PATCH", path, {"fieldManager": "kubectl-edit"}, change, headers)


def dry_run(world: World, key: AppKey) -> tuple[str, dict[str, str], dict[str, str]]:
    """The phase of a dry run, and message and diff of each object."""
    world.request(key, dry_run=True)
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert "dry run" == operation.kind
    results = operation.results
    return operation.phase, {r.key.name: r.message for r in results}, {r.key.name: r.diff for r in results}


def test_a_hook_is_tried_by_the_server(world: World, target: Target, namespace: str) -> None:
    """GIVEN a Job that the server refuses WHEN tried THEN the dry run fails in its words; a good one is not made either."""
    key = world.declare()
    hook = ObjectKey("batch", "Job", namespace, "before")
    world.push(key, job(namespace, restart="Always"))
    phase, messages, _ = dry_run(world, key)
    assert "Failed" == phase
    assert "restartPolicy" in messages["before"]
    world.push(key, job(namespace))
    assert ("Succeeded", {"before": "would run"}) == dry_run(world, key)[:2]
    assert live(target, hook) is None


def test_a_hook_whose_name_is_taken_is_tried_all_the_same(world: World, target: Target, namespace: str) -> None:
    """GIVEN the Job of an earlier sync, whose template is immutable, WHEN tried THEN that is no obstacle, but a fault is."""
    key = world.declare()
    hook = ObjectKey("batch", "Job", namespace, "before")
    target.apply({**job(namespace), "metadata": {"name": "before", "namespace": namespace}})
    before = live(target, hook)
    world.push(key, job(namespace, image="job:2"))
    phase, messages, _ = dry_run(world, key)
    assert "Succeeded" == phase
    assert "tried under another name" in messages["before"]
    world.push(key, job(namespace, image="job:2", restart="Sometimes"))
    assert "Failed" == dry_run(world, key)[0]
    after = live(target, hook)
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] == after["metadata"]["uid"]


@pytest.mark.parametrize(
    ("options", "phase", "expected"),
    [
        ("Replace=true", "Failed", "field is immutable"),
        ("Force=true", "Succeeded", "would be made anew"),
        ("Force=true,Replace=true", "Succeeded", "would be made anew"),
    ],
)
def test_immutable_fields_are_rehearsed(
    world: World, target: Target, namespace: str, options: str, phase: str, expected: str
) -> None:
    """GIVEN a change of a selector WHEN tried THEN the result is what the options bring about, and nothing changes."""
    key = world.declare()
    web = ObjectKey("apps", "Deployment", namespace, "web")
    world.push(key, deployment(namespace, options))
    world.request(key)
    world.sync(key)
    before = live(target, web)
    world.push(key, deployment(namespace, options, app="shop"))
    found, messages, diffs = dry_run(world, key)
    assert phase == found
    assert expected in messages["web"]
    assert (phase == "Succeeded") == ("+      app: shop" in diffs["web"])
    after = live(target, web)
    assert before is not None
    assert after is not None
    assert (before["metadata"]["uid"], before["spec"]) == (after["metadata"]["uid"], after["spec"])


def test_a_replacement_is_rehearsed_as_one(world: World, target: Target, namespace: str) -> None:
    """GIVEN what somebody else set WHEN a change with Replace=true is tried THEN the diff takes it away, the server not."""
    key = world.declare()
    web = ObjectKey("apps", "Deployment", namespace, "web")
    world.push(key, deployment(namespace, "Replace=true"))
    world.request(key)
    world.sync(key)
    patch(target, web, {"spec": {"paused": True}})
    world.push(key, deployment(namespace, "Replace=true", image="web:2"))
    phase, messages, diffs = dry_run(world, key)
    assert ("Succeeded", "would be configured") == (phase, messages["web"])
    assert "-  paused: true" in diffs["web"]
    after = live(target, web)
    assert after is not None
    assert after["spec"]["paused"]


def test_prune_waves_wait_for_finalizers(world: World, target: Target, namespace: str) -> None:
    """GIVEN an object with a finalizer in the wave that goes first WHEN pruned THEN the next wave waits until it is gone."""
    key = world.declare(**AUTO, syncOptions=["PrunePropagationPolicy=background"])
    first, last = (ObjectKey("", "ConfigMap", namespace, name) for name in ("later", "sooner"))
    world.push(
        key,
        config_map(namespace, "sooner"),
        config_map(namespace, "later", **{WAVE: "1"}),
        config_map(namespace, "stays"),
    )
    world.sync(key)
    patch(target, first, {"metadata": {"finalizers": ["test.example/hold"]}})
    world.push(key, config_map(namespace, "stays"))
    world.sync(key)
    operation = world.record(key).status.operation
    assert operation is not None
    assert ("Running", "waiting for deletion of ConfigMap later") == (operation.phase, operation.message)
    assert live(target, last) is not None
    patch(target, first, {"metadata": {"finalizers": None}})
    world.sync(key)
    assert (None, None) == (live(target, first), live(target, last))
    operation = world.record(key).status.operation
    assert operation is not None
    assert "Succeeded" == operation.phase


def test_hooks_carry_their_tracking(world: World, target: Target, namespace: str) -> None:
    """GIVEN a hook WHEN synced THEN the real object names its application and itself, and stays out of the inventory."""
    key = world.declare(**AUTO)
    world.push(key, {**config_map(namespace, "hook", **{HOOK: "PreSync"})}, config_map(namespace, "app"))
    world.sync(key)
    found = live(target, ObjectKey("", "ConfigMap", namespace, "hook"))
    assert found is not None
    assert f"{key}:/ConfigMap:{namespace}/hook" == found["metadata"]["annotations"][TRACKING_ANNOTATION]
    assert ["app"] == [each.name for each in world.record(key).inventory]
    world.sweep()
    assert "Synced" == world.record(key).status.sync
    assert live(target, ObjectKey("", "ConfigMap", namespace, "hook")) is not None
