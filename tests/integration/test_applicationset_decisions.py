"""Decisions of real objects, read from a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from local.cluster import Cluster
from mooring.appsets.decisions import ClusterDecisionObjects
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.client import ApiServer
from mooring.errors import ConfigurationError
from mooring.flows.deciding import asked_of
from mooring.model.generatorkinds import ClusterDecisions
from mooring.model.selectors import Requirement, Selector
from mooring.state.decisions import Answer, Asked

PLACEMENT = {"apiVersion": "apps/v1", "kind": "deployments", "statusListKey": "conditions", "matchKey": "type"}


@pytest.fixture
def server(cluster: Cluster) -> Iterator[ApiServer]:
    """Mooring's own connection to the cluster."""
    found = ApiServer(from_kubeconfig(cluster.kubeconfig))
    yield found
    found.close()


@pytest.fixture
def place(cluster: Cluster, namespace: str) -> Callable[..., None]:
    """Makes an object that decides for clusters: a Deployment, whose conditions anybody may write here."""

    def make(name: str, clusters: tuple[str, ...], **labels: str) -> None:
        app = {"app": name}
        pods = {"metadata": {"labels": app}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
        body = {
            "metadata": {"name": name, "labels": labels},
            "spec": {"selector": {"matchLabels": app}, "template": pods},
        }
        base = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        status, made = cluster.client("POST", base, body)
        assert status == 201, made
        conditions = [{"type": each, "status": "True", "reason": "Near"} for each in clusters]
        status, made = cluster.client("PUT", f"{base}/{name}/status", {**made, "status": {"conditions": conditions}})
        assert status == 200, made

    return make


def config_map(cluster: Cluster, namespace: str, data: dict[str, str]) -> None:
    status, made = cluster.client(
        "POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "placement"}, "data": data}
    )
    assert status == 201, made


def test_objects_are_found_by_name_and_by_label(
    cluster: Cluster, namespace: str, server: ApiServer, place: Callable[..., None]
) -> None:
    """GIVEN objects that name clusters in their status WHEN asked THEN every decision of those that fit is told."""
    config_map(cluster, namespace, PLACEMENT)
    place("quick", ("eu", "us"), tier="gold")
    place("slow", ("ap",), tier="tin")
    place("new", ())
    objects = ClusterDecisionObjects(server)

    def read(name: str, selector: Selector) -> Answer:
        return objects.read(namespace, asked_of(ClusterDecisions("placement", name, selector)))

    found = read("quick", Selector())
    assert ("type", ["eu", "us"]) == (found.key, [each["type"] for each in found.decisions])
    some = Selector((Requirement("tier", "In", ("gold", "tin")), Requirement("tier", "NotIn", ("gold",))))
    assert ["ap"] == [each["type"] for each in read("", some).decisions]
    rest = Selector((Requirement("tier", "DoesNotExist"),))
    assert () == read("", rest).decisions


@pytest.mark.parametrize("data", [None, {**PLACEMENT, "matchKey": ""}, {**PLACEMENT, "apiVersion": "v1"}, PLACEMENT])
def test_what_is_missing_is_an_error(
    cluster: Cluster, namespace: str, server: ApiServer, data: dict[str, str] | None
) -> None:
    """No ConfigMap, no key, no group, no object: none of it looks like no decision."""
    if data is not None:
        config_map(cluster, namespace, data)
    with pytest.raises(ConfigurationError, match="placement"):
        ClusterDecisionObjects(server).read(namespace, Asked("placement", "quick", ""))
