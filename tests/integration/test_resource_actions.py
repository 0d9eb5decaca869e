"""Actions on live objects and their deletion, where controllers really carry them out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.actions.custom import CustomActions
from mooring.events.messages import Cause, ClusterMessage, ObjectMessage
from mooring.flows.asked.handling import UnknownHandlingError, ask_action, ask_deletion, outcome
from mooring.flows.asked.registering import RegisterPorts
from mooring.flows.asked.steering import ask_rollback, pause
from mooring.flows.rules.settings import Settings
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from tests.doubles.installation import Crash, World
from tests.doubles.realcluster import connect, listed, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


class Ground:
    """One application in a namespace of its own, in a cluster with controllers."""

    def __init__(self, world: World, cluster: Cluster, namespace: str) -> None:
        self.world, self.cluster, self.namespace = world, cluster, namespace
        self.target = connect(cluster, connections=4)
        use(world, self.target)
        self.ports = RegisterPorts(world.registry, world.applications, world.queues)  # type: ignore[arg-type]
        self.key: AppKey = world.declare("shop", namespace=namespace)

    def sync(self, *manifests: Manifest, **policy: Any) -> None:
        self.key = self.world.declare("shop", namespace=self.namespace, **policy)
        self.world.push(self.key, *manifests)
        if not policy:
            self.world.request(self.key)
        assert "Succeeded" == settle(self.world, self.key).phase

    def of(self, kind: str, name: str, group: str = "apps") -> ObjectKey:
        return ObjectKey(group, kind, self.namespace, name)

    def ask(self, key: ObjectKey, action: str, **parameters: str) -> dict[str, Any]:
        """Asks for an action, delivers its message twice, and returns what came of it."""
        _, id_ = ask_action(self.ports, self.key, key, action, parameters, "ada", self.world.now)
        return self.deliver(key, id_)

    def delete(self, key: ObjectKey, **how: bool) -> dict[str, Any]:
        _, id_ = ask_deletion(self.ports, self.key, key, "ada", self.world.now, **how)
        return self.deliver(key, id_)

    def deliver(self, key: ObjectKey, id_: str) -> dict[str, Any]:
        assert outcome(self.ports, self.key, id_) is None
        message = ObjectMessage("in-cluster", (key,), Cause("person", id_, "ada"), self.key, act=id_)
        assert ("syncs", message) == self.world.queues.sent[-1]
        for _ in range(2):
            handle_syncs(self.world.ports(), [message])
        found = outcome(self.ports, self.key, id_)
        assert found is not None
        return found

    def live(self, key: ObjectKey) -> dict[str, Any]:
        found = self.target.get(key)
        assert found is not None
        assert found.live is not None
        return found.live

    def names(self, kind: str) -> set[str]:
        return {each["metadata"]["name"] for each in listed(self.cluster, kind, self.namespace)}


@pytest.fixture
def ground(
    make_world: Callable[[], World], workload_cluster: Cluster, make_namespace: Callable[[Cluster], str]
) -> Iterator[Ground]:
    made = Ground(make_world(), workload_cluster, make_namespace(workload_cluster))
    yield made
    made.target.server.close()


def _workload(kind: str, **spec: Any) -> Manifest:
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]}}
    more = {"serviceName": "web"} if kind == "StatefulSet" else {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": pod, **more, **spec},
    }


def _job(name: str) -> Manifest:
    pod = {"containers": [{"name": "c", "image": "example.com/c:1"}], "restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod}, "backoffLimit": 0},
    }


def _cron_job() -> Manifest:
    job = _job("x")["spec"]
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": spec}


def test_a_restart_makes_new_pods_and_is_no_drift(ground: Ground) -> None:
    """GIVEN a self-healing application WHEN its Deployment is restarted THEN there are new pods, and nothing is put back."""
    ground.sync(_workload("Deployment", replicas=2), **AUTO)
    web = ground.of("Deployment", "web")
    until(lambda: len(ground.names("Pod")) == 2, lambda: ground.names("Pod"))
    before = ground.names("Pod")
    found = ground.ask(web, "restart")
    assert ([{"object": str(web), "result": "changed"}], []) == (found["done"], found["warnings"]), found
    assert ("syncs", ClusterMessage("in-cluster", replace(_cause(ground), kind="person"), (ground.key,))) == (
        ground.world.queues.sent[-1]
    )
    until(
        lambda: len(ground.names("Pod") - before) == 2 and not ground.names("Pod") & before, lambda: ground.names("Pod")
    )
    said = ground.live(web)["spec"]["template"]["metadata"]["annotations"]
    for _ in range(2):
        ground.world.now += 10
        ground.world.sweep()
    assert said == ground.live(web)["spec"]["template"]["metadata"]["annotations"]
    assert ("Synced", "sync") == (
        ground.world.record(ground.key).status.sync,
        ground.world.applications.operations(ground.key, 1)[0].kind,
    )


def _cause(ground: Ground) -> Cause:
    cause: Cause = ground.world.queues.sent[-1][1].cause
    return cause


@pytest.mark.parametrize("paused", [False, True])
def test_a_scale_of_what_git_says_warns(ground: Ground, paused: bool) -> None:
    """GIVEN replicas that git says WHEN the Deployment is scaled THEN the answer says what will become of that: self-heal
    puts it back, unless it is paused.
    """
    ground.sync(_workload("Deployment", replicas=2), **AUTO)
    web = ground.of("Deployment", "web")
    if paused:
        pause(ground.world.asking, ground.key, "ada")
    (warning,) = ground.ask(web, "scale", replicas="3")["warnings"]
    assert warning.startswith("git says otherwise of .spec.replicas: ")
    assert paused is not ("self-heal puts that back at once" in warning)
    assert 3 == ground.live(web)["spec"]["replicas"]
    ground.world.now += 10
    ground.world.sweep()
    assert (3 if paused else 2) == ground.live(web)["spec"]["replicas"]


def test_what_an_action_changed_is_told_as_its_actors(ground: Ground) -> None:
    """GIVEN replicas that git says WHEN somebody scales and then deletes THEN the drift is on record as theirs."""
    ground.world.now = time.time()
    ground.sync(_workload("Deployment", replicas=2), automated={})
    web = ground.of("Deployment", "web")
    for ask, what in (
        (lambda: ground.ask(web, "scale", replicas="3"), "changed"),
        (lambda: ground.delete(web), "deleted"),
    ):
        ground.world.now = time.time()
        assert "error" not in ask()
        until(lambda what=what: what == "changed" or ground.target.get(web) is None, lambda: ground.live(web))
        ground.world.now = time.time() + 1
        ground.world.sweep()
        record = ground.world.applications.drifts.of_app(str(ground.key), 100)[0]
        assert (what, ["ada"]) == (record.what, [each.user for each in record.suspects if each.certain])


def test_a_scale_of_what_git_leaves_open_stays(ground: Ground) -> None:
    """GIVEN replicas that git does not say WHEN the StatefulSet is scaled THEN nothing warns and nothing puts it back."""
    ground.sync(_workload("StatefulSet"), **AUTO)
    web = ground.of("StatefulSet", "web")
    assert [] == ground.ask(web, "scale", replicas="2")["warnings"]
    ground.world.now += 10
    ground.world.sweep()
    assert (2, "Synced") == (ground.live(web)["spec"]["replicas"], ground.world.record(ground.key).status.sync)


def test_a_cron_job_is_run_and_suspended(ground: Ground) -> None:
    """GIVEN a CronJob WHEN it is run THEN there is one Job of its own, however often the message comes; WHEN it is
    suspended THEN it is, and can be resumed and not suspended again.
    """
    ground.sync(_cron_job())
    nightly = ground.of("CronJob", "nightly", "batch")
    found = ground.ask(nightly, "create-job")
    (name,) = ground.names("Job")
    assert (name, "created") == (found["done"][0]["object"].rpartition("/")[2], found["done"][0]["result"])
    job = ground.live(ground.of("Job", name, "batch"))
    assert ground.live(nightly)["metadata"]["uid"] == job["metadata"]["ownerReferences"][0]["uid"]
    assert "error" not in ground.ask(nightly, "suspend")
    assert ground.live(nightly)["spec"]["suspend"] is True
    assert "makes no sense" in ground.ask(nightly, "suspend")["error"]
    assert "error" not in ground.ask(nightly, "resume")
    assert ground.live(nightly)["spec"]["suspend"] is False


def test_a_retried_job_is_made_again_from_git(ground: Ground) -> None:
    """GIVEN a Job that has ended WHEN it is retried THEN it is another one, made by a sync of it alone."""
    ground.sync(_job("migrate"))
    migrate = ground.of("Job", "migrate", "batch")

    def ended() -> bool:
        conditions = ground.live(migrate).get("status", {}).get("conditions") or ()
        return any(each["type"] == "Complete" for each in conditions)

    until(ended, lambda: ground.live(migrate))
    before = ground.live(migrate)["metadata"]["uid"]
    found = ground.ask(migrate, "retry")
    assert "made again by operation" in found["done"][0]["result"], found
    until(lambda: ground.target.get(migrate) is None, lambda: ground.live(migrate))
    done = settle(ground.world, ground.key)
    assert ("partial", "Succeeded", "ada") == (done.kind, done.phase, done.cause.by)
    assert before != ground.live(migrate)["metadata"]["uid"]


def test_a_retry_whose_function_dies_is_made_up_for(ground: Ground) -> None:
    """GIVEN a Job that is to be retried WHEN its function dies between deletion and request THEN the message's next taker
    asks for the Job all the same.
    """
    ground.sync(_job("migrate"))
    migrate = ground.of("Job", "migrate", "batch")
    until(lambda: "completionTime" in ground.live(migrate).get("status", {}), lambda: ground.live(migrate))
    _, id_ = ask_action(ground.ports, ground.key, migrate, "retry", {}, "ada", ground.world.now)
    real = ground.world.applications.request

    def dies(*arguments: object) -> None:
        raise Crash

    ground.world.applications.request = dies  # type: ignore[assignment,method-assign]
    with pytest.raises(Crash):
        ground.deliver(migrate, id_)
    ground.world.applications.request = real  # type: ignore[method-assign]
    until(lambda: ground.target.get(migrate) is None, lambda: ground.live(migrate))
    assert "made again by operation" in ground.deliver(migrate, id_)["done"][0]["result"]
    assert "Succeeded" == settle(ground.world, ground.key).phase
    assert ground.live(migrate)


def test_what_is_deleted_is_told_to_come_back(ground: Ground) -> None:
    """GIVEN a Deployment and a pod of its WHEN each is deleted THEN it is gone, and git's is made again by the sweep."""
    ground.sync(_workload("Deployment", replicas=1), **AUTO)
    until(lambda: len(ground.names("Pod")) == 1, lambda: ground.names("Pod"))
    (pod,) = ground.names("Pod")
    found = ground.delete(ground.of("Pod", pod, ""), force=True)
    assert ("deleted", []) == (found["done"][0]["result"], found["warnings"])
    until(lambda: pod not in ground.names("Pod"), lambda: ground.names("Pod"))
    web = ground.of("Deployment", "web")
    uid = ground.live(web)["metadata"]["uid"]
    found = ground.delete(web, orphan=True)
    assert ["git has it: self-heal makes it again"] == found["warnings"]
    until(lambda: ground.target.get(web) is None, lambda: ground.live(web))
    assert ground.names("ReplicaSet"), "orphans stay"
    ground.world.now += 10
    ground.world.sweep()
    assert uid != ground.live(web)["metadata"]["uid"]


