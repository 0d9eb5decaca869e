"""What a real API server refuses, in its own words, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mooring.cluster.apply import apply, delete
from mooring.cluster.auth import BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.errors import ForbiddenError, RejectedError, UnreachableError
from mooring.model.objects import Manifest, ObjectKey


def workload(kind: str, api: str, namespace: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": namespace}, "spec": spec}


def pods(label: str) -> dict[str, Any]:
    labels = {"app": label}
    containers = [{"name": "x", "image": "x:1"}]
    return {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }


def job(image: str) -> dict[str, Any]:
    return {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": image}]}}}


def claim(size: str, mode: str) -> dict[str, Any]:
    return {"accessModes": [mode], "resources": {"requests": {"storage": size}}}


@pytest.mark.parametrize(
    ("kind", "api", "before", "after"),
    [
        ("Deployment", "apps/v1", pods("a"), pods("b")),
        ("StatefulSet", "apps/v1", {**pods("a"), "serviceName": "a"}, {**pods("a"), "serviceName": "b"}),
        ("Job", "batch/v1", job("x:1"), job("x:2")),
        ("PersistentVolumeClaim", "v1", claim("1Gi", "ReadWriteOnce"), claim("1Gi", "ReadWriteMany")),
    ],
)
def test_a_field_that_cannot_change_is_explained(
    server: ApiServer,
    discovery: Discovery,
    namespace: str,
    kind: str,
    api: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """GIVEN a field that a live object keeps WHEN git changes it THEN the refusal says how it is made anew."""
    apply(server, discovery, workload(kind, api, namespace, before))
    with pytest.raises(RejectedError, match=r"(?s)(immutable|updates to .* are forbidden).*Force=true,Replace=true"):
        apply(server, discovery, workload(kind, api, namespace, after))


def test_the_right_that_is_missing_is_spelt_out(
    server: ApiServer, discovery: Discovery, connection: Connection, namespace: str
) -> None:
    """GIVEN an account without rights THEN the error names verb, resource, group and namespace for its role."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    server.request("POST", accounts, body={"metadata": {"name": "poor"}})
    token = server.request("POST", f"{accounts}/poor/token", body={"spec": {}}).body["status"]["token"]
    poor = ApiServer(replace(connection, credentials=BearerToken(token)))
    with pytest.raises(ForbiddenError) as caught:
        apply(poor, discovery, workload("Deployment", "apps/v1", namespace, pods("a")))
    poor.close()
    assert (
        f'give the Role in {namespace}, or the ClusterRole, of this user the verb patch on deployments (apiGroups: ["apps"])'
        in caught.value.message
    )


def test_a_webhook_that_is_down_is_a_passing_trouble(
    server: ApiServer, discovery: Discovery, connection: Connection, namespace: str
) -> None:
    """GIVEN an admission webhook whose service does not answer THEN the error is transient and names the webhook."""
    name = f"{namespace[-20:].strip('-')}.example.com"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    webhook = {
        "name": f"a.{name}",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
    config_map: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}}
    uid = apply(server, discovery, configuration).live["metadata"]["uid"]
    naps: list[float] = []
    patient = ApiServer(connection, sleep=naps.append)
    try:
        with pytest.raises(UnreachableError, match=f'failed calling webhook "a.{name}"'):
            for number in range(200):  # it counts from the moment on that the API server has noticed it
                config_map["metadata"]["name"] = f"x-{number}"
                apply(patient, discovery, config_map)
        assert 4 == len(naps), "it was not tried again"
    finally:
        delete(server, discovery, ObjectKey.of(configuration), uid=uid, propagation="Background")
        patient.close()
