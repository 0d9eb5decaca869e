"""Events of Kubernetes about one object, or about all of an application; newest first.

Events of both APIs (`v1` and `events.k8s.io/v1`) are the same objects, and the older one shows all of them (Kubernetes
API reference, "Event v1 events.k8s.io"). An event belongs to whom it names by uid, so those of an object that was
deleted and made anew are not told of the new one. A cluster forgets them after an hour or so; nothing is kept here.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from mooring.cluster.observe import list_items
from mooring.errors import ConfigurationError
from mooring.flows.looking.owned import find_owned
from mooring.flows.looking.ports import LookPorts, Place, place_of
from mooring.flows.looking.tree import find_tree
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

__all__ = ["show_events"]

_MOST: Final = 500
_READ: Final = 5_000  # events of a namespace that are looked through
_SPACES: Final = 20  # namespaces that are asked one by one; for more, the whole cluster is
_DEFAULT_SPACE: Final = "default"  # where events of objects without a namespace are


def show_events(ports: LookPorts, app: AppKey, key: ObjectKey | None, limit: int) -> dict[str, Any]:
    """The newest `limit` events (500 at most) of an object, or of the application and all that its objects own.

    Raises as `place_of`, `ConfigurationError` for a limit that is none, and `NoSuchObjectError`.
    """
    if not 0 < limit <= _MOST:
        raise ConfigurationError(f"must be from 1 to {_MOST}", field="limit")
    place = place_of(ports, app)
    if key is not None:
        found = find_owned(place, key)
        if found is None:
            return {"items": [], "leftOut": 0}
        spaces, fields, uids = {key.namespace or _DEFAULT_SPACE}, f"involvedObject.uid={found.uid}", {found.uid}
    else:
        nodes = [node for node in find_tree(ports, place).nodes if node.uid]
        spaces, fields = {node.key.namespace or _DEFAULT_SPACE for node in nodes}, ""
        uids = {node.uid for node in nodes}
    asked = sorted(spaces) if len(spaces) <= _SPACES else [""]

    def ask(space: str) -> list[dict[str, Any]]:
        ports.hurry()
        return [event for event in _events(place, space, fields) if event["involvedObject"].get("uid") in uids]

    events = sorted((_told(event) for found in ports.pool.map(ask, asked) for event in found), key=_last, reverse=True)
    return {"items": events[:limit], "leftOut": max(0, len(events) - limit)}


def _events(place: Place, space: str, fields: str) -> list[dict[str, Any]]:
    resource = place.discovery.resource("", "Event", "v1")
    found = islice(list_items(place.server, resource, fields=fields, namespace=space, full=True), _READ)
    return [each for each in found if isinstance(each.get("involvedObject"), dict)]


def _told(event: dict[str, Any]) -> dict[str, Any]:
    about, source, series = event["involvedObject"], event.get("source") or {}, event.get("series") or {}
    group, _, version = str(about.get("apiVersion") or "").rpartition("/")
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    created = (event.get("metadata") or {}).get("creationTimestamp") or ""
    return {
        "type": event.get("type") or "",
        "reason": event.get("reason") or "",
        "message": event.get("message") or event.get("note") or "",
        "count": series.get("count") or event.get("count") or 1,
        "first": event.get("firstTimestamp") or event.get("eventTime") or created,
        "last": last or created,
        "source": event.get("reportingComponent") or source.get("component") or "",
        "object": {
            "group": group,
            "version": version,
            "kind": about.get("kind") or "",
            "namespace": about.get("namespace") or "",
            "name": about.get("name") or "",
            "uid": about.get("uid") or "",
            **({"fieldPath": about["fieldPath"]} if about.get("fieldPath") else {}),
        },
    }


def _last(event: dict[str, Any]) -> str:
    return str(event["last"])[:19]  # whole seconds: some have fractions
