"""What changes a fingerprint on a real API server, and what the report then says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.cluster.apply import apply, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.drift import drifted_fields
from mooring.cluster.fingerprint import fingerprint
from mooring.model.objects import Manifest, ObjectKey


@pytest.fixture
def wanted(namespace: str) -> Manifest:
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": "web:1",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "1000m", "memory": "128Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"mooring.dev/app": "demo"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture
def edit(server: ApiServer, wanted: Manifest) -> Callable[..., None]:
    """Changes the live object as somebody else: a strategic merge patch, as `kubectl edit` sends it."""
    path = f"/apis/apps/v1/namespaces/{wanted['metadata']['namespace']}/deployments/web"

    def edit(change: dict[str, Any], *, below: str = "", kind: str = "strategic-merge-patch+json") -> None:
        headers = {"Content-Type": f"application/{kind}"}
        server.request("PATCH", path + below, {"fieldManager": "kubectl-edit"}, change, headers)

    return edit


def container(**change: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", **change}]}}}}


@pytest.mark.parametrize(
    ("change", "below"),
    [
        ({"metadata": {"labels": {"theirs": "1"}}}, ""),
        ({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}, ""),
        ({"status": {"replicas": 2, "readyReplicas": 1, "observedGeneration": 1}}, "/status"),
        (container(imagePullPolicy="Always"), ""),
        (container(resources={"limits": {"cpu": "1"}}), ""),
        (container(env=[{"name": "C", "value": "3"}]), ""),
    ],
    ids=["label", "rollout restart", "status", "unowned field", "other spelling", "added entry"],
)
def test_what_is_not_drift_leaves_the_fingerprint(
    server: ApiServer,
    discovery: Discovery,
    wanted: Manifest,
    edit: Callable[..., None],
    change: dict[str, Any],
    below: str,
) -> None:
    """Labels of others, restarts, status, fields we don't own and the same amount in other words are no drift."""
    before = fingerprint(apply(server, discovery, wanted).live["metadata"])
    edit(change, below=below)
    live = get(server, discovery, ObjectKey.of(wanted))
    assert live is not None
    assert before == fingerprint(live["metadata"])
    assert () == drifted_fields(wanted, live)


WEB = ".spec.template.spec.containers[name=web]"


@pytest.mark.parametrize(
    ("change", "below", "expected"),
    [
        ({"spec": {"replicas": 1}}, "/scale", (".spec.replicas", 2, 1, "kubectl-edit")),
        (
            container(resources={"limits": {"memory": "64Mi"}}),
            "",
            (f"{WEB}.resources.limits.memory", "128Mi", "64Mi", "kubectl-edit"),
        ),
        (container(image="web:2"), "", (f"{WEB}.image", "web:1", "web:2", "kubectl-edit")),
        (
            container(env=[{"name": "A", "$patch": "delete"}]),
            "",
            (f"{WEB}.env[name=A]", {"name": "A", "value": "1"}, None, ""),
        ),
        (container(env=[{"name": "B", "value": "9"}]), "", (f"{WEB}.env[name=B].value", "2", "9", "kubectl-edit")),
        (
            container(ports=[{"containerPort": 80, "$patch": "delete"}]),
            "",
            (f"{WEB}.ports", [{"containerPort": 80}], None, ""),
        ),
        (
            {"metadata": {"labels": {"mooring.dev/app": None}}},
            "",
            (".metadata.labels", {"mooring.dev/app": "demo"}, None, ""),
        ),
    ],
    ids=["scale", "edit", "image", "removed entry", "changed entry", "removed list", "removed label"],
)
def test_drift_changes_the_fingerprint_and_is_named(
    server: ApiServer,
    discovery: Discovery,
    wanted: Manifest,
    edit: Callable[..., None],
    change: dict[str, Any],
    below: str,
    expected: tuple[str, Any, Any, str],
) -> None:
    """GIVEN an edit by hand THEN the fingerprint differs, the report names field and manager, and an apply heals it."""
    before = fingerprint(apply(server, discovery, wanted).live["metadata"])
    edit(change, below=below, kind="merge-patch+json" if below else "strategic-merge-patch+json")
    live = get(server, discovery, ObjectKey.of(wanted))
    assert live is not None
    assert before != fingerprint(live["metadata"])
    (found,) = drifted_fields(wanted, live)
    assert expected == (found.path, found.desired, found.live, found.manager)

    healed = apply(server, discovery, wanted).live
    assert before == fingerprint(healed["metadata"])
    assert () == drifted_fields(wanted, healed)


def test_another_managers_forced_apply_is_drift(server: ApiServer, discovery: Discovery, wanted: Manifest) -> None:
    """Taking a field by force takes it out of our entry, and the taker is named."""
    before = fingerprint(apply(server, discovery, wanted).live["metadata"])
    theirs = {**wanted, "spec": {"replicas": 5, "selector": wanted["spec"]["selector"], "template": {}}}
    theirs["spec"]["template"] = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    theirs["spec"]["template"]["spec"]["containers"] = [{"name": "web", "image": "web:1"}]
    live = apply(server, discovery, theirs, field_manager="argocd").live
    assert before != fingerprint(live["metadata"])
    (found,) = drifted_fields(wanted, live)
    assert (".spec.replicas", 2, 5, "argocd") == (found.path, found.desired, found.live, found.manager)


def test_clearing_managed_fields_is_drift(
    server: ApiServer, discovery: Discovery, wanted: Manifest, edit: Callable[..., None]
) -> None:
    """An object whose managed fields were wiped has no fingerprint, and an apply brings it back."""
    before = fingerprint(apply(server, discovery, wanted).live["metadata"])
    edit({"metadata": {"managedFields": [{}]}}, kind="merge-patch+json")
    live = get(server, discovery, ObjectKey.of(wanted))
    assert live is not None
    assert fingerprint(live["metadata"]) is None
    assert before == fingerprint(apply(server, discovery, wanted).live["metadata"])
