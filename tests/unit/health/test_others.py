"""Jobs, Services, Ingresses and PersistentVolumeClaims."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Status, assess

ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
WAITS: tuple[Status, str] = ("Progressing", "Waiting for the load balancer to have an address")


def condition(kind: str, status: str = "True", message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], ("Progressing", "")),
        ([condition("Complete")], ("Healthy", "")),
        ([condition("Failed", message="backoff limit")], ("Degraded", "backoff limit")),
        ([condition("Suspended", message="Job suspended")], ("Suspended", "Job suspended")),
        ([condition("Suspended", "False")], ("Progressing", "")),
        ([condition("Suspended", "False"), condition("Complete")], ("Healthy", "")),
        ([condition("FailureTarget"), condition("Failed", message="deadline")], ("Degraded", "deadline")),
    ],
)
def test_job(conditions: list[dict[str, Any]], expected: tuple[Status, str]) -> None:
    """A job's true conditions tell; one that was resumed is not suspended any more."""
    assert Health(*expected) == assess({"apiVersion": "batch/v1", "kind": "Job", "status": {"conditions": conditions}})


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"type": "ClusterIP"}, {}, ("Healthy", "")),
        ({}, {}, ("Healthy", "")),
        ({"type": "LoadBalancer"}, {"loadBalancer": {}}, WAITS),
        ({"type": "LoadBalancer"}, ADDRESS, ("Healthy", "")),
    ],
)
def test_service(spec: dict[str, Any], status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """Only a load balancer has to wait for an address."""
    assert Health(*expected) == assess({"apiVersion": "v1", "kind": "Service", "spec": spec, "status": status})


@pytest.mark.parametrize("version", ["networking.k8s.io/v1", "extensions/v1beta1"])
def test_ingress(version: str) -> None:
    """An Ingress is healthy once its controller has published an address."""
    assert Health(*WAITS) == assess({"apiVersion": version, "kind": "Ingress"})
    assert Health("Healthy") == assess({"apiVersion": version, "kind": "Ingress", "status": ADDRESS})


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Bound", ("Healthy", "")),
        ("Pending", ("Progressing", "Waiting for a volume to be bound")),
        ("Lost", ("Degraded", "The volume that the claim was bound to is gone")),
        ("", ("Unknown", "")),
    ],
)
def test_persistent_volume_claim(phase: str, expected: tuple[Status, str]) -> None:
    """A claim is as well as the volume behind it."""
    live = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": phase}}
    assert Health(*expected) == assess(live)
