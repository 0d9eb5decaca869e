"""What `notify` works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mooring.composition.adapters import Adapters

if TYPE_CHECKING:
    from mooring.flows.telling.ports import NotifyPorts

__all__ = ["TellingComposition"]


class TellingComposition(Adapters):
    """What `notify` works with."""

    def notify_ports(self, say: Callable[[str], None]) -> NotifyPorts:
        """For `notify`, to be kept: it remembers which services fail. `say` is told what somebody has to mend."""
        from mooring.flows.telling.ports import NotifyPorts
        from mooring.notify.posting import Poster
        from mooring.notify.services.aws import Clients
        from mooring.source.gokit import GoKit

        named = self._setting("MOORING_NOTIFICATIONS_SECRET")
        return NotifyPorts(
            self.applications, self.registry.projects, self.notes, self.queues,
            GoKit(self._program("gokit")).ask, lambda: self.secrets.get(named),
            Poster(), self._forges().api, Clients(partial(self._client, attempts=1)).get, time.time, say,
        )  # fmt: skip
