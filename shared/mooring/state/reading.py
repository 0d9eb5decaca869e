"""The registry for whoever may only read it.

What is found out on the way (where a cluster is, that it can't be reached) counts for this process and is written down
by nobody: the functions that sync find it out for themselves.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.state.clusters import Cluster, Outage
from mooring.state.registry import Registry

__all__ = ["ReadRegistry"]


class ReadRegistry(Registry):
    """A registry that keeps nothing of what is noted."""

    def note_place(self, cluster: Cluster, server: str, authority: str) -> Cluster:
        """The cluster where it was found."""
        return replace(cluster, server=server, authority=authority)

    def note_outage(self, cluster: Cluster, outage: Outage | None) -> None:
        """Nothing is written down."""