def test_nothing_of_others_is_touched(ground: Ground) -> None:
    """GIVEN objects that are not the application's WHEN one is to be changed or deleted THEN it is refused and stays."""
    ground.sync(_job("mine"))
    path = f"/api/v1/namespaces/{ground.namespace}/configmaps"
    status, _ = ground.cluster.client("POST", path, {"metadata": {"name": "theirs"}})
    assert 201 == status
    theirs = ground.of("ConfigMap", "theirs", "")
    assert "is no object of shop" in ground.delete(theirs)["error"]
    assert "theirs" in ground.names("ConfigMap")
    assert "is no object of shop" in ground.delete(ground.of("ConfigMap", "nowhere", ""))["error"], (
        "as if it were theirs"
    )
    assert "there is no action" in ground.ask(ground.of("Job", "mine", "batch"), "explode")["error"]
    with pytest.raises(UnknownHandlingError):
        outcome(ground.ports, ground.key, "01JABC")


def test_an_action_in_lua_creates_and_patches(ground: Ground) -> None:
    """GIVEN an action of the users' own WHEN it is asked for THEN its objects are created and patched."""
    script = """
    local cm = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = "made"}, data = {at = actionParams["at"]}}
    obj.metadata.labels["touched"] = "yes"
    return {{operation = "create", resource = cm}, {operation = "patch", resource = obj}}
    """
    custom = CustomActions("return {touch = {}}", {"touch": script})
    ground.world.targets.settings = Settings(actions={("apps", "Deployment"): custom})
    ground.sync(_workload("Deployment", replicas=1))
    found = ground.ask(ground.of("Deployment", "web"), "touch", at="noon")
    assert ["created", "changed"] == [each["result"] for each in found["done"]], found
    assert "yes" == ground.live(ground.of("Deployment", "web"))["metadata"]["labels"]["touched"]
    assert {"at": "noon"} == ground.live(ground.of("ConfigMap", "made", ""))["data"]


