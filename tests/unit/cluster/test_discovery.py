"""What a cluster serves, as servers of several ages say it."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery, Resource
from mooring.errors import RejectedError, UnreachableError


def aggregated(*groups: tuple[str, list[tuple[str, list[tuple[str, str, str]]]]]) -> dict[str, Any]:
    """Groups of versions of (plural, kind, scope)."""
    return {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current" if resources else "Stale",
                        "resources": [
                            {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get"]}
                            for plural, kind, scope in resources
                        ],
                    }
                    for version, resources in versions
                ],
            }
            for group, versions in groups
        ],
    }


CORE = aggregated(("", [("v1", [("nodes", "Node", "Cluster"), ("pods", "Pod", "Namespaced")])]))
GROUPS = aggregated(
    ("autoscaling", [("v2", [("hpas", "HPA", "Namespaced")]), ("v1", [("hpas", "HPA", "Namespaced")])]),
    ("metrics.k8s.io", [("v1beta1", [])]),
)


@pytest.fixture
def discovery(script: Any) -> Discovery:
    return Discovery(ApiServer(Connection(script.url), sleep=lambda _seconds: None))


def test_two_requests_bring_everything(script: Any, discovery: Discovery) -> None:
    """Kinds of all groups are known after one request to each root; a group that is down stops nothing."""
    script.answer(CORE)
    script.answer(GROUPS)
    pod = discovery.resource("", "Pod")
    assert Resource("", "v1", "pods", "Pod", True, ("get",)) == pod
    assert "v2" == discovery.resource("autoscaling", "HPA").version
    assert "v1" == discovery.resource("autoscaling", "HPA", "v1").version
    assert ["/api", "/apis"] == [target for _, target, _, _ in script.seen]
    assert [
        "autoscaling/v1",
        "autoscaling/v1/HPA",
        "autoscaling/v2",
        "autoscaling/v2/HPA",
        "v1",
        "v1/Node",
        "v1/Pod",
    ] == discovery.api_versions()


def test_paths_follow_scope_and_group() -> None:
    """Core and named groups, one object and the collection, with and without a namespace."""
    pod = Resource("", "v1", "pods", "Pod", True, ())
    role = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False, ())
    assert "/api/v1/namespaces/a/pods/b" == pod.path("a", "b")
    assert "/api/v1/pods" == pod.path()
    # AND no name leads anywhere else, in an object, a query or a sub-resource
    assert "/api/v1/namespaces/b%2Fpods%2Fx%3Fy%3D/pods/..%2Fz" == pod.path("b/pods/x?y=", "../z")
    assert "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:b" == role.path("", "system:b")
    assert "/apis/rbac.authorization.k8s.io/v1/clusterroles/b" == role.path("ignored", "b")


def test_a_missing_kind_is_asked_for_once_a_call(script: Any) -> None:
    """What isn't known is asked for again, once, and then refused with a hint."""
    clock = [1000.0]
    discovery = Discovery(ApiServer(Connection(script.url)), now=lambda: clock[0])
    for _ in range(2):
        script.answer(CORE)
        script.answer(GROUPS)
    discovery.refresh()
    clock[0] += 2
    with pytest.raises(RejectedError, match="is its CustomResourceDefinition installed") as caught:
        discovery.resource("example.com", "Widget", "v1")
    assert "NoMatch" == caught.value.reason
    assert 4 == len(script.seen)


def test_a_version_that_is_not_served_is_named(script: Any, discovery: Discovery) -> None:
    """The error says which versions the cluster does serve."""
    for _ in range(2):
        script.answer(CORE)
        script.answer(GROUPS)
    with pytest.raises(RejectedError, match="the cluster serves it in autoscaling/v2, autoscaling/v1"):
        discovery.resource("autoscaling", "HPA", "v2beta2")


def test_patience_waits_for_a_new_kind(script: Any, discovery: Discovery) -> None:
    """GIVEN a CRD applied a moment ago WHEN its kind appears at the third look THEN it is found."""
    widgets = aggregated(("example.com", [("v1", [("widgets", "Widget", "Namespaced")])]))
    for groups in (GROUPS, GROUPS, widgets):
        script.answer(CORE)
        script.answer(groups)
    assert "widgets" == discovery.resource("example.com", "Widget", patience=60).plural


