"""Secrets that controllers in the cluster fetch or open: External Secrets and Sealed Secrets.

Mooring resolves both itself; these rules are for clusters where the controllers do (External Secrets documentation,
"API"; Sealed Secrets, `SealedSecretStatus`).
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, ready
from mooring.health.status import Rule

__all__ = ["KINDS", "PLAIN"]

_GROUP = "external-secrets.io"
_spread = by_conditions(
    When("NotReady", "True", "Degraded"),
    When("PartiallyReady", "True", "Degraded"),
    When("Ready", "False", "Degraded"),
    When("Ready", "True", "Healthy"),
    waiting="Waiting for its external secrets",
)

KINDS: dict[tuple[str, str], Rule] = {
    (_GROUP, "ClusterExternalSecret"): _spread,
    (_GROUP, "ClusterPushSecret"): _spread,
    (_GROUP, "ClusterSecretStore"): ready("Waiting for the store to be checked"),
    (_GROUP, "ExternalSecret"): by_conditions(
        When("Ready", "False", "Degraded"),
        When("Ready", "True", "Healthy"),
        When("Deleted", "True", "Degraded"),
        waiting="Waiting for the secret to be fetched",
    ),
    (_GROUP, "PushSecret"): ready("Waiting for the secret to be pushed"),
    (_GROUP, "SecretStore"): ready("Waiting for the store to be checked"),
    ("bitnami.com", "SealedSecret"): by_conditions(
        When("Synced", "False", "Degraded"),
        When("Synced", "True", "Healthy"),
        waiting="Waiting for the secret to be opened",
    ),
}
PLAIN: frozenset[tuple[str, str]] = frozenset({("secrets-store.csi.x-k8s.io", "SecretProviderClass")})
