"""Ignored differences and readable diffs against a real API server, with other managers that are real."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.cluster.apply import apply, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.fingerprint import fingerprint
from mooring.differences.expressions import Expressions
from mooring.differences.readable import diff
from mooring.differences.rules import Rules
from mooring.differences.sending import to_send
from mooring.differences.settle import ignored_drift, settled
from mooring.model.ignoring import IgnoreRule
from mooring.model.objects import Manifest, ObjectKey

KEY = b"a key of sixteen"
Look = Callable[[], Manifest]


@pytest.fixture(scope="module")
def expressions() -> Iterator[Expressions]:
    with Expressions() as started:
        yield started


@pytest.fixture
def wanted(namespace: str) -> Manifest:
    labels = {"app": "web"}
    web = {
        "name": "web",
        "image": "web:1",
        "env": [{"name": "A", "value": "1"}],
        "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "1000m", "memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"mooring.dev/app": "demo"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [web, {"name": "proxy", "image": "proxy:1"}]},
            },
        },
    }


@pytest.fixture
def live(server: ApiServer, discovery: Discovery, wanted: Manifest) -> Look:
    """Reads the Deployment as it is now."""

    def look() -> Manifest:
        found = get(server, discovery, ObjectKey.of(wanted), "v1")
        assert found is not None
        return found

    return look


@pytest.fixture
def edit(server: ApiServer, wanted: Manifest) -> Callable[..., None]:
    """Changes the live Deployment as another manager, by an update."""
    path = f"/apis/apps/v1/namespaces/{wanted['metadata']['namespace']}/deployments/web"

    def edit(change: dict[str, Any], manager: str, below: str = "") -> None:
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        server.request("PATCH", path + below, {"fieldManager": manager}, change, headers)

    return edit


def ignoring(expressions: Expressions, **lists: Any) -> Rules:
    return Rules([IgnoreRule("apps", "Deployment", **lists)], expressions)


def containers(manifest: Manifest) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in manifest["spec"]["template"]["spec"]["containers"]}


def with_image(manifest: Manifest, image: str) -> Manifest:
    changed = copy.deepcopy(manifest)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return changed


def test_replicas_that_an_autoscaler_sets(
    server: ApiServer,
    discovery: Discovery,
    expressions: Expressions,
    wanted: Manifest,
    live: Look,
    edit: Callable[..., None],
) -> None:
    """GIVEN replicas ignored by a pointer WHEN an autoscaler scales THEN that is no drift, and no later apply undoes it."""
    rules = ignoring(expressions, json_pointers=("/spec/replicas",))
    before = fingerprint(apply(server, discovery, wanted).live["metadata"])
    edit({"spec": {"replicas": 7}}, "kube-controller-manager", "/scale")
    assert before != fingerprint(live()["metadata"])
    assert () == ignored_drift(wanted, live(), rules)
    assert [".spec.replicas"] == [change.path for change in ignored_drift(wanted, live(), Rules(()))]
    tried = apply(server, discovery, wanted, dry_run=True).live
    assert settled(tried, live(), rules)
    assert not settled(tried, live(), Rules(()))
    assert "unchanged" == diff(wanted, live(), tried, rules, KEY).kind

    sent = to_send(with_image(wanted, "web:2"), live(), rules)
    assert "replicas" not in sent["spec"]
    after = apply(server, discovery, sent).live
    assert (7, "web:2") == (after["spec"]["replicas"], containers(after)["web"]["image"])


def test_replicas_that_nobody_took_are_kept(
    server: ApiServer, discovery: Discovery, expressions: Expressions, wanted: Manifest, live: Look
) -> None:
    """GIVEN an object that we created with three replicas WHEN replicas are ignored from now on THEN three they stay."""
    rules = ignoring(expressions, json_pointers=("/spec/replicas",))
    apply(server, discovery, wanted)
    again = {**wanted, "spec": {**wanted["spec"], "replicas": 9}}
    assert 3 == apply(server, discovery, to_send(again, live(), rules)).live["spec"]["replicas"]
    assert () == ignored_drift(again, live(), rules)
    # What the exception in `to_send` is for: leaving a field out that we alone own takes it away.
    bare = {**wanted, "spec": {name: value for name, value in wanted["spec"].items() if name != "replicas"}}
    assert 1 == apply(server, discovery, bare).live["spec"]["replicas"]


def test_what_a_second_manager_applies(
    server: ApiServer,
    discovery: Discovery,
    expressions: Expressions,
    wanted: Manifest,
    live: Look,
    edit: Callable[..., None],
) -> None:
    """GIVEN a manager that is named WHEN it takes an image and adds a container THEN only what others do is drift."""
    rules = ignoring(expressions, managed_fields_managers=("image-updater",))
    apply(server, discovery, wanted)
    theirs = {
        **{name: wanted[name] for name in ("apiVersion", "kind", "metadata")},
        "spec": {
            "selector": wanted["spec"]["selector"],
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:9"}, {"name": "extra", "image": "extra:1"}]},
            },
        },
    }
    apply(server, discovery, theirs, field_manager="image-updater")
    assert () == ignored_drift(wanted, live(), rules)
    assert [".spec.template.spec.containers[name=web].image"] == [
        change.path for change in ignored_drift(wanted, live(), Rules(()))
    ]
    edit({"spec": {"replicas": 5}}, "kubectl-edit")
    assert [(".spec.replicas", "kubectl-edit")] == [
        (change.path, change.manager) for change in ignored_drift(wanted, live(), rules)
    ]
    after = apply(server, discovery, to_send(with_image(wanted, "web:2"), live(), rules)).live
    assert ("web:9", "extra:1", 3) == (
        containers(after)["web"]["image"],
        containers(after)["extra"]["image"],
        after["spec"]["replicas"],
    )
    # Applying again moves nothing: what we left out stays theirs.
    repeated = apply(server, discovery, to_send(with_image(wanted, "web:2"), live(), rules)).live
    assert fingerprint(after["metadata"]) == fingerprint(repeated["metadata"])
    assert after["metadata"]["resourceVersion"] == repeated["metadata"]["resourceVersion"]


def test_containers_that_jq_chooses(
    server: ApiServer,
    discovery: Discovery,
    expressions: Expressions,
    wanted: Manifest,
    live: Look,
    edit: Callable[..., None],
) -> None:
    """GIVEN a container and all images chosen by jq WHEN both are edited THEN they stay, and other fields are drift."""
    rules = ignoring(
        expressions,
        jq_path_expressions=(
            '.spec.template.spec.containers[] | select(.name == "proxy")',
            ".spec.template.spec.containers[].image",
        ),
    )
    apply(server, discovery, wanted)
    entries = [{"name": "proxy", "image": "proxy:9", "tty": True}, {"name": "web", "image": "web:9"}]
    edit({"spec": {"template": {"spec": {"containers": entries}}}}, "injector")
    assert () == ignored_drift(wanted, live(), rules)
    edit({"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "2"}]}]}}}}, "x")
    assert [".spec.template.spec.containers[name=web].env[name=A].value"] == [
        change.path for change in ignored_drift(wanted, live(), rules)
    ]
    after = containers(apply(server, discovery, to_send(wanted, live(), rules)).live)
    assert ("proxy:9", True, "web:9") == (after["proxy"]["image"], after["proxy"]["tty"], after["web"]["image"])
    assert "1" == after["web"]["env"][0]["value"]


def test_defaulting_is_no_difference(
    server: ApiServer, discovery: Discovery, wanted: Manifest, namespace: str, live: Look
) -> None:
    """GIVEN objects as they were applied WHEN shown by a dry run, or without THEN nothing differs, default or spelling."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    for manifest in (wanted, service):
        now = apply(server, discovery, manifest).live
        tried = apply(server, discovery, manifest, dry_run=True).live
        assert "unchanged" == diff(manifest, now, tried, Rules(()), KEY).kind
        assert "unchanged" == diff(manifest, now, None, Rules(()), KEY).kind


