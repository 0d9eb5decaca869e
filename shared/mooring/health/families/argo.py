"""The Argo projects: Rollouts, Workflows, Events, and Argo CD's own kinds.

An `Application` and an `ApplicationSet` without a status are well: where Mooring does the work, no Argo CD writes one.
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, by_phase
from mooring.health.families.argo_rollouts import rollout
from mooring.health.reading import entries, section, text
from mooring.health.status import Health, Rule, Status
from mooring.model.objects import Manifest

__all__ = ["KINDS", "PLAIN"]

_GROUP = "argoproj.io"

_RUN: dict[str, Status] = {
    "Successful": "Healthy",
    "Succeeded": "Healthy",
    "Failed": "Degraded",
    "Error": "Degraded",
    "Inconclusive": "Unknown",
}
_run = by_phase(_RUN, waiting="Waiting for it to start")

_applications = by_conditions(
    When("ErrorOccurred", "True", "Degraded"),
    When("ResourcesUpToDate", "False", "Degraded"),
    When("RolloutProgressing", "True", "Progressing"),
    When("ResourcesUpToDate", "True", "Healthy"),
    waiting="Waiting for the ApplicationSet controller",
)


def _application(live: Manifest) -> Health:
    """Its own roll-up (Argo CD documentation, "Resource Health", "Argocd App")."""
    health = section(live, "status", "health")
    match text(health, "status"):
        case "":
            return Health("Healthy")
        case "Healthy" | "Suspended" | "Progressing" | "Missing" | "Degraded" as status:
            return Health(status, text(health, "message"))
        case _:
            return Health("Unknown", text(health, "message"))


def _application_set(live: Manifest) -> Health:
    return _applications(live) if section(live, "status") else Health("Healthy")


def _schedule(live: Manifest) -> Health:
    """A CronWorkflow: what keeps it from starting workflows."""
    if section(live, "spec").get("suspend") is True:
        return Health("Suspended", "CronWorkflow is suspended")
    for entry in entries(section(live, "status"), "conditions"):
        if entry.get("type") in {"SpecError", "SubmissionError"} and entry.get("status") == "True":
            return Health("Degraded", text(entry, "message"))
    return Health("Healthy")


def _events(live: Manifest) -> Health:
    """Argo Events: every condition has to hold (Argo Events documentation, "EventBus", "EventSource", "Sensor")."""
    conditions = entries(section(live, "status"), "conditions")
    for entry in conditions:
        if entry.get("status") == "False":
            return Health("Degraded", text(entry, "message") or f"{text(entry, 'type')}: {text(entry, 'reason')}")
    if not conditions or any(entry.get("status") != "True" for entry in conditions):
        return Health("Progressing", "Waiting for Argo Events")
    return Health("Healthy")


KINDS: dict[tuple[str, str], Rule] = {
    (_GROUP, "AnalysisRun"): _run,
    (_GROUP, "Application"): _application,
    (_GROUP, "ApplicationSet"): _application_set,
    (_GROUP, "CronWorkflow"): _schedule,
    (_GROUP, "EventBus"): _events,
    (_GROUP, "EventSource"): _events,
    (_GROUP, "Experiment"): _run,
    (_GROUP, "Rollout"): rollout,
    (_GROUP, "Sensor"): _events,
    (_GROUP, "Workflow"): _run,
}
PLAIN: frozenset[tuple[str, str]] = frozenset(
    (_GROUP, kind)
    for kind in (
        "AnalysisTemplate",
        "AppProject",
        "ClusterAnalysisTemplate",
        "ClusterWorkflowTemplate",
        "WorkflowTemplate",
    )
)
