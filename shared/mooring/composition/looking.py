"""What `look` works with, and how `api` asks it."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mooring.composition.adapters import STEPS_AT_ONCE
from mooring.composition.clusters import ClusterComposition

if TYPE_CHECKING:
    from mooring.flows.clusters.targets import Targets
    from mooring.flows.looking.ports import LookPorts
    from mooring.starting import LookAsker

__all__ = ["LookComposition"]

_TO_ANSWER: Final = 4.0  # seconds before the function's end in which no new list begins
_WAITED: Final = 27  # seconds that api waits, which API Gateway answers for within 29


class LookComposition(ClusterComposition):
    """What `look` works with, and how `api` asks it."""

    def look_ports(self, remaining: float) -> LookPorts:
        """For `look`, which has `remaining` seconds left."""
        from mooring.flows.looking.ports import LookPorts

        return LookPorts(
            self.applications, self.bundles, self._look_targets, self._pool, self._expressions, time.time,
            time.time() + remaining - _TO_ANSWER,
        )  # fmt: skip

    @cached_property
    def _look_targets(self) -> Targets:
        """Clusters as somebody meets them who waits and writes nothing."""
        from mooring.cluster.trying import Waits
        from mooring.flows.clusters.declared import Declared
        from mooring.flows.clusters.targets import Targets
        from mooring.state.reading import ReadRegistry

        return Targets(
            ReadRegistry(self.table, self.secrets, self._secret_prefix),
            connections=STEPS_AT_ONCE,
            declared=Declared(self.ask_ports()),
            waits=Waits(connect=2.0, answer=8.0, whole=10.0, tries=2),
        )

    @cached_property
    def looks(self) -> LookAsker:
        """For `api`: asks `look` and waits."""
        from mooring.starting import LookAsker

        return LookAsker(self._lambda_that_waits, self._setting("MOORING_LOOK_FUNCTION"))

    def _lambda_that_waits(self) -> Any:
        return self._waiting_client

    @cached_property
    def _waiting_client(self) -> Any:
        from botocore.config import Config

        # A look is not asked for twice because its answer is late: the first one may still be at work.
        config = Config(connect_timeout=3, read_timeout=_WAITED, retries={"mode": "standard", "total_max_attempts": 1})
        return self._session.create_client("lambda", config=config)
