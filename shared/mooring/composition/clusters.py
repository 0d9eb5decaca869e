"""Clusters as functions reach them, with the registry in the place of its own kinds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.adapters import STEPS_AT_ONCE
from mooring.composition.asked import AskComposition

if TYPE_CHECKING:
    from mooring.differences.expressions import Expressions
    from mooring.flows.clusters.live import Live
    from mooring.flows.clusters.targets import Targets
    from mooring.model.application import Destination

__all__ = ["ClusterComposition"]


class ClusterComposition(AskComposition):
    """Clusters as functions reach them, with the registry in the place of its own kinds."""

    @cached_property
    def _targets(self) -> Targets:
        from mooring.flows.clusters.declared import Declared
        from mooring.flows.clusters.targets import Targets

        return Targets(self.registry, connections=STEPS_AT_ONCE, declared=Declared(self.ask_ports()))

    @cached_property
    def _expressions(self) -> Expressions:
        from mooring.differences.expressions import Expressions

        return Expressions()

    def _reached(self, named: Destination) -> Live:
        return self._targets.connect(self._targets.reach(self._targets.cluster(named)))
