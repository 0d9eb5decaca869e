"""The function `watch`: one cluster, looked at all the time, by one function after the other.

A watcher holds a metadata-only watch on each kind in use and knows by heart how every object was applied
(`remembering`). An event that differs is a doubt (`doubting`). Before it becomes a message the application's lease is
read: while a sync is at work the facts are on their way, so its own applies start nothing; where the lease has moved
on, the inventory is read again; what differs then goes to `sync` as one object (`flows.syncs.pinpointing`).

Nobody watches for ever. Well before its function ends a watcher starts its successor and tells it up to where it has
read. The successor opens its watches from there, takes the first place (`state.watchers`) and the former one ends, so
the two overlap and nothing lies between them. Where a watcher dies, Lambda starts it again after a minute and the sweep
after three; such a one knows no versions and lists, and what was changed or deleted meanwhile differs from what is
remembered. What two watchers both tell does no harm: the second look finds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery
from mooring.cluster.watching import KindWatch
from mooring.errors import ConflictError, MooringError, PermanentError, TransientError
from mooring.events.messages import Cause, Message, ObjectMessage
from mooring.flows.clusters.targets import Targets
from mooring.flows.sweeps.doubting import Doubts
from mooring.flows.sweeps.remembering import Memory
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.watchers import Watchers

__all__ = ["Starter", "WatchPorts", "watch"]

_WATCH: Final = Cause("watch")
_ASK_AGAIN: Final = 0.5  # seconds between looks at an application that a sync is at work on
_LOOK_AROUND: Final = 60.0  # seconds between looks for new applications and kinds
_NEWS: Final = 2.0  # seconds until an application that nobody knows is looked for
_MOST_NAMED: Final = 100  # objects in one message


class Starter(Protocol):
    """How a watcher is started."""

    def __call__(self, cluster: str, versions: Mapping[str, str]) -> None:
        """Starts a watcher of a cluster, without waiting for it; `versions` are where its watches go on."""


@dataclass(frozen=True, slots=True)
class WatchPorts:
    """What a watcher works with: it `lasts` some seconds and `ends` at a time (seconds since the epoch).

    `say` is told what can't be watched, and why.
    """

    applications: Applications
    targets: Targets
    watchers: Watchers
    queues: Queues
    start: Starter
    owner: str
    ends: float
    lasts: float
    clock: Callable[[], float] = time.time
    look_around: float = _LOOK_AROUND
    say: Callable[[str], None] = lambda _: None


def watch(ports: WatchPorts, name: str, versions: Mapping[str, str]) -> str:
    """Watches a cluster until somebody else does, or until there is no time left; says in words why it ended.

    Raises the errors of `mooring.errors` where the state or the cluster can't be reached at the beginning.
    """
    ttl = max(3.0, min(60.0, ports.lasts / 4))
    seat = ports.watchers.enter(name, ports.owner, now=ports.clock(), ttl=ttl)
    if seat is None:
        return "is watched already, and about to be handed over"
    memory = Memory()
    leads = seat.holder == ports.owner
    watcher = _Watcher(ports, name, dict(versions), ttl, leads, memory, Doubts(memory))
    try:
        return watcher.run()
    finally:
        watcher.close()
        ports.watchers.leave(name, ports.owner)


@dataclass(slots=True)
class _Watcher:
    ports: WatchPorts
    name: str
    versions: dict[str, str]
    ttl: float
    leads: bool
    memory: Memory
    doubts: Doubts
    watches: dict[tuple[str, str], KindWatch] = field(default_factory=dict)
    kinds: set[tuple[str, str]] = field(default_factory=set)
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    renew_at: float = 0.0
    around_at: float = 0.0

    # -- the life of a watcher -------------------------------------------------------------------------------------

    def run(self) -> str:
        """See `watch`."""
        ports = self.ports
        if not self._look_around():
            return "the cluster is not to be watched any more"
        begins_hand_over = ports.ends - min(60.0, ports.lasts / 4)
        self.renew_at, self.around_at = 0.0, ports.clock() + ports.look_around
        handing_over = False
        while True:
            now = ports.clock()
            try:
                if not self._stay(now, handing_over=handing_over):
                    self._settle()
                    return "another one has taken over"
                if now >= self.around_at and not self._look_around():
                    return "the cluster is not to be watched any more"
                self._settle()
                if not handing_over and now >= begins_hand_over:
                    ports.start(self.name, self._versions())
                    handing_over = True
            except (ConflictError, TransientError):
                time.sleep(_ASK_AGAIN)  # what was not told is still in doubt
            if now >= ports.ends:
                ports.watchers.leave(self.name, ports.owner)
                ports.start(self.name, self._versions())
                return "nobody has taken over in time; another one was started"
            self.doubts.wait(_ASK_AGAIN, 1.0 if self.leads else _ASK_AGAIN)

    def _stay(self, now: float, *, handing_over: bool) -> bool:
        """Keeps the place, and takes the first one where all watches are open; False where it is lost."""
        opened = all(each.ready.is_set() or each.trouble for each in self.watches.values())
        if now < self.renew_at and (self.leads or not opened):
            return True
        seat = self.ports.watchers.stay(self.name, self.ports.owner, now=now, ttl=self.ttl, leads=opened)
        if seat is None:
            return False
        self.leads = seat.holder == self.ports.owner
        self.renew_at = now + (1.0 if handing_over else self.ttl / 3)
        return True

    def close(self) -> None:
        """Ends the watches."""
        for each in self.watches.values():
            each.stop()

    def _versions(self) -> dict[str, str]:
        """Up to where everything was read and settled; a kind with open questions is listed by whoever comes."""
        with self.doubts.changed:
            doubtful = self.doubts.kinds()
            return {
                f"{group}/{kind}": each.version
                for (group, kind), each in self.watches.items()
                if each.version and (group, kind) not in doubtful
            }

    # -- what is in use --------------------------------------------------------------------------------------------

    def _look_around(self) -> bool:
        """Learns of new applications and kinds, and whether the cluster is still to be watched."""
        ports = self.ports
        self.around_at = ports.clock() + ports.look_around
        ports.targets.refresh()
        try:
            cluster = ports.targets.named(self.name)
        except PermanentError:
            return False
        if cluster.drift != "watch":
            return False
        apps = []
        for listed in ports.applications.registered():
            try:
                if ports.targets.cluster(listed.destination).name == cluster.name:
                    apps.append(listed.key)
            except PermanentError:
                continue
        self.doubts.meet(apps)
        self._learn(apps)
        target = ports.targets.opened(cluster)
        self._watch_kinds(target.server, target.discovery, lambda fresh: ports.targets.connection(cluster, fresh=fresh))
        return True

    def _learn(self, apps: list[AppKey]) -> dict[AppKey, bool]:
        """Reads the inventories that have changed; says of each application whether a sync is at work on it."""
        leases = self.ports.watchers.leases(apps)
        now = self.ports.clock()
        moved = [app for app, lease in leases.items() if lease.token != self.memory.token(app)]
        for app in moved:
            inventory = self.ports.applications.inventories([app]).get(app, {})
            with self.doubts.changed:
                self.memory.learn(app, leases[app].token, inventory)
        return {app: lease.expires > now for app, lease in leases.items()}

    def _watch_kinds(self, server: ApiServer, discovery: Discovery, connection: Callable[[bool], Connection]) -> None:
        kinds = self.memory.kinds
        self.kinds = set(kinds)
        for each in self.watches.values():
            self._note((each.resource.group, each.resource.kind), each.trouble)
        for group, kind in [each for each in self.watches if each not in kinds]:
            self.watches.pop((group, kind)).stop()
        for (group, kind), version in kinds.items():
            if (group, kind) in self.watches:
                continue
            try:
                resource = discovery.find(group, kind, version)
            except MooringError as error:  # credentials that were revoked, an aggregated server that is down
                self._note((group, kind), error.message)
                continue  # the next look around tries again
            if resource is None or "watch" not in resource.verbs:
                continue
            at = self.versions.pop(f"{group}/{kind}", "")
            self.watches[group, kind] = KindWatch(server, connection, resource, self.doubts, at)
            self.watches[group, kind].start()

    def _note(self, kind: tuple[str, str], trouble: str) -> None:
        """Tells once why a kind can't be watched."""
        if trouble and self.said.get(kind) != trouble:
            self.ports.say(f"{kind[1]} can't be watched now: {trouble}")
        self.said[kind] = trouble

    # -- what differs ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        clock = self.ports.clock
        if self.doubts.settle(clock, self._learn, self._absent, self._tell):
            self.around_at = min(self.around_at, clock() + _NEWS)
        if self.kinds != self.memory.kinds.keys():
            self.around_at = 0.0

    def _absent(self, app: AppKey, group: str, kind: str) -> list[ObjectKey]:
        """All that the inventory has of a kind, since `sync` reads each, or lists."""
        inventory = self.ports.applications.inventories([app]).get(app, {})
        return [key for key in inventory if (key.group, key.kind) == (group, kind)]

    def _tell(self, differing: Mapping[AppKey, list[ObjectKey]]) -> None:
        messages: list[Message] = [
            ObjectMessage(self.name, tuple(dict.fromkeys(keys[start : start + _MOST_NAMED])), _WATCH, app)
            for app, keys in differing.items()
            for start in range(0, len(keys), _MOST_NAMED)
        ]
        if messages:
            self.ports.queues.send("syncs", messages)
