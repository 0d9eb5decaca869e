"""What users read of workloads that are not well, with the controllers that say so.

No container runs here: the pod's status, which a kubelet would write, is written by the test; whatever follows from it
(Deployment, Job) is the controllers' own work. Pods keep away from kwok by asking for a node that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.flows.clusters.live import Target
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from tests.doubles.installation import World
from tests.doubles.realcluster import listed, settle, until, use

AUTO: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
NOWHERE = {"nodeName": "no-such-node", "terminationGracePeriodSeconds": 0}
MERGE = "application/merge-patch+json"


class Ground:
    """One application in a namespace of its own, and what a kubelet says of its pods."""

    def __init__(self, world: World, target: Target, cluster: Cluster, namespace: str) -> None:
        self.world, self.cluster, self.namespace = world, cluster, namespace
        use(world, target)
        self.key: AppKey = world.declare("shop", namespace=namespace, **AUTO)

    def sync(self, *manifests: Manifest) -> None:
        self.world.push(self.key, *manifests)
        assert "Succeeded" == settle(self.world, self.key).phase

    def say(self, status: dict[str, Any]) -> None:
        """The kubelet says this of each pod, as soon as there is one."""
        until(lambda: bool(listed(self.cluster, "Pod", self.namespace)), lambda: "no pod")
        for pod in listed(self.cluster, "Pod", self.namespace):
            path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}/status"
            code, answer = self.cluster.client("PATCH", path, {"status": status}, content_type=MERGE)
            assert code == 200, answer

    def health(self) -> tuple[str, str]:
        """What a look at the cluster finds: status and words."""
        self.world.sweep()
        health = self.world.record(self.key).status.health
        return health.status, health.message

    def becomes(self, status: str, *words: str) -> None:
        """Waits until the application is said to be this, in these words."""

        def holds() -> bool:
            found, message = self.health()
            return found == status and all(word in message for word in words)

        until(holds, self.health)


@pytest.fixture
def ground(
    make_world: Callable[[], World],
    workload_target: Target,
    workload_cluster: Cluster,
    make_namespace: Callable[[Cluster], str],
) -> Ground:
    return Ground(make_world(), workload_target, workload_cluster, make_namespace(workload_cluster))


def pod_template(name: str, **pod: Any) -> dict[str, Any]:
    container = {"name": "app", "image": f"example.com/{name}:1"}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **NOWHERE, **pod}}


def deployment(name: str, **spec: Any) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": pod_template(name), **spec,
        },
    }  # fmt: skip


def waiting(reason: str, message: str, restarts: int = 0, **more: Any) -> dict[str, Any]:
    """A pod whose container does not come up."""
    container = {
        "name": "app", "image": "example.com/app:1", "imageID": "", "ready": False, "started": False,
        "restartCount": restarts, "state": {"waiting": {"reason": reason, "message": message}}, **more,
    }  # fmt: skip
    return {"phase": "Pending" if not restarts else "Running", "containerStatuses": [container]}


CRASHED = {"terminated": {"exitCode": 3, "reason": "Error"}}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "example.com/app:1"'),
            ('container "app": ImagePullBackOff', 'Back-off pulling image "example.com/app:1"'),
        ),
        (
            waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container", 7, lastState=CRASHED),
            ('container "app": CrashLoopBackOff', "back-off 5m0s restarting failed container"),
        ),
        (
            waiting("CreateContainerConfigError", 'secret "login" not found'),
            ('container "app": CreateContainerConfigError', 'secret "login" not found'),
        ),
    ],
    ids=["no image", "crash loop", "no secret"],
)
def test_a_pod_that_does_not_come_up(ground: Ground, status: dict[str, Any], words: tuple[str, ...]) -> None:
    """GIVEN a Pod of the application WHEN its container can't start THEN it is degraded and the reason is told."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": pod_template("app")["spec"]}
    ground.sync(pod)
    assert "Progressing" == ground.health()[0]
    ground.say(status)
    ground.becomes("Degraded", "Pod app", *words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (waiting("ImagePullBackOff", "Back-off pulling"), 'container "app" can\'t get its image example.com/app:1'),
        (waiting("CrashLoopBackOff", "back-off 5m0s", 7, lastState=CRASHED), 'container "app" ended with exit code 3'),
    ],
    ids=["no image", "crash loop"],
)
def test_a_rollout_says_what_its_pods_say(ground: Ground, status: dict[str, Any], words: str) -> None:
    """GIVEN a Deployment WHEN its pod does not come up THEN its health says why, and later sweeps write nothing."""
    ground.sync(deployment("web"))
    ground.say(status)
    ground.becomes("Progressing", "Deployment web", "0 of 1 updated replicas are available", words)
    before = list(ground.world.table.query(f"APP#{ground.key}"))
    asked = ground.world.cluster.requests
    ground.world.sweep()
    assert before == list(ground.world.table.query(f"APP#{ground.key}"))
    assert 2 == ground.world.cluster.requests - asked


def test_a_rollout_that_is_stuck(ground: Ground) -> None:
    """GIVEN a Deployment whose pods never become ready WHEN its deadline is over THEN it is degraded and says so."""
    ground.sync(deployment("web", progressDeadlineSeconds=2))
    ground.becomes("Progressing", "0 of 1 updated replicas are available")
    ground.becomes("Degraded", 'Deployment "web" exceeded its progress deadline')


def test_a_rollout_that_a_quota_stops(ground: Ground) -> None:
    """GIVEN a quota without room WHEN a Deployment rolls out THEN the controller's words about it are told."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"pods": "0"}},
    }
    ground.sync(quota, deployment("web"))
    ground.becomes("Progressing", "Deployment web", "exceeded quota: few")


def test_a_job_that_fails(ground: Ground) -> None:
    """GIVEN a Job without another try WHEN its pod fails THEN it is degraded in the controller's words."""
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "spec": {"backoffLimit": 0, "template": {"spec": pod_template("migrate", restartPolicy="Never")["spec"]}},
    }
    ground.sync(job)
    assert "Progressing" == ground.health()[0]
    ended = {"name": "app", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": CRASHED}
    ground.say({"phase": "Failed", "containerStatuses": [ended]})
    ground.becomes("Degraded", "Job migrate", "Job has reached the specified backoff limit", "ended with exit code 3")


def test_a_claim_that_nobody_serves(ground: Ground) -> None:
    """GIVEN a claim of a class that nobody serves WHEN looked at THEN it waits and says for what; another is bound."""

    def claim(name: str, storage: str) -> Manifest:
        requests = {"requests": {"storage": "1Gi"}}
        spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": storage, "resources": requests}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}

    ground.sync(claim("data", "standard"))
    ground.becomes("Healthy")
    ground.sync(claim("data", "standard"), claim("more", "nobody-makes-these"))
    ground.becomes("Progressing", "PersistentVolumeClaim more", "Waiting for a volume to be bound")


def test_an_object_that_is_held(ground: Ground) -> None:
    """GIVEN an object that somebody deletes and a finalizer holds WHEN looked at THEN it says what it waits for."""
    held = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "finalizers": ["example.com/held"]},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    ground.sync(held)
    ground.becomes("Healthy")
    path = f"/api/v1/namespaces/{ground.namespace}/persistentvolumeclaims/data"
    assert 200 == ground.cluster.client("DELETE", path)[0]
    try:
        ground.becomes("Progressing", "PersistentVolumeClaim data", "example.com/held")
    finally:
        ground.cluster.client("PATCH", path, {"metadata": {"finalizers": None}}, content_type=MERGE)
