"""Where health scripts come from, and which of them counts."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.health import Scripts, scripts_from_files, scripts_from_settings
from mooring.health.scripts import find_script


def test_settings() -> None:
    """Scripts are read from the keys of argocd-cm, for custom, core and wildcard kinds; other settings are passed over."""
    scripts = scripts_from_settings(
        {
            "resource.customizations.health.cert-manager.io_Certificate": "certificate",
            "resource.customizations.health.PersistentVolumeClaim": "claim",
            "resource.customizations.health.*.example.com_*": "any",
            "resource.customizations.useOpenLibs.cert-manager.io_Certificate": "true",
            "resource.customizations.health.example.com_Empty": "  ",
            "resource.customizations": {
                "*.crossplane.io/*": {"health.lua": "crossplane"},
                "apps/Deployment": {"ignoreDifferences": "jsonPointers: []"},
            },
            "timeout.reconciliation": "180s",
        }
    )
    found = {
        kind: find_script([scripts], *kind)
        for kind in [
            ("cert-manager.io", "Certificate"),
            ("", "PersistentVolumeClaim"),
            ("a.example.com", "Widget"),
            ("s3.aws.crossplane.io", "Bucket"),
            ("apps", "Deployment"),
            ("example.com", "Empty"),
        ]
    }
    assert ["certificate", "claim", "any", "crossplane", None, None] == list(found.values())


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"resource.customizations.health.": "x"}, "resource.customizations.health."),
        ({"resource.customizations.health.a_b_C": "x"}, "resource.customizations.health.a_b_C"),
        ({"resource.customizations.health.a.io_B": {}}, "resource.customizations.health.a.io_B"),
        ({"resource.customizations": "apps/Deployment: {}"}, "resource.customizations"),
        ({"resource.customizations": {"a.io/B": "x"}}, "resource.customizations.a.io/B"),
        ({"resource.customizations": {"a.io/B": {"health.lua": 1}}}, "resource.customizations.a.io/B.health.lua"),
    ],
)
def test_settings_that_are_wrong_name_the_field(settings: dict[str, Any], field: str) -> None:
    """GIVEN settings that can't be used THEN the error names the key."""
    with pytest.raises(ConfigurationError) as raised:
        scripts_from_settings(settings)
    assert field == raised.value.field


def test_files() -> None:
    """Scripts are taken out of a folder laid out as Argo CD's; an exact name counts before the first wildcard."""
    scripts = scripts_from_files(
        {
            "example.com/Widget/health.lua": "widget",
            "_.example.com/_/health.lua": "any",
            "_.example.com/Bolt/health.lua": "bolt",
            "PersistentVolumeClaim/health.lua": "claim",
            "example.com/Widget/health_test.yaml": "tests: []",
            "example.com/Widget/actions/restart/action.lua": "action",
            "example.com/Widget/actions/health.lua": "not one of ours",
            "health.lua": "nobody's",
        }
    )
    assert "widget" == find_script([scripts], "example.com", "Widget")
    assert "claim" == find_script([scripts], "", "PersistentVolumeClaim")
    assert "bolt" == find_script([scripts], "a.example.com", "Bolt")
    assert "any" == find_script([scripts], "a.example.com", "Nut")
    assert find_script([scripts], "example.com", "Nut") is None


def test_the_first_origin_counts() -> None:
    """GIVEN a wildcard in the settings and an exact name in a folder THEN the settings count, as in Argo CD."""
    settings = scripts_from_settings({"resource.customizations": {"*.example.com/*": {"health.lua": "settings"}}})
    files = scripts_from_files({"a.example.com/Widget/health.lua": "file", "b.io/Widget/health.lua": "other"})
    assert "settings" == find_script([settings, files], "a.example.com", "Widget")
    assert "other" == find_script([settings, files], "b.io", "Widget")
    assert find_script([Scripts()], "b.io", "Widget") is None
