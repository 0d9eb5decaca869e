"""Which rule judges which kind.

Rules are keyed by group and kind, whatever the version: fields that rules read mean the same in all of them. The
built-in table can't be changed; a caller who has more rules passes a table of its own (`{**BUILT_IN, …}`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from mooring.health.jobs import job
from mooring.health.network import ingress, service
from mooring.health.pods import pod
from mooring.health.status import Health
from mooring.health.storage import persistent_volume_claim
from mooring.health.workloads import daemon_set, deployment, replica_set, stateful_set
from mooring.model.objects import Manifest

__all__ = ["BUILT_IN", "Rule", "assess", "has_rule"]

Rule: TypeAlias = Callable[[Manifest], Health]

BUILT_IN: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        ("apps", "DaemonSet"): daemon_set,
        ("apps", "Deployment"): deployment,
        ("apps", "ReplicaSet"): replica_set,
        ("apps", "StatefulSet"): stateful_set,
        ("batch", "Job"): job,
        ("", "PersistentVolumeClaim"): persistent_volume_claim,
        ("", "Pod"): pod,
        ("", "Service"): service,
        ("extensions", "Ingress"): ingress,
        ("networking.k8s.io", "Ingress"): ingress,
    }
)


def has_rule(group: str, kind: str, rules: Mapping[tuple[str, str], Rule] = BUILT_IN) -> bool:
    """Whether a kind's health depends on more than its existence, so that its live objects have to be read in full."""
    return (group, kind) in rules


def assess(live: Manifest | None, rules: Mapping[tuple[str, str], Rule] = BUILT_IN) -> Health:
    """The health of one live object; `None` is an object that isn't there. Kinds without a rule are healthy."""
    if live is None:
        return Health("Missing")
    if (live.get("metadata") or {}).get("deletionTimestamp"):
        return Health("Progressing", "Pending deletion")
    group, slash, _ = str(live.get("apiVersion") or "").rpartition("/")
    rule = rules.get((group if slash else "", str(live.get("kind") or "")))
    if rule is None:
        return Health("Healthy")
    try:
        return rule(live)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Health("Unknown", f"its status can't be read: {error}")
