"""Objects that no application has, on a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.access.parsing import parse_project
from mooring.events.messages import ClusterMessage, Cause
from mooring.flows.syncs.orphans import orphans_of
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from tests.doubles.installation import World, config_map, installation
from tests.doubles.realcluster import connect, use

AUTO = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture
def world(cluster: Cluster) -> Iterator[World]:
    with installation() as make:
        world = make()
        target = connect(cluster, connections=4)
        use(world, target)
        yield world
        target.server.close()


def project(world: World, name: str, **orphaned: Any) -> None:
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "name": "*", "namespace": "*"}],
        "namespaceResourceBlacklist": [{"group": "", "kind": "LimitRange"}],
        **orphaned,
    }
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": name}, "spec": spec}
    world.targets.projects[name] = parse_project(document).project


def create(
    cluster: Cluster, namespace: str, plural: str, body: dict[str, Any], *, root: str = "/api/v1"
) -> dict[str, Any]:
    status, answer = cluster.client("POST", f"{root}/namespaces/{namespace}/{plural}", body)
    assert 201 == status, answer
    return dict(answer)


def sweep(world: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        ports = replace(world.ports(), pool=pool)
        assert [] == handle_syncs(ports, [ClusterMessage("in-cluster", Cause("tick"))])


def orphans(world: World, key: AppKey) -> list[str]:
    shown = show_application(world.record(key))["status"].get("orphanedResources", [])
    return [f"{each['kind']} {each['name']}" for each in shown]


def warnings(world: World, key: AppKey) -> list[str]:
    return [each.message for each in world.record(key).status.conditions if each.type == "OrphanedResourceWarning"]


def test_orphans_are_what_no_application_has_and_nothing_else_explains(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN a project that asks WHEN the cluster is looked at THEN only objects that nobody answers for are told."""
    namespace = make_namespace(cluster)
    project(world, "team", orphanedResources={"ignore": [{"kind": "Secret", "name": "sh.helm.*"}]})
    key = world.declare("shop", namespace=namespace, project="team", **AUTO)
    other = world.declare("other", namespace=namespace, **AUTO)
    for app in (key, other):
        world.push(app, config_map(app.name))
        world.sync(app)
    stray = create(cluster, namespace, "configmaps", config_map("stray"))
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "stray", "uid": stray["metadata"]["uid"]}
    create(
        cluster, namespace, "configmaps", {**config_map("x"), "metadata": {"name": "child", "ownerReferences": [owner]}}
    )
    create(cluster, namespace, "configmaps", config_map("kube-root-ca.crt"))
    create(cluster, namespace, "serviceaccounts", {"metadata": {"name": "default"}})
    create(cluster, namespace, "secrets", {"metadata": {"name": "sh.helm.release.v1.shop.v1"}})
    token = {"name": "token", "annotations": {"kubernetes.io/service-account.name": "default"}}
    create(cluster, namespace, "secrets", {"metadata": token, "type": "kubernetes.io/service-account-token"})
    create(cluster, namespace, "secrets", {"metadata": {"name": "password"}})
    create(cluster, namespace, "limitranges", {"metadata": {"name": "denied"}})
    create(cluster, namespace, "leases", {"metadata": {"name": "leader"}}, root="/apis/coordination.k8s.io/v1")
    copied = cluster.client("GET", f"/api/v1/namespaces/{namespace}/configmaps/shop")[1]["metadata"]
    marks = {name: copied[name] for name in ("labels", "annotations")}
    create(cluster, namespace, "configmaps", {**config_map("copy"), "metadata": {"name": "copy", **marks}})

    sweep(world)

    assert ["ConfigMap copy", "ConfigMap stray", "Secret password"] == orphans(world, key)
    assert [
        f"Application has 3 orphaned resources in namespace {namespace}: ConfigMap copy, ConfigMap stray, Secret password"
    ] == warnings(world, key)
    assert [] == orphans(world, other), "its project does not ask"
    told = orphans_of(world.applications, "team")
    assert [("copy", ["argocd/shop"]), ("stray", ["argocd/shop"]), ("password", ["argocd/shop"])] == [
        (each["name"], each["applications"]) for each in told
    ]


