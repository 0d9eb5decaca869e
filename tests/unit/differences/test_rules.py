"""Which rules are about which objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.differences.rules import Rules
from mooring.errors import ConfigurationError

POINTER = {"jsonPointers": ["/spec"]}


def named(api_version: str, kind: str, name: str = "web", namespace: str = "shop") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}


@pytest.mark.parametrize(
    ("rule", "manifest", "expected"),
    [
        ({"group": "apps", "kind": "Deployment"}, named("apps/v1", "Deployment"), True),
        ({"group": "apps", "kind": "Deployment"}, named("apps/v1beta2", "Deployment"), True),
        ({"group": "apps", "kind": "Deployment"}, named("apps/v1", "DaemonSet"), False),
        ({"kind": "Deployment"}, named("apps/v1", "Deployment"), False),
        ({"kind": "Service"}, named("v1", "Service"), True),
        ({"group": "", "kind": "*"}, named("v1", "Service"), True),
        ({"group": "*", "kind": "*"}, named("v1", "Service"), True),
        ({"group": "*", "kind": "*"}, named("apps/v1", "Deployment"), True),
        ({"group": "*.istio.io", "kind": "*"}, named("security.istio.io/v1", "AuthorizationPolicy"), True),
        ({"group": "*.istio.io", "kind": "*"}, named("istio.io/v1", "Anything"), False),
        ({"group": "apps", "kind": "{Deployment,StatefulSet}"}, named("apps/v1", "StatefulSet"), True),
        ({"group": "apps", "kind": "*Set"}, named("apps/v1", "DaemonSet"), True),
        ({"group": "apps", "kind": "deployment"}, named("apps/v1", "Deployment"), False),
        ({"group": "apps", "kind": "*", "name": "web"}, named("apps/v1", "Deployment"), True),
        ({"group": "apps", "kind": "*", "name": "we*"}, named("apps/v1", "Deployment"), False),
        ({"group": "apps", "kind": "*", "namespace": "shop"}, named("apps/v1", "Deployment"), True),
        ({"group": "apps", "kind": "*", "namespace": "other"}, named("apps/v1", "Deployment"), False),
        ({"group": "*", "kind": "*", "namespace": "shop"}, named("v1", "Namespace", namespace=""), False),
    ],
)
def test_matching(rules: Callable[..., Rules], rule: dict[str, Any], manifest: dict[str, Any], expected: bool) -> None:
    """GIVEN a rule WHEN asked about an object THEN group and kind count as globs, name and namespace exactly."""
    assert expected is bool(rules({**rule, **POINTER}).about(manifest))


def test_all_that_match_count(rules: Callable[..., Rules]) -> None:
    """GIVEN several rules for one kind WHEN asked THEN all that match are answered, in order, for each object anew."""
    made = rules(
        {"group": "apps", "kind": "Deployment", "name": "web", **POINTER},
        {"group": "*", "kind": "*", **POINTER},
        {"group": "apps", "kind": "Deployment", "name": "worker", **POINTER},
    )
    assert ["web", ""] == [rule.name for rule in made.about(named("apps/v1", "Deployment"))]
    assert ["", "worker"] == [rule.name for rule in made.about(named("apps/v1", "Deployment", "worker"))]
    assert not rules()


def test_a_glob_that_does_not_close(rules: Callable[..., Rules]) -> None:
    """GIVEN a kind with an open brace WHEN prepared THEN the error names its field."""
    with pytest.raises(ConfigurationError) as caught:
        rules({"group": "*", "kind": "{A,B", **POINTER})
    assert "spec.ignoreDifferences[0].kind" == caught.value.field


def test_check_names_the_expression_that_does_not_compile(rules: Callable[..., Rules]) -> None:
    """GIVEN a second expression with a mistake WHEN checked THEN the error names exactly it."""
    made = rules(
        {"kind": "A", "jqPathExpressions": [".a"]},
        {"kind": "B", "jqPathExpressions": [".a", ".spec | nothing_like_it"]},
    )
    with pytest.raises(ConfigurationError, match="nothing_like_it") as caught:
        made.check()
    assert "spec.ignoreDifferences[1].jqPathExpressions[1]" == caught.value.field
