"""What a sync works with, and the lease that it holds while it works."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from mooring.differences.expressions import Expressions
from mooring.events.messages import AppMessage, Cause, Later
from mooring.flows.clusters.targets import Targets
from mooring.flows.secrets.opening import Opener
from mooring.flows.secrets.pushes import Pushes
from mooring.plan.inventory import Inventory
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.bundles import Bundles
from mooring.state.consumption import Consumption
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["LEASE_SECONDS", "Held", "SyncPorts", "take_lease"]

LEASE_SECONDS = 30.0
_WATCHED_STEPS = 25  # a sync of more steps than this is looked after, should its function die


@dataclass(frozen=True, slots=True)
class SyncPorts:
    """What a sync works with. `clock` and `deadline` are seconds since the epoch; no step begins after the deadline.

    `consumption` says what each operation took.
    """

    applications: Applications
    bundles: Bundles
    targets: Targets
    queues: Queues
    pool: Executor
    width: int
    expressions: Expressions
    clock: Callable[[], float]
    owner: str
    deadline: float
    openers: tuple[Opener, ...] = ()
    pushes: Pushes | None = None
    consumption: Consumption = field(default_factory=Consumption)


class Held:
    """A lease while it is held; `record` is as it was last written."""

    def __init__(self, ports: SyncPorts, record: Record) -> None:
        self._ports = ports
        self.record = record

    def checkpoint(self, inventory: Inventory, status: Status | None = None) -> None:
        """Records what was done and prolongs the lease. Raises `ConflictError` where it was lost."""
        self.record = self._ports.applications.checkpoint(
            self.record, now=self._ports.clock(), ttl=LEASE_SECONDS, inventory=dict(inventory), status=status
        )

    def may_go_on(self) -> bool:
        """Whether lease and time suffice for another step."""
        return self._ports.clock() < min(self.record.lease.expires, self._ports.deadline)


def take_lease(
    ports: SyncPorts,
    record: Record,
    *,
    inventory: Inventory,
    status: Status,
    steps: int,
    ended: Operation | None = None,
) -> Held:
    """Takes the lease, writes the intents, and sets a watchdog on a long sync. Raises `ConflictError`."""
    held = ports.applications.begin(
        record,
        owner=ports.owner,
        now=ports.clock(),
        ttl=LEASE_SECONDS,
        inventory=inventory,
        status=status,
        ended=ended,
    )
    if steps > _WATCHED_STEPS:
        watchdog = AppMessage(record.key, Cause("watchdog"))
        ports.queues.send_later([(Later("syncs", watchdog), LEASE_SECONDS + 2)])
    return Held(ports, held)
