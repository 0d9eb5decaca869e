"""PersistentVolumeClaims: is there a volume behind them? PersistentVolumes: could they be reclaimed?"""

from __future__ import annotations

from mooring.health.reading import section, text
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["persistent_volume", "persistent_volume_claim"]


def persistent_volume_claim(live: Manifest) -> Health:
    """By phase (Kubernetes documentation, "Persistent Volumes"): bound, pending, or lost with its volume."""
    match text(section(live, "status"), "phase"):
        case "Bound":
            return Health("Healthy")
        case "Pending":
            return Health("Progressing", "Waiting for a volume to be bound")
        case "Lost":
            return Health("Degraded", "The volume that the claim was bound to is gone")
        case _:
            return Health("Unknown")


def persistent_volume(live: Manifest) -> Health:
    """By phase; a volume that nobody claims is well."""
    status = section(live, "status")
    match text(status, "phase"):
        case "Failed":
            return Health("Degraded", text(status, "message") or "The volume could not be reclaimed")
        case "Pending":
            return Health("Progressing", text(status, "message"))
        case _:
            return Health("Healthy")
