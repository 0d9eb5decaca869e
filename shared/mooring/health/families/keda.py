"""KEDA: scalers that work, that are paused, or that fall back to a fixed number (KEDA documentation, "Scaling")."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions
from mooring.health.status import Rule

__all__ = ["KINDS", "PLAIN"]

_scaler = by_conditions(
    When("Ready", "False", "Degraded"),
    When("Fallback", "True", "Degraded", words="The scaler fails: its fallback number of replicas is used"),
    When("Paused", "True", "Suspended", words="Scaling is paused"),
    When("Ready", "True", "Healthy"),
    waiting="Waiting for KEDA to set up scaling",
)

KINDS: dict[tuple[str, str], Rule] = {("keda.sh", "ScaledJob"): _scaler, ("keda.sh", "ScaledObject"): _scaler}
PLAIN: frozenset[tuple[str, str]] = frozenset(
    {("keda.sh", "ClusterTriggerAuthentication"), ("keda.sh", "TriggerAuthentication")}
)
