"""What people see of an application in a cluster with controllers: its tree, its objects, events and logs."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.trying import Waits
from mooring.differences.expressions import Expressions
from mooring.errors import ConfigurationError, MooringError, UnreachableError
from mooring.flows.asked.declaring import UnknownApplicationError
from mooring.flows.asked.looks import NoSuchObjectError, UnknownOperationError, ask_look
from mooring.flows.clusters.live import Target
from mooring.flows.looking.answering import answer_look
from mooring.flows.looking.ports import LookPorts
from mooring.health import STANDARD
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.state.clusters import Outage
from mooring.state.reading import ReadRegistry
from mooring.state.registry import Cluster as Registered
from tests.doubles.canaries import spellings
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
CANARY = "correct-horse-battery-staple"
LABELS = {"app": "web"}
CONTAINERS = [{"name": "web", "image": "shop:1"}, {"name": "side", "image": "proxy:2"}]
MERGE = {"Content-Type": "application/merge-patch+json"}


class Ground:
    """One application in a namespace of its own, and somebody who looks at it."""

    def __init__(self, world: World, cluster: Cluster, target: Target, namespace: str) -> None:
        self.world, self.cluster, self.target, self.namespace = world, cluster, target, namespace
        use(world, target)
        self.key: AppKey = world.declare("shop", namespace=namespace, **AUTO)
        self.pool = ThreadPoolExecutor(4)
        self.expressions = Expressions()

    def sync(self, *manifests: Manifest) -> None:
        self.world.push(self.key, *manifests)
        assert "Succeeded" == settle(self.world, self.key).phase

    def ask(self, ask: str, app: AppKey | None = None, **more: Any) -> dict[str, Any]:
        ports: Any = LookPorts(
            self.world.applications, self.world.bundles, self.world.targets, self.pool,  # type: ignore[arg-type]
            self.expressions, time.time, time.time() + 20,
        )  # fmt: skip
        return ask_look(lambda question: answer_look(ports, question), ask, app or self.key, **more)

    def object(self, group: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
        return self.ask("object", group=group, kind=kind, namespace=self.namespace, name=name, **more)

    def pods(self) -> list[str]:
        return [each["metadata"]["name"] for each in listed(self.cluster, "Pod", self.namespace)]

    def patch(self, group: str, kind: str, name: str, change: dict[str, Any]) -> None:
        path = self.target.discovery.resource(group, kind).path(self.namespace, name)
        self.target.server.request("PATCH", path, {"fieldManager": "kubectl-edit"}, change, MERGE)


@pytest.fixture
def ground(
    make_world: Callable[[], World],
    workload_cluster: Cluster,
    workload_target: Target,
    make_namespace: Callable[[Cluster], str],
) -> Iterator[Ground]:
    """An application that has nothing yet."""
    made = Ground(make_world(), workload_cluster, workload_target, make_namespace(workload_cluster))
    yield made
    made.pool.shutdown()
    made.expressions.__exit__(None, None, None)


def deployment(replicas: int = 2, name: str = "web") -> Manifest:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": CONTAINERS}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service() -> Manifest:
    spec = {"selector": LABELS, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def ingress() -> Manifest:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/buy", "pathType": "Prefix", "backend": backend}
    spec = {"tls": [{"hosts": ["shop.test"]}], "rules": [{"host": "shop.test", "http": {"paths": [path]}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}


def stateful_set() -> Manifest:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db:1"}]}}
    spec = {
        "replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": template, "volumeClaimTemplates": [claim],
    }  # fmt: skip
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec}


def secret(value: str = CANARY) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"password": value}}


def config_map(name: str = "settings", **data: str) -> Manifest:
    metadata = {"name": name, "annotations": {"argocd.argoproj.io/sync-wave": "-1"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def by_name(tree: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["kind"], each["name"]): each for each in tree["nodes"]}


def kinds_above(tree: dict[str, Any], node: dict[str, Any]) -> list[str]:
    """The kinds from a node up to the application's own object."""
    nodes, found = {each["uid"]: each for each in tree["nodes"]}, []
    while parents := node.get("parentRefs"):
        node = nodes[parents[0]["uid"]]
        found.append(node["kind"])
    return found


