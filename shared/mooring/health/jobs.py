"""Jobs: over, failed, suspended, or still at it. CronJobs: how their last job ended."""

from __future__ import annotations

from mooring.health.reading import condition, entries, number, section, text
from mooring.health.status import Health, Status
from mooring.model.objects import Manifest

__all__ = ["cron_job", "job"]

OUTCOMES: tuple[tuple[str, Status], ...] = (("Failed", "Degraded"), ("Complete", "Healthy"), ("Suspended", "Suspended"))


def job(live: Manifest) -> Health:
    """By the conditions that are true (Kubernetes documentation, "Jobs"); a failed job stays degraded."""
    status = section(live, "status")
    for kind, health in OUTCOMES:
        found = condition(status, kind)
        if found.get("status") == "True":
            reason = text(found, "reason")
            return Health(health, text(found, "message") or (f"Job failed: {reason}" if kind == "Failed" else reason))
    if failed := number(status, "failed"):
        return Health("Progressing", f"{failed} pods have failed, the job tries again")
    return Health("Progressing")


def cron_job(live: Manifest) -> Health:
    """Degraded when no job is running and the last one did not succeed, as in Argo CD's script for CronJobs.

    A job that runs, or none that ever ended well, tells nothing yet: healthy, with words.
    """
    if section(live, "spec").get("suspend") is True:
        return Health("Suspended", "CronJob is suspended")
    status = section(live, "status")
    scheduled, succeeded = text(status, "lastScheduleTime"), text(status, "lastSuccessfulTime")
    if not scheduled:
        return Health("Healthy", "CronJob has not been scheduled yet")
    if not succeeded:
        return Health("Healthy", "No job of this CronJob has succeeded so far")
    if entries(status, "active"):
        return Health("Healthy", "A job of this CronJob is running")
    if succeeded < scheduled:  # RFC 3339 in UTC sorts as text
        return Health(
            "Degraded", f"The last job, scheduled at {scheduled}, did not succeed; the last success: {succeeded}"
        )
    return Health("Healthy")
