"""What `sync` works with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mooring.composition.adapters import STEPS_AT_ONCE, TIME_TO_FINISH
from mooring.composition.secrets import SecretComposition

if TYPE_CHECKING:
    from mooring.flows.syncs.ports import SyncPorts

__all__ = ["SyncComposition"]


class SyncComposition(SecretComposition):
    """What `sync` works with."""

    def sync_ports(self, owner: str, remaining: float) -> SyncPorts:
        """For `sync`: `owner` names the invocation, `remaining` are the seconds it has left."""
        from mooring.flows.secrets.pushes import Pushes
        from mooring.flows.syncs.ports import SyncPorts

        self.consumption.begin()
        return SyncPorts(
            self.applications,
            self.bundles,
            self._targets,
            self.queues,
            self._pool,
            STEPS_AT_ONCE,
            self._expressions,
            time.time,
            owner,
            time.time() + remaining - TIME_TO_FINISH,
            (*self._openers, self._external_secrets()),
            Pushes(self._push_reader),
            self.consumption,
        )
