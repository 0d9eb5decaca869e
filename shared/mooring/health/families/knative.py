"""Knative, serving and eventing: `Ready` is false once something failed for good, and unknown while it goes on.

(Knative API specification, "Error conditions and reporting".) KServe keeps to the same convention.
"""

from __future__ import annotations

from typing import Any

from mooring.health.conditions import UNSEEN, current_conditions, unseen
from mooring.health.reading import text
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["GROUPS"]


def _ready(live: Manifest) -> Health:
    if unseen(live):
        return Health("Progressing", UNSEEN)
    conditions = current_conditions(live)
    overall = next((entry for entry in conditions if entry.get("type") in {"Ready", "Succeeded"}), {})
    match overall.get("status"):
        case "True":
            return Health("Healthy")
        case "False":
            return Health("Degraded", _words(overall, conditions))
        case _:
            return Health("Progressing", _words(overall, conditions) or "Waiting for its controller")


def _words(overall: dict[str, Any], conditions: list[dict[str, Any]]) -> str:
    """The overall condition's own words, or those of the parts that are not well."""
    parts = [overall, *(entry for entry in conditions if entry.get("status") == overall.get("status"))]
    return next((words for entry in parts if (words := text(entry, "message") or text(entry, "reason"))), "")


GROUPS: dict[str, Rule] = {"knative.dev": _ready, "serving.kserve.io": _ready}
