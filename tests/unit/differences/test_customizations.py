"""The installation's rules, in the format of Argo CD's ConfigMap."""

from __future__ import annotations

import pytest

from mooring.differences.customizations import parse_system_rules
from mooring.errors import ConfigurationError
from mooring.model.ignoring import IgnoreRule

PREFIX = "resource.customizations.ignoreDifferences."


def test_every_form_of_key() -> None:
    """GIVEN each form that Argo CD knows WHEN read THEN each is a rule for its objects, and the rest is left alone."""
    parsed = parse_system_rules(
        {
            f"{PREFIX}admissionregistration.k8s.io_MutatingWebhookConfiguration": (
                "jqPathExpressions:\n- '.webhooks[]?.clientConfig.caBundle'\n"
            ),
            f"{PREFIX}all": "managedFieldsManagers: [kube-controller-manager]\njsonPointers:\n- /spec/replicas\n",
            f"{PREFIX}Service": "jsonPointers: [/spec/clusterIP]",
            f"{PREFIX}apps_Deployment": "",
            "resource.customizations": (
                "'*.crossplane.io/*':\n"
                "  ignoreDifferences: |\n"
                "    jsonPointers: [/spec/a]\n"
                "  health.lua: return {}\n"
                "cert-manager.io/Certificate:\n"
                "  health.lua: return {}\n"
            ),
            "resource.compareoptions": "ignoreAggregatedRoles: true\nignoreResourceStatusField: all\n",
            "resource.customizations.health.apps_Deployment": "return nil",
            "url": "https://argocd.test",
        }
    )
    assert {
        IgnoreRule(
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
            jq_path_expressions=(".webhooks[]?.clientConfig.caBundle",),
        ),
        IgnoreRule("*", "*", json_pointers=("/spec/replicas",), managed_fields_managers=("kube-controller-manager",)),
        IgnoreRule("", "Service", json_pointers=("/spec/clusterIP",)),
        IgnoreRule("*.crossplane.io", "*", json_pointers=("/spec/a",)),
        IgnoreRule(
            "rbac.authorization.k8s.io",
            "ClusterRole",
            jq_path_expressions=("select(.aggregationRule != null) | .rules",),
        ),
    } == set(parsed.rules)
    assert f"data[{PREFIX}all]" in {rule.where for rule in parsed.rules}


@pytest.mark.parametrize(
    ("key", "text", "field"),
    [
        ("a_b_C", "jsonPointers: [/a]", f"data[{PREFIX}a_b_C]"),
        ("apps_", "jsonPointers: [/a]", f"data[{PREFIX}apps_]"),
        ("all", "jsonPointers: /a", f"data[{PREFIX}all].jsonPointers"),
        ("all", "jsonPointers: [a]", f"data[{PREFIX}all].jsonPointers[0]"),
        ("all", "- jsonPointers", f"data[{PREFIX}all]"),
        ("all", "a: [", f"data[{PREFIX}all]"),
        ("all", "a: 1\n---\nb: 2", f"data[{PREFIX}all]"),
    ],
)
def test_mistakes_name_their_key(key: str, text: str, field: str) -> None:
    """GIVEN a mistake WHEN read THEN the error names the key of the ConfigMap, and the field."""
    with pytest.raises(ConfigurationError) as caught:
        parse_system_rules({f"{PREFIX}{key}": text})
    assert field == caught.value.field


def test_misspelt_fields_are_warnings() -> None:
    """GIVEN a field that nobody knows WHEN read THEN a warning names it."""
    parsed = parse_system_rules({f"{PREFIX}all": "jsonPointer: [/a]\njsonPointers: [/b]"})
    assert (f"data[{PREFIX}all].jsonPointer: unknown field, ignored",) == parsed.warnings


def test_aggregated_roles_are_off_by_default() -> None:
    """GIVEN compare options that don't mention aggregated roles WHEN read THEN there is no rule."""
    assert () == parse_system_rules({"resource.compareoptions": "ignoreResourceStatusField: crd"}).rules
