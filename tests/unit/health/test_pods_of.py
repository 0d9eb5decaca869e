"""Why pods don't come up, in words that don't change while the trouble lasts."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health.pods_of import pod_selector, troubles_of

EXIT = {"terminated": {"exitCode": 3}}


def pod(state: dict[str, Any], *, ready: bool = False, **more: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "web:1", "ready": ready, "state": state, **more}
    return {"status": {"phase": "Running", "containerStatuses": [container]}}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return pod({"waiting": {"reason": reason, "message": message}}, **more)


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("", pod({"running": {}}, ready=True)),
        ("", pod({"running": {}}, ready=True, lastState=EXIT)),
        ("", pod({"running": {}})),
        ("", waiting("ContainerCreating")),
        ('container "app" can\'t get its image web:1', waiting("ErrImagePull", "rpc error")),
        ('container "app" can\'t get its image web:1', waiting("ImagePullBackOff", "Back-off pulling")),
        ('container "app" ended with exit code 3', waiting("CrashLoopBackOff", "back-off 10s", lastState=EXIT)),
        ('container "app" ended with exit code 3', pod({"running": {}}, lastState=EXIT)),
        ('container "app" ended with exit code 3', pod(EXIT)),
        ('container "app" ends again and again (CrashLoopBackOff)', waiting("CrashLoopBackOff", "back-off 10s")),
        (
            'container "app" ran out of memory (OOMKilled)',
            pod({"running": {}}, lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}}),
        ),
        (
            'container "app": CreateContainerConfigError (secret "login" not found)',
            waiting("CreateContainerConfigError", 'secret "login" not found'),
        ),
        (
            "can't be scheduled: 0/2 nodes are available",
            {
                "status": {
                    "phase": "Pending",
                    "conditions": [
                        {"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"},
                    ],
                }
            },
        ),
        ("the node was low on memory", {"status": {"phase": "Failed", "message": "the node was low on memory"}}),
        ("", {"status": "no object"}),
    ],
)
def test_troubles(expected: str, given: dict[str, Any]) -> None:
    """GIVEN a pod WHEN asked what keeps it from being ready THEN the words name it, or there are none."""
    assert expected == troubles_of([given])


def test_the_same_trouble_is_told_once() -> None:
    """GIVEN pods with three sorts of trouble WHEN asked THEN each is told once, and the first two are enough."""
    pods = [waiting("ErrImagePull"), waiting("ImagePullBackOff"), pod(EXIT), waiting("CrashLoopBackOff")]
    assert 'container "app" can\'t get its image web:1; container "app" ended with exit code 3' == troubles_of(pods)


@pytest.mark.parametrize(
    ("expected", "kind", "status"),
    [
        ("app=web,tier=a", "Deployment", {"replicas": 2, "readyReplicas": 1, "unavailableReplicas": 1}),
        ("", "Deployment", {}),
        ("", "Deployment", {"replicas": 2, "readyReplicas": 2}),
        ("app=web,tier=a", "StatefulSet", {"replicas": 1}),
        ("app=web,tier=a", "DaemonSet", {"numberUnavailable": 1}),
        ("app=web,tier=a", "Job", {"failed": 1}),
        ("app=web,tier=a", "Job", {"active": 1}),
        ("", "Job", {"active": 1, "ready": 1}),
        ("", "Widget", {"replicas": 1}),
        ("", "Deployment", {"replicas": "many"}),
    ],
)
def test_selector(expected: str, kind: str, status: dict[str, Any]) -> None:
    """GIVEN a workload WHEN its status tells of pods that aren't ready THEN they are selected, else nothing is."""
    group = {"Job": "batch", "Widget": "example.com"}.get(kind, "apps")
    selector = {"matchLabels": {"tier": "a", "app": "web"}}
    live = {"apiVersion": f"{group}/v1", "kind": kind, "spec": {"selector": selector}, "status": status}
    assert expected == pod_selector(live)
