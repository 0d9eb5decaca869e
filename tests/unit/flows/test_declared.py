"""App of apps: what stands in a bundle and belongs to the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.access.parsing import parse_project
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import declare, delete
from mooring.flows.asked.showing import show_application
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import Health
from mooring.model.application import RESOURCES_FINALIZER, AppKey
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.installation import World, config_map, installation

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
CHILD = AppKey("argocd", "child")


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()


def application(name: str = "child", *, wave: int = 0, project: str = "default", **spec: Any) -> Manifest:
    annotations = {"annotations": {"argocd.argoproj.io/sync-wave": str(wave)}} if wave else {}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "finalizers": [RESOURCES_FINALIZER], **annotations},
        "spec": {
            "project": project,
            "source": {"repoURL": "https://git.test/acme/shop", "path": name},
            "destination": {"name": "in-cluster", "namespace": "shop"},
            "syncPolicy": AUTO,
            **spec,
        },
    }


def project(name: str) -> Manifest:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]},
    }


def shown(world: World, key: AppKey) -> Any:
    return show_application(world.record(key))["status"]


def go_on(world: World, key: AppKey, seconds: float = 60) -> None:
    """Time passes, and whoever waits is looked at again."""
    world.now += seconds
    handle_syncs(world.ports(), [AppMessage(key, Cause("tick"))])


def test_children_are_declared_and_counted(world: World) -> None:
    """GIVEN a bundle with an application WHEN synced THEN it is declared, and its health is its parent's."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    record = world.record(CHILD)
    assert record.spec is not None
    assert "application argocd/root" == record.spec.by
    assert ("renders", AppMessage(CHILD, Cause("spec", by="application argocd/root"))) in world.queues.sent
    assert [] == [key for key in world.cluster.objects if key.kind == "Application"]
    assert ("Synced", "Progressing") == (shown(world, root)["sync"]["status"], shown(world, root)["health"]["status"])
    world.push(CHILD, config_map("a", x="1"))
    world.sync(CHILD)
    world.sweep()
    assert ("Synced", "Healthy") == (shown(world, root)["sync"]["status"], shown(world, root)["health"]["status"])


def test_a_wave_waits_for_the_children_before_it(world: World) -> None:
    """GIVEN children in two waves WHEN the first is not synced yet THEN the second is not declared, and then it is."""
    root = world.declare("root", **AUTO)
    world.push(root, application("first"), application("second", wave=1))
    world.sync(root)
    first, second = AppKey("argocd", "first"), AppKey("argocd", "second")
    assert (True, None) == (world.record(first).spec is not None, world.record(second).spec)
    go_on(world, root)
    assert world.record(second).spec is None
    world.push(first, config_map("a", x="1"))
    world.sync(first)
    go_on(world, root)
    assert world.record(second).spec is not None


def test_a_changed_child_is_waited_for_until_it_is_synced_as_changed(world: World) -> None:
    """GIVEN a healthy child WHEN its parent changes it THEN it counts as progressing until it is synced anew."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    world.push(CHILD, config_map("a", x="1"))
    world.sync(CHILD)
    world.push(root, application(revisionHistoryLimit=3))
    world.sync(root)
    world.sweep()
    assert "Progressing" == shown(world, root)["health"]["status"]
    world.push(CHILD, config_map("a", x="2"))
    world.sync(CHILD)
    world.sweep()
    assert "Healthy" == shown(world, root)["health"]["status"]


def test_a_child_that_leaves_git_goes_with_its_objects(world: World) -> None:
    """GIVEN a child with the finalizer WHEN git no longer has it THEN its objects are deleted, and it is forgotten."""
    root = world.declare("root", **AUTO)
    world.push(root, application(), application("other"))
    world.sync(root)
    world.push(CHILD, config_map("a", x="1"))
    world.sync(CHILD)
    assert ObjectKey("", "ConfigMap", "shop", "a") in world.cluster.objects
    world.push(root, application("other"))
    world.sync(root)
    world.sync(CHILD)
    assert world.record(CHILD).spec is None
    assert ObjectKey("", "ConfigMap", "shop", "a") not in world.cluster.objects
    world.sweep()
    assert [AppKey("argocd", "other"), root] == [listed.key for listed in world.applications.registered()]


def test_an_edit_by_hand_is_drift_and_goes_back(world: World) -> None:
    """GIVEN a child that a person declares otherwise WHEN looked at THEN its parent puts it back, and says who it was."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    edited = dict(world.record(CHILD).spec.application.declared)  # type: ignore[union-attr]
    edited["spec"] = {**edited["spec"], "revisionHistoryLimit": 1}
    declare(world.asking, edited, "mallory")
    world.sweep()
    spec = world.record(CHILD).spec
    assert spec is not None
    assert (10, "application argocd/root") == (spec.application.history_limit, spec.by)


