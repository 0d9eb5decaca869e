"""Deployments, StatefulSets, DaemonSets and ReplicaSets."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Status, assess

LAG = "Waiting for rollout to finish: the controller has not seen the latest change yet"


def live(kind: str, spec: dict[str, Any], status: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 2, **status},
    }


def waiting(what: str) -> tuple[Status, str]:
    return "Progressing", f"Waiting for rollout to finish: {what}"


def failing(kind: str, **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "True", **more}]}


DONE = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}
QUOTA = failing("ReplicaFailure", reason="FailedCreate", message="exceeded quota")


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 3}, DONE, ("Healthy", "")),
        ({}, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, ("Healthy", "")),
        ({"replicas": 0}, {}, ("Healthy", "")),
        ({"replicas": 3, "paused": True}, DONE, ("Suspended", "Deployment is paused")),
        ({"replicas": 3}, {**DONE, "observedGeneration": 1}, ("Progressing", LAG)),
        ({"replicas": 3}, {}, waiting("0 out of 3 new replicas have been updated")),
        ({"replicas": 3}, QUOTA, waiting("0 out of 3 new replicas have been updated (exceeded quota)")),
        ({"replicas": 3}, {**DONE, "replicas": 4}, waiting("1 old replicas are pending termination")),
        ({"replicas": 3}, {**DONE, "availableReplicas": 2}, waiting("2 of 3 updated replicas are available")),
        (
            {"replicas": 3},
            failing("Progressing", reason="ProgressDeadlineExceeded"),
            ("Degraded", 'Deployment "web" exceeded its progress deadline'),
        ),
    ],
)
def test_deployment(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A Deployment is healthy when its rollout is over, as `kubectl rollout status` sees it."""
    assert Health(*expected) == assess(live("Deployment", spec, status))


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 3}, DONE, ("Healthy", "")),
        ({"replicas": 3}, {**DONE, "observedGeneration": 1}, ("Progressing", LAG)),
        ({"replicas": 3}, {**DONE, "availableReplicas": 1}, waiting("1 out of 3 new replicas are available")),
        ({"replicas": 3}, QUOTA, ("Degraded", "exceeded quota")),
    ],
)
def test_replica_set(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A ReplicaSet is healthy when its pods are available, degraded when they can't be made."""
    assert Health(*expected) == assess(live("ReplicaSet", spec, status))


ROLLED = {**DONE, "currentRevision": "web-2", "updateRevision": "web-2"}
ROLLING = {**DONE, "updatedReplicas": 1, "currentRevision": "web-1", "updateRevision": "web-2"}
PARTITION = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
PLAIN = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (PLAIN, ROLLED, ("Healthy", "")),
        (PLAIN, {**ROLLED, "observedGeneration": 0}, ("Progressing", LAG)),
        (PLAIN, {**ROLLED, "observedGeneration": 1}, ("Progressing", LAG)),
        (PLAIN, {**ROLLED, "readyReplicas": 1}, waiting("2 pods are not ready")),
        (PLAIN, ROLLING, waiting("1 out of 3 pods are at revision web-2")),
        (PARTITION, ROLLING, waiting("1 out of 2 new pods above the partition have been updated")),
        (
            PARTITION,
            {**ROLLING, "updatedReplicas": 2},
            ("Healthy", "partitioned rollout complete: 2 new pods have been updated"),
        ),
        (
            {"replicas": 3, "updateStrategy": {"type": "OnDelete"}},
            ROLLING,
            ("Healthy", "3 pods are ready; pods change when they are deleted (OnDelete)"),
        ),
    ],
)
def test_stateful_set(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A StatefulSet is healthy when every pod that is to change has changed and is ready."""
    assert Health(*expected) == assess(live("StatefulSet", spec, status))


SPREAD = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, SPREAD, ("Healthy", "")),
        ({}, {}, ("Healthy", "")),
        ({}, {**SPREAD, "observedGeneration": 1}, ("Progressing", LAG)),
        ({}, {**SPREAD, "updatedNumberScheduled": 1}, waiting("1 out of 2 new pods have been updated")),
        ({}, {**SPREAD, "numberAvailable": 0}, waiting("0 of 2 updated pods are available")),
        (
            {"updateStrategy": {"type": "OnDelete"}},
            {**SPREAD, "updatedNumberScheduled": 1},
            ("Healthy", "1 out of 2 pods are new; pods change when they are deleted (OnDelete)"),
        ),
    ],
)
def test_daemon_set(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A DaemonSet is healthy when there is a new pod on every node that should have one."""
    assert Health(*expected) == assess(live("DaemonSet", spec, status))