def test_a_tree_reaches_from_the_applications_objects_to_pods(ground: Ground) -> None:
    """GIVEN workloads, their network and a setting WHEN looked at THEN each child hangs below what made it."""
    ground.sync(deployment(), service(), ingress(), stateful_set(), config_map(a="1"), secret())
    until(lambda: len(ground.pods()) == 3, ground.pods)

    tree = ground.ask("tree")

    nodes = by_name(tree)
    pods = [each for each in tree["nodes"] if each["kind"] == "Pod"]
    above = sorted(kinds_above(tree, each) for each in pods)
    assert [["ReplicaSet", "Deployment"], ["ReplicaSet", "Deployment"], ["StatefulSet"]] == above
    assert ["StatefulSet"] == kinds_above(tree, nodes["PersistentVolumeClaim", "data-db-0"])
    assert {"ControllerRevision", "EndpointSlice"} <= tree["summary"]["kinds"].keys()
    assert [] == tree["unlisted"]
    assert {} == tree["cut"]
    # THEN the application's own say how they stand, and are what they are
    web = nodes["Deployment", "web"]
    assert ("Synced", True, "Healthy") == (web["status"], web["managed"], web["health"]["status"])
    assert ["proxy:2", "shop:1"] == web["images"]
    assert [{"name": "Replicas", "value": "2/2"}] == web["info"]
    assert -1 == nodes["ConfigMap", "settings"]["syncWave"]
    assert "managed" not in pods[0]
    # THEN the network is tied: an Ingress to its Service, that to its pods
    assert ["https://shop.test/buy"] == nodes["Ingress", "web"]["externalURLs"]
    assert [nodes["Service", "web"]["uid"]] == nodes["Ingress", "web"]["targets"]
    fitting = {each["uid"] for each in pods if each["name"].startswith("web-")}
    assert fitting == set(nodes["Service", "web"]["targets"])


def test_a_tree_says_what_is_missing_and_what_drifted(ground: Ground) -> None:
    """GIVEN an object deleted and one changed by hand WHEN both are known THEN the tree shows both."""
    ground.world.declare("shop", namespace=ground.namespace, automated={"prune": True})
    ground.sync(config_map("gone", a="1"), config_map("changed", a="1"))
    path = ground.target.discovery.resource("", "ConfigMap").path(ground.namespace, "gone")
    ground.target.server.request("DELETE", path)
    ground.patch("", "ConfigMap", "changed", {"data": {"a": "2"}})
    ground.world.sweep()

    nodes = by_name(ground.ask("tree"))

    assert ("OutOfSync", "Missing") == (
        nodes["ConfigMap", "gone"]["status"],
        nodes["ConfigMap", "gone"]["health"]["status"],
    )
    assert ("OutOfSync", 1) == (nodes["ConfigMap", "changed"]["status"], nodes["ConfigMap", "changed"]["drift"])


def test_an_object_is_shown_as_it_is_and_as_git_wants_it(ground: Ground) -> None:
    """GIVEN a change by hand WHEN the object is looked at THEN the difference, and who set what, are told."""
    ground.world.declare("shop", namespace=ground.namespace, automated={"prune": True})
    ground.sync(deployment())
    ground.patch("apps", "Deployment", "web", {"spec": {"replicas": 3}, "metadata": {"labels": {"by": "hand"}}})

    shown = ground.object("apps", "Deployment", "web")

    assert (3, 2) == (shown["live"]["spec"]["replicas"], shown["desired"]["spec"]["replicas"])
    assert "managedFields" not in shown["live"]["metadata"]
    # THEN what others set is no difference, as for a sync
    assert [(".spec.replicas", 3, 2)] == [(c["path"], c["before"], c["after"]) for c in shown["diff"]["changes"]]
    assert "-  replicas: 3\n+  replicas: 2" in shown["diff"]["text"]
    assert "done" == shown["diff"]["dryRun"]
    managers = {each["path"]: each["manager"] for each in shown["fields"] if not each["subresource"]}
    assert ("kubectl-edit", "mooring") == (managers[".spec.replicas"], managers[".spec.selector"])
    # THEN the list of differences has that object alone
    managed = ground.ask("managed")
    assert [] == managed["items"] or ["web"] == [each["name"] for each in managed["items"]]