def test_idle_parents_write_nothing(world: World) -> None:
    """GIVEN a parent and its healthy child WHEN swept twice more THEN nothing is written."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    world.push(CHILD, config_map("a", x="1"))
    world.sync(CHILD)
    world.sweep()
    world.sweep()
    before = [world.record(key).lease.token for key in (root, CHILD)]
    world.sweep()
    assert before == [world.record(key).lease.token for key in (root, CHILD)]


def test_projects_come_before_the_applications_that_name_them(world: World) -> None:
    """GIVEN a project and an application of it in one bundle WHEN synced and pruned THEN each comes in its order."""
    root = world.declare("root", **AUTO)
    world.targets.projects["team"] = world.targets.projects["default"]
    world.push(root, application(project="team"), project("team"), config_map("keep"))
    world.sync(root)
    assert world.registry.projects.document("team") is not None
    assert world.record(CHILD).spec is not None
    world.push(root, config_map("keep"))
    world.sync(root)
    world.sync(CHILD)
    go_on(world, root)
    assert (None, None) == (world.record(CHILD).spec, world.registry.projects.document("team"))


def test_circles_are_found_and_named(world: World) -> None:
    """GIVEN an application that declares its own parent's parent WHEN synced THEN it fails and names the circle."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    world.push(CHILD, application("root"))
    world.sync(CHILD)
    operation = shown(world, CHILD)["operationState"]
    assert "Failed" == operation["phase"]
    assert (
        "argocd/root is declared by argocd/child is declared by argocd/root"
        in operation["syncResult"]["resources"][0]["message"]
    )


def test_an_application_may_declare_itself(world: World) -> None:
    """GIVEN a root whose bundle holds the root itself WHEN synced, looked at, deleted THEN nothing waits for itself."""
    root = world.declare("root", **AUTO)
    world.push(root, application("root"), config_map("a"))
    world.sync(root)
    git = world.record(root).wanted
    assert git is not None
    world.push(root, application("root"), config_map("a"))
    world.sync(root)
    world.sweep()
    assert ("Synced", "Healthy") == (shown(world, root)["sync"]["status"], shown(world, root)["health"]["status"])
    delete(world.asking, root, "ada", cascade=True)
    world.sync(root)
    assert (None, {}) == (world.record(root).spec, world.cluster.objects)


def test_a_parent_takes_its_children_along(world: World) -> None:
    """GIVEN a parent that is deleted with its objects WHEN its children are gone THEN so is it."""
    root = world.declare("root", **AUTO)
    world.push(root, application())
    world.sync(root)
    world.push(CHILD, config_map("a", x="1"))
    world.sync(CHILD)
    delete(world.asking, root, "ada", cascade=None)
    world.sync(root)
    assert world.record(root).spec is not None
    world.sync(CHILD)
    go_on(world, root)
    assert ([], {}) == (world.applications.registered(), world.cluster.objects)


def test_a_child_of_another_parent_stays_its_own(world: World) -> None:
    """GIVEN a child of one application WHEN another one's bundle has it too THEN that is reported, and not a fight."""
    root, rival = world.declare("root", **AUTO), world.declare("rival", **AUTO)
    world.push(root, application())
    world.sync(root)
    world.push(rival, application(revisionHistoryLimit=1))
    world.sync(rival)
    spec = world.record(CHILD).spec
    assert spec is not None
    assert "application argocd/root" == spec.by
    assert ["SharedResourceWarning"] == [each["type"] for each in shown(world, rival)["conditions"]]


def test_a_child_that_can_not_be_read_fails_by_name(world: World) -> None:
    """GIVEN a child with a wrong field WHEN synced THEN the parent's result names the field."""
    root = world.declare("root", **AUTO)
    world.push(root, application(destination={}))
    world.sync(root)
    (result,) = shown(world, root)["operationState"]["syncResult"]["resources"]
    assert "spec.destination.server" in result["message"]
    assert Health("Missing", "") == Health(shown(world, root)["health"]["status"])


@pytest.mark.parametrize(
    ("rule", "phase"),
    [
        ({"server": "https://elsewhere.test", "namespace": "*"}, "Failed"),
        ({"server": "https://kubernetes.default.svc", "namespace": "shop"}, "Failed"),
        ({"server": "https://kubernetes.default.svc", "namespace": "argocd"}, "Succeeded"),
    ],
)
def test_a_project_says_whether_applications_may_be_declared(world: World, rule: dict[str, str], phase: str) -> None:
    """GIVEN a project of another cluster, or of other namespaces WHEN its bundle declares an application THEN that is
    refused: it would decide over everybody's, wherever the bundle is meant to go.
    """
    document = project("team")
    document["spec"]["destinations"] = [rule, {"server": "https://elsewhere.test", "namespace": "argocd"}]
    world.targets.projects["team"] = parse_project(document).project
    world.cluster.cluster = replace(world.cluster.cluster, server="https://elsewhere.test", default=False)
    root = world.declare("root", project="team", cluster="elsewhere", namespace="argocd", **AUTO)
    world.push(root, application())
    world.sync(root)
    assert phase == shown(world, root)["operationState"]["phase"]
    assert (phase == "Succeeded") == (world.record(CHILD).spec is not None)
