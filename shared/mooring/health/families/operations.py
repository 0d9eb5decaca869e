"""What operates the rest: OLM, Tekton, Velero, Spark, volume snapshots, virtual machines."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, by_phase
from mooring.health.reading import section, text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["KINDS"]


def _snapshot(live: Manifest) -> Health:
    """A snapshot: taken, or why not (external-snapshotter, `VolumeSnapshotStatus`)."""
    status = section(live, "status")
    if failed := section(status, "error"):
        return Health("Degraded", text(failed, "message") or "The snapshot failed")
    if status.get("readyToUse") is True:
        return Health("Healthy")
    return Health("Progressing", "Waiting for the snapshot to be taken")


def _subscription(live: Manifest) -> Health:
    """An OLM subscription: whether its catalogue resolves and the newest version is in (OLM, `SubscriptionStatus`)."""
    failing = by_conditions(
        When("ResolutionFailed", "True", "Degraded"),
        When("BundleUnpackFailed", "True", "Degraded"),
        When("InstallPlanFailed", "True", "Degraded"),
        When("CatalogSourcesUnhealthy", "True", "Degraded"),
        waiting="Waiting for the operator to be installed",
    )(live)
    if failing.status == "Degraded":
        return failing
    match text(section(live, "status"), "state"):
        case "AtLatestKnown":
            return Health("Healthy")
        case "UpgradePending":
            return Health("Suspended", "An upgrade waits for approval")
        case _:
            return failing


_pipeline = by_conditions(
    When("Succeeded", "True", "Healthy"),
    When("Succeeded", "False", "Degraded"),
    When("Succeeded", "Unknown", "Progressing"),
    waiting="Waiting for Tekton",
)
_backup = by_phase(
    {
        "Completed": "Healthy",
        "Failed": "Degraded",
        "FailedValidation": "Degraded",
        "PartiallyFailed": "Degraded",
    },
    waiting="Waiting for Velero",
    message=("status", "failureReason"),
)

KINDS: dict[tuple[str, str], Rule] = {
    ("kubevirt.io", "VirtualMachineInstance"): by_phase(
        {"Running": "Healthy", "Succeeded": "Healthy", "Failed": "Degraded", "Unknown": "Unknown"},
        waiting="Waiting for the virtual machine",
    ),
    ("operators.coreos.com", "ClusterServiceVersion"): by_phase(
        {"Succeeded": "Healthy", "Failed": "Degraded"}, waiting="Waiting for the operator to be installed"
    ),
    ("operators.coreos.com", "Subscription"): _subscription,
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): _snapshot,
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): _snapshot,
    ("sparkoperator.k8s.io", "SparkApplication"): by_phase(
        {
            "COMPLETED": "Healthy",
            "FAILED": "Degraded",
            "INVALIDATING": "Degraded",
            "RUNNING": "Healthy",
            "SUBMISSION_FAILED": "Degraded",
            "UNKNOWN": "Unknown",
        },
        waiting="Waiting for the Spark operator",
        phase=("status", "applicationState", "state"),
        message=("status", "applicationState", "errorMessage"),
    ),
    ("tekton.dev", "PipelineRun"): _pipeline,
    ("tekton.dev", "TaskRun"): _pipeline,
    ("velero.io", "Backup"): _backup,
    ("velero.io", "BackupStorageLocation"): by_phase(
        {"Available": "Healthy", "Unavailable": "Degraded"}, waiting="Waiting for Velero to reach the storage"
    ),
    ("velero.io", "Restore"): _backup,
    ("velero.io", "Schedule"): by_phase(
        {"Enabled": "Healthy", "FailedValidation": "Degraded"}, waiting="Waiting for Velero"
    ),
}
