"""What of a cluster is Mooring's business, so that deeds on anything else are forgotten at once.

A busy cluster's audit log is full of objects that no application has. Asking the table about each would cost more than
keeping them, so a function instance remembers the objects and namespaces of a cluster's applications, and reads them
anew every ten minutes (one item for each application). Where in doubt, a deed is kept:

- a namespace counts as foreign only once it was looked up, which happens once a minute at most;
- Mooring's own requests are in the same log, before anybody can change what they made: an object that it has just
  created is known from them, and read about when somebody changes it;
- where deeds start heals (the drift mode `audit`), an object that isn't known may have been made while its batch went
  to another instance: it is looked up when somebody first touches it, and again with the next ten minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from mooring.errors import PermanentError
from mooring.events.audit import is_machinery
from mooring.events.deeds import Deed, ObjectName
from mooring.model.application import AppKey, Destination
from mooring.model.objects import ObjectKey
from mooring.state.applications import Applications
from mooring.state.clusters import Cluster, find_place

__all__ = ["InUse", "Objects"]

_KEPT = 600.0  # seconds
_LOOKED_UP = 60.0  # seconds between two looks for a namespace that isn't known
_LOOKED_FOR = 10.0  # seconds between two looks for objects that aren't known
_OTHERS = 10_000  # objects of nobody that are remembered


@dataclass(slots=True)
class Objects:
    """What the applications of one cluster have there, as it was read at `at`.

    `foreign` are namespaces of others, `own` what Mooring was seen to write, `settled` what of that was before `at`;
    `others` are objects that were looked for and are nobody's.
    """

    at: float
    owners: dict[tuple[str, str, str], list[tuple[ObjectKey, AppKey]]] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    own: set[ObjectName] = field(default_factory=set)
    settled: set[ObjectName] = field(default_factory=set)
    others: set[ObjectName] = field(default_factory=set)

    def owned(self, name: ObjectName) -> list[tuple[ObjectKey, AppKey]]:
        """The remembered objects that go by this name, with their applications; all of a collection without one."""
        if name.name:
            known = self.owners.get((name.group, name.namespace, name.name), [])
        else:
            known = [pair for pairs in self.owners.values() for pair in pairs]
        return [(key, app) for key, app in known if replace(name, name=name.name or key.name).is_of(key)]

    def concerns(self, deed: Deed) -> bool:
        """Whether a deed is worth keeping: on what is managed, or by somebody in a namespace where Mooring is at work.

        What parts of the control plane do to objects that nobody manages (pods, replica sets) is not.
        """
        name = deed.object
        if self.owned(name) or name in self.own:
            return True
        if is_machinery(deed.who.user):
            return deed.verb == "deletecollection" and name.namespace in self.namespaces
        if (name.group, name.resource) == ("", "namespaces"):
            return name.name not in self.foreign
        return name.namespace not in self.foreign if name.namespace else name.group in self.groups

    def strange(self, deeds: Iterable[Deed]) -> set[str]:
        """The namespaces of these deeds that nobody has looked up yet."""
        named = {
            deed.object.name if deed.object.resource == "namespaces" else deed.object.namespace
            for deed in deeds
            if not is_machinery(deed.who.user)
        }
        return named - self.namespaces - self.foreign - {""}

    def is_behind(self, deeds: Iterable[Deed]) -> bool:
        """Whether a deed is on an object that Mooring has made since this was read."""
        return any(
            deed.object in self.own and deed.object not in self.settled and not self.owned(deed.object)
            for deed in deeds
        )

    def unknown(self, deeds: Iterable[Deed]) -> set[ObjectName]:
        """Objects of these deeds that may be an application's for all that is known here."""
        return {
            deed.object
            for deed in deeds
            if (deed.subresource == "scale" or not is_machinery(deed.who.user))
            and deed.object.namespace not in self.foreign
            and deed.object not in self.others
            and not self.owned(deed.object)
        }

    def add(self, key: ObjectKey, app: AppKey) -> None:
        """One object of an application."""
        self.owners.setdefault((key.group, key.namespace, key.name), []).append((key, app))
        self._use(key.namespace or (key.name if key.kind == "Namespace" else ""), key.group)

    def note_own(self, names: Iterable[ObjectName]) -> None:
        """Mooring has written these objects a moment ago."""
        for name in names:
            self.own.add(name)
            self._use(name.namespace or (name.name if name.resource == "namespaces" else ""), name.group)

    def _use(self, namespace: str, group: str) -> None:
        if namespace:
            self.namespaces.add(namespace)
            self.foreign.discard(namespace)
        else:
            self.groups.add(group)


class InUse:
    """The objects of clusters' applications, as one function instance knows them."""

    def __init__(self, applications: Applications, *, clock: Callable[[], float] = time.time) -> None:
        self._applications = applications
        self._clock = clock
        self._known: dict[str, Objects] = {}

    def of(
        self, cluster: Cluster, clusters: Sequence[Cluster], own: Iterable[ObjectName], deeds: Sequence[Deed]
    ) -> Objects:
        """What is in use, recent enough to judge these deeds; `own` are objects that Mooring has just written."""
        now, known = self._clock(), self._known.get(cluster.name)
        own = tuple(own)
        if known is not None:
            known.note_own(own)
        age = float("inf") if known is None else now - known.at
        strange = Objects(now).strange(deeds) if known is None else known.strange(deeds)
        unknown = known.unknown(deeds) if known is not None and cluster.drift == "audit" and age > _LOOKED_FOR else ()
        if known is None or age > _KEPT or (strange and age > _LOOKED_UP) or unknown or known.is_behind(deeds):
            former = known or Objects(now)
            known = self._read(cluster, clusters, now)
            known.note_own((*(former.own if age <= _KEPT else ()), *own))
            known.settled = set(known.own)
            known.foreign = (former.foreign | strange) - known.namespaces
            known.others = (former.others if age <= _KEPT and len(former.others) < _OTHERS else set()) | {
                name for name in unknown if not known.owned(name)
            }
            self._known[cluster.name] = known
        return known

    def _read(self, cluster: Cluster, clusters: Sequence[Cluster], now: float) -> Objects:
        here: dict[Destination, bool] = {}

        def is_here(destination: Destination) -> bool:
            if destination not in here:
                try:
                    here[destination] = find_place(clusters, destination).name == cluster.name
                except PermanentError:
                    here[destination] = False  # its destination is not registered
            return here[destination]

        keys = [listed.key for listed in self._applications.registered() if is_here(listed.destination)]
        found = Objects(now)
        for app, inventory in self._applications.inventories(keys).items():
            for key in inventory:
                found.add(key, app)
        return found
