"""Cluster API: clusters, machines, and what providers add (Cluster API book, "Status" and the v1beta2 conditions).

Up to v1beta1 a false condition carries a severity, and only `Error` means that somebody has to act; a provider says
what went wrong for good in `failureMessage`.
"""

from __future__ import annotations

from typing import Any

from mooring.health.conditions import UNSEEN, current_conditions, unseen
from mooring.health.reading import entries, number, section, text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["GROUPS", "KINDS"]

_GROUP = "cluster.x-k8s.io"
_DONE = frozenset({"Provisioned", "Running"})


def _resource(live: Manifest) -> Health:
    """A cluster, a machine, a control plane or what a provider builds of one."""
    spec, status = section(live, "spec"), section(live, "status")
    if text(live, "kind").endswith(("Template", "Class")):
        return Health("Healthy")
    if spec.get("paused") is True or "cluster.x-k8s.io/paused" in section(live, "metadata", "annotations"):
        return Health("Suspended", f"{text(live, 'kind')} is paused")
    phase = text(status, "phase")
    failure = text(status, "failureMessage")
    if failure or phase == "Failed":
        return Health("Degraded", failure or text(status, "failureReason") or f"{text(live, 'kind')} has failed")
    if unseen(live):
        return Health("Progressing", UNSEEN)
    overall = _overall(live)
    words = text(overall, "message") or text(overall, "reason")
    if overall.get("status") == "False" and overall.get("severity") == "Error":
        return Health("Degraded", words)
    if phase in {"Unknown", "Pending", "Provisioning", "ScalingUp", "ScalingDown", "Deleting"}:
        return Health("Progressing", words or f"{text(live, 'kind')} is {phase}")
    if overall:
        return Health("Healthy") if overall.get("status") == "True" else Health("Progressing", words)
    if phase in _DONE or status.get("ready") is True:
        return Health("Healthy")
    return Health("Progressing", f"{text(live, 'kind')} is {phase}" if phase else "Waiting for its controller")


def _machines(live: Manifest) -> Health:
    """A MachineDeployment, MachineSet or MachinePool: its phase, and whether all its machines are new and ready."""
    found = _resource(live)
    if found.status != "Healthy":
        return found
    wanted, status = number(section(live, "spec"), "replicas", 1), section(live, "status")
    available = number(status, "availableReplicas", number(status, "readyReplicas"))
    updated = number(status, "upToDateReplicas", number(status, "updatedReplicas", wanted))
    if min(available, updated) < wanted:
        return Health("Progressing", f"{updated} of {wanted} machines are up to date, {available} are available")
    return Health("Healthy")


def _health_check(live: Manifest) -> Health:
    """A MachineHealthCheck stops repairing when too many machines are unwell."""
    for entry in entries(section(live, "status"), "conditions"):
        if entry.get("type") == "RemediationAllowed" and entry.get("status") == "False":
            return Health("Degraded", text(entry, "message") or text(entry, "reason"))
    return Health("Healthy")


def _overall(live: Manifest) -> dict[str, Any]:
    conditions = current_conditions(live)
    for kind in ("Ready", "Available"):
        for entry in conditions:
            if entry.get("type") == kind:
                return entry
    return {}


KINDS: dict[tuple[str, str], Rule] = {
    (_GROUP, "MachineDeployment"): _machines,
    (_GROUP, "MachineHealthCheck"): _health_check,
    (_GROUP, "MachinePool"): _machines,
    (_GROUP, "MachineSet"): _machines,
}
GROUPS: dict[str, Rule] = {_GROUP: _resource}
