"""The Prometheus operator: servers that it runs (Prometheus operator documentation, "API reference", conditions).

`Available` knows a third status, `Degraded`: some of the pods run. The rules and monitors that the servers read are
many and have nothing to say.
"""

from __future__ import annotations

from mooring.health.conditions import When, by_conditions
from mooring.health.status import Rule

__all__ = ["KINDS", "PLAIN"]

_GROUP = "monitoring.coreos.com"
_server = by_conditions(
    When("Reconciled", "False", "Degraded"),
    When("Available", "True", "Healthy"),
    When("Available", "Degraded", "Progressing", reasons=("SomePodsNotReady",)),
    When("Available", "False", "Progressing", reasons=("SomePodsNotReady",)),
    When("Available", "Degraded", "Degraded"),
    When("Available", "False", "Degraded"),
    waiting="Waiting for the operator",
    paused=("spec", "paused"),
)

KINDS: dict[tuple[str, str], Rule] = {
    (_GROUP, kind): _server for kind in ("Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler")
}
PLAIN: frozenset[tuple[str, str]] = frozenset(
    (_GROUP, kind)
    for kind in ("AlertmanagerConfig", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "ServiceMonitor")
)
