"""A few objects that may have been changed: whose they are, and what they look like now.

A watch or an audit log names the object. One read of it answers whether it is as it was applied; no list, no other
object, no git. What is found goes the way of every look (`comparing`, then a heal under the lease), so a change that is
seen at once is judged, permitted, put back and told exactly as one that a sweep finds.

Whoever names an object often knows its application; else the object says it, by its annotation; else, since it is gone
or lost what we marked it with, the inventories of the cluster's applications do. An object that none of them remembers
is nobody's, and nothing is done.

The look is at the whole application after all where more than a few of its objects are named, because a list for each
kind is less work then, and (`syncing`) where somebody has asked for a sync. A new commit that was not synced yet, or an
operation that was begun and not ended, is gone on with as with every message.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from mooring.cluster.observe import Observed
from mooring.errors import ConfigurationError
from mooring.events.messages import ObjectMessage
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.merging import WithMerges
from mooring.flows.syncs.looking import Seen, look, notice
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.application import AppKey
from mooring.model.merges import merge_of
from mooring.model.objects import ObjectKey
from mooring.state.records import Record

__all__ = ["look_at_objects", "owners_of"]

_FEW: Final = 20  # objects of one application that are read one by one


def owners_of(
    ports: SyncPorts, target: Live, message: ObjectMessage, here: Callable[[], Iterable[AppKey]]
) -> Iterator[tuple[Record, frozenset[ObjectKey], dict[ObjectKey, Observed | None]]]:
    """The applications that remember these objects, each with its own of them, and what was read of these already.

    `here` lists the applications of the cluster; it is asked only where an object does not say whose it is.
    """
    keys = frozenset(message.objects)
    read: dict[ObjectKey, Observed | None] = {}
    if message.app is not None:
        named = {message.app}
    else:
        read = dict(zip(keys, ports.pool.map(target.get, keys), strict=True))
        named = {app for found in read.values() if found is not None and (app := _named_by(found)) is not None}
    records = ports.applications.load(named, inventory=True) if named else {}
    left = set(keys)
    for record in records.values():
        if theirs := _remembered(record, target, keys):
            left -= theirs
            yield record, theirs, read
    if left and message.app is None:
        others = [app for app in here() if app not in records]
        for record in ports.applications.load(others, inventory=True).values():
            if theirs := _remembered(record, target, left):
                yield record, theirs, read


def look_at_objects(
    ports: SyncPorts, target: Live, record: Record, keys: Collection[ObjectKey], read: dict[ObjectKey, Observed | None]
) -> Seen:
    """What is seen of some remembered objects of an application; `read` are objects that were read just now.

    Raises as `Live.get` does.
    """
    if len(keys) > _FEW:
        return look(target, [record])[record.key]
    seen, whole = Seen(only=frozenset(keys)), WithMerges(target, record.key)

    def found(key: ObjectKey) -> Observed | None:
        version, known = record.inventory[key].version, read.get(key)
        if key in read and (known is None or known.live is None or _version(known.live["apiVersion"]) == version):
            return known
        return whole.get(key, version)

    for observed in ports.pool.map(found, sorted(keys)):
        if observed is not None:
            notice(target, record.key, observed, seen)
    return seen


def _remembered(record: Record, target: Live, keys: Collection[ObjectKey]) -> frozenset[ObjectKey]:
    """Those of the objects that are in the application's inventory in this cluster, or what it adds to them."""
    spec = record.spec
    if spec is None or spec.deleting is not None or spec.application.marks.skip:
        return frozenset()
    if record.status.cluster != target.cluster.name:
        return frozenset()
    parts = {key for key in record.inventory if (merge := merge_of(key)) is not None and merge.secret in keys}
    return frozenset(parts.union(key for key in keys if key in record.inventory))


def _named_by(found: Observed) -> AppKey | None:
    app = found.tracking_id.partition(":")[0]
    try:
        return AppKey.parse(app) if app else None
    except ConfigurationError:
        return None  # somebody has written into our annotation


def _version(api_version: str) -> str:
    return api_version.rpartition("/")[2]