def test_what_was_told_goes_when_it_is_gone_and_nothing_is_written_meanwhile(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN an orphan WHEN it stays THEN the status is written once, and the warning ends with its cause."""
    namespace = make_namespace(cluster)
    project(world, "team", orphanedResources={"warn": True})
    key = world.declare("shop", namespace=namespace, project="team", **AUTO)
    world.push(key, config_map("shop"))
    world.sync(key)
    create(cluster, namespace, "configmaps", config_map("stray"))
    sweep(world)
    written: list[object] = []
    observe = world.applications.observe
    world.applications.observe = lambda *a, **k: written.append(a) or observe(*a, **k)  # type: ignore[method-assign, func-returns-value]
    sweep(world)
    assert [] == written
    cluster.client("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/stray")
    sweep(world)
    assert ([], [], 1) == (orphans(world, key), warnings(world, key), len(written))


def test_without_warn_there_is_the_list_alone_and_both_go_with_the_setting(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN `warn: false` THEN there is no condition; WHEN the project asks no more THEN the list goes, too."""
    namespace = make_namespace(cluster)
    project(world, "team", orphanedResources={"warn": False})
    key = world.declare("shop", namespace=namespace, project="team", **AUTO)
    world.push(key, config_map("shop"))
    world.sync(key)
    create(cluster, namespace, "configmaps", config_map("stray"))
    sweep(world)
    assert (["ConfigMap stray"], []) == (orphans(world, key), warnings(world, key))
    project(world, "team")
    sweep(world)
    assert [] == orphans(world, key)


def test_many_namespaces_are_listed_together_and_nobody_else_pays(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> None:
    """GIVEN six namespaces WHEN looked at THEN each kind is asked for once; GIVEN no such project THEN none is."""
    project(world, "team", orphanedResources={})
    project(world, "quiet")
    keys = []
    for number in range(6):
        namespace = make_namespace(cluster)
        create(cluster, namespace, "configmaps", config_map(f"stray-{number}"))
        key = world.declare(f"shop-{number}", namespace=namespace, project="team", **AUTO)
        world.push(key, config_map(key.name))
        world.sync(key)
        keys.append(key)
    before = world.cluster.requests
    sweep(world)
    kinds = len([each for each in world.cluster.discovery.kinds() if each.namespaced])  # type: ignore[attr-defined]
    assert [[f"ConfigMap stray-{number}"] for number in range(6)] == [orphans(world, key) for key in keys]
    assert world.cluster.requests - before < kinds + 10
    for number in range(6):
        world.targets.projects["team"] = world.targets.projects["quiet"]
    before = world.cluster.requests
    sweep(world)
    sweep(world)
    assert world.cluster.requests - before < 10


def test_a_cluster_that_falls_silent_changes_nothing(
    world: World, cluster: Cluster, make_namespace: Callable[[Cluster], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN an orphan that was told WHEN the next look for orphans fails THEN it is still told, and syncs go on."""
    from mooring.errors import UnreachableError
    from mooring.flows.clusters.live import Target

    namespace = make_namespace(cluster)
    project(world, "team", orphanedResources={})
    key = world.declare("shop", namespace=namespace, project="team", **AUTO)
    world.push(key, config_map("shop"))
    world.sync(key)
    create(cluster, namespace, "configmaps", config_map("stray"))
    sweep(world)

    def silent(*_: object) -> None:
        raise UnreachableError("no answer")

    monkeypatch.setattr(Target, "residents", silent)
    world.push(key, config_map("shop", color="blue"))
    sweep(world)
    assert (["ConfigMap stray"], "Synced") == (orphans(world, key), world.record(key).status.sync)
