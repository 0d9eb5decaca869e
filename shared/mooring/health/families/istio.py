"""Istio: routing and security are well unless Istio's own analysis found an error in them.

The status is only written where analysis is enabled (Istio documentation, "Configuration Status Field"). The operator's
resources say how far the installation is.
"""

from __future__ import annotations

from mooring.health.conditions import by_phase
from mooring.health.reading import entries, section, text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["GROUPS"]


def _configuration(live: Manifest) -> Health:
    for message in entries(section(live, "status"), "validationMessages"):
        if str(message.get("level")).upper() == "ERROR":
            code = text(section(message, "type"), "code")
            return Health(
                "Degraded", f"Istio's analysis: {text(message, 'message') or text(message, 'documentationUrl') or code}"
            )
    return Health("Healthy")


_installation = by_phase(
    {"HEALTHY": "Healthy", "ERROR": "Degraded", "ACTION_REQUIRED": "Degraded"},
    waiting="Waiting for the Istio operator",
    phase=("status", "status"),
)
_sail = by_phase(
    {"Healthy": "Healthy", "ReconcileError": "Degraded", "IstiodNotReady": "Progressing"},
    waiting="Waiting for the Sail operator",
    phase=("status", "state"),
)

GROUPS: dict[str, Rule] = {"install.istio.io": _installation, "istio.io": _configuration, "sailoperator.io": _sail}
