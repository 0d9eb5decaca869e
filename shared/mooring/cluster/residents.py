"""What lives in some namespaces, whoever made it: a list of metadata for each kind, of what nothing else owns.

An object with an owner goes with it (Kubernetes documentation, "Owners and Dependents"); so does the token of a service
account, which has none written down. Kinds that we may not list are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import product

from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery, Resource
from mooring.cluster.observe import list_objects
from mooring.errors import RejectedError
from mooring.model.objects import ObjectKey

__all__ = ["Resident", "residents"]

_MOST_PLACES = 4  # namespaces that are asked one by one; for more, each kind is listed in the whole cluster
_REFUSALS = (403, 405)


@dataclass(frozen=True, slots=True)
class Resident:
    """One object that nothing owns, with what says whose application's it is."""

    key: ObjectKey
    app_label: str
    tracking_id: str


def residents(
    server: ApiServer,
    discovery: Discovery,
    namespaces: Collection[str],
    wanted: Callable[[str, str], bool],
    pool: Executor,
) -> list[Resident]:
    """Every object in these namespaces that nothing owns, of the kinds (group, kind) that are `wanted`; in order.

    Raises as `ApiServer.request` does, but for kinds that may not be listed.
    """
    kinds = [each for each in discovery.kinds() if each.namespaced and "list" in each.verbs]
    kinds = [each for each in kinds if wanted(each.group, each.kind)]
    places = sorted(namespaces) if len(namespaces) <= _MOST_PLACES else [""]
    ask = partial(_listed, server, frozenset(namespaces))
    found: dict[str, Resident] = {}
    for listed in pool.map(lambda asked: ask(*asked), product(kinds, places)):
        for uid, resident in listed:
            found.setdefault(uid, resident)  # some servers show one object under two groups
    return sorted(found.values(), key=lambda each: each.key)


def _listed(
    server: ApiServer, namespaces: Collection[str], resource: Resource, namespace: str
) -> list[tuple[str, Resident]]:
    try:
        return [
            (each.uid, Resident(each.key, each.app_label, each.tracking_id))
            for each in list_objects(server, resource, selector="", namespace=namespace)
            if not each.owned and not each.deletion_timestamp and each.key.namespace in namespaces
        ]
    except RejectedError as error:
        if error.code in _REFUSALS:
            return []
        raise
