"""The function `sync`: messages in, clusters as git wants them out.

A message names an application, or a cluster of which all (or some) applications need a look. Each application is
considered on its own: the trouble of one is its own trouble. What has to be looked at again (health that is not there
yet, a lease that somebody holds) comes back through the queue `later`; nothing waits here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mooring.errors import ConflictError, MooringError, PermanentError, TransientError, UnreachableError
from mooring.events.messages import (
    ApplicationSetMessage,
    AppMessage,
    Cause,
    ClusterMessage,
    Later,
    ObjectMessage,
    PromotionMessage,
)
from mooring.flows.clusters.reaching import OutageError
from mooring.flows.syncs.afterwards import Afterwards, is_settling
from mooring.flows.syncs.deleting import remove
from mooring.flows.syncs.looking import Seen, look
from mooring.flows.syncs.noting import CLUSTER_TROUBLE, note_health, note_trouble
from mooring.flows.syncs.orphans import look_for_orphans
from mooring.flows.syncs.pinpointing import look_at_objects, owners_of
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.syncing import consider
from mooring.model.application import AppKey
from mooring.state.records import Record
from mooring.state.registry import Cluster
from mooring.state.statuses import Status

__all__ = ["handle_syncs"]

_BUSY = 3.0  # seconds until an application is looked at again whose lease somebody holds
_TICKS = 120.0  # seconds; what would wait longer is left to the next tick of the schedule
_WORDS_FROM = 4  # the look after a sync from which on pods that are not ready are asked why: after seven seconds


def handle_syncs(
    ports: SyncPorts, messages: Sequence[AppMessage | ClusterMessage | ObjectMessage]
) -> list[tuple[AppKey, MooringError]]:
    """Does what the messages ask for and returns the troubles that could not be written down in a status.

    Raises where the state can't be read at all: then the messages should come again.
    """
    ports.targets.refresh()
    afterwards = Afterwards()
    causes = {message.app: message.cause for message in messages if isinstance(message, AppMessage)}
    if causes:
        for key, record in ports.applications.load(causes, inventory=True).items():
            _one(ports, record, AppMessage(key, causes[key]), None, afterwards)
    for message in dict.fromkeys(message for message in messages if isinstance(message, ClusterMessage)):
        _look_at(ports, message, afterwards)
    for named in dict.fromkeys(message for message in messages if isinstance(message, ObjectMessage)):
        _look_at_objects(ports, named, afterwards)
    if news := ports.targets.news():
        ports.queues.send("syncs", [ClusterMessage(name, Cause("tick")) for name in news], alone=True)
    if afterwards.sets:
        sets = [ApplicationSetMessage(name, Cause("render"), progress=True) for name in afterwards.sets]
        ports.queues.send("renders", sets)
    promotions = {str(each): None for app in afterwards.moved_on for each in ports.targets.promotions_of(app)}
    if promotions:
        ports.queues.send("renders", [PromotionMessage(name, Cause("render")) for name in promotions])
    later = afterwards.messages()
    if later:
        ports.queues.send_later(later)
    return afterwards.troubles


def _one(
    ports: SyncPorts, record: Record, message: AppMessage | ObjectMessage, seen: Seen | None, afterwards: Afterwards
) -> None:
    """Considers one application; `message` is what comes again where that is not possible yet."""
    cause = message.cause
    try:
        _reach(ports, record)
        if record.spec is not None and record.spec.deleting is not None:
            remove(ports, record, cause)
            afterwards.moved(record, None)
            return
        status = consider(ports, record, cause, seen)
    except ConflictError:
        if cause.kind != "tick":  # the next tick comes by itself
            afterwards.again.append((Later("syncs", message), _BUSY))
        return
    except MooringError as error:
        told = _explained(ports, record, error)
        status = _trouble(ports, record, told, afterwards)
        if isinstance(told, TransientError) and not isinstance(told, OutageError) and cause.kind != "tick":
            delay = _retry_delay(status, told, ports.clock())
            if delay < _TICKS:
                afterwards.again.append((Later("syncs", message), delay))
        return
    finally:
        ports.targets.settle()
        ports.consumption.begin()
    afterwards.moved(record, status)
    if status is not None and status.operation != record.status.operation and is_settling(status):
        afterwards.watch(status.cluster, record.key, 0)


def _retry_delay(status: Status, error: TransientError, now: float) -> float:
    """Seconds until a cluster that could not be looked at is asked again: half as long as that has gone on."""
    since = min((each.since for each in status.conditions if each.type == CLUSTER_TROUBLE), default=now)
    return max(_BUSY, error.retry_after or 0.0, (now - since) / 2)


def _reach(ports: SyncPorts, record: Record) -> None:
    """Raises `OutageError` where the application's cluster is known to be out of reach."""
    spec = record.spec
    if spec is None or (spec.deleting is not None and not spec.deleting.cascade) or _skipped(record):
        return
    try:
        cluster = ports.targets.cluster(spec.application.destination)
    except PermanentError:
        return  # said by whoever needs it
    ports.targets.reach(cluster)


def _explained(ports: SyncPorts, record: Record, error: MooringError) -> MooringError:
    """The error, or since when and why the whole cluster can't be reached, where that is the trouble."""
    if not isinstance(error, UnreachableError):
        return error
    ports.targets.settle()
    try:
        _reach(ports, record)
    except UnreachableError as outage:
        return outage
    return error