def test_ignored_fields_are_no_difference(ground: Ground) -> None:
    """GIVEN a rule that ignores replicas WHEN they were changed by hand THEN the object is unchanged."""
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    ground.world.declare("shop", namespace=ground.namespace, ignore=[rule], automated={"prune": True})
    ground.sync(deployment())
    ground.patch("apps", "Deployment", "web", {"spec": {"replicas": 3}})
    assert "unchanged" == ground.object("apps", "Deployment", "web")["diff"]["kind"]


def test_a_child_is_shown_without_a_difference(ground: Ground) -> None:
    """A pod is in no manifest: it is shown as it is, and git says nothing of it."""
    ground.sync(deployment())
    until(lambda: len(ground.pods()) == 2, ground.pods)
    shown = ground.object("", "Pod", ground.pods()[0])
    assert (False, None) == (shown["managed"], shown["desired"])
    assert "diff" not in shown
    assert "Healthy" == shown["health"]["status"]


def test_values_of_secrets_are_in_no_answer(ground: Ground) -> None:
    """GIVEN a Secret that was changed WHEN everything is asked THEN no spelling of its values is in any answer."""
    ground.world.declare("shop", namespace=ground.namespace, automated={"prune": True})
    ground.sync(secret("a-former-value-of-it"), deployment(0))
    first = ground.world.record(ground.key).status.operation
    ground.sync(secret(), deployment(0))
    ground.patch("", "Secret", "token", {"stringData": {"password": "typed-by-somebody"}})
    assert first is not None

    answers = [
        ground.ask("tree"),
        ground.object("", "Secret", "token"),
        ground.ask("managed"),
        ground.ask("manifests", at="wanted"),
        ground.ask("manifests", at=first.id),
        ground.ask("compare", old=first.id, new="wanted"),
        ground.ask("events", limit=500),
    ]

    told = repr(answers).encode()
    for value in (CANARY, "a-former-value-of-it", "typed-by-somebody"):
        assert [] == [name for name, form in spellings(value).items() if form in told]
    # THEN that they differ is seen all the same
    (change,) = answers[1]["diff"]["changes"]
    assert ".data.password" == change["path"]
    assert change["before"] != change["after"]
    assert change["after"].startswith("(hmac:")
    (compared,) = answers[5]["items"]
    assert ("Secret", "changed", 1) == (compared["kind"], compared["kindOfChange"], answers[5]["unchanged"])


