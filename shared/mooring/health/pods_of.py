"""Why a workload's pods don't come up, in words that stay the same while the trouble does.

A Deployment's own status says how many pods are missing, and not what is wrong with them. Words are made from their
containers' states (Kubernetes documentation, "Pod Lifecycle"), without back-off times and names of pods: those change
all the time, and would make each look at the cluster news.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mooring.health.reading import condition, entries, number, section, text
from mooring.model.objects import Manifest

__all__ = ["pod_selector", "troubles_of"]

_WORKLOADS: Final = frozenset({"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"})
_NO_IMAGE = frozenset(
    {"ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff", "InvalidImageName"}
)
_MOST = 2


def pod_selector(live: Manifest) -> str:
    """The label selector of the pods of a workload, if its status tells of pods that are not ready; else empty.

    Never raises.
    """
    if live.get("kind") not in _WORKLOADS or not str(live.get("apiVersion")).startswith(("apps/", "batch/")):
        return ""
    try:
        status, labels = section(live, "status"), section(live, "spec", "selector", "matchLabels")
        behind = number(status, "replicas") - number(status, "readyReplicas")
        running = number(status, "active") - number(status, "ready")
        others = number(status, "unavailableReplicas") + number(status, "numberUnavailable") + number(status, "failed")
        return (
            ",".join(f"{name}={value}" for name, value in sorted(labels.items())) if behind + running + others else ""
        )
    except (AttributeError, TypeError, ValueError):
        return ""


def troubles_of(pods: Iterable[Manifest]) -> str:
    """What keeps these pods from being ready, the first two things of it; empty where nothing does.

    Never raises: what is not shaped as a pod tells nothing.
    """
    found: set[str] = set()
    for pod in pods:
        try:
            found.update(_troubles(section(pod, "status")))
        except (AttributeError, LookupError, TypeError, ValueError):
            continue
    return "; ".join(sorted(found)[:_MOST])


def _troubles(status: dict[str, Any]) -> list[str]:
    if text(status, "phase") == "Failed" and text(status, "message"):
        return [text(status, "message")]
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False" and text(scheduled, "message"):
        return [f"can't be scheduled: {text(scheduled, 'message')}"]
    containers = entries(status, "initContainerStatuses") + entries(status, "containerStatuses")
    return [words for container in containers if not container.get("ready") and (words := _trouble(container))]


def _trouble(container: dict[str, Any]) -> str:
    name = f'container "{text(container, "name")}"'
    waiting = section(container, "state", "waiting")
    reason = text(waiting, "reason")
    if reason in _NO_IMAGE:
        return f"{name} can't get its image {text(container, 'image')}"
    ended = section(container, "state", "terminated") or section(container, "lastState", "terminated")
    if text(ended, "reason") == "OOMKilled":
        return f"{name} ran out of memory (OOMKilled)"
    if code := number(ended, "exitCode"):
        return f"{name} ended with exit code {code}"
    if reason == "CrashLoopBackOff":
        return f"{name} ends again and again (CrashLoopBackOff)"
    if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
        detail = text(waiting, "message")
        return f"{name}: {reason}" + (f" ({detail})" if detail else "")
    return ""
