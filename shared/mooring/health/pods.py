"""Pods: what their containers wait for, why they ended, whether they are ready.

A pod that restarts its containers for ever is degraded once one of them can't start or keeps crashing. A pod that
runs to an end (`OnFailure`, `Never`) is usually a hook, and failing to pull an image must not fail the hook while the
kubelet still tries: it is progressing until its phase says otherwise. Both as in Argo CD, which also gave the
annotation that makes a running pod of the second sort healthy.
"""

from __future__ import annotations

from typing import Any

from mooring.health.reading import condition, entries, number, section, text
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["pod"]

IGNORE_RESTART_POLICY = "argocd.argoproj.io/ignore-restart-policy"


def pod(live: Manifest) -> Health:
    """By container states, then by phase (Kubernetes documentation, "Pod Lifecycle")."""
    status = section(live, "status")
    message = text(status, "message")
    for_ever = text(section(live, "spec"), "restartPolicy") in {"", "Always"}
    containers = entries(status, "initContainerStatuses") + entries(status, "containerStatuses")
    if for_ever and (troubles := [words for container in containers if (words := _trouble(container))]):
        return Health("Degraded", ", ".join(troubles))
    match text(status, "phase"):
        case "Pending":
            return Health("Progressing", message or _unscheduled(status))
        case "Succeeded":
            return Health("Healthy", message)
        case "Failed":
            return Health("Degraded", message or next(filter(None, map(_ending, containers)), ""))
        case "Running" if for_ever:
            return _running(status, message)
        case "Running":
            annotations = section(live, "metadata", "annotations")
            return Health("Healthy" if annotations.get(IGNORE_RESTART_POLICY) == "true" else "Progressing", message)
        case _:
            return Health("Unknown", message)


def _running(status: dict[str, Any], message: str) -> Health:
    if condition(status, "Ready").get("status") == "True":
        return Health("Healthy", message)
    for container in entries(status, "containerStatuses"):
        if ended := section(container, "lastState", "terminated"):
            return Health("Degraded", message or _ended(text(container, "name"), ended))
    return Health("Progressing", message or text(condition(status, "Ready"), "message"))


def _trouble(container: dict[str, Any]) -> str:
    """What keeps a container from starting: ErrImagePull, CreateContainerConfigError, CrashLoopBackOff and the like."""
    waiting = section(container, "state", "waiting")
    reason = text(waiting, "reason")
    if not (reason.startswith("Err") or reason.endswith(("Error", "BackOff"))):
        return ""
    detail = text(waiting, "message")
    return f'container "{text(container, "name")}": {reason}' + (f" ({detail})" if detail else "")


def _ending(container: dict[str, Any]) -> str:
    ended = section(container, "state", "terminated")
    return _ended(text(container, "name"), ended) if ended else ""


def _ended(name: str, ended: dict[str, Any]) -> str:
    if detail := text(ended, "message"):
        return detail
    if text(ended, "reason") == "OOMKilled":
        return f'container "{name}" ran out of memory (OOMKilled)'
    code = number(ended, "exitCode")
    return f'container "{name}" failed with exit code {code}' if code else ""


def _unscheduled(status: dict[str, Any]) -> str:
    scheduled = condition(status, "PodScheduled")
    return text(scheduled, "message") if scheduled.get("status") == "False" else ""
