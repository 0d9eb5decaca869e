"""What an evaluation of promotions works with, and the two ways in which it says that it can't go on."""

from __future__ import annotations

from dataclasses import dataclass

from mooring.errors import PermanentError
from mooring.flows.renders.tasks import RenderPorts
from mooring.forge.ports import CodeHost
from mooring.state.happenings import Happenings
from mooring.state.mergedrequests import MergedRequests
from mooring.writeback.proposing import Hosts
from mooring.writeback.writing import WritePorts

__all__ = ["BlockedError", "PromotionPorts"]


class BlockedError(PermanentError):
    """A promotion can't be carried out as it is declared; its message says what to do."""


@dataclass(frozen=True, slots=True)
class PromotionPorts:
    """`renders` reads and renders, `writes` writes to git, `hosts` knows the code host of a repository; what
    should be told to people goes to `happenings`.
    """

    renders: RenderPorts
    writes: WritePorts
    hosts: Hosts
    requests: MergedRequests
    happenings: Happenings

    def host(self, url: str) -> CodeHost | None:
        """The code host of a repository, as whoever is registered for it; None where there is none to ask."""
        return self.hosts(url, "")
