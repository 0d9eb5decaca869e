"""The root application, with and without a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause, ClusterMessage
from mooring.flows.asked.bootstrapping import Root, declare_root, root_document
from mooring.flows.clusters.declared import Declared
from mooring.flows.asked.declaring import declare, delete
from mooring.flows.asked.showing import show_application
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.flows.syncs.sync import handle_syncs
from mooring.flows.clusters.targets import Targets
from mooring.model.application import AppKey, Destination
from mooring.state.bootstrap import BootstrapMark
from mooring.state.clusters import ALONE, Cluster, find_place
from tests.doubles.installation import REPOSITORY, World, config_map, installation

ROOT = AppKey("argocd", "root")
CHILD = AppKey("argocd", "child")
URL = f"https://{REPOSITORY}"


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    made = worlds()
    made.targets = Targets(made.registry, connections=1, declared=Declared(made.asking))  # type: ignore[assignment]
    return made


class Git:
    """A server on which every revision is one commit."""

    def resolve(self, url: str, revisions: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(revisions, "a" * 40)


def tick(world: World, root: Root | None) -> list[str]:
    """One sweep, and the clusters that it has looked at."""
    ports = SweepPorts(world.applications, world.registry, Git(), None, world.queues, world.ports().pool, root=root)  # type: ignore[arg-type]
    world.queues.sent.clear()
    assert [] == sweep(ports)
    return [message.cluster for to, message in world.queues.sent if isinstance(message, ClusterMessage)]


def new_root(world: World) -> Root:
    """What a cold function makes of the parameters."""
    return Root(world.asking, BootstrapMark(world.table), URL, "apps", "main")


def child(name: str = "child", **destination: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {
            "source": {"repoURL": URL, "path": name},
            "destination": destination or {"name": "prod", "namespace": "shop"},
        },
    }


def status(world: World, key: AppKey) -> dict[str, Any]:
    return dict(show_application(world.record(key))["status"])


def test_an_empty_installation_declares_its_root_once(world: World) -> None:
    """GIVEN parameters WHEN a sweep finds nothing THEN the root is there; a deleted root stays deleted."""
    tick(world, new_root(world))
    spec = world.record(ROOT).spec
    assert spec is not None
    assert (root_document(URL, "apps", "main"), "template parameters") == (spec.application.declared, spec.by)

    delete(world.asking, ROOT, "ada", cascade=False)
    handle_syncs(world.ports(), [AppMessage(ROOT, Cause("person"))])
    assert [] == list(world.applications.registered())
    tick(world, new_root(world))
    assert [] == list(world.applications.registered())


def test_what_people_changed_stays(world: World) -> None:
    """GIVEN a root that somebody changed WHEN swept, by a cold function too, THEN it is as they left it."""
    root = new_root(world)
    tick(world, root)
    declare(world.asking, root_document(URL, "elsewhere", "v1"), "ada")
    for each in (root, new_root(world)):
        tick(world, each)
        spec = world.record(ROOT).spec
        assert spec is not None
        assert "elsewhere" == spec.application.sources[0].path


def test_an_installation_in_use_is_left_alone(world: World) -> None:
    """GIVEN applications of somebody's WHEN the parameters come later THEN no root is declared, then or ever."""
    declare(world.asking, child(), "ada")
    tick(world, new_root(world))
    assert [CHILD] == [listed.key for listed in world.applications.registered()]
    delete(world.asking, CHILD, "ada", cascade=False)
    world.applications.load([CHILD])
    assert BootstrapMark(world.table).is_set()


def test_a_crash_behind_the_declaration_declares_nothing_twice(world: World) -> None:
    """GIVEN a function that died before it set the mark WHEN swept again THEN the mark is set and nothing changes."""
    declare(world.asking, root_document(URL, "apps", "main"), "template parameters")
    tick(world, new_root(world))
    spec = world.record(ROOT).spec
    assert spec is not None
    assert (1, True) == (spec.generation, BootstrapMark(world.table).is_set())


def test_parameters_that_cannot_be_used_are_told_and_tried_again(world: World) -> None:
    """GIVEN an address that is none WHEN ensured THEN the error names the field, and no mark is set."""
    trouble = replace(new_root(world), repo_url="ftp://git.test/x").ensure(nothing_yet=True)
    assert isinstance(trouble, ConfigurationError)
    assert ("spec.source.repoURL", False) == (trouble.field, BootstrapMark(world.table).is_set())


