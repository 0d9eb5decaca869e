"""Which rule judges which kind, and which kinds have to be read in full to be judged.

The first that knows the kind counts: the user's script, the rules for built-in kinds, our rules for known custom
resources, the standard conditions. Rules are keyed by group and kind, whatever the version: fields that rules read
mean the same in all of them. Tables can't be changed; a caller with scripts passes `Rules` of its own.

Sweeps list a kind's objects in full where `has_rule`, and their metadata alone elsewhere. CustomResourceDefinitions
are the largest objects of most clusters, and one that was established stays so: they are judged when at hand
(`can_assess`), which is what a sync waits by, and not listed for their health.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mooring.health.apis import api_service, custom_resource_definition, namespace, pending_deletion
from mooring.health.jobs import cron_job, job
from mooring.health.lua import run_script
from mooring.health.network import ingress, service
from mooring.health.pods import pod
from mooring.health.scaling import horizontal_pod_autoscaler, pod_disruption_budget
from mooring.health.scripts import Scripts, find_script
from mooring.health.standard import standard_conditions
from mooring.health.status import Health, Rule
from mooring.health.storage import persistent_volume, persistent_volume_claim
from mooring.health.workloads import daemon_set, deployment, replica_set, stateful_set
from mooring.model.objects import Manifest

__all__ = ["BUILT_IN", "STANDARD", "Rules", "assess", "can_assess", "has_rule"]

BUILT_IN: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        ("", "Namespace"): namespace,
        ("", "PersistentVolume"): persistent_volume,
        ("", "PersistentVolumeClaim"): persistent_volume_claim,
        ("", "Pod"): pod,
        ("", "ReplicationController"): replica_set,
        ("", "Service"): service,
        ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition,
        ("apiregistration.k8s.io", "APIService"): api_service,
        ("apps", "DaemonSet"): daemon_set,
        ("apps", "Deployment"): deployment,
        ("apps", "ReplicaSet"): replica_set,
        ("apps", "StatefulSet"): stateful_set,
        ("autoscaling", "HorizontalPodAutoscaler"): horizontal_pod_autoscaler,
        ("batch", "CronJob"): cron_job,
        ("batch", "Job"): job,
        ("extensions", "Ingress"): ingress,
        ("networking.k8s.io", "Ingress"): ingress,
        ("policy", "PodDisruptionBudget"): pod_disruption_budget,
    }
)
"""Rules for the kinds that every API server has."""

TOO_LARGE_TO_LIST: frozenset[tuple[str, str]] = frozenset({("apiextensions.k8s.io", "CustomResourceDefinition")})

API_SERVERS_OWN: frozenset[str] = frozenset(
    f"{group}.k8s.io"
    for group in (
        "admissionregistration",
        "apiextensions",
        "apiregistration",
        "authentication",
        "authorization",
        "certificates",
        "coordination",
        "custom.metrics",
        "discovery",
        "events",
        "external.metrics",
        "flowcontrol.apiserver",
        "internal.apiserver",
        "metrics",
        "networking",
        "node",
        "rbac.authorization",
        "resource",
        "scheduling",
        "storage",
        "storagemigration",
    )
)
"""Groups with a dot that are no custom resources (Kubernetes API reference); those without a dot never are."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The user's scripts by origin, the first to count first, before all rules of ours."""

    scripts: tuple[Scripts, ...] = ()


STANDARD = Rules()


def has_rule(group: str, kind: str, rules: Rules = STANDARD) -> bool:
    """Whether a kind's health depends on more than its existence, so that its live objects have to be read in full."""
    if rules.scripts and find_script(rules.scripts, group, kind) is not None:
        return True
    return (group, kind) not in TOO_LARGE_TO_LIST and _rule(group, kind) is not None


def can_assess(group: str, kind: str, rules: Rules = STANDARD) -> bool:
    """Whether `assess` has something to say about an object that is at hand anyway; never less than `has_rule`."""
    return (group, kind) in TOO_LARGE_TO_LIST or has_rule(group, kind, rules)


def assess(live: Manifest | None, rules: Rules = STANDARD) -> Health:
    """The health of one live object; `None` is an object that isn't there. Kinds without a rule are healthy.

    Never raises: an object that is not shaped as its kind should be is `Unknown`, and so is one whose script fails.
    """
    if live is None:
        return Health("Missing")
    try:
        if (live.get("metadata") or {}).get("deletionTimestamp"):
            return Health("Progressing", pending_deletion(live))
        group, slash, _ = str(live.get("apiVersion") or "").rpartition("/")
        group, kind = group if slash else "", str(live.get("kind") or "")
        script = find_script(rules.scripts, group, kind) if rules.scripts else None
        if script is not None:
            return run_script(script, live)
        rule = _rule(group, kind)
        return Health("Healthy") if rule is None else rule(live)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return Health("Unknown", f"its status can't be read: {error}")


def _rule(group: str, kind: str) -> Rule | None:
    if found := BUILT_IN.get((group, kind)):
        return found
    if "." not in group or group in API_SERVERS_OWN:
        return None
    from mooring.health.families import known  # a dozen modules that many clusters never need

    if (group, kind) in known.PLAIN:
        return None
    if found := known.KINDS.get((group, kind)):
        return found
    end = group
    while "." in end:
        if found := known.GROUPS.get(end):
            return found
        end = end.partition(".")[2]
    return standard_conditions