def test_old_servers_are_asked_group_by_group(script: Any, discovery: Discovery) -> None:
    """Before 1.26 each group version is a request; one that fails is passed over, subresources are left out."""
    script.answer({"kind": "APIVersions", "versions": ["v1"]})
    script.answer(
        {
            "kind": "APIResourceList",
            "resources": [
                {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
                {"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
            ],
        }
    )
    versions = [{"version": "v1"}, {"version": "v2"}]
    group = {"name": "autoscaling", "versions": versions, "preferredVersion": {"version": "v2"}}
    script.answer({"kind": "APIGroupList", "groups": [group]})
    script.answer({"resources": [{"name": "hpas", "kind": "HPA", "namespaced": True, "verbs": ["get"]}]})
    for _ in range(5):
        script.answer({"kind": "Status", "message": "down"}, 503)
    discovery.refresh()
    assert "v2" == discovery.resource("autoscaling", "HPA").version
    assert ["autoscaling/v2", "autoscaling/v2/HPA", "v1", "v1/Pod"] == discovery.api_versions()
    assert "/apis/autoscaling/v2" == script.seen[3][1]


def test_hundreds_of_objects_of_a_missing_kind_ask_once(script: Any) -> None:
    """GIVEN a kind that is not served WHEN many objects of it are looked up at once THEN the cluster is asked once."""
    clock = [1000.0]
    discovery = Discovery(ApiServer(Connection(script.url)), now=lambda: clock[0])
    for _ in range(2):
        script.answer(CORE)
        script.answer(GROUPS)
    assert [None] * 100 == [discovery.find("example.com", "Widget") for _ in range(100)]
    assert 2 == len(script.seen)
    clock[0] += 2
    assert discovery.find("example.com", "Widget") is None
    assert 4 == len(script.seen)


def test_what_is_known_for_long_is_asked_again(script: Any) -> None:
    """A warm function learns of kinds that came, for charts that ask, after ten minutes."""
    clock = [1000.0]
    discovery = Discovery(ApiServer(Connection(script.url)), now=lambda: clock[0])
    for core in (CORE, GROUPS):
        script.answer(core)
        script.answer(GROUPS)
    assert "pods" == discovery.resource("", "Pod").plural
    clock[0] += 599
    assert "pods" == discovery.resource("", "Pod").plural
    clock[0] += 2
    assert discovery.find("", "Pod") is None


def test_a_path_that_means_nothing_makes_it_ask_again(script: Any, discovery: Discovery, reply: Any) -> None:
    """GIVEN a version that was dropped while it was remembered WHEN the server doesn't know its path THEN it is learnt."""
    server = discovery._server
    moved = aggregated(("autoscaling", [("v3", [("hpas", "HPA", "Namespaced")])]))
    script.answer(CORE)
    script.answer(GROUPS)
    assert "v2" == discovery.resource("autoscaling", "HPA").version
    script.replies.append(reply(404, b"404 page not found"))
    assert 404 == server.request("GET", "/apis/autoscaling/v2/hpas").status
    script.answer(CORE)
    script.answer(moved)
    assert "v3" == discovery.resource("autoscaling", "HPA").version


def test_a_kind_of_a_group_that_is_down_is_not_missing(script: Any, discovery: Discovery) -> None:
    """Whether an aggregated API serves a kind can't be told while it is down: a transient error, never "not there"."""
    script.answer(CORE)
    script.answer(GROUPS)
    with pytest.raises(UnreachableError, match=r"can't reach the aggregated API metrics\.k8s\.io"):
        discovery.find("metrics.k8s.io", "PodMetrics")
    assert "pods" == discovery.resource("", "Pod").plural


def test_something_else_than_an_api_server_is_unreachable(script: Any, discovery: Discovery) -> None:
    """An address that answers JSON but knows no API is not a cluster without kinds."""
    script.answer([])
    with pytest.raises(UnreachableError, match="does not answer as an API server"):
        discovery.refresh()
