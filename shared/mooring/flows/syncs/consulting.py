"""Objects in a cluster that decide for ApplicationSets, read by `sync` (the other half of `flows.sets.deciding`)."""

from __future__ import annotations

from collections.abc import Iterable

from mooring.appsets.decisions import ClusterDecisionObjects
from mooring.errors import ConfigurationError, ConflictError, MooringError
from mooring.events.messages import ApplicationSetMessage, Cause
from mooring.flows.clusters.live import Target
from mooring.flows.clusters.registering import WithDeclared
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.setkey import SetKey
from mooring.state.clusters import Cluster
from mooring.state.decisions import MOST_BYTES, Answer, Asked, Decided

__all__ = ["read_decisions"]


def read_decisions(ports: SyncPorts, cluster: Cluster, sets: Iterable[str]) -> None:
    """Reads what decides for these sets, and has those evaluated that have not seen it. Raises only as the table does.

    Costs a query of all sets, and for each of these an item and two requests or more; it writes what has changed.
    """
    if ports.targets.declared is None:
        return
    registry = ports.targets.declared.ports.registry
    objects = _objects(ports, cluster)
    bases = {str(each.key): each.basis for each in registry.sets.listed()}
    for name in sets:
        basis = bases.get(name)
        if basis is None or not basis.decisions:
            continue
        key = SetKey.parse(name)
        found = _read(objects, cluster, key, [Asked(*each) for each in basis.decisions])
        try:
            if found != registry.decisions.load(key):
                registry.decisions.keep(key, found)
        except ConflictError:
            continue  # it was deleted meanwhile
        if found.digest != basis.decided:
            ports.queues.send("renders", [ApplicationSetMessage(name, Cause("tick"))])
    ports.targets.settle()


def _objects(ports: SyncPorts, cluster: Cluster) -> ClusterDecisionObjects | MooringError:
    """The objects of a cluster, or why they can't be had."""
    try:
        live = ports.targets.connect(ports.targets.reach(cluster))
    except MooringError as error:
        return error
    target = live.live if isinstance(live, WithDeclared) else live
    if not isinstance(target, Target):
        return ConfigurationError("has no objects that could decide", subject=cluster.name)
    return ClusterDecisionObjects(target.server)


def _read(
    objects: ClusterDecisionObjects | MooringError, cluster: Cluster, key: SetKey, asked: Iterable[Asked]
) -> Decided:
    answers: dict[Asked, Answer] = {}
    for each in asked:
        try:
            if isinstance(objects, MooringError):
                raise objects
            answers[each] = objects.read(key.namespace, each)
        except MooringError as error:
            answers[each] = Answer(error=str(error))
    found = Decided(cluster.name, answers)
    if found.size > MOST_BYTES:
        told = Answer(error=f"the decisions are larger than the {MOST_BYTES >> 10} KiB that are kept")
        return Decided(cluster.name, dict.fromkeys(answers, told))
    return found
