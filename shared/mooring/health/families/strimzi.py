"""Strimzi: Kafka and all that belongs to it (Strimzi documentation, "Custom resource status")."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions
from mooring.health.status import Rule

__all__ = ["GROUPS"]

_kafka = by_conditions(
    When("ReconciliationPaused", "True", "Suspended", words="Reconciliation is paused"),
    When("NotReady", "True", "Progressing", reasons=("Creating",)),
    When("NotReady", "True", "Degraded"),
    When("Ready", "False", "Degraded"),
    When("Ready", "True", "Healthy"),
    waiting="Waiting for the Strimzi operator",
)

GROUPS: dict[str, Rule] = {"kafka.strimzi.io": _kafka}
