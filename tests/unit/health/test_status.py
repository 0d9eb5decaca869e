"""Which health is worse, and kinds in general."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from mooring.health import Health, Rules, Status, assess, can_assess, has_rule, scripts_from_settings, worst


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
        ("", "ReplicationController"),
        ("", "Namespace"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("apiregistration.k8s.io", "APIService"),
        ("batch", "CronJob"),
        ("policy", "PodDisruptionBudget"),
        ("example.com", "Widget"),
        ("gateway.networking.k8s.io", "HTTPRoute"),
    ],
)
def test_kinds_with_a_rule(group: str, kind: str) -> None:
    """Kinds with a rule are known by group and kind; every custom resource may keep to the standard conditions."""
    assert has_rule(group, kind)
    assert can_assess(group, kind)


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("", "ConfigMap"),
        ("", "Secret"),
        ("batch", "Deployment"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("storage.k8s.io", "StorageClass"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("argoproj.io", "AppProject"),
    ],
)
def test_kinds_without_a_rule(group: str, kind: str) -> None:
    """Built-in kinds without a status are not listed in full, nor are custom resources that are known to have none."""
    assert not has_rule(group, kind)
    assert not can_assess(group, kind)


def test_definitions_are_judged_when_at_hand_only() -> None:
    """GIVEN CustomResourceDefinitions, the largest of objects THEN they are not listed in full for their health."""
    assert not has_rule("apiextensions.k8s.io", "CustomResourceDefinition")
    assert can_assess("apiextensions.k8s.io", "CustomResourceDefinition")


def test_a_script_makes_a_rule() -> None:
    """GIVEN a user's script for a kind without a rule THEN its objects are listed in full."""
    rules = Rules((scripts_from_settings({"resource.customizations.health.ConfigMap": "return {status='Healthy'}"}),))
    assert has_rule("", "ConfigMap", rules)
    assert not has_rule("", "Secret", rules)


def test_other_kinds_are_healthy_by_existing() -> None:
    """A kind without a rule counts as healthy, an object that isn't there as missing."""
    assert not has_rule("", "ConfigMap")
    assert Health("Healthy") == assess({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    assert Health("Missing") == assess(None)


@pytest.mark.parametrize("version", ["v1", "apps/v1", "example.com/v1"])
def test_what_is_being_deleted_is_on_its_way(version: str) -> None:
    """Whatever its kind and status, an object with a deletion timestamp is progressing, and says what it waits for."""
    metadata: dict[str, object] = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    live = {"apiVersion": version, "kind": "Any", "metadata": metadata, "status": {"phase": "Failed"}}
    assert Health("Progressing", "Pending deletion") == assess(live)
    metadata["finalizers"] = ["example.com/a", "example.com/b"]
    expected = "Pending deletion; waiting for finalizers example.com/a, example.com/b"
    assert Health("Progressing", expected) == assess(live)


@pytest.mark.parametrize("status", [{"replicas": "many"}, {"conditions": 5}, []])
def test_a_status_that_cannot_be_read_is_unknown(status: object) -> None:
    """Odd data makes no exception."""
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}, "status": status or ["x"]}
    assert "Unknown" == assess(live).status


def test_scripts_come_before_rules() -> None:
    """GIVEN the user's script for a built-in kind THEN it judges, and the rest keeps its rules."""
    script = "return {status='Degraded', message=obj.metadata.name}"
    rules = Rules((scripts_from_settings({"resource.customizations.health.apps_Deployment": script}),))
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 0}}
    assert Health("Degraded", "web") == assess(live, rules)
    assert Health("Healthy") == assess(live)
    assert Health("Healthy") == assess({**live, "kind": "ReplicaSet"}, rules)