@pytest.fixture
def rollouts(workload_cluster: Cluster) -> None:
    """The kind of Argo Rollouts, without its controller."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}},
    }
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "rollouts.argoproj.io"},
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {"kind": "Rollout", "plural": "rollouts", "singular": "rollout", "listKind": "RolloutList"},
            "versions": [version],
        },
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    status, answer = workload_cluster.client("POST", path, crd)
    assert status in (201, 409), answer


def test_a_rollout_is_steered_through_its_status(ground: Ground, rollouts: None) -> None:
    """GIVEN a Rollout that waits WHEN it is promoted, aborted and paused THEN status and spec say so, each in its place."""
    spec = {"replicas": 1, "strategy": {"canary": {"steps": [{"setWeight": 10}, {"pause": {}}]}}}
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}
    web = ground.of("Rollout", "web", "argoproj.io")
    ground.world.push(ground.key, manifest)
    ground.world.request(ground.key)
    until(lambda: _synced(ground, web), lambda: ground.world.record(ground.key).status)
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{ground.namespace}/rollouts/web/status"
    status = {"currentPodHash": "b", "stableRS": "a", "pauseConditions": [{"reason": "CanaryPauseStep"}]}
    code, answer = ground.cluster.client("PATCH", path, {"status": status}, content_type="application/merge-patch+json")
    assert 200 == code, answer
    for action in ("promote-full", "abort", "resume", "pause"):
        assert "error" not in (found := ground.ask(web, action)), found
    live = ground.live(web)
    assert (True, True, None, True) == (
        live["status"]["promoteFull"],
        live["status"]["abort"],
        live["status"].get("pauseConditions"),
        live["spec"]["paused"],
    )


def _synced(ground: Ground, key: ObjectKey) -> bool:
    ground.world.sync(ground.key)
    return ground.target.get(key) is not None


def test_a_rollback_on_a_real_cluster(ground: Ground) -> None:
    """GIVEN two syncs with automated sync on WHEN somebody rolls back THEN the cluster runs the old image, and keeps it."""
    old, new = _workload("Deployment", replicas=1), _workload("Deployment", replicas=1)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/web:2"
    ground.sync(old, **AUTO)
    ground.world.now += 1
    ground.world.push(ground.key, new)
    assert "Succeeded" == settle(ground.world, ground.key).phase
    ask_rollback(ground.world.asking, ground.key, "ada", to=None)
    assert "Succeeded" == settle(ground.world, ground.key).phase
    ground.world.now += 10
    ground.world.sweep()
    containers = ground.live(ground.of("Deployment", "web"))["spec"]["template"]["spec"]["containers"]
    assert "example.com/web:1" == containers[0]["image"]