def test_without_parameters_nothing_is_asked(world: World) -> None:
    """GIVEN no parameters WHEN swept THEN there is neither a root nor a mark."""
    tick(world, None)
    assert ([], False) == (list(world.applications.registered()), BootstrapMark(world.table).is_set())


def test_a_root_needs_no_cluster(world: World) -> None:
    """GIVEN no cluster WHEN the root's bundle holds applications THEN they are declared, watched, healed and pruned."""
    declare_root(world.asking, {"repoURL": URL}, "ada")
    world.push(ROOT, child(), child("other"))
    world.sync(ROOT)
    assert (True, "Synced") == (world.record(CHILD).spec is not None, status(world, ROOT)["sync"]["status"])
    assert ["in-cluster"] == tick(world, None)

    declare(world.asking, {**child(), "spec": {**child()["spec"], "revisionHistoryLimit": 3}}, "ada")
    world.sweep()
    spec = world.record(CHILD).spec
    assert spec is not None
    assert "revisionHistoryLimit" not in spec.application.declared["spec"]

    world.push(ROOT, child("other"))
    world.sync(ROOT)
    handle_syncs(world.ports(), [AppMessage(CHILD, Cause("person"))])
    assert world.record(CHILD).spec is None


def test_what_needs_a_cluster_says_so(world: World) -> None:
    """GIVEN no cluster WHEN a bundle holds anything else THEN nothing is declared, and the error names the object."""
    declare_root(world.asking, {"repoURL": URL}, "ada")
    world.push(ROOT, child(), config_map("settings"))
    world.sync(ROOT)
    (told,) = [each for each in status(world, ROOT)["conditions"] if each["type"] == "InvalidSpecError"]
    assert "no default cluster is registered, and ConfigMap settings needs one: add it with" in told["message"]
    assert ("Unknown", None) == (status(world, ROOT)["sync"]["status"], world.record(CHILD).spec)

    world.push(ROOT, child())
    world.sync(ROOT)
    assert ("Synced", []) == (status(world, ROOT)["sync"]["status"], status(world, ROOT)["conditions"])


@pytest.mark.parametrize(
    ("expected", "clusters", "destination"),
    [
        (ALONE, [], Destination(name="in-cluster")),
        (ALONE, [Cluster("prod", "https://a.test", False, "s")], Destination(server="https://kubernetes.default.svc")),
        (
            Cluster("prod", "https://a.test", True, "s"),
            [Cluster("prod", "https://a.test", True, "s")],
            Destination(name="in-cluster"),
        ),
    ],
)
def test_the_installation_stands_in_for_a_default_cluster_only(
    expected: Cluster, clusters: list[Cluster], destination: Destination
) -> None:
    """A default cluster is taken where there is one."""
    assert expected == find_place(clusters, destination)


def test_other_clusters_are_never_the_installation() -> None:
    """GIVEN no cluster WHEN another one is named THEN the error says that it is not registered."""
    with pytest.raises(ConfigurationError, match="no cluster 'prod' is registered"):
        find_place([], Destination(name="prod"))


@pytest.mark.parametrize(
    ("field", "given"),
    [("repoURL", {}), ("body", {"repoURL": URL, "paht": "x"}), ("path", {"repoURL": URL, "path": 1})],
)
def test_a_mistake_in_what_is_asked_names_its_field(world: World, field: str, given: Any) -> None:
    """GIVEN a body with a mistake WHEN bootstrapped THEN nothing is declared."""
    with pytest.raises(ConfigurationError) as refused:
        declare_root(world.asking, given, "ada")
    assert (field, []) == (refused.value.field, list(world.applications.registered()))


def test_a_management_cluster_is_looked_at_though_nothing_is_deployed_there(world: World) -> None:
    """GIVEN a cluster whose Applications are taken WHEN swept THEN it gets a message, and other clusters get none."""
    for name, annotations in (("mgmt", {"mooring.dev/applications": "argocd"}), ("idle", {})):
        world.registry.change_cluster(Cluster(name, f"https://{name}.test", False, "s", annotations=annotations))
    assert ["mgmt"] == tick(world, None)
