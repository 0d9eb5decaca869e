"""Jobs: over, failed, suspended, or still at it."""

from __future__ import annotations

from mooring.health.reading import condition, section, text
from mooring.health.status import Health, Status
from mooring.model.objects import Manifest

__all__ = ["job"]

OUTCOMES: tuple[tuple[str, Status], ...] = (("Failed", "Degraded"), ("Complete", "Healthy"), ("Suspended", "Suspended"))


def job(live: Manifest) -> Health:
    """By the conditions that are true (Kubernetes documentation, "Jobs"); a failed job stays degraded."""
    status = section(live, "status")
    for kind, health in OUTCOMES:
        found = condition(status, kind)
        if found.get("status") == "True":
            return Health(health, text(found, "message"))
    return Health("Progressing")
