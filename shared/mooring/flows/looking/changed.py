"""Which fields an operation changed: its bundle beside the one before it, object by object.

Bundles are kept for ever under their digest, which the record of an operation names, so this can be asked at any time
and is copied nowhere; a sync has nothing to do for it. Values of Secrets are told as keyed hashes. What `sync` made of
something else (an opened secret) is in no bundle: of such an object the digests on record say that it changed.
"""

from __future__ import annotations

from typing import Any, Final

from mooring.differences.changes import changes
from mooring.errors import MooringError, PermanentError
from mooring.events.messages import ObjectMessage
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_secret
from mooring.state.records import Operation, ResourceResult

__all__ = ["tell_changes"]

_MOST: Final = 100  # fields of one object
_LARGEST: Final = 200  # objects
_Named = dict[ObjectKey, Manifest]


def tell_changes(ports: SyncPorts, message: ObjectMessage) -> None:
    """Finds out which fields an operation changed, and keeps that under its id. Raises as the table does."""
    assert message.app is not None
    try:
        cluster = ports.targets.named(message.cluster)
    except PermanentError:
        return  # the cluster was removed since the message was sent
    links = ports.applications.links(message.app, message.blame, f"{message.blame}~")
    found = [each for _, _, each in links if each is not None and each.id == message.blame]
    try:
        told = (
            _told(ports, found[-1]) if found else {"error": "there is no such operation, or its record can't be read"}
        )
    except MooringError as error:
        told = {"error": str(error)}
    finally:
        ports.targets.settle()
    ports.targets.note_check(cluster, message.blame, {"application": str(message.app), **told})


def _told(ports: SyncPorts, operation: Operation) -> dict[str, Any]:
    before, after = _named(ports, operation.former), _named(ports, operation.bundle)
    changed = [each for each in operation.results if each.before != each.after and not each.phase]
    objects = [
        {"object": str(each.key), "result": each.status, "fields": _fields(ports, each, before, after)}
        for each in changed[:_LARGEST]
    ]
    return {"operation": operation.id, "objects": objects, "leftOut": len(changed) - len(objects)}


def _named(ports: SyncPorts, bundle: str) -> _Named:
    return {ObjectKey.of(each): each for each in ports.bundles.load(bundle)} if bundle else {}


def _of(key: ObjectKey, objects: _Named) -> Manifest | None:
    """The object in a bundle, which may leave the namespace to the destination."""
    return objects.get(key) or objects.get(ObjectKey(key.group, key.kind, "", key.name))


def _fields(ports: SyncPorts, result: ResourceResult, before: _Named, after: _Named) -> list[dict[str, Any]]:
    was, is_now = _of(result.key, before), _of(result.key, after)
    if (result.before and was is None) or (result.after and is_now is None):
        return []
    hidden = any(each is not None and is_secret(each) for each in (was, is_now))
    shown = ports.bundles.digests.shown
    return [
        {"path": each.path}
        | {
            side: shown(value) if hidden and value is not None else value
            for side, value in (("before", each.before), ("after", each.after))
        }
        for each in changes(was if result.before else None, is_now if result.after else None, ())[:_MOST]
    ]
