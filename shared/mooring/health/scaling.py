"""HorizontalPodAutoscalers and PodDisruptionBudgets: does what they ask for work?"""

from __future__ import annotations

import json
from typing import Any

from mooring.health.conditions import unseen
from mooring.health.reading import condition, entries, section, text
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["horizontal_pod_autoscaler", "pod_disruption_budget"]

BROKEN: frozenset[tuple[str, str]] = frozenset(
    {
        ("AbleToScale", "FailedGetScale"),
        ("AbleToScale", "FailedUpdateScale"),
        ("ScalingActive", "FailedGetResourceMetric"),
        ("ScalingActive", "InvalidSelector"),
    }
)
V1_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"


def horizontal_pod_autoscaler(live: Manifest) -> Health:
    """By its conditions (gitops-engine, `health_hpa.go`); in `autoscaling/v1` they are JSON in an annotation.

    Other metrics than the resources' may be missing for a while (`FailedGetExternalMetric`): that is said, no more.
    """
    conditions: list[dict[str, Any]] = entries(section(live, "status"), "conditions")
    annotation = text(section(live, "metadata", "annotations"), V1_CONDITIONS)
    if not conditions and annotation:
        conditions = json.loads(annotation)
    for entry in conditions:
        if (entry.get("type"), entry.get("reason")) in BROKEN:
            return Health("Degraded", text(entry, "message"))
    working = condition({"conditions": conditions}, "ScalingActive")
    for entry in conditions:
        if entry.get("type") in {"AbleToScale", "ScalingLimited"} and entry.get("status") == "True":
            inactive = working.get("status") == "False" and text(working, "message")
            return Health("Healthy", inactive or text(entry, "message"))
    return Health("Progressing", "Waiting to autoscale")


def pod_disruption_budget(live: Manifest) -> Health:
    """Degraded when it can't be computed; too few pods to spare may be meant (argo-cd, issue 20171)."""
    if unseen(live):
        return Health("Progressing", "The disruption controller has not seen the latest change yet")
    allowed = condition(section(live, "status"), "DisruptionAllowed")
    match allowed.get("status"):
        case None:
            return Health("Progressing", "Waiting for the disruption controller")
        case "False" if allowed.get("reason") != "InsufficientPods":
            return Health("Degraded", text(allowed, "message") or text(allowed, "reason"))
        case "False":
            return Health("Healthy", "No pod can be spared now (InsufficientPods)")
        case _:
            return Health("Healthy")
