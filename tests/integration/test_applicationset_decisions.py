"""Decisions of real objects, read from a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from local.cluster import Cluster
from local.processes import free_port
from mooring.appsets.decisions import ClusterDecisionObjects
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.client import ApiServer
from mooring.errors import ConfigurationError
from mooring.events.messages import ApplicationSetMessage, Cause, ClusterMessage
from mooring.flows.sets.deciding import asked_of
from mooring.flows.sets.setasking import delete_set
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.generatorkinds import ClusterDecisions
from mooring.model.selectors import Requirement, Selector
from mooring.state.clusters import Cluster as Registered
from mooring.state.decisions import Answer, Asked, Decided
from tests.doubles.installation import World, installation
from tests.doubles.realcluster import connect, until, use
from tests.doubles.setworld import KEY, Sets

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


# -- sets, from objects to applications ----------------------------------------------------------------------------

API = "/apis/mallard.test/v1beta1/namespaces/argocd/ducks"
MAPS = "/api/v1/namespaces/argocd/configmaps"
DUCKS = {"apiVersion": "mallard.test/v1beta1", "kind": "ducks", "statusListKey": "decisions", "matchKey": "clusterName"}
ASKED = {"clusterDecisionResource": {"configMapRef": "pond", "name": "quak"}}


@pytest.fixture(scope="module")
def pond(cluster: Cluster) -> Iterator[Cluster]:
    """The small cluster with a kind whose status decides."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "ducks.mallard.test"},
        "spec": {
            "group": "mallard.test",
            "scope": "Namespaced",
            "names": {"plural": "ducks", "singular": "duck", "kind": "Duck"},
            "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": "argocd"}})
    cluster.client("POST", crds, body)
    until(lambda: cluster.client("GET", API)[0] == 200, lambda: API)
    yield cluster
    cluster.client("DELETE", f"{crds}/ducks.mallard.test")


class Pond:
    """A set whose clusters a real object names; `eu`, `us` and `ap` are registered, and the cluster that decides."""

    def __init__(self, cluster: Cluster, world: World) -> None:
        self.cluster = cluster
        self.sets = Sets(world)
        target = connect(cluster, connections=2)
        self.server = target.server
        use(world, target)
        world.registry.change_cluster(target.cluster)
        for name in ("eu", "us", "ap"):
            world.registry.change_cluster(Registered(name, f"https://{name}.test", False, name))

    def explain(self) -> None:
        """Says which kind decides."""
        self.cluster.client("POST", MAPS, {"metadata": {"name": "pond"}, "data": DUCKS})

    def decide(self, *names: str) -> None:
        """The object says these clusters from now on."""
        path = f"{API}/quak"
        duck = {"apiVersion": "mallard.test/v1beta1", "kind": "Duck", "metadata": {"name": "quak"}}
        self.cluster.client("POST", API, duck)
        _, live = self.cluster.client("GET", path)
        decisions = [{"clusterName": name, "stage": "prod"} for name in names]
        status, answer = self.cluster.client("PUT", path, {**live, "status": {"decisions": decisions}})
        assert status == 200, answer

    def sweep(self) -> list[ApplicationSetMessage]:
        """What a sweep has read and evaluated; returns the messages of the function that read."""
        world = self.sets.world
        world.queues.sent.clear()
        with ThreadPoolExecutor(1) as pool:
            ports = SweepPorts(
                world.applications, world.registry, cast("Any", Nobody()), cast("Any", None),
                cast("Any", world.queues), pool, lambda: world.now,
            )  # fmt: skip
            assert [] == sweep(ports)
        return self.work()

    def work(self) -> list[ApplicationSetMessage]:
        """What waits in the queues: first evaluations, then what `sync` is to read, then what came of that."""
        world = self.sets.world
        sent, world.queues.sent = world.queues.sent, []
        if any(isinstance(message, ApplicationSetMessage) for _, message in sent):
            self.sets.look()
            sent, world.queues.sent = [*sent, *world.queues.sent], []
        reads = {message: None for _, message in sent if isinstance(message, ClusterMessage) and message.sets}
        assert [] == handle_syncs(world.ports(), list(reads))
        told = [message for _, message in world.queues.sent if isinstance(message, ApplicationSetMessage)]
        world.queues.sent.clear()
        if told:
            self.sets.look()
        return told


