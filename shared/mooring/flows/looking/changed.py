"""Which fields an operation changed: its bundle beside the one before it, object by object.

Bundles are kept for ever under their digest, which the record of an operation names, so this can be asked at any time
and is copied nowhere; a sync has nothing to do for it, and no cluster is asked. Values of Secrets are told as keyed
digests. What `sync` made of something else (an opened secret) is in no bundle: of such an object the digests on record
say that it changed.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.differences.changes import changes
from mooring.flows.looking.fitting import Room
from mooring.flows.looking.manifests import find_operation
from mooring.flows.looking.ports import LookPorts, record_of
from mooring.flows.looking.veiling import Veil
from mooring.model.application import AppKey
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_hidden, is_secret
from mooring.state.operations import ResourceResult

__all__ = ["show_changes"]

_MOST: Final = 100  # fields of one object
_LARGEST: Final = 200  # objects
_Named = dict[ObjectKey, Manifest]


def show_changes(ports: LookPorts, app: AppKey, id_: str) -> dict[str, Any]:
    """`{"operation", "objects", "leftOut"}`: each object that an operation changed, with its fields and both values.

    Raises `UnknownApplicationError`, `UnknownOperationError`, and as reading bundles does.
    """
    operation = find_operation(ports, record_of(ports, app).key, id_)
    before, after = _named(ports, operation.former), _named(ports, operation.bundle)
    changed = [each for each in operation.results if each.before != each.after and not each.phase]
    room, objects = Room(), []
    for each in changed[:_LARGEST]:
        fields = _fields(ports, each, before, after)
        told = {"fields": fields} if room.has(fields) else {"fields": [], "cut": True}
        objects.append({"object": str(each.key), "result": each.status, **told})
    return {"operation": operation.id, "objects": objects, "leftOut": len(changed) - len(objects)}


def _named(ports: LookPorts, bundle: str) -> _Named:
    return {ObjectKey.of(each): each for each in ports.bundles.load(bundle)} if bundle else {}


def _of(key: ObjectKey, objects: _Named) -> Manifest | None:
    """The object in a bundle, which may leave the namespace to the destination."""
    return objects.get(key) or objects.get(ObjectKey(key.group, key.kind, "", key.name))


def _fields(ports: LookPorts, result: ResourceResult, before: _Named, after: _Named) -> list[dict[str, Any]]:
    was, is_now = _of(result.key, before), _of(result.key, after)
    if (result.before and was is None) or (result.after and is_now is None):
        return []
    sides = {"before": was if result.before else None, "after": is_now if result.after else None}
    secret = any(each is not None and is_secret(each) for each in (was, is_now))
    hidden = any(map(is_hidden, (was, is_now)))
    veils = {
        side: Veil(each, ports.secret_key, hidden=hidden) if secret and each is not None else None
        for side, each in sides.items()
    }

    def told(side: str, path: str, value: Any) -> Any:
        veil = veils[side]
        return value if veil is None or value is None else veil.over(path, value)

    return [
        {
            "path": each.path,
            "before": told("before", each.path, each.before),
            "after": told("after", each.path, each.after),
        }
        for each in changes(sides["before"], sides["after"], ())[:_MOST]
    ]
