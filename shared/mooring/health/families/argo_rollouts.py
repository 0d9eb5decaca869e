"""A Rollout: paused at a step, aborted, or on its way (Argo Rollouts documentation, "Rollout Specification").

Since version 1.0 the controller sums it up in `status.phase`; before, the numbers have to be read.
"""

from __future__ import annotations

from mooring.health.reading import condition, entries, number, section, text
from mooring.health.status import Health, Status
from mooring.model.objects import Manifest

__all__ = ["rollout"]

_PHASES: dict[str, Status] = {
    "Degraded": "Degraded",
    "Healthy": "Healthy",
    "Paused": "Suspended",
    "Progressing": "Progressing",
}


def rollout(live: Manifest) -> Health:
    """By its conditions, its pauses and its phase; an aborted one is degraded until a new revision comes."""
    spec, status = section(live, "spec"), section(live, "status")
    if _lags(live):
        return Health("Progressing", "Waiting for the rollout controller to see the latest change")
    if invalid := condition(status, "InvalidSpec"):
        return Health("Degraded", text(invalid, "message"))
    progress = condition(status, "Progressing")
    if text(progress, "reason") in {"RolloutAborted", "ProgressDeadlineExceeded"}:
        return Health("Degraded", text(progress, "message"))
    if status.get("abort") is True:
        return Health("Degraded", text(status, "message") or "The rollout was aborted")
    if phase := _PHASES.get(text(status, "phase")):
        return Health(phase, text(status, "message"))
    if spec.get("paused") is True or entries(status, "pauseConditions"):
        return Health("Suspended", "Rollout is paused")
    return _by_numbers(live)


def _by_numbers(live: Manifest) -> Health:
    spec, status = section(live, "spec"), section(live, "status")
    wanted, replicas = number(spec, "replicas", 1), number(status, "replicas")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    revision = text(status, "currentPodHash")
    if not revision:
        return _waiting("its status has not been written yet")
    if updated < wanted:
        return _waiting(f"{updated} out of {wanted} new replicas have been updated")
    if available < updated:
        return _waiting(f"{available} of {updated} updated replicas are available")
    stable = text(status, "stableRS") or text(section(status, "canary"), "stableRS")
    if "blueGreen" in section(spec, "strategy"):
        if text(section(status, "blueGreen"), "activeSelector") != revision:
            return _waiting("the active service does not point to the new revision yet")
    elif replicas > updated:
        return _waiting(f"{replicas - updated} old replicas are pending termination")
    if stable != revision:
        return _waiting("its steps and analyses are not done")
    return Health("Healthy")


def _waiting(what: str) -> Health:
    return Health("Progressing", f"Waiting for rollout to finish: {what}")


def _lags(live: Manifest) -> bool:
    """Whether the status is older than the spec; versions before 1.0 wrote a hash for a generation."""
    observed = text(section(live, "status"), "observedGeneration")
    if not observed:
        return True
    return observed.isdecimal() and int(observed) != number(section(live, "metadata"), "generation", int(observed))
