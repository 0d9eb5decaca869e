"""What `sweep` and `watch` work with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING

from mooring.composition.adapters import TIME_TO_FINISH
from mooring.composition.clusters import ClusterComposition

if TYPE_CHECKING:
    from mooring.flows.asked.bootstrapping import Root
    from mooring.flows.sweeps.merges import MergePorts
    from mooring.flows.sweeps.sweeping import SweepPorts
    from mooring.flows.sweeps.watching import WatchPorts
    from mooring.starting import WatchStarter
    from mooring.state.watchers import Watchers

__all__ = ["SweepComposition"]


class SweepComposition(ClusterComposition):
    """What `sweep` and `watch` work with."""

    @cached_property
    def _root(self) -> Root | None:
        from mooring.flows.asked.bootstrapping import Root
        from mooring.state.bootstrap import BootstrapMark

        url = self._environment.get("MOORING_ROOT_REPOSITORY")
        if not url:
            return None
        path, revision = (self._environment.get(f"MOORING_ROOT_{name}", "") for name in ("PATH", "REVISION"))
        return Root(self.ask_ports(), BootstrapMark(self.table), url, path, revision)

    def sweep_ports(self) -> SweepPorts:
        """For `sweep`."""
        from mooring.flows.sweeps.sweeping import SweepPorts

        return SweepPorts(
            self.applications,
            self.registry,
            self.repositories,
            self.charts,
            self.queues,
            self._pool,
            root=self._root,
            merges=self._merge_ports,
            watchers=self._watchers,
            start=self._watch_starter,
        )

    @cached_property
    def _watchers(self) -> Watchers:
        from mooring.state.watchers import Watchers

        return Watchers(self.table)

    @cached_property
    def _watch_starter(self) -> WatchStarter | None:
        from mooring.starting import WatchStarter

        name = self._environment.get("MOORING_WATCH_FUNCTION")
        return WatchStarter(cache(lambda: self._client("lambda")), name) if name else None

    def watch_ports(self, remaining: float, say: Callable[[str], None]) -> WatchPorts:
        """For `watch`: `remaining` are the seconds that the invocation has left; `say` is told of troubles."""
        from mooring.flows.sweeps.watching import WatchPorts

        lasts = min(float(self._setting("MOORING_WATCH_SECONDS")), remaining - TIME_TO_FINISH)
        self._setting("MOORING_WATCH_FUNCTION")
        start = self._watch_starter
        assert start is not None
        return WatchPorts(
            self.applications,
            self._targets,
            self._watchers,
            self.queues,
            start,
            uuid.uuid4().hex,  # an invocation that is tried again has its request's id again
            time.time() + lasts,
            lasts,
            say=say,
        )

    def _merge_ports(self) -> MergePorts:
        from mooring.flows.sweeps.merges import MergePorts
        from mooring.state.mergedrequests import MergedRequests

        return MergePorts(MergedRequests(self.table), self._forges().host, self.queues, time.time)
