"""What an application has in its cluster, down to pods: its own objects, and what controllers made of them.

Its own are listed by our label, a kind at a time; children are what names one of them as its owner by uid (Kubernetes
documentation, "Owners and Dependents"), looked for among the kinds that `kinds` knows, in the application's
namespaces. So a tree costs one list for each kind and namespace, however many objects there are. Kinds of which more
than their names is shown are listed in full, the rest as metadata alone. The API server's answer streams: an object is
forgotten as soon as its node is made.

What can't be seen is said and not hidden: kinds that may not be listed are in `unlisted`, and what goes beyond the
largest answer is counted in `cut`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, Final

from mooring.cluster.discovery import Resource
from mooring.cluster.observe import app_selector, list_items
from mooring.errors import ForbiddenError, RejectedError
from mooring.flows.looking.kinds import child_kinds
from mooring.flows.looking.nodes import Node, node_of
from mooring.flows.looking.ports import LookPorts, Place, place_of
from mooring.health import has_rule
from mooring.model.application import AppKey, is_registered
from mooring.model.merges import merge_of
from mooring.model.objects import ObjectKey
from mooring.model.tracking import APP_LABEL, TRACKING_ANNOTATION, is_tracked, tracking_value

__all__ = ["MOST_NODES", "Tree", "find_tree", "show_tree"]

MOST_NODES: Final = 5_000
_MOST_KINDS: Final = 40
_MOST_PLACES: Final = 20  # namespaces that are asked one by one; for more, each kind is listed in the whole cluster
_MOST_READ: Final = 40  # objects that the lists did not bring, read one by one
_MOST_TARGETS: Final = 100  # pods that a Service names
_REFUSED: Final = (403, 405)
_ALWAYS_FULL: Final = frozenset({("apps", "ReplicaSet"), ("", "Pod"), ("argoproj.io", "Rollout")})


class Tree:
    """Nodes by uid: the application's own first, then their children, those of children after them."""

    def __init__(self) -> None:
        self.own: dict[ObjectKey, Node] = {}
        self.children: dict[str, Node] = {}
        self.unlisted: list[dict[str, str]] = []

    @property
    def nodes(self) -> list[Node]:
        """All of them."""
        return [*self.own.values(), *self.children.values()]


def show_tree(ports: LookPorts, app: AppKey) -> dict[str, Any]:
    """The tree as it is answered. Raises as `place_of` and `find_tree`."""
    place = place_of(ports, app)
    tree = find_tree(ports, place)
    nodes = tree.nodes
    _connect(tree)
    cut = Counter(node.key.kind for node in nodes[MOST_NODES:])
    shown = nodes[:MOST_NODES]
    return {
        "nodes": [node.as_json() for node in shown],
        "summary": {
            "nodes": len(nodes),
            "kinds": dict(Counter(node.key.kind for node in nodes)),
            "health": dict(Counter(node.shown["health"]["status"] for node in nodes if "health" in node.shown)),
            "sync": dict(Counter(node.shown["status"] for node in tree.own.values() if "status" in node.shown)),
        },
        "cut": dict(cut),
        "unlisted": tree.unlisted,
        "cluster": place.target.cluster.name,
    }


def find_tree(ports: LookPorts, place: Place) -> Tree:
    """The application's objects with everything that they own.

    Raises `UnreachableError` where the cluster does not answer; what it refuses is left out and said.
    """
    tree = Tree()
    _own(ports, place, tree)
    _remember(place, tree)
    if place.reached is not None:
        _children(ports, place, tree)
    return tree


def _own(ports: LookPorts, place: Place, tree: Tree) -> None:
    """The application's own objects: lists by our label, then by name what a list did not bring."""
    remembered = place.record.inventory
    wanted = {key: entry.version for key, entry in remembered.items() if merge_of(key) is None}
    hooks = place.record.status.operation.hooks if place.record.status.operation else ()
    wanted |= {each.key: each.version for each in hooks if each.key not in wanted}
    kinds = {(key.group, key.kind): version for key, version in wanted.items()}

    def ask(asked: tuple[tuple[str, str], str]) -> list[Node]:
        return _listed_own(ports, place, tree, *asked[0], asked[1])

    for found in ports.pool.map(ask, kinds.items()):
        for node in found:
            if node.key in wanted:
                tree.own[node.key] = node
    missing = [key for key in wanted if key not in tree.own and not is_registered(key.group, key.kind)]
    for found_one in ports.pool.map(lambda key: _read(place, key, wanted[key]), missing[:_MOST_READ]):
        if found_one is not None:
            tree.own[found_one.key] = found_one


def _listed_own(ports: LookPorts, place: Place, tree: Tree, group: str, kind: str, version: str) -> list[Node]:
    app = place.record.key
    label = tracking_value(app)
    if is_registered(group, kind):
        found = place.target.look(group, kind, version, [label], full=True)
        resource = Resource(group, version, "", kind, True, ())
        return [node_of(each.live, resource, place.target.health, full=True) for each in found if each.live is not None]
    served = place.discovery.find(group, kind, version)
    if served is None:
        return []
    return [
        node
        for item, node in _listed(ports, place, tree, served, app_selector([label]), "")
        if is_tracked(app, node.key, node.labels.get(APP_LABEL, ""), _tracking(item))
    ]


def _read(place: Place, key: ObjectKey, version: str) -> Node | None:
    """One object that has lost our label, say; None where it is gone or somebody else's."""
    found = place.target.get(key, version)
    if found is None or found.live is None or found.app_label:
        return None
    resource = place.discovery.find(key.group, key.kind, version)
    return None if resource is None else node_of(found.live, resource, place.target.health, full=True)


