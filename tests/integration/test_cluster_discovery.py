"""What a real API server says it serves."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.cluster import Cluster
from mooring.cluster.apply import apply, delete, get
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.errors import RejectedError, UnreachableError
from mooring.model.objects import Manifest, ObjectKey


@pytest.fixture
def server(cluster: Cluster) -> Iterator[ApiServer]:
    server = ApiServer(from_kubeconfig(cluster.kubeconfig))
    yield server
    server.close()


@pytest.fixture
def discovery(server: ApiServer) -> Discovery:
    return Discovery(server)


@pytest.fixture
def kind() -> str:
    """A kind of this test's own: CRDs are shared by the whole cluster."""
    return f"Widget{os.urandom(3).hex()}"


def definition(kind: str) -> Manifest:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [version],
        },
    }


def widget(kind: str, namespace: str, **spec: object) -> Manifest:
    metadata = {"name": "x", "namespace": namespace}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": metadata, "spec": spec}


def test_two_requests_and_one_for_the_version(server: ApiServer, discovery: Discovery) -> None:
    """Everything a sync needs to know about a cluster takes three requests."""
    deployment = discovery.resource("apps", "Deployment", "v1")
    assert ("deployments", True) == (deployment.plural, deployment.namespaced)
    assert (
        "/apis/rbac.authorization.k8s.io/v1/clusterroles"
        == discovery.resource("rbac.authorization.k8s.io", "ClusterRole").path()
    )
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "networking.k8s.io/v1/Ingress"} <= set(
        discovery.api_versions()
    )
    assert discovery.version().startswith("v1.")
    assert 3 == server.requests


def test_a_version_that_is_gone_is_refused_with_what_is_served(discovery: Discovery) -> None:
    """An old manifest is told where its kind went."""
    with pytest.raises(RejectedError, match="the cluster serves it in autoscaling/v2"):
        discovery.resource("autoscaling", "HorizontalPodAutoscaler", "v2beta2")


def test_a_kind_whose_definition_was_just_applied_is_found(
    server: ApiServer, discovery: Discovery, namespace: str, kind: str
) -> None:
    """GIVEN a CRD applied a moment ago WHEN its first object follows at once THEN a little patience applies it."""
    discovery.refresh()
    crd = apply(server, discovery, definition(kind)).live
    applied = apply(server, discovery, widget(kind, namespace, size=1), patience=10)
    assert {"size": 1} == applied.live["spec"]
    with pytest.raises(RejectedError, match=r"\.spec\.colour: field not declared in schema"):
        apply(server, discovery, widget(kind, namespace, colour="red"))

    uid = crd["metadata"]["uid"]
    assert delete(server, discovery, ObjectKey.of(definition(kind)), uid=uid, propagation="Background")


def test_a_kind_without_a_definition_is_refused(
    server: ApiServer, discovery: Discovery, namespace: str, kind: str
) -> None:
    """Applying it says what is missing; reading it finds nothing."""
    with pytest.raises(RejectedError, match="is its CustomResourceDefinition installed"):
        apply(server, discovery, widget(kind, namespace))
    assert get(server, discovery, ObjectKey.of(widget(kind, namespace))) is None


def test_a_group_whose_server_is_down_stops_nothing(server: ApiServer, discovery: Discovery, kind: str) -> None:
    """GIVEN an aggregated API without a server THEN everything else is known all the same."""
    group = f"{kind.lower()}.example.org"
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nowhere", "namespace": "default"},
        },
    }
    uid = apply(server, discovery, service).live["metadata"]["uid"]
    try:
        discovery.refresh()
        assert "pods" == discovery.resource("", "Pod").plural
        with pytest.raises(UnreachableError, match=f"can't reach the aggregated API {group}"):
            discovery.find(group, "Anything")
    finally:
        delete(server, discovery, ObjectKey.of(service), uid=uid, propagation="Background")
