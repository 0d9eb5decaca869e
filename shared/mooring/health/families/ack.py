"""AWS Controllers for Kubernetes: every resource has the same conditions (ACK documentation, "Resource conditions")."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions

__all__ = ["GROUPS"]

GROUPS = {
    "services.k8s.aws": by_conditions(
        When("ACK.Terminal", "True", "Degraded"),
        When("Ready", "True", "Healthy"),
        When("ACK.ResourceSynced", "True", "Healthy"),
        When("ACK.Recoverable", "True", "Progressing"),
        When("ACK.ResourceSynced", "False", "Progressing", words="Waiting for AWS"),
        When("Ready", "False", "Progressing", words="Waiting for AWS"),
        waiting="Waiting for its ACK controller",
    )
}
