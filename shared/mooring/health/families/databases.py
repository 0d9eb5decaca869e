"""Databases and queues run by operators: CloudNativePG, Elastic, Zalando's Postgres, RabbitMQ, MongoDB.

Each tells in its own words, most by a phase (the projects' API references).
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, by_phase
from mooring.health.reading import section, text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["GROUPS", "KINDS"]


def _elastic(live: Manifest) -> Health:
    """Elastic Cloud on Kubernetes: `green`, `yellow` (a replica is missing) or `red`, and the phase of its changes."""
    status = section(live, "status")
    phase, health = text(status, "phase"), text(status, "health")
    if phase == "Invalid":
        return Health("Degraded", "The operator finds its specification invalid")
    match health:
        case "red":
            return Health("Degraded", f"{text(live, 'kind')} is red: data or nodes are missing")
        case "green" if phase in {"", "Ready"}:
            return Health("Healthy")
        case "yellow":
            return Health("Progressing", f"{text(live, 'kind')} is yellow: replicas are missing")
        case _:
            return Health("Progressing", phase or "Waiting for the Elastic operator")


_postgres = by_conditions(
    When("Ready", "True", "Healthy"), When("Ready", "False", "Progressing"), waiting="Waiting for the operator"
)
_zalando = by_phase(
    {
        "Running": "Healthy",
        "CreateFailed": "Degraded",
        "UpdateFailed": "Degraded",
        "SyncFailed": "Degraded",
        "Invalid": "Degraded",
    },
    waiting="Waiting for the Postgres operator",
    phase=("status", "PostgresClusterStatus"),
)
_rabbit = by_conditions(
    When("ReconcileSuccess", "False", "Degraded"),
    When("ClusterAvailable", "False", "Degraded"),
    When("AllReplicasReady", "True", "Healthy"),
    When("AllReplicasReady", "False", "Progressing"),
    waiting="Waiting for the RabbitMQ operator",
)

KINDS: dict[tuple[str, str], Rule] = {
    ("acid.zalan.do", "postgresql"): _zalando,
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): by_phase(
        {"Running": "Healthy", "Failed": "Degraded"}, waiting="Waiting for the MongoDB operator"
    ),
    ("postgresql.cnpg.io", "Backup"): by_phase(
        {"completed": "Healthy", "failed": "Degraded", "walArchivingFailing": "Degraded"},
        waiting="Waiting for the backup to start",
        message=("status", "error"),
    ),
    ("postgresql.cnpg.io", "Cluster"): _postgres,
    ("rabbitmq.com", "RabbitmqCluster"): _rabbit,
}
GROUPS: dict[str, Rule] = {"k8s.elastic.co": _elastic}