def _look_at(ports: SyncPorts, message: ClusterMessage, afterwards: Afterwards) -> None:
    """Looks at the applications of one cluster with as few requests as it takes, and considers each of them."""
    try:
        cluster = ports.targets.named(message.cluster)
    except PermanentError:
        return  # the cluster was removed since the message was sent
    if message.sets:
        from mooring.flows.syncs.consulting import read_decisions  # only where ApplicationSets name objects that decide

        read_decisions(ports, cluster, message.sets)
        return
    keys = message.apps or list(_applications_of(ports, cluster.name))
    if message.check:
        _examine(ports, cluster, message.check, ports.applications.load(keys, inventory=True).values())
        return
    try:
        cluster = ports.targets.reach(cluster, probing=not message.apps)
    except MooringError as error:
        _all_in_trouble(ports, cluster.name, ports.applications.load(keys).values(), error, afterwards)
        return
    records = [record for record in ports.applications.load(keys, inventory=True).values() if record.spec is not None]
    here = [record for record in records if record.status.cluster == cluster.name and not _skipped(record)]
    try:
        target = ports.targets.connect(cluster)
        explain = not message.health_only or message.attempt >= _WORDS_FROM
        seen = look(target, here, health_only=message.health_only, explain=explain)
        if not message.health_only:
            ports.targets.note_versions(target)
        if not message.health_only and not message.apps:
            look_for_orphans(ports.targets, target, records, seen, ports.pool)
        if cluster.managed and not message.health_only and not message.apps and ports.targets.declared:
            from mooring.flows.clusters.intake import take_in  # only for management clusters

            afterwards.troubles += take_in(ports.targets.declared.ports, target)
    except MooringError as error:
        told = _explained(ports, records[0], error) if records else error
        _all_in_trouble(ports, cluster.name, records, told, afterwards)
        return
    ports.consumption.begin()  # the look was everybody's
    for record in records:
        if not message.health_only:
            _one(ports, record, AppMessage(record.key, message.cause), seen.get(record.key), afterwards)
        elif record.key in seen:
            _health(ports, record, seen[record.key], afterwards, message.attempt + 1)


def _look_at_objects(ports: SyncPorts, message: ObjectMessage, afterwards: Afterwards) -> None:
    """Looks at the objects that are named, and considers the applications that they belong to."""
    if message.act:
        from mooring.flows.syncs.acting import act  # only where a person asks

        act(ports, message)
        return
    try:
        cluster = ports.targets.reach(ports.targets.named(message.cluster))
        target = ports.targets.connect(cluster)
        found = list(owners_of(ports, target, message, lambda: _applications_of(ports, cluster.name)))
    except PermanentError:
        return  # the cluster was removed since the message was sent, or may not be read: the sweep tells
    except TransientError as error:
        if not isinstance(error, OutageError):  # else the cluster gets a look when it is back
            afterwards.again.append((Later("syncs", message), max(_BUSY, error.retry_after or 0.0)))
        return
    finally:
        ports.targets.settle()
    for record, keys, read in found:
        again = ObjectMessage(cluster.name, tuple(sorted(keys)), message.cause, record.key)
        try:
            seen = look_at_objects(ports, target, record, keys, read)
        except MooringError as error:
            told = _explained(ports, record, error)
            status = _trouble(ports, record, told, afterwards)
            if isinstance(told, TransientError) and not isinstance(told, OutageError):
                afterwards.again.append((Later("syncs", again), _retry_delay(status, told, ports.clock())))
            continue
        _one(ports, record, again, seen, afterwards)


def _examine(ports: SyncPorts, cluster: Cluster, check: str, records: Iterable[Record]) -> None:
    """Examines a cluster for a person, and keeps what was found."""
    from mooring.flows.syncs.doctor import unanswerable, uses_of  # only where a person asks

    try:
        found = ports.targets.examine(cluster, uses_of(records, cluster), ports.pool)
    except MooringError as error:
        found = unanswerable(error)
    ports.targets.note_check(cluster, check, found)


def _all_in_trouble(
    ports: SyncPorts, cluster: str, records: Iterable[Record], error: MooringError, afterwards: Afterwards
) -> None:
    """Shows an error for the applications of one cluster; those whose objects are in another one are left alone."""
    for record in records:
        if record.status.cluster in ("", cluster) and not _skipped(record):
            _trouble(ports, record, error, afterwards)


def _skipped(record: Record) -> bool:
    return record.spec is not None and record.spec.deleting is None and record.spec.application.marks.skip


def _health(ports: SyncPorts, record: Record, seen: Seen, afterwards: Afterwards, attempt: int) -> None:
    try:
        status = note_health(ports, record, seen)
    except ConflictError:
        status = record.status  # a sync is at work: look again
    except MooringError as error:
        afterwards.troubles.append((record.key, error))
        return
    afterwards.moved(record, status)
    if is_settling(status):
        afterwards.watch(status.cluster, record.key, attempt)


def _applications_of(ports: SyncPorts, cluster: str) -> Iterable[AppKey]:
    for listed in ports.applications.registered():
        try:
            if ports.targets.cluster(listed.destination).name == cluster:
                yield listed.key
        except PermanentError:
            continue  # its destination is not registered: shown when the application itself is considered


def _trouble(ports: SyncPorts, record: Record, error: MooringError, afterwards: Afterwards) -> Status:
    try:
        return note_trouble(ports, record, error)
    except ConflictError:
        return record.status
    except MooringError as other:
        afterwards.troubles.append((record.key, other))
        return record.status
