"""All families in one place: what `rules` looks kinds up in, imported when the first custom resource is judged."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mooring.health.families import (
    ack,
    argo,
    cert_manager,
    cluster_api,
    crossplane,
    databases,
    flux,
    gateway,
    istio,
    karpenter,
    keda,
    knative,
    operations,
    prometheus,
    secrets,
    strimzi,
)
from mooring.health.status import Rule

__all__ = ["GROUPS", "KINDS", "PLAIN"]

KINDS: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        **argo.KINDS,
        **cert_manager.KINDS,
        **cluster_api.KINDS,
        **databases.KINDS,
        **gateway.KINDS,
        **karpenter.KINDS,
        **keda.KINDS,
        **operations.KINDS,
        **prometheus.KINDS,
        **secrets.KINDS,
    }
)
"""Rules by group and kind."""

GROUPS: Mapping[str, Rule] = MappingProxyType(
    {
        **ack.GROUPS,
        **cluster_api.GROUPS,
        **crossplane.GROUPS,
        **databases.GROUPS,
        **flux.GROUPS,
        **istio.GROUPS,
        **knative.GROUPS,
        **strimzi.GROUPS,
    }
)
"""Rules for every kind of a group, and of the groups below it."""

PLAIN: frozenset[tuple[str, str]] = (
    argo.PLAIN | crossplane.PLAIN | flux.PLAIN | keda.PLAIN | prometheus.PLAIN | secrets.PLAIN
)
"""Kinds that are well when they exist."""
