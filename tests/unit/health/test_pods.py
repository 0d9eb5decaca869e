"""Pods."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Status, assess

READY = {"conditions": [{"type": "Ready", "status": "True"}]}
NOT_READY = {"conditions": [{"type": "Ready", "status": "False", "message": "containers with unready status: [web]"}]}


def waits(reason: str, message: str = "") -> dict[str, Any]:
    return {"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": reason, "message": message}}}]}


def ended(code: int, **more: str) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "web", "state": {"terminated": {"exitCode": code, **more}}}]}


def crashed(**more: str) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "web", "lastState": {"terminated": {"exitCode": 2, **more}}}]}


@pytest.mark.parametrize(
    ("policy", "status", "expected"),
    [
        ("Always", {"phase": "Running", **READY}, ("Healthy", "")),
        ("", {"phase": "Running", **READY}, ("Healthy", "")),
        ("Always", {"phase": "Running", **NOT_READY}, ("Progressing", "containers with unready status: [web]")),
        (
            "Always",
            {"phase": "Running", **NOT_READY, **crashed()},
            ("Degraded", 'container "web" failed with exit code 2'),
        ),
        (
            "Always",
            {"phase": "Running", **NOT_READY, **crashed(reason="OOMKilled")},
            ("Degraded", 'container "web" ran out of memory (OOMKilled)'),
        ),
        (
            "Always",
            {"phase": "Running", **waits("CrashLoopBackOff", "back-off 40s")},
            ("Degraded", 'container "web": CrashLoopBackOff (back-off 40s)'),
        ),
        (
            "Always",
            {"phase": "Pending", **waits("ImagePullBackOff", 'Back-off pulling image "x"')},
            ("Degraded", 'container "web": ImagePullBackOff (Back-off pulling image "x")'),
        ),
        ("Always", {"phase": "Pending", **waits("ErrImagePull")}, ("Degraded", 'container "web": ErrImagePull')),
        (
            "Always",
            {"phase": "Pending", **waits("CreateContainerConfigError", 'secret "x" not found')},
            ("Degraded", 'container "web": CreateContainerConfigError (secret "x" not found)'),
        ),
        (
            "Always",
            {
                "phase": "Pending",
                "initContainerStatuses": [{"name": "init", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
            },
            ("Degraded", 'container "init": CrashLoopBackOff'),
        ),
        ("Always", {"phase": "Pending", **waits("ContainerCreating")}, ("Progressing", "")),
        (
            "Always",
            {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes"}]},
            ("Progressing", "0/2 nodes"),
        ),
        ("Never", {"phase": "Pending", **waits("ImagePullBackOff")}, ("Progressing", "")),
        ("Never", {"phase": "Running", **READY}, ("Progressing", "")),
        ("OnFailure", {"phase": "Running", **waits("CrashLoopBackOff")}, ("Progressing", "")),
        ("Never", {"phase": "Succeeded"}, ("Healthy", "")),
        ("Never", {"phase": "Failed", "message": "evicted"}, ("Degraded", "evicted")),
        ("Never", {"phase": "Failed", **ended(3)}, ("Degraded", 'container "web" failed with exit code 3')),
        ("Never", {"phase": "Failed", **ended(1, message="no such table")}, ("Degraded", "no such table")),
        ("Never", {"phase": "Failed", **ended(0)}, ("Degraded", "")),
        ("Always", {"phase": "Unknown"}, ("Unknown", "")),
        ("Always", {}, ("Unknown", "")),
    ],
)
def test_pod(policy: str, status: dict[str, Any], expected: tuple[Status, str]) -> None:
    """A pod is as well as its containers, and the message says in words what is wrong."""
    live = {"apiVersion": "v1", "kind": "Pod", "spec": {"restartPolicy": policy} if policy else {}, "status": status}
    assert Health(*expected) == assess(live)


def test_a_running_pod_can_be_declared_healthy() -> None:
    """Argo CD's annotation makes a running pod that isn't restarted healthy."""
    live = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"annotations": {"argocd.argoproj.io/ignore-restart-policy": "true"}},
        "spec": {"restartPolicy": "Never"},
        "status": {"phase": "Running"},
    }
    assert Health("Healthy") == assess(live)
