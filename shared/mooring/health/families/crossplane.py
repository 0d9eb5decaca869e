"""Crossplane: packages, managed resources, claims and composites (Crossplane documentation, "Managed resources").

`Synced` says whether the provider could do what is asked for, `Ready` whether the thing outside is usable. Composite
resources live in groups of the users' own choice and are judged by the standard conditions.
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions, current_conditions, first_line
from mooring.health.reading import section
from mooring.health.status import Health, Rule
from mooring.model.objects import Manifest

__all__ = ["GROUPS", "PLAIN"]

_package = by_conditions(
    When("Installed", "False", "Degraded"),
    When("Healthy", "False", "Degraded"),
    When("RevisionHealthy", "False", "Degraded"),
    When("Healthy", "True", "Healthy"),
    When("RevisionHealthy", "True", "Healthy"),
    waiting="Waiting for the package to be installed",
)
_OTHERS: tuple[When, ...] = (
    When("LastAsyncOperation", "False", "Degraded"),
    When("Synced", "False", "Degraded"),
    When("ValidPipeline", "False", "Degraded"),
    When("Ready", "True", "Healthy"),
    When("Offered", "True", "Healthy"),
    When("Established", "True", "Healthy"),
    When("ValidPipeline", "True", "Healthy"),
    When("Ready", "False", "Progressing", words="Waiting to become ready"),
)
_WITHOUT_CONDITIONS = frozenset({"ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage", "StoreConfig"})


def _resource(live: Manifest) -> Health:
    kind = live.get("kind")
    if kind in _WITHOUT_CONDITIONS and not section(live, "status").get("conditions"):
        return Health("Healthy")
    return first_line(_OTHERS, current_conditions(live)) or Health("Progressing", "Waiting for its provider")


PLAIN: frozenset[tuple[str, str]] = frozenset(
    {
        ("apiextensions.crossplane.io", "Composition"),
        ("apiextensions.crossplane.io", "EnvironmentConfig"),
        ("pkg.crossplane.io", "ControllerConfig"),
        ("pkg.crossplane.io", "DeploymentRuntimeConfig"),
        ("pkg.crossplane.io", "ImageConfig"),
    }
)
GROUPS: dict[str, Rule] = {"crossplane.io": _resource, "pkg.crossplane.io": _package, "upbound.io": _resource}