class Nobody:
    """Repositories that nobody asks more than where their branches are."""

    def resolve(self, url: str, revisions: Any) -> dict[str, str]:
        return dict.fromkeys(revisions, "0" * 40)


@pytest.fixture
def deciding(pond: Cluster) -> Iterator[Pond]:
    with installation() as make:
        made = Pond(pond, make())
        yield made
        made.server.close()
    pond.client("DELETE", f"{API}/quak")
    pond.client("DELETE", f"{MAPS}/pond")


def test_applications_follow_what_an_object_decides(deciding: Pond) -> None:
    """GIVEN a new set WHEN declared THEN decisions are read at once; later by sweeps, which tell of changes alone."""
    sets = deciding.sets
    deciding.explain()
    deciding.decide("eu", "us", "unknown")
    sets.declare(generators=[ASKED])
    assert ([], []) == (sets.names, sets.shown()["status"]["conditions"])
    wanted = ClusterMessage("in-cluster", Cause("spec"), sets=(str(KEY),))
    assert ("syncs", wanted) in sets.world.queues.sent
    deciding.work()
    assert ["shop-eu", "shop-us"] == sets.names
    assert "True" == sets.condition("ResourcesUpToDate")["status"]

    kept = sets.world.registry.decisions.load(KEY)
    assert [] == deciding.sweep()
    assert kept == sets.world.registry.decisions.load(KEY)
    deciding.decide("eu", "ap")
    assert [str(KEY)] == [each.set for each in deciding.sweep()]
    assert (["shop-ap", "shop-eu"], ["shop-us"]) == (sets.names, sets.going)
    assert [] == deciding.sweep()


def test_what_can_not_be_read_is_an_error_and_deletes_nothing(deciding: Pond) -> None:
    """GIVEN a set with applications WHEN its ConfigMap, then the cluster, is gone THEN all stay until it is back."""
    sets = deciding.sets
    deciding.explain()
    deciding.decide("eu", "us")
    sets.declare(generators=[ASKED])
    deciding.work()
    before = sets.applications
    deciding.cluster.client("DELETE", f"{MAPS}/pond")
    deciding.sweep()
    assert "ConfigMap argocd/pond" in sets.condition("ErrorOccurred")["message"]
    deciding.explain()
    deciding.sweep()
    assert "False" == sets.condition("ErrorOccurred")["status"]

    live = sets.world.cluster
    away = ApiServer(replace(from_kubeconfig(deciding.cluster.kubeconfig), server=f"https://127.0.0.1:{free_port()}"))
    use(sets.world, replace(live, server=away))
    deciding.sweep()
    away.close()
    assert "can't be read from the cluster in-cluster" in sets.condition("ErrorOccurred")["message"]
    use(sets.world, live)
    deciding.sweep()
    assert ("False", before) == (sets.condition("ErrorOccurred")["status"], sets.applications)


def test_a_matrix_names_its_objects_by_parameters(deciding: Pond) -> None:
    """GIVEN a matrix whose second generator is named by the first WHEN declared THEN each object is read that it names."""
    sets = deciding.sets
    deciding.explain()
    deciding.decide("eu")
    asked = {"clusterDecisionResource": {"configMapRef": "pond", "name": "{{duck}}"}}
    ducks = {"list": {"elements": [{"duck": "quak"}]}}
    sets.declare(generators=[{"matrix": {"generators": [ducks, asked]}}])
    deciding.work()
    assert ["shop-eu"] == sets.names


def test_a_set_that_goes_takes_its_decisions_along(deciding: Pond) -> None:
    """GIVEN a set that is deleted WHEN somebody reads for it once more THEN nothing of it is left."""
    sets = deciding.sets
    deciding.explain()
    deciding.decide("eu")
    sets.declare(generators=[ASKED])
    deciding.work()
    message = ClusterMessage("in-cluster", Cause("tick"), sets=(str(KEY),))
    delete_set(sets.world.asking, KEY, "ada", cascade=True)
    sets.look("person")
    sets.forget("shop-eu")
    sets.look()
    assert [] == handle_syncs(sets.world.ports(), [message])
    assert Decided("", {}) == sets.world.registry.decisions.load(KEY)
