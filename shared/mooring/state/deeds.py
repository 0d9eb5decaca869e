"""Deeds as they are kept: found by the object that was changed and the time, and forgotten after a month.

`DEEDS#<cluster>#<group>/<namespace>/<name>` `<time>#<audit id>` is one deed; where a collection was deleted the name is
empty. Resource and kind are left out of the key, because an audit event knows the one and an object the other
(`events.deeds`). A deed's key follows from its event, so an event that is delivered again writes what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from mooring.events.deeds import Deed, is_plural_of
from mooring.model.objects import ObjectKey
from mooring.state.table import Item, Key, Table

__all__ = ["DAYS_KEPT", "Deeds"]

DAYS_KEPT = 30
_DAY = 24 * 3600
_LAST = "~"  # sorts behind every audit id


class Deeds:
    """Who changed what in the clusters of one installation."""

    def __init__(self, table: Table, *, days: int = DAYS_KEPT) -> None:
        self._table = table
        self._kept = days * _DAY

    def keep(self, cluster: str, deeds: Iterable[Deed], *, now: float) -> None:
        """Writes deeds, 25 a request; keeping them twice does no harm."""
        items = {_key(cluster, deed): deed for deed in deeds}
        self._table.put_all(_item(key, deed, int(now) + self._kept) for key, deed in items.items())

    def find(self, cluster: str, key: ObjectKey, since: float, until: float) -> list[Deed]:
        """What was done to an object between two times (epoch seconds, inclusive), in order.

        With it come deletions of whole collections that it may have been part of: what they selected by is in the deed.
        Two queries.
        """
        found = [
            deed
            for name in (key.name, "")
            for deed in self._between(_pk(cluster, key.group, key.namespace, name), since, until)
            if is_plural_of(deed.object.resource, key.kind)
        ]
        return sorted(found, key=lambda deed: (deed.at, deed.id))

    def _between(self, pk: str, since: float, until: float) -> Iterable[Deed]:
        bounds = _time(since), _time(until) + _LAST
        return [Deed.from_json(orjson.loads(item["deed"])) for item in self._table.query(pk, between=bounds)]


def _pk(cluster: str, group: str, namespace: str, name: str) -> str:
    return f"DEEDS#{cluster}#{group}/{namespace}/{name}"


def _key(cluster: str, deed: Deed) -> Key:
    name = deed.object
    return _pk(cluster, name.group, name.namespace, name.name), f"{deed.at}#{deed.id}"


def _item(key: Key, deed: Deed, ttl: int) -> Item:
    return {"pk": key[0], "sk": key[1], "deed": orjson.dumps(deed.to_json()).decode(), "ttl": ttl}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
