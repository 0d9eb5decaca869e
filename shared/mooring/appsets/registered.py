"""The registered clusters, as far as generators may know them: names and labels, never credentials."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.appsets.ports import ClusterFacts
from mooring.state.clusters import Cluster

__all__ = ["cluster_facts"]


def cluster_facts(clusters: Iterable[Cluster]) -> tuple[ClusterFacts, ...]:
    """All of them by name, so that what is generated has one order."""
    return tuple(
        ClusterFacts(each.name, each.server, each.project, each.labels, each.annotations)
        for each in sorted(clusters, key=lambda cluster: cluster.name)
    )
