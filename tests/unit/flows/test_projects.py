"""What a project forbids does not happen: at registration, at render, at sync; and what is in the cluster stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.access.parsing import parse_project
from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.events.messages import AppMessage, Cause
from mooring.flows.asked.declaring import AskPorts, declare, delete
from mooring.flows.asked.projects import (
    UnknownProjectError,
    declare_project,
    delete_project,
    list_projects,
    show_project,
)
from mooring.flows.rules.settings import NO_SETTINGS
from mooring.flows.renders.rendering import handle_renders
from mooring.flows.renders.tasks import RenderPorts
from mooring.flows.clusters.targets import Targets
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.state.accesspolicy import AccessPolicies
from mooring.state.apitokens import ApiToken, ApiTokens
from mooring.state.operations import Operation
from mooring.state.registry import Registry
from tests.doubles.hooks import end_job, job
from tests.doubles.installation import REPOSITORY, World, config_map, deployment, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
A = ObjectKey("", "ConfigMap", "shop", "a")
B = ObjectKey("", "ConfigMap", "shop", "b")
HALF_PAST_MIDNIGHT = 1_771_115_400.0  # 2026-02-15T00:30:00Z
NIGHT = {"kind": "deny", "schedule": "0 0 * * *", "duration": "6h", "applications": ["*"]}


def document(**spec: Any) -> dict[str, Any]:
    """A project `team` that may do what these tests do, but for what is given."""
    permissive = {
        "sourceRepos": [f"https://{REPOSITORY}"],
        "destinations": [{"name": "in-cluster", "namespace": "shop"}],
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "team"},
        "spec": permissive | spec,
    }


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    made = make_world()
    made.now = HALF_PAST_MIDNIGHT
    allow(made)
    return made


def allow(world: World, **spec: Any) -> None:
    """From now on the project says this."""
    world.targets.projects["team"] = parse_project(document(**spec)).project


def conditions(world: World, key: AppKey) -> dict[str, str]:
    return {each.type: each.message for each in world.record(key).status.conditions}


def operation(world: World, key: AppKey) -> Operation:
    known = world.record(key).status.operation
    assert known is not None
    return known


def synced(world: World, *objects: Any, **policy: Any) -> AppKey:
    """An application of the project with its objects in the cluster."""
    key = world.declare(project="team", **(AUTO | policy))
    world.push(key, *(objects or (config_map("a", x="1"),)))
    world.sync(key)
    assert "Synced" == world.record(key).status.sync
    return key


@pytest.mark.parametrize(
    ("expected", "spec"),
    [
        ("spec.sourceRepos", {"sourceRepos": ["https://git.test/other/*"]}),
        ("spec.sourceRepos[1]", {"sourceRepos": ["*", f"!https://{REPOSITORY}"]}),
        ("spec.destinations", {"destinations": [{"name": "other", "namespace": "*"}]}),
        ("spec.destinations[0].namespace", {"destinations": [{"server": "*", "namespace": "!shop"}]}),
    ],
)
def test_a_project_that_closes_stops_syncs_and_leaves_objects(world: World, expected: str, spec: Any) -> None:
    """GIVEN a synced application WHEN its project forbids it THEN a condition names the rule, and no object changes."""
    key = synced(world)
    applied = list(world.cluster.applies)
    allow(world, **spec)
    world.push(key, config_map("a", x="2"), config_map("b", x="1"))
    world.sync(key)
    world.cluster.objects[A]["data"] = {"x": "drifted"}
    world.sweep()
    assert f"({expected})" in conditions(world, key)["InvalidSpecError"]
    assert (applied, [A]) == (world.cluster.applies, list(world.cluster.objects))
    allow(world)
    world.sweep()
    assert ({}, [A, B], "Synced") == (
        conditions(world, key),
        sorted(world.cluster.objects),
        world.record(key).status.sync,
    )


def test_an_unknown_project_is_a_condition(world: World) -> None:
    """GIVEN a synced application WHEN its project is gone THEN a condition names it and the objects stay."""
    key = synced(world)
    del world.targets.projects["team"]
    world.push(key)
    world.sync(key)
    assert "no project 'team' is declared" in conditions(world, key)["InvalidSpecError"]
    assert [A] == list(world.cluster.objects)


@pytest.mark.parametrize(
    ("expected", "manifest", "spec"),
    [
        (
            "the cluster-scoped rbac.authorization.k8s.io/ClusterRole power (spec.clusterResourceWhitelist)",
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "power"}},
            {},
        ),
        (
            "objects of kind apps/Deployment (spec.namespaceResourceBlacklist[0])",
            deployment("web"),
            {"namespaceResourceBlacklist": [{"group": "apps", "kind": "*"}]},
        ),
        (
            "the namespace 'kube-system' of the cluster in-cluster (spec.destinations)",
            {**config_map("b"), "metadata": {"name": "b", "namespace": "kube-system"}},
            {},
        ),
        (
            "objects of kind batch/Job (spec.namespaceResourceWhitelist)",
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "hook", "annotations": {"argocd.argoproj.io/hook": "PreSync"}},
            },
            {"namespaceResourceWhitelist": [{"group": "", "kind": "ConfigMap"}]},
        ),
    ],
)
def test_one_forbidden_object_stops_the_whole_sync(world: World, expected: str, manifest: Any, spec: Any) -> None:
    """GIVEN a commit with an object that is not permitted WHEN it is synced THEN nothing is, and the rule is named."""
    allow(world, **spec)
    key = world.declare(project="team", **AUTO)
    world.push(key, config_map("a", x="1"), manifest)
    world.sync(key)
    assert ({}, "Failed") == (world.cluster.objects, operation(world, key).phase)
    assert f"project 'team' does not permit {expected}" in operation(world, key).message
    written = world.record(key).lease.token
    world.now += 60
    world.sweep()
    assert written == world.record(key).lease.token, "the same refusal is not written again"
    everything = [{"group": "*", "kind": "*"}]
    allow(world, clusterResourceWhitelist=everything, destinations=[{"name": "*", "namespace": "*"}])
    world.sweep()
    assert A in world.cluster.objects or "waiting for" in operation(world, key).message


def test_what_nobody_asked_to_sync_is_compared_all_the_same(world: World) -> None:
    """GIVEN an application that is synced by hand WHEN git holds a forbidden object THEN nothing has failed yet."""
    allow(world, namespaceResourceBlacklist=[{"group": "apps", "kind": "Deployment"}])
    key = world.declare(project="team")
    world.push(key, deployment("web"))
    world.sync(key)
    assert ("OutOfSync", None) == (world.record(key).status.sync, world.record(key).status.operation)
    world.request(key)
    world.sync(key)
    assert ("Failed", {}) == (operation(world, key).phase, world.cluster.objects)


def test_a_forbidden_object_is_not_pruned(world: World) -> None:
    """GIVEN an object that the project forbids by now WHEN git drops it THEN the sync fails and the object stays."""
    key = synced(world, config_map("a", x="1"), deployment("web"))
    allow(world, namespaceResourceBlacklist=[{"group": "apps", "kind": "Deployment"}])
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    assert ("Failed", 2) == (operation(world, key).phase, len(world.cluster.objects))


def test_deleting_leaves_what_the_project_forbids(world: World) -> None:
    """GIVEN an object that the project forbids by now WHEN its application is deleted THEN it stays, the rest goes."""
    key = synced(world, config_map("a", x="1"), deployment("web"))
    allow(world, namespaceResourceBlacklist=[{"group": "apps", "kind": "Deployment"}])
    delete(ask(world), key, "ada", cascade=None)
    world.sync(key)
    assert ["Deployment"] == [each.kind for each in world.cluster.objects]
    assert None is world.record(key).spec


def test_deleting_leaves_hooks_that_the_project_forbids(world: World) -> None:
    """GIVEN what a hook has left, forbidden by now WHEN its application is deleted THEN it stays, and the rest goes."""
    key = world.declare(project="team", **AUTO)
    world.push(key, config_map("a", x="1"), job("migrate", hook="PreSync"))
    world.sync(key)
    end_job(world, "migrate")
    world.sync(key)
    assert "Synced" == world.record(key).status.sync
    allow(world, namespaceResourceBlacklist=[{"group": "batch", "kind": "Job"}])
    delete(ask(world), key, "ada", cascade=None)
    world.sync(key)
    assert ["Job"] == [each.kind for each in world.cluster.objects]
    assert None is world.record(key).spec


@pytest.mark.parametrize(
    ("made", "spec"),
    [(False, {}), (True, {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "sh*"}]})],
)
def test_making_the_namespace_has_to_be_permitted(world: World, made: bool, spec: Any) -> None:
    """GIVEN CreateNamespace=true WHEN the namespace lacks THEN it is made only where the project permits the kind."""
    allow(world, **spec)
    key = world.declare(project="team", syncOptions=["CreateNamespace=true"], **AUTO)
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    assert made == (ObjectKey("", "Namespace", "", "shop") in world.cluster.objects)
    assert ("Succeeded" if made else "Failed") == operation(world, key).phase


def test_a_closed_window_keeps_syncs_from_beginning(world: World) -> None:
    """GIVEN a closed window WHEN git changes THEN nothing is applied, the reason is shown once, and it opens again."""
    allow(world, syncWindows=[NIGHT])
    key = world.declare(project="team", **AUTO)
    world.push(key, config_map("a", x="1"))
    world.sync(key)
    told = (
        "syncs are held back until 2026-02-15T06:00:00Z: the deny window '0 0 * * *' for 6h (UTC) of project 'team' "
        "is open"
    )
    assert ({}, "OutOfSync", {"SyncWindow": told}) == (
        world.cluster.objects,
        world.record(key).status.sync,
        conditions(world, key),
    )
    world.now += 100
    written = world.record(key).lease.token
    world.sync(key)
    assert written == world.record(key).lease.token, "the same reason is not written again"
    world.now += 6 * 3600
    world.sweep()
    assert ([A], {}, "Synced") == (
        list(world.cluster.objects),
        conditions(world, key),
        world.record(key).status.sync,
    )


@pytest.mark.parametrize(("manual", "phase"), [(False, "Error"), (True, "Succeeded")])
def test_a_person_may_be_let_through_a_closed_window_or_not(world: World, manual: bool, phase: str) -> None:
    """GIVEN a closed window WHEN somebody asks for a sync THEN manualSync decides, and a refusal says why."""
    allow(world, syncWindows=[NIGHT | {"manualSync": manual}])
    key = world.declare(project="team")
    world.push(key, config_map("a", x="1"))
    world.request(key)
    world.sync(key)
    assert phase == operation(world, key).phase
    assert manual == (A in world.cluster.objects)
    assert manual or "the deny window '0 0 * * *' for 6h" in operation(world, key).message


@pytest.mark.parametrize("overrun", [False, True])
def test_a_window_that_closes_holds_back_the_next_wave(world: World, overrun: bool) -> None:
    """GIVEN a sync between two waves WHEN a window closes THEN it waits until it opens, unless it may overrun."""
    midnight = HALF_PAST_MIDNIGHT - 1800
    world.now = midnight - 10
    allow(world, syncWindows=[NIGHT | {"syncOverrun": overrun}])
    key = world.declare(project="team", **AUTO)
    late = config_map("b", x="1")
    late["metadata"] |= {"annotations": {"argocd.argoproj.io/sync-wave": "1"}}
    world.push(key, config_map("a", x="1"), late)

    def strike(_: str) -> None:
        world.now = midnight + 1

    world.cluster.after = strike
    world.sync(key)
    world.cluster.after = lambda _: None
    if overrun:
        assert ([A, B], "Succeeded") == (sorted(world.cluster.objects), operation(world, key).phase)
        return
    assert operation(world, key).message.startswith("waiting for a sync window (syncs are held back until")
    world.sync(key, "retry")
    assert ([A], "Running") == (list(world.cluster.objects), operation(world, key).phase)
    assert "held back until 2026-02-15T06:00:00Z" in operation(world, key).message
    begun, waiting = operation(world, key).id, len(world.queues.waiting)
    written = world.record(key).lease.token
    world.sweep()
    assert (written, waiting) == (world.record(key).lease.token, len(world.queues.waiting)), "looking costs nothing"
    world.now += 6 * 3600
    world.sweep()
    assert ([A, B], begun, "Succeeded") == (
        sorted(world.cluster.objects),
        operation(world, key).id,
        operation(world, key).phase,
    )
    assert {} == conditions(world, key)


def ask(world: World) -> Any:
    return AskPorts(world.applications, world.queues, lambda: world.now, world.registry)  # type: ignore[arg-type]


def application(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop"},
        "spec": {
            "project": "team",
            "source": {"repoURL": f"https://{REPOSITORY}", "path": "."},
            "destination": {"name": "in-cluster", "namespace": "shop"},
        }
        | spec,
    }


def test_a_declaration_is_held_to_its_project(world: World) -> None:
    """GIVEN a project WHEN applications are declared THEN one that it does not permit is refused and not kept."""
    ports = ask(world)
    with pytest.raises(ConfigurationError, match=r"spec.project: no project 'team' is declared \(declared: default\)"):
        declare(ports, application(), "ada")
    declare_project(world.registry.projects, document())
    with pytest.raises(ForbiddenError, match=r"argocd/shop: .* the repository https://git.test/x \(spec.sourceRepos\)"):
        declare(ports, application(source={"repoURL": "https://git.test/x", "path": "."}), "ada")
    assert [] == world.applications.registered()
    declare(ports, application(), "ada")
    assert ["argocd/shop"] == [str(each.key) for each in world.applications.registered()]


def test_a_project_goes_when_nobody_names_it(world: World) -> None:
    """GIVEN declared projects WHEN they are deleted THEN one in use stays, and `default` is what it was before."""
    projects = world.registry.projects
    declare_project(projects, document())
    declare(ask(world), application(), "ada")
    with pytest.raises(ConfigurationError, match="project team: is named by argocd/shop; move them"):
        delete_project(projects, world.applications, "team")
    narrow = {**document(), "metadata": {"name": "default"}}
    declare_project(projects, narrow)
    assert [narrow, document()] == list_projects(projects)
    delete_project(projects, world.applications, "default")
    assert ["*"] == show_project(projects, "default")["spec"]["sourceRepos"]
    with pytest.raises(UnknownProjectError):
        delete_project(projects, world.applications, "default")
    with pytest.raises(UnknownProjectError):
        show_project(projects, "other")


def test_a_project_is_read_only_when_it_has_changed(world: World) -> None:
    """GIVEN a warm function WHEN a project changes THEN the next invocation has it, and no other one reads it."""
    declare_project(world.registry.projects, document())
    registry = Registry(world.table, None, "mooring")  # type: ignore[arg-type]  # another function's
    targets = Targets(registry, connections=1)
    reads: list[object] = []
    original = world.table.get
    world.table.get = lambda key: (reads.append(key), original(key))[1]  # type: ignore[method-assign]
    try:
        for _ in range(3):
            targets.refresh()
            assert ("", 1) == (targets.project("team").description, len(targets.project("team").source_repos))
        assert [("PROJECT#team", "PROJECT")] == reads
        declare_project(world.registry.projects, document(description="new"))
        reads.clear()  # what whoever declares reads
        assert "" == targets.project("team").description, "one invocation sees one project"
        targets.refresh()
        assert ("new", 1) == (targets.project("team").description, len(reads))
        assert ("*",) == targets.project("default").source_repos
        assert 1 == len(reads), "nobody declared the default project, so nobody reads it"
    finally:
        del world.table.get  # type: ignore[method-assign]


def test_a_service_account_is_who_writes(world: World) -> None:
    """GIVEN service accounts WHEN an application is synced THEN it acts as the one that fits, or not at all; without
    the setting it acts as ourselves, as in Argo CD.
    """
    acted: list[str] = []
    original = world.cluster.acting_as
    world.cluster.acting_as = lambda user: (acted.append(user), original(user))[1]  # type: ignore[method-assign]
    allow(world, destinationServiceAccounts=[{"server": "*", "namespace": "shop", "defaultServiceAccount": "robot"}])
    key = synced(world)
    assert {""} == set(acted)
    world.targets.settings = replace(NO_SETTINGS, impersonation=True)
    acted.clear()
    world.push(key)
    world.sync(key)
    assert {"system:serviceaccount:shop:robot"} == set(acted)
    world.push(key, config_map("a"))
    world.sync(key)
    allow(world, destinationServiceAccounts=[{"server": "*", "namespace": "x", "defaultServiceAccount": "robot"}])
    world.push(key)
    world.sync(key)
    assert "(spec.destinationServiceAccounts)" in conditions(world, key)["InvalidSpecError"]
    assert [A] == list(world.cluster.objects)
    allow(world, destinationServiceAccounts=[{"server": "*", "namespace": "*", "defaultServiceAccount": "ops:gone"}])
    acted.clear()
    delete(ask(world), key, "ada", cascade=None)
    world.sync(key)
    assert ({}, {"system:serviceaccount:ops:gone"}) == (world.cluster.objects, set(acted))


def test_a_repository_is_not_even_read_without_permission(world: World) -> None:
    """GIVEN an application whose project narrows WHEN a render is asked for THEN it fails by the rule, unread."""
    declare_project(world.registry.projects, document())
    declare(ask(world), application(), "ada")
    declare_project(world.registry.projects, document(sourceRepos=["https://git.test/other"]))
    key = AppKey("argocd", "shop")
    asked: list[object] = []

    def latest(*given: object) -> None:
        asked.append(given)
        raise UnreachableError("not now")

    repositories: Any = SimpleNamespace(latest=latest)
    ports: Any = RenderPorts(
        world.applications, world.bundles, world.registry, repositories, None, world.queues, None, lambda: world.now
    )  # type: ignore[arg-type]  # nothing of the rest is reached
    handle_renders(ports, [AppMessage(key, Cause("push"))])
    wanted = world.record(key).wanted
    assert wanted is not None and wanted.failure is not None
    assert "(spec.sourceRepos)" in wanted.failure.message
    assert ([], False, "") == (asked, wanted.failure.transient, wanted.bundle)
    declare_project(world.registry.projects, document())
    handle_renders(ports, [AppMessage(key, Cause("push"))])
    assert asked, "once it is permitted the repository is read"


def test_a_removal_that_breaks_off_leaves_no_token_for_later(make_world: Callable[[], World]) -> None:
    """GIVEN tokens of two projects' roles WHEN one project is removed, however often that is tried THEN its tokens are
    gone and the others stay; declared again it is another project, while one that only changes stays the same.
    """
    world = make_world()
    projects, tokens, policies = world.registry.projects, ApiTokens(world.table), AccessPolicies(world.table)
    for name in ("team", "team-b"):
        declare_project(projects, document() | {"metadata": {"name": name}})
        tokens.add(ApiToken(name, name, "ci", f"proj:{name}:ci", "ada", (), "", None, 1, 2_000_000_000))
    born = policies.standing().births
    declare_project(projects, document(description="other words"))
    assert born == policies.standing().births
    tokens.remove_all(lambda token: token.subject == "proj:team:ci")
    for _ in range(2):
        projects.remove("team")
    assert ["team-b"] == [token.ident for token in tokens.all()]
    declare_project(projects, document())
    again = policies.standing().births
    assert (born["team-b"], True) == (again["team-b"], bool(again["team"]) and again["team"] != born["team"])
