"""Applications that people apply to a management cluster, on a real API server with CRDs of Argo CD's shape."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.declaring import declare
from mooring.flows.asked.projects import declare_project
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import RESOURCES_FINALIZER, AppKey
from tests.doubles.installation import World, config_map, installation
from tests.doubles.realcluster import connect, until, use

API = "/apis/argoproj.io/v1alpha1"
MANAGED = {"mooring.dev/applications": "argocd, team-*"}
SHOP = AppKey("argocd", "shop")


def definition(kind: str, plural: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.argoproj.io"},
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }


@pytest.fixture(scope="module")
def management(cluster: Cluster) -> Iterator[Cluster]:
    """The small cluster with Argo CD's kinds and some namespaces."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for namespace in ("argocd", "elsewhere"):
        cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for kind, plural in (("Application", "applications"), ("AppProject", "appprojects")):
        cluster.client("POST", crds, definition(kind, plural))
        path = f"{API}/{plural}"
        until(lambda path=path: cluster.client("GET", path)[0] == 200, lambda path=path: path)  # type: ignore[misc]
    yield cluster
    for plural in ("applications", "appprojects"):
        cluster.client("DELETE", f"{crds}/{plural}.argoproj.io")


@pytest.fixture
def world(management: Cluster) -> Iterator[World]:
    with installation() as make:
        made = make()
        target = connect(management, connections=4)
        use(made, replace(target, cluster=replace(target.cluster, annotations=MANAGED)))
        yield made
        target.server.close()
    for plural in ("applications", "appprojects"):
        for each in management.client("GET", f"{API}/{plural}")[1]["items"]:
            path = f"{API}/namespaces/{each['metadata']['namespace']}/{plural}/{each['metadata']['name']}"
            management.client("PUT", path, {**each, "metadata": {**each["metadata"], "finalizers": []}})
            management.client("DELETE", path)


def application(
    name: str = "shop", *, namespace: str = "argocd", finalizers: tuple[str, ...] = (), **spec: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": namespace, "finalizers": list(finalizers)},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.test/acme/shop", "path": name},
            "destination": {"name": "in-cluster", "namespace": "argocd"},
            "syncPolicy": {"automated": {"prune": True}},
            **spec,
        },
    }


def project(name: str) -> dict[str, Any]:
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def create(cluster: Cluster, body: dict[str, Any]) -> None:
    path = f"{API}/namespaces/{body['metadata']['namespace']}/{body['kind'].lower()}s"
    status, answer = cluster.client("POST", path, body)
    assert 201 == status, answer


def there(cluster: Cluster, name: str, plural: str = "applications") -> dict[str, Any] | None:
    status, found = cluster.client("GET", f"{API}/namespaces/argocd/{plural}/{name}")
    return found if status == 200 else None


def remove(cluster: Cluster, name: str, plural: str = "applications") -> None:
    cluster.client("DELETE", f"{API}/namespaces/argocd/{plural}/{name}")


def look(world: World) -> list[str]:
    """The sweep's look at the cluster; what could not be declared, and why."""
    with ThreadPoolExecutor(4) as pool:
        troubles = handle_syncs(replace(world.ports(), pool=pool), [ClusterMessage("in-cluster", Cause("tick"))])
    return [f"{key}: {error}" for key, error in troubles]


def declared(world: World) -> dict[str, str]:
    """Every application with who declared it."""
    keys = [listed.key for listed in world.applications.registered()]
    return {str(key): each.spec.by for key, each in world.applications.sources(keys).items() if each.spec is not None}


def test_what_is_applied_is_declared_changed_and_forgotten(world: World, management: Cluster) -> None:
    """GIVEN an Application in the cluster WHEN created, changed and deleted THEN the registry follows, and only then."""
    create(management, application())
    create(management, application("other", namespace="elsewhere"))
    assert [] == look(world)
    assert {"argocd/shop": "cluster in-cluster"} == declared(world)
    spec = world.record(SHOP).spec
    assert spec is not None
    assert {"mooring.dev/declared-in": "in-cluster"} == spec.application.declared["metadata"]["annotations"]

    assert [] == look(world)
    again = world.record(SHOP).spec
    assert again is not None
    assert 1 == again.generation

    found = there(management, "shop")
    assert found is not None
    found["spec"]["source"]["path"] = "new"
    management.client("PUT", f"{API}/namespaces/argocd/applications/shop", found)
    look(world)
    changed = world.record(SHOP).spec
    assert changed is not None
    assert (2, "new") == (changed.generation, changed.application.sources[0].path)

    remove(management, "shop")
    look(world)
    handle_syncs(world.ports(), [AppMessage(SHOP, Cause("person"))])
    assert {} == declared(world)


