"""What a watcher knows by heart: for each object that we applied, two short hashes.

One names the object, the other says how it was when it was applied. That is enough to tell an event that is news from
one that is our own doing or nobody's, and ten thousand objects fit into a few megabytes. What is remembered is taken
from the inventories; an application's is read again when its lease has moved on, since only then it can have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mooring.cluster.observe import Observed
from mooring.flows.syncs.looking import sight_of
from mooring.model.application import AppKey, is_registered
from mooring.model.merges import merge_of
from mooring.model.objects import ObjectKey
from mooring.model.tracking import tracking_value
from mooring.plan.inventory import Inventory

__all__ = ["GONE", "Memory", "mark_of"]

GONE = b""
"""The mark of an object that is not there."""

_UNSURE = b"?"
"""The mark of an object that is being applied, or was when a sync died: the next sync settles it."""

_BYTES = 12


@dataclass(slots=True)
class _Remembered:
    """One application: the token of its lease when it was read, and a mark for each of its objects."""

    token: int
    marks: dict[bytes, bytes] = field(default_factory=dict)
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)


class Memory:
    """What is remembered of the applications of one cluster."""

    def __init__(self) -> None:
        self._apps: dict[AppKey, _Remembered] = {}
        self._labels: dict[str, AppKey] = {}

    @property
    def apps(self) -> list[AppKey]:
        """The applications that are known."""
        return list(self._apps)

    @property
    def kinds(self) -> dict[tuple[str, str], str]:
        """The kinds in use (group and kind), each with a version."""
        return {kind: version for each in self._apps.values() for kind, version in sorted(each.kinds.items())}

    def token(self, app: AppKey) -> int:
        """The token of the lease at which an application was read last; -1 for one that is not known."""
        known = self._apps.get(app)
        return -1 if known is None else known.token

    def learn(self, app: AppKey, token: int, inventory: Inventory) -> None:
        """Takes an application's inventory as it was when its lease had this token."""
        known = _Remembered(token)
        for key, entry in inventory.items():
            if is_registered(key.group, key.kind) or merge_of(key) is not None:
                continue  # no object of the cluster, or a part of somebody else's, which has no label
            known.kinds[key.group, key.kind] = entry.version
            known.marks[_name(key)] = (
                _mark(entry.uid, entry.fingerprint, entry.generation) if entry.digest and not entry.unsure else _UNSURE
            )
        self._apps[app] = known
        self._labels[tracking_value(app)] = app

    def forget_all_but(self, apps: Iterable[AppKey]) -> None:
        """Lets go of applications that are not in the cluster any more."""
        kept = set(apps)
        for app in [app for app in self._apps if app not in kept]:
            del self._apps[app]
            self._labels.pop(tracking_value(app), None)

    def owners(self, key: ObjectKey) -> list[AppKey]:
        """The applications that remember an object."""
        name = _name(key)
        return [app for app, known in self._apps.items() if name in known.marks]

    def labelled(self, label: str) -> AppKey | None:
        """The application that a value of the tracking label means."""
        return self._labels.get(label)

    def is_as_applied(self, app: AppKey, key: ObjectKey, mark: bytes) -> bool:
        """Whether an object is for certain as the application remembers it."""
        known = self._apps.get(app)
        return known is not None and known.marks.get(_name(key)) == mark

    def differs(self, app: AppKey, key: ObjectKey, mark: bytes) -> bool:
        """Whether an object is for certain not as the application remembers it."""
        known = self._apps.get(app)
        remembered = None if known is None else known.marks.get(_name(key))
        return remembered is not None and remembered not in (mark, _UNSURE)

    def missing(self, group: str, kind: str, names: set[tuple[str, str]]) -> Iterator[AppKey]:
        """The applications that remember an object of a kind which is not among these (namespace, name).

        Which object that is takes the inventory to say.
        """
        there = {_name(ObjectKey(group, kind, namespace, name)) for namespace, name in names}
        for app, known in self._apps.items():
            if (group, kind) in known.kinds and any(
                name not in there for name in known.marks if name[:2] == _kind(group, kind)
            ):
                yield app


def mark_of(found: Observed) -> bytes:
    """How an object is, as far as that tells whether it was changed."""
    sight = sight_of(found)
    return _mark(sight.uid, sight.fingerprint, sight.generation)


def _mark(*parts: str) -> bytes:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=_BYTES).digest()


def _kind(group: str, kind: str) -> bytes:
    return hashlib.blake2b(f"{group}/{kind}".encode(), digest_size=2).digest()


def _name(key: ObjectKey) -> bytes:
    name = hashlib.blake2b(f"{key.namespace}/{key.name}".encode(), digest_size=_BYTES).digest()
    return _kind(key.group, key.kind) + name