def test_a_change_shows_exactly_itself(
    server: ApiServer, discovery: Discovery, wanted: Manifest, live: Look, edit: Callable[..., None]
) -> None:
    """GIVEN edits by hand and a commit WHEN shown THEN each place is named once, and the text has just those lines."""
    apply(server, discovery, wanted)
    edit({"spec": {"replicas": 5, "template": {"metadata": {"annotations": {"by": "hand"}}}}}, "kubectl-edit")
    commit = with_image(wanted, "web:2")
    del commit["spec"]["template"]["spec"]["containers"][1]
    tried = apply(server, discovery, commit, dry_run=True).live
    found = diff(commit, live(), tried, Rules(()), KEY)
    place = ".spec.template.spec.containers"
    assert [
        (".spec.replicas", 5, 3, "changed"),
        (f"{place}[name=web].image", "web:1", "web:2", "changed"),
    ] == [(c.path, c.before, c.after, c.kind) for c in found.changes if c.kind != "removed"]
    assert [f"{place}[name=proxy]"] == [c.path for c in found.changes if c.kind == "removed"]
    added = [line for line in found.text.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert ["+  replicas: 3", "+      - image: web:2"] == [
        line.replace("+        image", "+      - image") for line in added
    ]


def test_a_secret_shows_no_value(server: ApiServer, discovery: Discovery, namespace: str) -> None:
    """GIVEN a live Secret WHEN a rotation is shown THEN the changed key has two hashes, and no value is anywhere."""

    def secret(**values: str) -> Manifest:
        data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
        metadata = {"name": "s", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data, "type": "Opaque"}

    now = apply(server, discovery, secret(same="canary-same", other="canary-before")).live
    wanted = secret(same="canary-same", other="canary-after")
    found = diff(wanted, now, apply(server, discovery, wanted, dry_run=True).live, Rules(()), KEY)
    assert [".data.other"] == [change.path for change in found.changes]
    assert "(hmac:" in found.text
    assert not [text for text in ("canary", "Y2FuYXJ5") if text in str(found)]
