"""Custom resources of which nothing is known but the conventions."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.health import Health, Status, assess
from mooring.health.conditions import UNSEEN


def says(kind: str, status: str = "True", message: str = "", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message, **more}


CASES: list[tuple[Any, tuple[Status, str]]] = [
    (None, ("Healthy", "")),
    ({}, ("Healthy", "")),
    ("done", ("Healthy", "")),
    ({"conditions": {"Ready": "False"}}, ("Healthy", "")),
    ({"conditions": ["Ready", 5, None]}, ("Healthy", "")),
    ({"conditions": [says("Bound", "False")]}, ("Healthy", "")),
    ({"conditions": [says("Ready", message="in use")]}, ("Healthy", "in use")),
    ({"conditions": [says("Ready", "False", "booting")]}, ("Progressing", "booting")),
    ({"conditions": [{"type": "Ready", "status": "False"}]}, ("Progressing", "Not ready yet")),
    ({"conditions": [says("Ready", "Unknown")]}, ("Progressing", "Not ready yet")),
    ({"conditions": [says("Available", "False")]}, ("Progressing", "Not available yet")),
    ({"conditions": [says("Available")]}, ("Healthy", "")),
    ({"conditions": [says("Ready"), says("Reconciling", message="moving")]}, ("Progressing", "moving")),
    ({"conditions": [says("Reconciling"), says("Stalled", message="no such host")]}, ("Degraded", "no such host")),
    ({"conditions": [says("Ready", "False"), says("Failed", message="gave up")]}, ("Degraded", "gave up")),
    ({"conditions": [says("Available"), says("Degraded", message="one of three")]}, ("Degraded", "one of three")),
    ({"conditions": [says("Ready", "False"), says("Synced", "False", "denied")]}, ("Degraded", "denied")),
    ({"conditions": [says("Synced", "False", "denied")]}, ("Healthy", "")),
    ({"observedGeneration": 1, "conditions": [says("Ready")]}, ("Progressing", UNSEEN)),
    ({"observedGeneration": 2, "conditions": [says("Ready")]}, ("Healthy", "")),
    ({"observedGeneration": "one", "conditions": [says("Ready")]}, ("Healthy", "")),
    ({"conditions": [says("Ready", observedGeneration=1)]}, ("Progressing", UNSEEN)),
    ({"phase": "Failed", "message": "no quota"}, ("Degraded", "no quota")),
    ({"phase": "Error", "reason": "NoQuota"}, ("Degraded", "NoQuota")),
    ({"phase": "Error", "message": {"why": 1}}, ("Degraded", "Error")),
    ({"phase": "Running"}, ("Healthy", "")),
    ({"phase": ["Failed"]}, ("Healthy", "")),
]


@pytest.mark.parametrize(("status", "expected"), CASES)
def test_the_conventions(status: Any, expected: tuple[Status, str]) -> None:
    """A custom resource is judged by the conditions that the conventions name; what follows none is healthy."""
    live = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"generation": 2}, "status": status}
    assert Health(*expected) == assess(live)
