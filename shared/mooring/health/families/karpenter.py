"""Karpenter: pools, the nodes claimed for them, and what nodes are made of (Karpenter documentation, "NodePools")."""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, ready
from mooring.health.status import Rule

__all__ = ["KINDS"]

_claim = by_conditions(
    When("Disrupting", "True", "Suspended"),
    When("Ready", "True", "Healthy"),
    When("Launched", "False", "Degraded"),
    When("Ready", "False", "Degraded"),
    When("Initialized", "True", "Progressing", words="The node is initialized, not ready yet"),
    When("Registered", "True", "Progressing", words="The node is registered, not initialized yet"),
    When("Launched", "True", "Progressing", words="The node is launched, not registered yet"),
    waiting="Waiting for a node to be launched",
)

KINDS: dict[tuple[str, str], Rule] = {
    ("karpenter.sh", "NodeClaim"): _claim,
    ("karpenter.sh", "NodePool"): by_conditions(
        When("Ready", "True", "Healthy"),
        When("Ready", "False", "Degraded"),
        When("NodeClassReady", "False", "Degraded"),
        waiting="Waiting for the pool to be ready",
    ),
    ("karpenter.k8s.aws", "EC2NodeClass"): ready("Waiting for the node class to be resolved"),
    ("karpenter.azure.com", "AKSNodeClass"): ready("Waiting for the node class to be resolved"),
    ("eks.amazonaws.com", "NodeClass"): ready("Waiting for the node class to be resolved"),
}
