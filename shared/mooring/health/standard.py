"""Custom resources that nobody wrote a rule for: what the conventions say.

After kstatus (sigs.k8s.io/cli-utils, `pkg/kstatus`), which Flux and kpt wait by: `observedGeneration`, `Reconciling`
and `Stalled`, then `Ready`; here also `Available`, `Failed` and `Degraded`. An object that is not ready is
progressing and not broken, since nothing tells the two apart: a sync that waits can be ended, a sync that failed too
early can't be taken back. What follows no convention is healthy, as every kind without a rule is in Argo CD; and as
nothing is known of such a kind, nothing in it is an error.
"""

from __future__ import annotations

from typing import Any

from mooring.health.conditions import UNSEEN, When, first_line
from mooring.health.status import Health
from mooring.model.objects import Manifest

__all__ = ["standard_conditions"]

TABLE: tuple[When, ...] = (
    When("Stalled", "True", "Degraded"),
    When("Failed", "True", "Degraded"),
    When("Reconciling", "True", "Progressing"),
    When("Degraded", "True", "Degraded"),
    When("Ready", "True", "Healthy"),
    When("Ready", "False", "Progressing", words="Not ready yet"),
    When("Ready", "Unknown", "Progressing", words="Not ready yet"),
    When("Available", "True", "Healthy"),
    When("Available", "False", "Progressing", words="Not available yet"),
    When("Available", "Unknown", "Progressing", words="Not available yet"),
)
SYNCED = When("Synced", "False", "Degraded")
FAILED_PHASES = ("Failed", "Error")


def standard_conditions(live: Manifest) -> Health:
    """By the conventions, for kinds of which nothing else is known. Shapes that they don't have count for nothing."""
    status = live.get("status")
    if not isinstance(status, dict):
        return Health("Healthy")
    generation = _whole((live.get("metadata") or {}).get("generation"))
    if generation and 0 <= _whole(status.get("observedGeneration"), generation) < generation:
        return Health("Progressing", UNSEEN)
    listed = status.get("conditions")
    conditions: list[dict[str, Any]] = [
        entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict)
    ]
    # Crossplane's composite resources live in groups of their users' own: `Ready` with `Synced` are their mark.
    lines = (SYNCED, *TABLE) if any(entry.get("type") == "Ready" for entry in conditions) else TABLE
    current = [entry for entry in conditions if _whole(entry.get("observedGeneration"), generation) >= generation]
    if found := first_line(lines, current):
        return found
    if first_line(lines, conditions):
        return Health("Progressing", UNSEEN)
    if status.get("phase") in FAILED_PHASES:
        words = status.get("message") or status.get("reason")
        return Health("Degraded", words if isinstance(words, str) else f"{status['phase']}")
    return Health("Healthy")


def _whole(value: Any, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