def test_objects_of_others_are_not_shown(ground: Ground) -> None:
    """GIVEN a second application and somebody's object beside it WHEN asked for THEN neither is there for the first."""
    ground.sync(config_map(a="1"), deployment(1))
    other = ground.world.declare("other", namespace=ground.namespace, **AUTO)
    ground.world.push(other, config_map("theirs", b="2"), deployment(1, "api"))
    assert "Succeeded" == settle(ground.world, other).phase
    until(lambda: len(ground.pods()) == 2, ground.pods)
    stray = {"metadata": {"name": "stray"}, "data": {"c": "3"}}
    status, _ = ground.cluster.client("POST", f"/api/v1/namespaces/{ground.namespace}/configmaps", stray)
    assert 201 == status

    pod = next(name for name in ground.pods() if name.startswith("api-"))
    for kind, name in (("ConfigMap", "theirs"), ("ConfigMap", "stray"), ("ConfigMap", "none"), ("Pod", pod)):
        with pytest.raises(NoSuchObjectError, match=name):
            ground.object("", kind, name)
        with pytest.raises(NoSuchObjectError, match=name):
            ground.ask("events", kind=kind, namespace=ground.namespace, name=name)
    with pytest.raises(NoSuchObjectError, match=pod):
        ground.ask("logs", kind="Pod", namespace=ground.namespace, name=pod)
    assert {"settings", "web"} == {each["name"] for each in ground.ask("tree")["nodes"] if each.get("managed")}
    # THEN an object whose owner is forged by name alone is not shown either
    forged = {"apiVersion": "v1", "kind": "ConfigMap", "name": "settings", "uid": "another"}
    other_secret = {"metadata": {"name": "forged", "ownerReferences": [forged]}}
    ground.cluster.client("POST", f"/api/v1/namespaces/{ground.namespace}/secrets", other_secret)
    with pytest.raises(NoSuchObjectError, match="forged"):
        ground.object("", "Secret", "forged")


def test_a_project_that_does_not_permit_the_place_shows_nothing(ground: Ground) -> None:
    """GIVEN a project that lost the destination WHEN the tree is asked for THEN the refusal names it."""
    ground.sync(config_map(a="1"))
    project = ground.world.targets.projects["default"]
    ground.world.targets.projects["default"] = replace(project, destinations=())
    with pytest.raises(MooringError, match="does not permit the namespace"):
        ground.ask("tree")


def test_events_are_of_the_application_and_newest_first(ground: Ground) -> None:
    """GIVEN a rollout WHEN events are asked for THEN those of the Deployment and its children come, newest first."""
    ground.sync(deployment())

    def reasons() -> set[str]:
        return {each["reason"] for each in ground.ask("events", limit=100)["items"]}

    until(lambda: {"ScalingReplicaSet", "SuccessfulCreate", "Scheduled"} <= reasons(), reasons)
    items = ground.ask("events", limit=100)["items"]
    assert sorted((each["last"][:19] for each in items), reverse=True) == [each["last"][:19] for each in items]
    own = ground.ask("events", group="apps", kind="Deployment", namespace=ground.namespace, name="web")["items"]
    assert {"Deployment"} == {each["object"]["kind"] for each in own}
    one = ground.ask("events", limit=1)
    assert (1, len(items) - 1) == (len(one["items"]), one["leftOut"])
    with pytest.raises(ConfigurationError, match="limit"):
        ground.ask("events", limit=5000)


def logs(ground: Ground, kind: str, name: str, group: str = "", **query: Any) -> dict[str, Any]:
    return ground.ask("logs", group=group, kind=kind, namespace=ground.namespace, name=name, query=query)


def texts(answer: dict[str, Any]) -> list[str]:
    return [each["text"] for each in answer["lines"]]


def test_logs_are_read_on_without_loss_and_without_repetition(ground: Ground) -> None:
    """GIVEN lines of the same moment and of the same second WHEN asked again with the cursor THEN each comes once."""
    ground.sync(deployment(1))
    until(lambda: len(ground.pods()) == 1, ground.pods)
    (pod,), written = ground.pods(), ground.cluster.logs
    assert written is not None
    at = float(int(time.time()))
    written.write(ground.namespace, pod, "web", (at, "one"), (at + 0.5, "two"), (at + 0.5, "three"))

    first = logs(ground, "Pod", pod)
    written.write(ground.namespace, pod, "web", (at + 0.5, "four"), (at + 0.75, "five"))
    second = logs(ground, "Pod", pod, cursor=first["cursor"])
    third = logs(ground, "Pod", pod, cursor=second["cursor"])

    assert ["one", "two", "three"] == texts(first)
    assert ["four", "five"] == texts(second)
    assert [] == texts(third)
    assert [False] * 3 == [each["more"] for each in (first, second, third)]
    assert [pod] == [each["pod"] for each in first["streams"]]


