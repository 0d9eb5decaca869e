"""What somebody might try who may write one project's repository, to change what another project owns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.access.parsing import parse_project
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.projects import declare_project
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.operations import Operation
from tests.doubles.hooks import annotated, job, key_of
from tests.doubles.installation import REPOSITORY, World, config_map, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
ROLE = ObjectKey("rbac.authorization.k8s.io", "ClusterRole", "", "root")


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    made = make_world()
    made.targets.projects["team"] = parse_project(project("team", "shop")).project
    return made


def project(name: str, namespace: str) -> Manifest:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name},
        "spec": {
            "sourceRepos": [f"https://{REPOSITORY}"],
            "destinations": [{"name": "in-cluster", "namespace": namespace}],
        },
    }


def operation(world: World, key: AppKey) -> Operation:
    known = world.record(key).status.operation
    assert known is not None
    return known


def sync(world: World, key: AppKey, *objects: Manifest) -> str:
    """The message of the sync that tries to bring these objects about."""
    world.push(key, *objects, config_map("beside"))
    handle_syncs(world.ports(), [AppMessage(key, Cause("render"))])
    assert "Succeeded" != operation(world, key).phase
    told = [each.message for each in operation(world, key).results]
    return " ".join([operation(world, key).message, *told, *(each.message for each in operation(world, key).hooks)])


def test_a_lie_about_a_kinds_scope_is_not_believed(world: World) -> None:
    """GIVEN a CRD, never applied, that calls ClusterRoles namespaced WHEN one is synced THEN it is of the cluster still."""
    lie = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "clusterroles.rbac.authorization.k8s.io"},
        "spec": {"group": ROLE.group, "names": {"kind": ROLE.kind}, "scope": "Namespaced"},
    }
    role = {
        "apiVersion": f"{ROLE.group}/v1",
        "kind": ROLE.kind,
        "metadata": {"name": ROLE.name, "namespace": "shop"},
        "rules": [],
    }
    key = world.declare(project="team", **AUTO)
    told = sync(world, key, annotated(lie, hook="Skip"), role)
    assert "project 'team' does not permit the cluster-scoped rbac.authorization.k8s.io/ClusterRole root" in told
    assert {} == world.cluster.objects


@pytest.mark.parametrize("policy", ["BeforeHookCreation", "HookSucceeded"])
def test_a_hook_leaves_what_another_application_has(world: World, policy: str) -> None:
    """GIVEN an object of another application WHEN a hook has its name THEN the hook fails, and the object is as it was."""
    other = world.declare("other", **AUTO)
    world.push(other, config_map("a", x="1"))
    world.sync(other)
    before = world.cluster.objects[key_of("ConfigMap", "a")]
    key = world.declare(project="team", **AUTO)
    told = sync(world, key, annotated(config_map("a", x="2"), hook="PreSync", policy=policy))
    assert "ConfigMap/a is part of applications argocd/shop and argocd/other: it is left alone" in told
    assert before == world.cluster.objects[key_of("ConfigMap", "a")]


def test_a_hook_leaves_another_applications_hook(world: World) -> None:
    """GIVEN a hook of another application that runs WHEN one of its name is to be made THEN the running one stays."""
    other = world.declare("other", **AUTO)
    world.push(other, job("migrate", hook="PreSync"), config_map("others"))
    world.sync(other)
    uid = world.cluster.objects[key_of("Job", "migrate")]["metadata"]["uid"]
    key = world.declare(project="team", **AUTO)
    assert "Job/migrate is part of applications" in sync(world, key, job("migrate", hook="PreSync"))
    assert uid == world.cluster.objects[key_of("Job", "migrate")]["metadata"]["uid"]


def test_a_project_in_another_namespace_is_no_project(world: World) -> None:
    """GIVEN the right to write one namespace WHEN a hook there names a project THEN the project stays as it was."""
    declare_project(world.registry.projects, project("default", "nowhere"))
    key = world.declare(project="team", **AUTO)
    hook = annotated(project("default", "*"), hook="PreSync")
    hook["metadata"]["namespace"] = "shop"
    assert "must be argocd" in sync(world, key, hook)
    assert project("default", "nowhere") == world.registry.projects.document("default")


def test_the_built_in_project_is_no_way_out(world: World) -> None:
    """GIVEN the right to write one namespace WHEN an application there names `default` THEN it is not declared."""
    key = world.declare(project="team", **AUTO)
    child = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "child", "namespace": "shop"},
        "spec": {
            "project": "default",
            "source": {"repoURL": f"https://{REPOSITORY}", "path": "anything"},
            "destination": {"name": "in-cluster", "namespace": "kube-system"},
        },
    }
    told = sync(world, key, child)
    assert "project 'default' does not permit applications in the namespace 'shop' (spec.sourceNamespaces)" in told
    assert None is world.record(AppKey("shop", "child")).spec


def test_the_labels_of_anothers_namespace_stay(world: World) -> None:
    """GIVEN a namespace that an application has WHEN another manages its labels THEN those that differ are refused, by
    name, and those that are new are added.
    """
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    other = world.declare("other", **AUTO)
    world.push(other, namespace)
    world.sync(other)
    options: dict[str, Any] = {**AUTO, "syncOptions": ["CreateNamespace=true"]}
    wanted = {"labels": {"pod-security.kubernetes.io/enforce": "privileged", "team": "a"}}
    key = world.declare("mine", managedNamespaceMetadata=wanted, **options)
    told = sync(world, key, config_map("a"))
    assert "belongs to application argocd/other, which sets pod-security.kubernetes.io/enforce otherwise" in told
    kept = world.cluster.objects[ObjectKey("", "Namespace", "", "shop")]["metadata"]["labels"]
    assert ("restricted", None) == (kept["pod-security.kubernetes.io/enforce"], kept.get("team"))
    world.declare("mine", managedNamespaceMetadata={"labels": {"team": "a"}}, **options)
    world.sync(key)
    assert "a" == world.cluster.objects[ObjectKey("", "Namespace", "", "shop")]["metadata"]["labels"]["team"]
