"""cert-manager: is the certificate there, and does whoever issues it work?

While a certificate is renewed its old one serves on; a renewal that failed matters once the certificate isn't ready
(cert-manager documentation, "API reference").
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, by_phase, ready
from mooring.health.status import Rule

__all__ = ["KINDS"]

_CERTIFICATE = by_conditions(
    When("Issuing", "True", "Progressing"),
    When("Ready", "True", "Healthy"),
    When("Issuing", "False", "Degraded"),
    When("Ready", "False", "Degraded"),
    waiting="Waiting for the certificate",
)
_REQUEST = by_conditions(
    When("InvalidRequest", "True", "Degraded"),
    When("Denied", "True", "Degraded"),
    When("Ready", "True", "Healthy"),
    When("Ready", "False", "Degraded", reasons=("Failed", "Denied")),
    When("Ready", "False", "Progressing"),
    waiting="Waiting for the certificate to be signed",
)
_ACME = by_phase(
    {"valid": "Healthy", "invalid": "Degraded", "expired": "Degraded", "errored": "Degraded"},
    waiting="Waiting for the ACME server",
    phase=("status", "state"),
    message=("status", "reason"),
)

KINDS: dict[tuple[str, str], Rule] = {
    ("cert-manager.io", "Certificate"): _CERTIFICATE,
    ("cert-manager.io", "CertificateRequest"): _REQUEST,
    ("cert-manager.io", "ClusterIssuer"): ready("Waiting for the issuer to be set up"),
    ("cert-manager.io", "Issuer"): ready("Waiting for the issuer to be set up"),
    ("acme.cert-manager.io", "Challenge"): _ACME,
    ("acme.cert-manager.io", "Order"): _ACME,
    ("trust.cert-manager.io", "Bundle"): by_conditions(
        When("Synced", "True", "Healthy"), When("Synced", "False", "Degraded"), waiting="Waiting to be synced"
    ),
}