def test_logs_come_in_ranges(ground: Ground) -> None:
    """GIVEN more than fits WHEN asked until there is no more THEN all lines came, once and in order."""
    ground.sync(deployment(1))
    until(lambda: len(ground.pods()) == 1, ground.pods)
    (pod,), written = ground.pods(), ground.cluster.logs
    assert written is not None
    at = float(int(time.time())) - 1000
    lines = [(at + n / 50, f"line {n} {'x' * 100}") for n in range(3000)]
    written.write(ground.namespace, pod, "web", *lines)

    told: list[str] = []
    answer: dict[str, Any] = {"more": True, "cursor": ""}
    rounds = 0
    while answer["more"]:
        answer = logs(ground, "Pod", pod, cursor=answer["cursor"], tail=5000, limit_bytes=1000 if rounds else 50_000)
        told += texts(answer)
        rounds += 1

    assert [text for _, text in lines] == told
    assert 1 < rounds
    # THEN the last ones alone can be asked for, or those of a time, or with a text
    assert [lines[-1][1]] == texts(logs(ground, "Pod", pod, tail=1))
    assert ["line 2999"] == [each[:9] for each in texts(logs(ground, "Pod", pod, holding="2999"))]
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at + 59))
    assert lines[2950][1] == texts(logs(ground, "Pod", pod, tail=5000, since_time=since))[0]


def test_logs_of_a_workload_are_merged_by_time(ground: Ground) -> None:
    """GIVEN two pods with two containers WHEN the workload's logs are asked for THEN lines of all come in order."""
    ground.sync(deployment(2))
    until(lambda: len(ground.pods()) == 2, ground.pods)
    (one, two), written = ground.pods(), ground.cluster.logs
    assert written is not None
    at = float(int(time.time()))
    for pod, container, *lines in (
        (one, "web", (at, "a"), (at + 3, "d")),
        (two, "web", (at + 1, "b"), (at + 4, "e")),
        (one, "side", (at + 2, "c")),
        (two, "side", (at + 5, "f")),
    ):
        written.write(ground.namespace, pod, container, *lines)

    every = logs(ground, "Deployment", "web", "apps", container="*")
    default = logs(ground, "Deployment", "web", "apps")

    assert list("abcdef") == texts(every)
    assert list("abde") == texts(default)
    assert [one, two, one, one, two, two] == [each["pod"] for each in every["lines"]]
    assert 0 == every["podsLeftOut"]


def test_a_container_without_a_log_says_why(ground: Ground) -> None:
    """GIVEN a container that never ran before WHEN its former log is asked for THEN the answer says so, and holds."""
    ground.sync(deployment(1))
    until(lambda: len(ground.pods()) == 1, ground.pods)
    (pod,) = ground.pods()
    former = logs(ground, "Pod", pod, previous=True)
    assert ([], "not found") == (former["lines"], former["streams"][0]["message"][-9:])
    with pytest.raises(ConfigurationError, match="it has web, side"):
        logs(ground, "Pod", pod, container="other")
    for field, bad in (
        ("cursor", {"cursor": "nonsense"}),
        ("tailLines", {"tail": -1}),
        ("limitBytes", {"limit_bytes": 0}),
    ):
        with pytest.raises(ConfigurationError) as refused:
            logs(ground, "Pod", pod, **bad)
        assert field == refused.value.field