@pytest.mark.parametrize(("finalizers", "status"), [((f"{RESOURCES_FINALIZER}/background",), 404), ((), 200)])
def test_objects_go_with_an_application_that_has_the_finalizer(
    world: World, management: Cluster, finalizers: tuple[str, ...], status: int
) -> None:
    """GIVEN a synced application WHEN it is deleted THEN its objects go first, where its finalizer says so."""
    create(management, application(finalizers=finalizers))
    look(world)
    name = f"kept-{status}"
    world.push(SHOP, config_map(name))
    world.sync(SHOP)
    remove(management, "shop")
    look(world)
    assert (there(management, "shop") is not None) == bool(finalizers)

    def gone() -> bool:
        world.now += 60
        handle_syncs(world.ports(), [AppMessage(SHOP, Cause("person"))])
        look(world)
        return not declared(world) and there(management, "shop") is None

    until(gone, lambda: world.record(SHOP).status)
    path = f"/api/v1/namespaces/argocd/configmaps/{name}"
    assert (None, {}, status) == (there(management, "shop"), declared(world), management.client("GET", path)[0])


def test_projects_come_before_their_applications_and_go_behind(world: World, management: Cluster) -> None:
    """GIVEN a project and an application in it WHEN both come and both go THEN neither waits for a person."""
    create(management, application(project="team"))
    create(management, project("team"))
    assert [] == look(world)
    assert (["team"], ["argocd/shop"]) == (world.registry.projects.names(), list(declared(world)))
    remove(management, "shop")
    remove(management, "team", "appprojects")
    (told,) = look(world)
    assert "is named by argocd/shop" in told
    handle_syncs(world.ports(), [AppMessage(SHOP, Cause("person"))])
    assert [] == look(world)
    assert [] == world.registry.projects.names()


def test_what_others_declare_stays_theirs(world: World, management: Cluster) -> None:
    """GIVEN a parent's application and a declared project WHEN the cluster has them too THEN it is told, and no more."""
    parents = {**application(), "metadata": {"name": "shop", "labels": {"mooring.dev/app": "argocd.root"}}}
    declare(world.asking, parents, "application argocd/root")
    declare_project(world.registry.projects, project("team"))
    create(management, application(revisionHistoryLimit=3))
    create(management, {**project("team"), "spec": {"description": "another"}})
    troubles = look(world)
    assert ["argocd/team", "argocd/shop"] == [each.partition(":")[0] for each in troubles]
    assert "is declared by application argocd/root, and not taken from the cluster in-cluster" in troubles[1]
    remove(management, "shop")
    remove(management, "team", "appprojects")
    assert [] == look(world)
    assert ({"argocd/shop": "application argocd/root"}, ["team"]) == (declared(world), world.registry.projects.names())


def test_a_mistake_is_told_and_stops_nobody_else(world: World, management: Cluster) -> None:
    """GIVEN an Application that can't be used WHEN looked at THEN the others are declared."""
    create(management, application("bad", source={"path": "x"}))
    create(management, application())
    (told,) = look(world)
    assert told.startswith("argocd/bad: ")
    assert ["argocd/shop"] == list(declared(world))


def test_kinds_that_are_not_served_delete_nothing(world: World, management: Cluster, monkeypatch: Any) -> None:
    """GIVEN a declared application WHEN the cluster has lost the CRD THEN it stays."""
    create(management, application())
    look(world)
    monkeypatch.setattr("mooring.flows.clusters.intake.every", lambda *_: None)
    assert [] == look(world)
    assert ["argocd/shop"] == list(declared(world))


def test_other_clusters_are_not_asked(world: World, management: Cluster) -> None:
    """GIVEN a cluster without the annotation WHEN looked at THEN nothing is taken from it."""
    create(management, application())
    world.targets.live = replace(world.targets.live, cluster=replace(world.targets.live.cluster, annotations={}))  # type: ignore[type-var]
    before = world.targets.live.requests
    assert [] == look(world)
    assert ({}, True) == (declared(world), world.targets.live.requests - before <= 3)
