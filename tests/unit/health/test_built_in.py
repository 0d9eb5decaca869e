"""Built-in kinds that judge the cluster's own machinery: autoscalers, budgets, APIs, namespaces, CronJobs, volumes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.health import Health, Status, assess


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


ABLE = condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
ACTIVE = condition("ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count")
NO_METRICS = condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned from metrics API")
NO_EXTERNAL = condition("ScalingActive", "False", "FailedGetExternalMetric", "queue length is not available")

AUTOSCALERS: list[tuple[list[dict[str, Any]], tuple[Status, str]]] = [
    ([], ("Progressing", "Waiting to autoscale")),
    ([ABLE, ACTIVE], ("Healthy", "recommended size matches current size")),
    ([ABLE, NO_METRICS], ("Degraded", "no metrics returned from metrics API")),
    ([ABLE, NO_EXTERNAL], ("Healthy", "queue length is not available")),
    ([condition("AbleToScale", "False", "FailedGetScale", "no such target")], ("Degraded", "no such target")),
    ([condition("AbleToScale", "False", "BackoffBoth")], ("Progressing", "Waiting to autoscale")),
]


@pytest.mark.parametrize(("conditions", "expected"), AUTOSCALERS)
def test_horizontal_pod_autoscaler(conditions: list[dict[str, Any]], expected: tuple[Status, str]) -> None:
    """An autoscaler is judged by its conditions, which version 1 of its API keeps in an annotation."""
    kind = "HorizontalPodAutoscaler"
    assert Health(*expected) == assess(
        {"apiVersion": "autoscaling/v2", "kind": kind, "status": {"conditions": conditions}}
    )
    annotations = {"autoscaling.alpha.kubernetes.io/conditions": json.dumps(conditions)}
    assert Health(*expected) == assess(
        {"apiVersion": "autoscaling/v1", "kind": kind, "metadata": {"annotations": annotations}}
    )


def test_a_broken_annotation_is_unknown() -> None:
    """GIVEN an autoscaler whose conditions are not JSON THEN its health is unknown."""
    annotations = {"autoscaling.alpha.kubernetes.io/conditions": "["}
    live = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"annotations": annotations}}
    assert "Unknown" == assess(live).status


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, ("Progressing", "Waiting for the disruption controller")),
        ({"conditions": [condition("DisruptionAllowed", "True", "SufficientPods")]}, ("Healthy", "")),
        (
            {"conditions": [condition("DisruptionAllowed", "False", "InsufficientPods")]},
            ("Healthy", "No pod can be spared now (InsufficientPods)"),
        ),
        (
            {"conditions": [condition("DisruptionAllowed", "False", "SyncFailed", "found no controllers for pod")]},
            ("Degraded", "found no controllers for pod"),
        ),
        (
            {"observedGeneration": 1, "conditions": [condition("DisruptionAllowed", "True")]},
            ("Progressing", "The disruption controller has not seen the latest change yet"),
        ),
    ],
)
def test_pod_disruption_budget(status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A budget that allows no disruption may be meant so; one that can't be computed is broken."""
    live = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"generation": 2},
        "status": {"observedGeneration": 2, **status},
    }
    assert Health(*expected) == assess(live)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], ("Progressing", "Waiting to be processed")),
        ([condition("Available", "True", "Passed", "all checks passed")], ("Healthy", "Passed: all checks passed")),
        (
            [condition("Available", "False", "MissingEndpoints", "endpoints for service have no addresses")],
            ("Progressing", "MissingEndpoints: endpoints for service have no addresses"),
        ),
    ],
)
def test_api_service(conditions: list[dict[str, Any]], expected: tuple[Status, str]) -> None:
    """An aggregated API is progressing while its server doesn't answer."""
    live = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "status": {"conditions": conditions}}
    assert Health(*expected) == assess(live)