def _listed(
    ports: LookPorts, place: Place, tree: Tree, resource: Resource, selector: str, namespace: str
) -> Iterator[tuple[dict[str, Any], Node]]:
    rules = place.target.health
    kind = (resource.group, resource.kind)
    full = has_rule(*kind, rules) or kind in _ALWAYS_FULL
    ports.hurry()
    try:
        for item in list_items(place.server, resource, selector=selector, namespace=namespace, full=full):
            yield item, node_of(item, resource, rules, full=full)
    except (ForbiddenError, RejectedError) as error:
        if isinstance(error, RejectedError) and error.code not in _REFUSED:
            raise
        tree.unlisted.append({"group": resource.group, "kind": resource.kind, "message": error.message})


def _remember(place: Place, tree: Tree) -> None:
    """Adds what is known of the application's own objects, and those that are known and not there."""
    waves = {key: entry.wave for key, entry in place.record.inventory.items()}
    operation = place.record.status.operation
    for run in operation.hooks if operation else ():
        if run.key in tree.own:
            tree.own[run.key].shown |= {"hook": run.phase, "hookState": run.state}
    for row in place.record.status.resources:
        node = tree.own.get(row.key)
        if node is None:
            node = tree.own[row.key] = Node(row.key, row.version, "", {})
            if row.health is not None:
                node.shown["health"] = {"status": row.health.status, "message": row.health.message}
            elif not row.uncounted and merge_of(row.key) is None:
                node.shown["health"] = {"status": "Missing"}
        node.shown |= {"status": row.sync, "managed": True}
        if wave := row.wave or waves.get(row.key, 0):
            node.shown["syncWave"] = wave
        if row.drift:
            node.shown["drift"] = len(row.drift)
        if row.requires_pruning:
            node.shown["requiresPruning"] = True
        if row.uncounted:
            node.shown["uncounted"] = row.uncounted
    for node in tree.own.values():
        if "hook" not in node.shown:
            node.shown.setdefault("managed", True)


def _children(ports: LookPorts, place: Place, tree: Tree) -> None:
    roots = {(key.group, key.kind) for key, node in tree.own.items() if node.uid}
    kinds, left_out = child_kinds(place.discovery, sorted(roots), _MOST_KINDS)
    if left_out:
        tree.unlisted.append({"group": "", "kind": "", "message": f"{left_out} more kinds were not asked for children"})
    spaces = sorted({key.namespace for key, node in tree.own.items() if node.uid and key.namespace})
    places = spaces if len(spaces) <= _MOST_PLACES else [""]
    known = dict.fromkeys(node.uid for node in tree.own.values())
    waiting: dict[str, list[Node]] = {}
    claims: list[Node] = []

    def ask(asked: tuple[Resource, str]) -> list[Node]:
        resource, namespace = asked
        is_claim = (resource.group, resource.kind) == ("", "PersistentVolumeClaim")
        listed = (node for _, node in _listed(ports, place, tree, resource, "", namespace))
        return [node for node in listed if node.uid not in known and (node.owners or is_claim)]

    for found in ports.pool.map(ask, product(kinds, places)):
        for node in found:
            if node.key.kind == "PersistentVolumeClaim" and not node.owners:
                claims.append(node)
            for *_, uid in node.owners:
                waiting.setdefault(uid, []).append(node)
    parents = [uid for uid in known if uid]
    while parents:
        grown = [node for uid in parents for node in waiting.pop(uid, ()) if node.uid not in tree.children]
        tree.children |= {node.uid: node for node in grown}
        parents = [node.uid for node in grown]
    _claim(tree, claims)


def _claim(tree: Tree, claims: Iterable[Node]) -> None:
    """Gives StatefulSets their volumes: a claim is named after its template, the set and the pod's number.

    Source: Kubernetes documentation, "StatefulSets", Stable Storage; claims own-reference their set only where it says
    `persistentVolumeClaimRetentionPolicy`.
    """
    sets = [node for node in tree.nodes if node.claims]
    for claim in claims:
        for owner in sets:
            names = "|".join(re.escape(each) for each in owner.claims)
            fits = re.fullmatch(f"({names})-{re.escape(owner.key.name)}-[0-9]+", claim.key.name)
            if fits and claim.key.namespace == owner.key.namespace:
                claim.owners = ((owner.key.group, owner.key.kind, owner.key.name, owner.uid),)
                tree.children[claim.uid] = claim


def _connect(tree: Tree) -> None:
    """The network: which pods a Service sends to, and which Services an Ingress."""
    pods: dict[str, list[Node]] = {}
    services: dict[tuple[str, str], Node] = {}
    for node in tree.nodes:
        if node.key.kind == "Pod":
            pods.setdefault(node.key.namespace, []).append(node)
        elif (node.key.group, node.key.kind) == ("", "Service"):
            services[node.key.namespace, node.key.name] = node
    for node in tree.nodes:
        if node.selector:
            fitting = [
                pod.uid for pod in pods.get(node.key.namespace, ()) if node.selector.items() <= pod.labels.items()
            ]
            node.shown["targets"] = fitting[:_MOST_TARGETS]
            node.shown["targetCount"] = len(fitting)
        elif node.backends:
            found = (services.get((node.key.namespace, name)) for name in node.backends)
            node.shown["targets"] = [service.uid for service in found if service is not None]


def _tracking(item: dict[str, Any]) -> str:
    return str((item["metadata"].get("annotations") or {}).get(TRACKING_ANNOTATION) or "")
