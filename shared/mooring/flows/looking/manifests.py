"""What git wanted of an application: all manifests of a revision, and what differs between two.

Bundles are kept for ever under their digest, which the record of each operation names, so any past sync can be shown
and compared; no cluster is asked. Values of Secrets are keyed digests, the same in all answers, so that two can be
told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from mooring.differences.readable import diff
from mooring.differences.redaction import redacted
from mooring.differences.rules import Rules
from mooring.errors import ConfigurationError
from mooring.flows.asked.looks import UnknownOperationError
from mooring.flows.looking.fitting import Room
from mooring.flows.looking.ports import LookPorts, record_of
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.state.operations import Operation
from mooring.state.records import Record

__all__ = ["compare_bundles", "find_operation", "show_manifests"]

_MOST: Final = 500  # objects that differ
_WHOLE: Final = "(object)"  # the path of a change that brings or takes an object: its text has all of it


def show_manifests(ports: LookPorts, app: AppKey, at: str) -> dict[str, Any]:
    """All manifests of a revision: `at` is the id of an operation, `wanted` for git's, `synced` for what is applied.

    Raises `UnknownApplicationError`, `UnknownOperationError`, and as reading bundles does.
    """
    bundle, revision = _bundle(ports, record_of(ports, app), at)
    manifests = [redacted(each, ports.secret_key) for each in ports.bundles.load(bundle)] if bundle else []
    return {"revision": revision, "bundle": bundle, "manifests": manifests}


def compare_bundles(ports: LookPorts, app: AppKey, old: str, new: str) -> dict[str, Any]:
    """What differs between two revisions, named as for `show_manifests`, object by object. Raises as that does."""
    record = record_of(ports, app)
    before, after = _bundle(ports, record, old), _bundle(ports, record, new)
    left, right = (_by_key(ports.bundles.load(name) if name else ()) for name, _ in (before, after))
    rules, room, items = Rules((), ports.expressions), Room(), list[dict[str, Any]]()
    for key in dict.fromkeys([*right, *left]):
        was, is_now = left.get(key), right.get(key)
        if was == is_now:
            continue
        made = diff(is_now, was, is_now, rules, ports.secret_key, names=(old, new))
        if made.kind == "unchanged":
            continue
        version = str((is_now or was or {})["apiVersion"]).rpartition("/")[2]
        named = {"group": key.group, "version": version, "kind": key.kind, "namespace": key.namespace, "name": key.name}
        details = room.told([asdict(each) for each in made.changes if each.path != _WHOLE], made.text)
        items.append({**named, "kindOfChange": made.kind, **details})
    return {
        "from": {"at": old, "bundle": before[0], "revision": before[1]},
        "to": {"at": new, "bundle": after[0], "revision": after[1]},
        "items": items[:_MOST],
        "leftOut": max(0, len(items) - _MOST),
        "unchanged": len(left.keys() & right.keys()) - sum(each["kindOfChange"] == "changed" for each in items),
    }


def find_operation(ports: LookPorts, app: AppKey, id_: str) -> Operation:
    """The last record of one operation. Raises `UnknownOperationError` where there is none that can be read."""
    links = ports.applications.links(app, id_, f"{id_}~")
    found = [each for _, _, each in links if each is not None and each.id == id_]
    if not found:
        raise UnknownOperationError(f"no operation has the id {id_}; `mooring app history --all` lists them")
    return found[-1]


def _bundle(ports: LookPorts, record: Record, at: str) -> tuple[str, str]:
    """The bundle's name (empty for none) and its revision."""
    if not at:
        raise ConfigurationError("must be the id of an operation, wanted or synced", field="at")
    if at == "wanted":
        return (record.wanted.bundle, record.wanted.revision) if record.wanted is not None else ("", "")
    if at == "synced":
        return record.status.bundle, record.status.revision
    operation = find_operation(ports, record.key, at)
    return operation.bundle, operation.revision


def _by_key(manifests: Sequence[Manifest]) -> dict[ObjectKey, Manifest]:
    """The objects by name; of hooks with a generated one by that."""
    named = ({**each, "metadata": {**each["metadata"], "name": _name(each)}} for each in manifests)
    return {ObjectKey.of(each): manifest for each, manifest in zip(named, manifests, strict=True)}


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return str(metadata.get("name") or metadata.get("generateName") or "")
