"""Deployments, StatefulSets, DaemonSets and ReplicaSets: has the rollout of what was asked for finished?

What counts as finished is what `kubectl rollout status` waits for, as in Argo CD. A status that was written before
the latest change of the spec (`observedGeneration` behind `generation`) says nothing about it.
"""

from __future__ import annotations

from mooring.health.reading import condition, number, section, text
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["daemon_set", "deployment", "replica_set", "stateful_set"]


def deployment(live: Manifest) -> Health:
    """Suspended while paused, degraded past its progress deadline."""
    spec, status = section(live, "spec"), section(live, "status")
    if spec.get("paused"):
        return Health("Suspended", "Deployment is paused")
    if _lags(live):
        return _waiting("the controller has not seen the latest change yet")
    if text(condition(status, "Progressing"), "reason") == "ProgressDeadlineExceeded":
        return Health("Degraded", f'Deployment "{_name(live)}" exceeded its progress deadline{_failure(live)}')
    wanted, replicas = number(spec, "replicas", 1), number(status, "replicas")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    if updated < wanted:
        return _waiting(f"{updated} out of {wanted} new replicas have been updated{_failure(live)}")
    if replicas > updated:
        return _waiting(f"{replicas - updated} old replicas are pending termination")
    if available < updated:
        return _waiting(f"{available} of {updated} updated replicas are available")
    return Health("Healthy")


def replica_set(live: Manifest) -> Health:
    """Degraded when pods can't be created (a quota, an admission rule)."""
    spec, status = section(live, "spec"), section(live, "status")
    if _lags(live):
        return _waiting("the controller has not seen the latest change yet")
    failure = condition(status, "ReplicaFailure")
    if failure.get("status") == "True":
        return Health("Degraded", text(failure, "message"))
    wanted, available = number(spec, "replicas", 1), number(status, "availableReplicas")
    if available < wanted:
        return _waiting(f"{available} out of {wanted} new replicas are available")
    return Health("Healthy")


def stateful_set(live: Manifest) -> Health:
    """With a partition only the pods above it count; with OnDelete only readiness does."""
    spec, status = section(live, "spec"), section(live, "status")
    if not number(status, "observedGeneration") or _lags(live):
        return _waiting("the controller has not seen the latest change yet")
    wanted, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    updated = number(status, "updatedReplicas")
    if ready < wanted:
        return _waiting(f"{wanted - ready} pods are not ready")
    strategy = section(spec, "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return Health("Healthy", f"{ready} pods are ready; pods change when they are deleted (OnDelete)")
    partition = number(section(strategy, "rollingUpdate"), "partition")
    if partition:
        above = max(wanted - partition, 0)
        if updated < above:
            return _waiting(f"{updated} out of {above} new pods above the partition have been updated")
        return Health("Healthy", f"partitioned rollout complete: {updated} new pods have been updated")
    if status.get("updateRevision") != status.get("currentRevision"):
        return _waiting(f"{updated} out of {wanted} pods are at revision {text(status, 'updateRevision')}")
    return Health("Healthy")


def daemon_set(live: Manifest) -> Health:
    """A pod on every node that should have one; with OnDelete old ones are fine."""
    status = section(live, "status")
    if _lags(live):
        return _waiting("the controller has not seen the latest change yet")
    wanted, updated = number(status, "desiredNumberScheduled"), number(status, "updatedNumberScheduled")
    available = number(status, "numberAvailable")
    if section(live, "spec", "updateStrategy").get("type") == "OnDelete":
        return Health(
            "Healthy", f"{updated} out of {wanted} pods are new; pods change when they are deleted (OnDelete)"
        )
    if updated < wanted:
        return _waiting(f"{updated} out of {wanted} new pods have been updated")
    if available < wanted:
        return _waiting(f"{available} of {wanted} updated pods are available")
    return Health("Healthy")


def _waiting(what: str) -> Health:
    return Health("Progressing", f"Waiting for rollout to finish: {what}")


def _lags(live: Manifest) -> bool:
    return number(section(live, "metadata"), "generation") > number(section(live, "status"), "observedGeneration")


def _name(live: Manifest) -> str:
    return text(section(live, "metadata"), "name")


def _failure(live: Manifest) -> str:
    """Why pods can't be created, where the controller says so."""
    failure = condition(section(live, "status"), "ReplicaFailure")
    return f" ({text(failure, 'message')})" if failure.get("status") == "True" and failure.get("message") else ""