NAMED = condition("NamesAccepted", "True", "NoConflicts")
ESTABLISHED = condition("Established", "True", "InitialNamesAccepted")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], ("Progressing", "Waiting for the API server to establish it")),
        ([NAMED, ESTABLISHED], ("Healthy", "")),
        (
            [NAMED, condition("Established", "False", "Installing")],
            ("Progressing", "Waiting for the API server to establish it"),
        ),
        (
            [condition("NamesAccepted", "False", "PluralConflict", '"widgets" is already in use')],
            ("Degraded", 'Its names have not been accepted: "widgets" is already in use'),
        ),
        (
            [NAMED, condition("Established", "False", "NotAccepted", "not all names are accepted")],
            ("Degraded", "It is not established: not all names are accepted"),
        ),
        (
            [NAMED, ESTABLISHED, condition("NonStructuralSchema", "True", "Violations", "type must not be empty")],
            ("Degraded", "Its schema is not structural: type must not be empty"),
        ),
        (
            [NAMED, ESTABLISHED, condition("Terminating", "True", "InstanceDeletionPending", "instances remain")],
            ("Progressing", "It is being removed: instances remain"),
        ),
    ],
)
def test_custom_resource_definition(conditions: list[dict[str, Any]], expected: tuple[Status, str]) -> None:
    """A definition is well once its kind is served; a new one is not broken yet."""
    live = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "status": {"conditions": conditions},
    }
    assert Health(*expected) == assess(live)


def test_namespace() -> None:
    """A namespace that doesn't go says what holds it."""
    live: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {}, "status": {"phase": "Active"}}
    assert Health("Healthy") == assess(live)
    live["status"] = {
        "phase": "Terminating",
        "conditions": [
            condition("NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed", "metrics.k8s.io/v1 is down"),
            condition("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content was deleted"),
        ],
    }
    assert Health("Progressing", "Pending deletion; metrics.k8s.io/v1 is down") == assess(live)
    live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert Health("Progressing", "Pending deletion; metrics.k8s.io/v1 is down") == assess(live)


EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"suspend": True}, {}, ("Suspended", "CronJob is suspended")),
        ({}, {}, ("Healthy", "CronJob has not been scheduled yet")),
        ({}, {"lastScheduleTime": EARLY}, ("Healthy", "No job of this CronJob has succeeded so far")),
        ({}, {"lastScheduleTime": EARLY, "lastSuccessfulTime": LATE}, ("Healthy", "")),
        (
            {},
            {"lastScheduleTime": LATE, "lastSuccessfulTime": EARLY, "active": [{"name": "report-1"}]},
            ("Healthy", "A job of this CronJob is running"),
        ),
        (
            {},
            {"lastScheduleTime": LATE, "lastSuccessfulTime": EARLY},
            ("Degraded", f"The last job, scheduled at {LATE}, did not succeed; the last success: {EARLY}"),
        ),
    ],
)
def test_cron_job(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A CronJob is as well as its last job, where it can tell."""
    assert Health(*expected) == assess({"apiVersion": "batch/v1", "kind": "CronJob", "spec": spec, "status": status})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Available"}, ("Healthy", "")),
        ({"phase": "Bound"}, ("Healthy", "")),
        ({"phase": "Released"}, ("Healthy", "")),
        ({"phase": "Failed", "message": "disk is busy"}, ("Degraded", "disk is busy")),
        ({"phase": "Failed"}, ("Degraded", "The volume could not be reclaimed")),
        ({"phase": "Pending"}, ("Progressing", "")),
    ],
)
def test_persistent_volume(status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A volume that nobody uses is well; one that can't be reclaimed isn't."""
    assert Health(*expected) == assess({"apiVersion": "v1", "kind": "PersistentVolume", "status": status})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"failed": 2, "active": 1}, ("Progressing", "2 pods have failed, the job tries again")),
        (
            {"failed": 7, "conditions": [condition("Failed", "True", "BackoffLimitExceeded")]},
            ("Degraded", "Job failed: BackoffLimitExceeded"),
        ),
    ],
)
def test_a_failing_job_says_so(status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A job whose pods fail says how many, and one that gave up says why."""
    assert Health(*expected) == assess({"apiVersion": "batch/v1", "kind": "Job", "status": status})


def test_replication_controller() -> None:
    """A ReplicationController is judged as a ReplicaSet."""
    live = {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"generation": 1},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "replicas": 2, "availableReplicas": 1},
    }
    assert "Progressing" == assess(live).status
    assert "Healthy" == assess({**live, "status": {"observedGeneration": 1, "availableReplicas": 2}}).status