def test_a_cluster_that_does_not_answer_is_told_in_time(ground: Ground, workload_cluster: Cluster) -> None:
    """GIVEN an API server that takes connections and says nothing WHEN asked THEN somebody who waits is told so."""
    ground.sync(config_map(a="1"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        waits = Waits(connect=0.5, answer=0.5, whole=1.0, tries=2)
        server = ApiServer(replace(from_kubeconfig(workload_cluster.kubeconfig), server=address), waits=waits)
        place = Registered("in-cluster", address, True, "secret")
        use(ground.world, Target(place, server, Discovery(server), STANDARD))
        with pytest.raises(UnreachableError, match=address):
            ground.ask("tree")
        server.close()


def test_fields_of_what_an_application_owns_have_their_managers(ground: Ground) -> None:
    """GIVEN a pod of a Deployment, and an object of nobody WHEN asked who set their fields THEN the pod's have managers and
    no commit, since no bundle has it; the other is not told of.
    """
    ground.sync(deployment(replicas=1))
    until(lambda: len(ground.pods()) == 1, ground.pods)
    named = {"group": "", "kind": "Pod", "namespace": ground.namespace, "name": ground.pods()[0]}

    found = ground.ask("blame", **named)

    assert f"/Pod/{ground.namespace}/{named['name']}" == found["object"]
    rows = {row["path"]: row for row in found["fields"]}
    assert ("shop:1", "kube-controller-manager") == tuple(
        rows[".spec.containers[name=web].image"][name] for name in ("value", "manager")
    )
    assert not any("commit" in row for row in found["fields"])
    with pytest.raises(NoSuchObjectError):
        ground.ask("blame", **{**named, "kind": "ConfigMap", "name": "kube-root-ca.crt"})


def test_what_an_application_declares_is_in_its_tree(ground: Ground) -> None:
    """GIVEN an application of applications WHEN looked at THEN the child is there as the registry has it."""
    spec = {
        "project": "default",
        "source": {"repoURL": "https://git.test/acme/child", "path": "."},
        "destination": {"name": "in-cluster", "namespace": "child"},
    }
    metadata = {"name": "child", "namespace": "argocd"}
    child = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
    ground.world.push(ground.key, child, config_map(a="1"))
    ground.world.sync(ground.key)

    node = by_name(ground.ask("tree"))["Application", "child"]
    shown = ground.ask("object", group="argoproj.io", kind="Application", namespace="argocd", name="child")

    assert ("Synced", True) == (node["status"], node["managed"])
    assert spec == shown["live"]["spec"]
    assert "unchanged" == shown["diff"]["kind"]


def test_what_does_not_fit_is_said(ground: Ground) -> None:
    """GIVEN differences beyond what one answer takes WHEN listed THEN each is named, and the large ones are cut."""
    ground.world.declare("shop", namespace=ground.namespace)
    ground.world.push(ground.key, config_map("small", a="1"), config_map("large", a="x\n" * 60_000))
    compared = ground.ask("managed")
    assert {"small": None, "large": True} == {each["name"]: each["diff"].get("cut") for each in compared["items"]}
    assert {"added"} == {each["diff"]["kind"] for each in compared["items"]}


def test_a_look_writes_nothing_down(make_world: Callable[[], World]) -> None:
    """GIVEN a cluster that moved and is out of reach WHEN a look finds out THEN it counts there, and the table has none."""
    world = make_world()
    registry = ReadRegistry(world.table, None, "mooring")  # type: ignore[arg-type]
    cluster = Registered("prod", "https://old.test", False, "secret")
    registry.note_outage(cluster, Outage(1.0, "gone", 2.0))
    assert "https://new.test" == registry.note_place(cluster, "https://new.test", "").server
    assert [] == world.registry.clusters()


def test_a_question_that_nobody_knows_is_refused(ground: Ground) -> None:
    """GIVEN a question, an application or a field that is none WHEN asked THEN the error names it."""
    for field, asked in (
        ("ask", {"ask": "weather"}),
        ("kind", {"ask": "object"}),
        ("limit", {"ask": "events", "limit": -1}),
    ):
        with pytest.raises(ConfigurationError) as refused:
            ground.ask(**asked)
        assert field == refused.value.field
    with pytest.raises(UnknownApplicationError):
        ground.ask("tree", AppKey("argocd", "none"))
    with pytest.raises(UnknownOperationError):
        ground.ask("manifests", at="01NONE")
