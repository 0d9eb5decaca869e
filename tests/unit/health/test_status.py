"""Which health is worse, and kinds in general."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from mooring.health import BUILT_IN, Health, Status, assess, has_rule, worst


def test_the_order_is_argo_cds() -> None:
    """Healthy, suspended, progressing, missing, degraded, unknown: each is worse than the one before."""
    order: tuple[Status, ...] = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
    assert order == get_args(Status)
    for better, worse in pairwise(order):
        assert worse == worst([better, worse, "Healthy"])
        assert worse == worst([worse, better])


def test_nothing_is_healthy() -> None:
    """An application without objects is healthy, as in Argo CD."""
    assert "Healthy" == worst([])


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("", "Pod"),
        ("batch", "Job"),
        ("", "Service"),
        ("", "PersistentVolumeClaim"),
        ("networking.k8s.io", "Ingress"),
    ],
)
def test_kinds_with_a_rule(group: str, kind: str) -> None:
    """Each kind that has a rule is known by group and kind, and a new object of it is not healthy by default."""
    assert has_rule(group, kind)
    assert not has_rule("example.com", kind)


def test_other_kinds_are_healthy_by_existing() -> None:
    """A kind without a rule counts as healthy, an object that isn't there as missing."""
    assert not has_rule("", "ConfigMap")
    assert Health("Healthy") == assess({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    assert Health("Missing") == assess(None)


def test_what_is_being_deleted_is_on_its_way() -> None:
    """Whatever its kind and status, an object with a deletion timestamp is progressing."""
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert Health("Progressing", "Pending deletion") == assess(live)


@pytest.mark.parametrize("status", [{"replicas": "many"}, {"conditions": 5}, []])
def test_a_status_that_cannot_be_read_is_unknown(status: object) -> None:
    """Odd data makes no exception."""
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}, "status": status or ["x"]}
    assert "Unknown" == assess(live).status


def test_rules_can_be_added() -> None:
    """A caller's own table is used in place of the built-in one."""
    rules = {**BUILT_IN, ("example.com", "Widget"): lambda live: Health("Degraded", live["why"])}
    live = {"apiVersion": "example.com/v1", "kind": "Widget", "why": "broken"}
    assert Health("Degraded", "broken") == assess(live, rules)
    assert has_rule("example.com", "Widget", rules)
    assert Health("Healthy") == assess(live)
