"""A cluster in memory that owns fields as server-side apply does, for laws that need thousands of syncs.

It keeps to what the flows rely on: an apply owns the leaves it sends; a change by anyone else takes those leaves out of
our entry; `generation` grows with the content; a dry run changes nothing. The real API server is held to the same
behaviour by the integration tests.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mooring.cluster.adopting import migrated
from mooring.cluster.apply import Applied
from mooring.cluster.discovery import Resource
from mooring.cluster.observe import APP_LABEL, Observed, observed
from mooring.cluster.residents import Resident
from mooring.health import STANDARD
from mooring.errors import ConflictError, RejectedError

from mooring.model.objects import Manifest, ObjectKey
from mooring.model.options import Propagation
from mooring.model.tracking import TRACKING_ANNOTATION
from mooring.state.registry import Cluster

CLUSTER_SCOPED = {"Namespace", "CustomResourceDefinition", "ClusterRole"}


def _fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"f:{name}": _fields(inner) for name, inner in value.items()}
    return {}


def _owned(manifest: Manifest) -> Any:
    content = {name: value for name, value in manifest.items() if name not in ("apiVersion", "kind", "metadata")}
    metadata = {
        name: value for name, value in manifest["metadata"].items() if name in ("labels", "annotations") and value
    }
    return _fields({**content, "metadata": metadata})


def _merge(live: Any, sent: Any) -> Any:
    if isinstance(live, dict) and isinstance(sent, dict):
        return {**live, **{name: _merge(live.get(name), value) for name, value in sent.items()}}
    return sent


class MemoryCluster:
    """Implements `Live`. `before` is called ahead of every write, `after` behind it; `applies` lists what was written.

    The `data` of `frozen` objects is immutable; `made_room` lists what was deleted to be made anew.
    `lingering` objects are only marked when they are deleted, as those with finalizers.
    """

    def __init__(self, name: str = "in-cluster") -> None:
        self.cluster = Cluster(name, "https://cluster.test", True, "secret")
        self.objects: dict[ObjectKey, Manifest] = {}
        self.requests = 0
        self.answer_seconds = 0.0
        self.health = STANDARD
        self.applies: list[ObjectKey] = []
        self.acted_as: list[str] = []
        self.refused: dict[ObjectKey, str] = {}
        self.frozen: set[ObjectKey] = set()
        self.made_room: list[ObjectKey] = []
        self.lingering: set[ObjectKey] = set()
        self.before: Callable[[str], None] = lambda what: None
        self.after: Callable[[str], None] = lambda what: None
        self._version = 100

    def acting_as(self, user: str) -> MemoryCluster:
        self.acted_as.append(user)
        return self

    def namespaced(self, group: str, kind: str, version: str) -> bool | None:
        return kind not in CLUSTER_SCOPED

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, validate: bool = True, field_manager: str = "mooring"
    ) -> Applied:
        self.requests += 1
        if not dry_run:
            self.before("apply")
        key = ObjectKey.of(manifest)
        if key in self.refused:
            raise RejectedError(self.refused[key], code=422, subject=str(key))
        live = self.objects.get(key)
        expected = manifest["metadata"].get("resourceVersion")
        if live is not None and expected and expected != live["metadata"]["resourceVersion"]:
            raise ConflictError("the object has been modified", subject=str(key))
        self._refuse_frozen(key, live, manifest)
        content = {name: value for name, value in manifest.items() if name != "metadata"}
        sent_metadata = {
            name: manifest["metadata"][name] for name in ("labels", "annotations") if name in manifest["metadata"]
        }
        base = copy.deepcopy(live) if live is not None else {"metadata": {"name": key.name, "namespace": key.namespace}}
        ours = _owned(manifest)
        for path in _gone(_entry(base, field_manager), ours):
            _remove(base, path)
        result = _merge(base, {**content, "metadata": sent_metadata})
        metadata = result["metadata"]
        others = [e for e in metadata.get("managedFields", []) if e["manager"] != field_manager]
        metadata["managedFields"] = [*others, _entry_of(ours, field_manager)]
        changed = live is None or _content(live) != _content(result)
        if dry_run:
            if changed and live is not None:
                metadata["generation"] = metadata["generation"] + 1
            return Applied(result, live is None, ())
        self.applies.append(key)
        if live is None:
            self._version += 1
            metadata["uid"] = f"uid-{self._version}"
            metadata["generation"] = 1
        elif changed:
            metadata["generation"] += 1
        if changed or live is None or live["metadata"]["managedFields"] != metadata["managedFields"]:
            self._version += 1
            metadata["resourceVersion"] = str(self._version)
        self.objects[key] = result
        self.after("apply")
        return Applied(copy.deepcopy(result), live is None, ())

    def replace(self, manifest: Manifest, *, validate: bool = True, dry_run: bool = False) -> Applied:
        self.requests += 2
        if not dry_run:
            self.before("replace")
        key = ObjectKey.of(manifest)
        live = self.objects.get(key)
        self._refuse_frozen(key, live, manifest)
        self._version += 1
        metadata = copy.deepcopy(live["metadata"]) if live is not None else {"uid": f"uid-{self._version}"}
        metadata |= {"labels": {}, "annotations": {}} | copy.deepcopy(manifest["metadata"])
        metadata |= {"generation": metadata.get("generation", 0) + 1, "resourceVersion": str(self._version)}
        metadata["managedFields"] = [{**_entry_of(_owned(manifest)), "operation": "Update"}]
        if dry_run:
            return Applied(copy.deepcopy(manifest) | {"metadata": metadata}, live is None, ())
        self.applies.append(key)
        self.objects[key] = copy.deepcopy(manifest) | {"metadata": metadata}
        self.after("replace")
        return Applied(copy.deepcopy(self.objects[key]), live is None, ())

    def make_room(self, key: ObjectKey) -> None:
        self.requests += 2
        self.before("delete")
        if self.objects.pop(key, None) is not None:
            self.made_room.append(key)
        self.after("delete")

    def _refuse_frozen(self, key: ObjectKey, live: Manifest | None, manifest: Manifest) -> None:
        if live is not None and key in self.frozen and live.get("data") != manifest.get("data"):
            raise RejectedError("data: Invalid value: field is immutable", code=422, subject=str(key))

    def adopt(self, live: Manifest, *, client_side: bool = True) -> bool:
        entries = migrated(live["metadata"], client_side=client_side)
        if entries is None:
            return False
        self.requests += 1
        self.before("adopt")
        self.objects[ObjectKey.of(live)]["metadata"]["managedFields"] = entries
        self.after("adopt")
        return True

    def get(self, key: ObjectKey, version: str = "") -> Observed | None:
        self.requests += 1
        live = self.objects.get(key)
        return None if live is None else self._observed(key, live, full=True)

    def delete(self, key: ObjectKey, uid: str, propagation: Propagation) -> bool:
        self.requests += 1
        self.before("delete")
        live = self.objects.get(key)
        if live is None:
            return False
        if live["metadata"]["uid"] != uid:
            raise ConflictError("another object has this name")
        if key in self.lingering:
            live["metadata"]["deletionTimestamp"] = "2026-01-01T03:00:00Z"
        else:
            del self.objects[key]
        self.after("delete")
        return True

    def look(self, group: str, kind: str, version: str, apps: Iterable[str], *, full: bool) -> Iterator[Observed]:
        self.requests += 1
        named = set(apps)
        for key, live in list(self.objects.items()):
            label = (live["metadata"].get("labels") or {}).get(APP_LABEL)
            if (key.group, key.kind) == (group, kind) and label and (not named or label in named):
                yield self._observed(key, live, full=full)

    def residents(self, namespaces: Any, wanted: Any, pool: Any) -> list[Resident]:
        """Everything in these namespaces; nothing here has an owner."""
        found = []
        for key, live in sorted(self.objects.items()):
            if key.namespace in namespaces and wanted(key.group, key.kind):
                metadata = live["metadata"]
                label = (metadata.get("labels") or {}).get(APP_LABEL, "")
                found.append(Resident(key, label, (metadata.get("annotations") or {}).get(TRACKING_ANNOTATION, "")))
        return found

    def pods(self, namespace: str, selector: str) -> list[Manifest]:
        return []

    def edit(self, key: ObjectKey, change: Callable[[Manifest], None], manager: str = "kubectl-edit") -> None:
        """Somebody changes an object by hand: what differs afterwards is theirs."""
        live = self.objects[key]
        before = copy.deepcopy(live)
        change(live)
        for path in _changed(_content_tree(before), _content_tree(live)):
            entry = _entry(live)
            node, chain = entry, []
            for step in path:
                chain.append((node, f"f:{step}"))
                node = node.get(f"f:{step}", {}) if isinstance(node, dict) else {}
            for parent, name in reversed(chain):
                if name in parent and not parent[name]:
                    del parent[name]
        self._version += 1
        live["metadata"]["resourceVersion"] = str(self._version)
        if _content(before) != _content(live):
            live["metadata"]["generation"] += 1
        time = "2026-01-01T02:00:00Z"
        live["metadata"]["managedFields"].append(
            {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {}}
        )

    def _observed(self, key: ObjectKey, live: Manifest, *, full: bool) -> Observed:
        version = live["apiVersion"].rpartition("/")[2]
        resource = Resource(key.group, version, key.kind.lower(), key.kind, key.kind not in CLUSTER_SCOPED, ())
        return observed(copy.deepcopy(live), resource, full=full)


def _entry(live: Manifest, manager: str = "mooring") -> Any:
    entries = live["metadata"].get("managedFields", [])
    return next((entry["fieldsV1"] for entry in entries if entry["manager"] == manager), {})


def _entry_of(fields: Any, manager: str = "mooring") -> dict[str, Any]:
    return {"manager": manager, "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}


def _content_tree(live: Manifest) -> Any:
    kept = {name: value for name, value in live.items() if name not in ("metadata", "status")}
    metadata = {name: live["metadata"].get(name) or {} for name in ("labels", "annotations")}
    return {**kept, "metadata": metadata}


def _content(live: Manifest) -> Any:
    return {name: value for name, value in live.items() if name not in ("metadata", "status")}


def _gone(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in before.items():
        if name not in after:
            yield (*path, name[2:])
        else:
            yield from _gone(inner, after[name], (*path, name[2:]))


def _remove(live: Any, path: tuple[str, ...]) -> None:
    for step in path[:-1]:
        live = live.get(step)
        if not isinstance(live, dict):
            return
    live.pop(path[-1], None)


def _changed(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() | after.keys():
            yield from _changed(before.get(name), after.get(name), (*path, name))
    elif before != after:
        yield path
