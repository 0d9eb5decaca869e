"""The function `watch`: one cluster, looked at all the time, by one function after the other.

A watcher holds a metadata-only watch on each kind in use and knows by heart how every object was applied
(`remembering`). An event that differs is a doubt. Before it becomes a message the application's lease is read: while a
sync is at work the facts are on their way, so its own applies start nothing; where the lease has moved on, the
inventory is read again; what differs then goes to `sync` as one object (`flows.syncs.pinpointing`).

Nobody watches for ever. Well before its function ends a watcher starts its successor and tells it up to where it has
read. The successor opens its watches from there, takes the first place (`state.watchers`) and the former one ends, so
the two overlap and nothing lies between them. Where a watcher dies, Lambda starts it again after a minute and the sweep
after three; such a one knows no versions and lists, and what was changed or deleted meanwhile differs from what is
remembered. What two watchers both tell does no harm: the second look finds nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from mooring.cluster.auth import Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery, Resource
from mooring.cluster.observe import Observed
from mooring.cluster.watching import KindWatch
from mooring.errors import ConflictError, MooringError, PermanentError, TransientError
from mooring.events.messages import Cause, Message, ObjectMessage
from mooring.flows.clusters.targets import Targets
from mooring.flows.sweeps.remembering import GONE, Memory, mark_of
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.watchers import Watchers

__all__ = ["Starter", "WatchPorts", "watch"]

_WATCH: Final = Cause("watch")
_ASK_AGAIN: Final = 0.5  # seconds between looks at an application that a sync is at work on
_LOOK_AROUND: Final = 60.0  # seconds between looks for new applications and kinds
_AT_ONCE: Final = 5  # times an object is told of in a minute before there are pauses
_LONGEST_PAUSE: Final = 30.0  # seconds between two messages about one object
_CALM: Final = 60.0  # seconds
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


@dataclass(slots=True)
class _Told:
    times: int = 0
    last: float = 0.0
    mark: bytes = b""


def watch(ports: WatchPorts, name: str, versions: Mapping[str, str]) -> str:
    """Watches a cluster until somebody else does, or until there is no time left; says in words why it ended.

    Raises the errors of `mooring.errors` where the state or the cluster can't be reached at the beginning.
    """
    ttl = max(3.0, min(60.0, ports.lasts / 4))
    seat = ports.watchers.enter(name, ports.owner, now=ports.clock(), ttl=ttl)
    if seat is None:
        return "is watched already, and about to be handed over"
    watcher = _Watcher(ports, name, versions, ttl, leads=seat.holder == ports.owner)
    try:
        return watcher.run()
    finally:
        watcher.close()
        ports.watchers.leave(name, ports.owner)


@dataclass(slots=True)
class _Watcher:
    ports: WatchPorts
    name: str
    versions: Mapping[str, str]
    ttl: float
    leads: bool
    memory: Memory = field(default_factory=Memory)
    watches: dict[tuple[str, str], KindWatch] = field(default_factory=dict)
    doubts: dict[ObjectKey, tuple[bytes, str]] = field(default_factory=dict)
    incomplete: set[tuple[AppKey, str, str]] = field(default_factory=set)
    told: dict[ObjectKey, _Told] = field(default_factory=dict)
    strangers: set[ObjectKey] = field(default_factory=set)
    kinds: set[tuple[str, str]] = field(default_factory=set)
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    news: bool = False
    renew_at: float = 0.0
    around_at: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)

    # -- called from the watches' threads --------------------------------------------------------------------------

    def seen(self, found: Observed, *, gone: bool) -> None:
        """Takes an event; what is as it was applied is forgotten at once."""
        mark = GONE if gone else mark_of(found)
        with self.changed:
            owners = self.memory.owners(found.key)
            if owners and all(self.memory.is_as_applied(app, found.key, mark) for app in owners):
                self.doubts.pop(found.key, None)
                if (told := self.told.get(found.key)) is not None:
                    told.mark = GONE
                return
            if gone and not owners:
                self.doubts.pop(found.key, None)
                return
            self.doubts[found.key] = (mark, found.app_label)
            self._wake()

    def listed(self, resource: Resource, names: set[tuple[str, str]]) -> None:
        """Takes note of applications that remember an object which was not listed."""
        with self.changed:
            for app in self.memory.missing(resource.group, resource.kind, names):
                self.incomplete.add((app, resource.group, resource.kind))
            self._wake()

    def _wake(self) -> None:
        self.news = True
        self.changed.notify()

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
            except (ConflictError, TransientError):
                time.sleep(_ASK_AGAIN)  # what was not told is still in doubt
            if now >= ports.ends:
                ports.watchers.leave(self.name, ports.owner)
                ports.start(self.name, self._versions())
                return "nobody has taken over in time; another one was started"
            if not handing_over and now >= begins_hand_over:
                handing_over = True
                ports.start(self.name, self._versions())
            with self.changed:
                if not self.news:
                    self.changed.wait(_ASK_AGAIN if self.doubts or self.incomplete or not self.leads else 1.0)
                self.news = False

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
        with self.changed:
            open_ = {(key.group, key.kind) for key in self.doubts} | {each[1:] for each in self.incomplete}
            return {
                f"{group}/{kind}": each.version
                for (group, kind), each in self.watches.items()
                if each.version and (group, kind) not in open_
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
        with self.changed:
            self.memory.forget_all_but(apps)
            self.strangers = {key for key, (_, label) in self.doubts.items() if self._is_strange(label, apps)}
        self._learn(apps)
        target = ports.targets.opened(cluster)
        self._watch_kinds(target.server, target.discovery, lambda fresh: ports.targets.connection(cluster, fresh=fresh))
        return True

    @staticmethod
    def _is_strange(label: str, apps: list[AppKey]) -> bool:
        """Whether a label is no application's of this cluster: a copy from elsewhere, or of one that was deleted."""
        return bool(label) and all(tracking_value(app) != label for app in apps)

    def _learn(self, apps: list[AppKey]) -> dict[AppKey, bool]:
        """Reads the inventories that have changed; says of each application whether a sync is at work on it."""
        leases = self.ports.watchers.leases(apps)
        now = self.ports.clock()
        moved = [app for app, lease in leases.items() if lease.token != self.memory.token(app)]
        for app in moved:
            inventory = self.ports.applications.inventories([app]).get(app, {})
            with self.changed:
                self.memory.learn(app, leases[app].token, inventory)
        return {app: lease.expires > now for app, lease in leases.items()}

    def _watch_kinds(self, server: ApiServer, discovery: Discovery, connection: Callable[[bool], Connection]) -> None:
        kinds = self.memory.kinds
        self.kinds = set(kinds)
        for each in self.watches.values():
            kind_of = each.resource.group, each.resource.kind
            if each.trouble and self.said.get(kind_of) != each.trouble:
                self.ports.say(f"{each.resource.plural} can't be watched now: {each.trouble}")
            self.said[kind_of] = each.trouble
        for group, kind in [each for each in self.watches if each not in kinds]:
            self.watches.pop((group, kind)).stop()
        for (group, kind), version in kinds.items():
            if (group, kind) in self.watches:
                continue
            try:
                resource = discovery.find(group, kind, version)
            except MooringError:
                continue  # its aggregated server is down: the next look around tries again
            if resource is None or "watch" not in resource.verbs:
                continue
            at = self.versions.get(f"{group}/{kind}", "")
            self.watches[group, kind] = KindWatch(server, connection, resource, self, at)
            self.watches[group, kind].start()

    # -- what differs ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Decides the open questions of every application that nobody is at work on, and tells what differs."""
        with self.changed:
            doubts, incomplete = dict(self.doubts), set(self.incomplete)
        if not doubts and not incomplete:
            return
        concerned: dict[AppKey, list[ObjectKey]] = {app: [] for app, _, _ in incomplete}
        kept: set[ObjectKey] = set()
        for key, (_, label) in doubts.items():
            labelled = self.memory.labelled(label)
            for app in self.memory.owners(key) or ([labelled] if labelled else []):
                concerned.setdefault(app, []).append(key)
            if label and labelled is None and key not in self.strangers:
                kept.add(key)  # of an application that is new, perhaps
                self.around_at = min(self.around_at, self.ports.clock() + _NEWS)
        busy = self._learn(list(concerned))
        if self.kinds != self.memory.kinds.keys():
            self.around_at = 0.0
        now = self.ports.clock()
        differing: dict[AppKey, list[ObjectKey]] = {}
        for app, keys in concerned.items():
            if busy[app]:
                kept.update(keys)
                continue
            for key in keys:
                if not self.memory.differs(app, key, doubts[key][0]):
                    continue
                match self._is_told(key, doubts[key][0], now):
                    case "now":
                        differing.setdefault(app, []).append(key)
                    case "later":
                        kept.add(key)
        for app, group, kind in incomplete:
            if not busy[app]:
                differing.setdefault(app, []).extend(self._absent(app, group, kind))
        self._tell(differing)
        with self.changed:
            for key, doubt in doubts.items():
                if key not in kept and self.doubts.get(key) == doubt:
                    del self.doubts[key]
            self.incomplete -= {each for each in incomplete if not busy[each[0]]}
            self.told = {key: each for key, each in self.told.items() if now - each.last < _CALM}

    def _is_told(self, key: ObjectKey, mark: bytes, now: float) -> Literal["now", "later", "before"]:
        """When to tell of an object: at once, but less and less often, and of the same state only once."""
        known = self.told.setdefault(key, _Told())
        if known.times and mark != GONE and known.mark == mark:
            return "before"
        pause = 0.0 if known.times < _AT_ONCE else min(_LONGEST_PAUSE, 2.0 ** (known.times - _AT_ONCE + 1))
        if now < known.last + pause:
            return "later"
        known.times, known.last, known.mark = known.times + 1, now, mark
        return "now"

    def _absent(self, app: AppKey, group: str, kind: str) -> list[ObjectKey]:
        """The objects of a kind that may be missing: all that the inventory has, since `sync` reads each or lists."""
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
