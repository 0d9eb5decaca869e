"""Flux's toolkit: all its kinds keep to kstatus, and most can be suspended (Flux documentation, "Status" of each)."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions
from mooring.health.status import Rule

__all__ = ["GROUPS", "PLAIN"]

_toolkit = by_conditions(
    When("Stalled", "True", "Degraded"),
    When("Ready", "False", "Progressing", reasons=("DependencyNotReady", "Progressing", "ProgressingWithRetry")),
    When("Ready", "False", "Degraded"),
    When("Reconciling", "True", "Progressing"),
    When("Ready", "True", "Healthy"),
    waiting="Waiting for Flux",
    paused=("spec", "suspend"),
)

PLAIN: frozenset[tuple[str, str]] = frozenset(
    {("notification.toolkit.fluxcd.io", "Alert"), ("notification.toolkit.fluxcd.io", "Provider")}
)
GROUPS: dict[str, Rule] = {"toolkit.fluxcd.io": _toolkit, "fluxcd.controlplane.io": _toolkit}
