"""Drift records in the table, found by application and time, or by cluster and object.

    APP#<ns>/<name>                 DRIFT#<id>                 the record; ids sort by the time when it was noticed
    DRIFTS#<cluster>#<group>/<ns>   <name>/<kind>#<evidence>   where the record is; what makes it one of a kind

A record and its place are written in one transaction that fails where the place is taken, so the same change is never
recorded twice. The records of an application are a chain (ADR 0095), whose end `CHAIN#drift` is written with them and
remembered until the next time, so that nothing has to be read first. What is learnt later (what was done, by whom it
was) is set beside the body, outside of the chain: neither of the two writers can undo the other.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

from mooring.errors import ConflictError, ThrottledError
from mooring.events.deeds import ObjectName, is_plural_of
from mooring.model.application import AppKey
from mooring.model.chain import Chained, Head, append
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, Done, DriftRecord, Suspect
from mooring.state.chaining import chained_from, if_readable
from mooring.state.lists import application_pk
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Key, Operation, Table, put, update

__all__ = ["Drifts", "drift_from"]

_PAIRS: Final = 33  # records in one transaction, two items each and the end of a chain
_TRIES: Final = 10
_HEAD: Final = "CHAIN#drift"
_UPDATES: Final = 100  # of a transaction (AWS, "Quotas in Amazon DynamoDB")
_OPEN: Final = ("noticed", "reported", "held back")
_ENDED: Final = ("reverted", "adopted", "ended")
_MAX_BODY: Final = 300 * 1024
_CUT: Final = 2_000  # characters that are left of a value, and
_FIELDS: Final = 100  # fields, where all of them would not fit an item
_POINTED: Final = 400 * 24 * 3600  # seconds that a record is found by its object; it is kept for longer
_SEARCHED: Final = 2_000  # newest records of an application, or more, among which open ones are looked for


class Drifts:
    """The drift records of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._heads: dict[str, Head] = {}

    def record(self, records: Sequence[DriftRecord]) -> list[DriftRecord]:
        """Writes the records that are not known yet, and returns these; any number, some thirty a request."""
        distinct = list({_place(each): each for each in records}.values())
        written: list[DriftRecord] = []
        for start in range(0, len(distinct), _PAIRS):
            written += self._record(distinct[start : start + _PAIRS])
        return written

    def _record(self, records: Sequence[DriftRecord]) -> list[DriftRecord]:
        for attempt in range(_TRIES):
            before = self._ends({each.app for each in records})
            after = dict(before)
            writes: list[Operation] = []
            for each in records:
                pointer, item, after[each.app] = _items(each, after[each.app])
                writes += [put(pointer, "attribute_not_exists(pk)"), put(item)]
            try:
                self._table.write(*writes, *(_moved(app, after[app], head) for app, head in before.items()))
            except ConflictError:  # some are known, or somebody else wrote records of the same applications
                known = self._table.get_many(_place(each) for each in records)
                records = [each for each in records if _place(each) not in known]
                if not records:
                    return []
                time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 (jitter, not a secret)
                continue
            self._heads |= after
            return list(records)
        raise ThrottledError("too many functions put drift on record at once; the next look tries again")

    def _ends(self, apps: Collection[str]) -> dict[str, Head]:
        """Where the chains of some applications end, from memory once: whatever comes of it, it is news afterwards."""
        known = {app: head for app in apps if (head := self._heads.pop(app, None)) is not None}
        return known | self.ends(AppKey.parse(app) for app in apps if app not in known)

    def ends(self, apps: Iterable[AppKey]) -> dict[str, Head]:
        """Where the chains of some applications end, a hundred a request."""
        keys = {(application_pk(app), _HEAD): str(app) for app in apps}
        items = self._table.get_many(keys) if keys else {}
        found = {keys[key]: Head(item["seq"], item["hash"]) for key, item in items.items()}
        return {app: found.get(app, Head()) for app in keys.values()}

    def links(
        self, app: AppKey, low: str, high: str, limit: int = 0, *, newest_first: bool = False
    ) -> Iterator[tuple[str, Chained, DriftRecord | None]]:
        """The records of an application with ids between two, in order of time, each as a record of its chain, too.

        One that somebody made unreadable is None.
        """
        span = f"DRIFT#{low}", f"DRIFT#{high}"
        for item in self._table.query(application_pk(app), between=span, newest_first=newest_first, limit=limit):
            id_ = item["sk"].removeprefix("DRIFT#")
            sworn = chained_from(item, _chain(str(app)), id_, kind="drift", body=_sworn)
            yield id_, sworn, if_readable(drift_from, item)

    def conclude(
        self, app: AppKey, keys: Collection[ObjectKey], done: Done, *, now: float, operation: str = ""
    ) -> None:
        """Ends the open records of some objects of an application: what was done, and by which operation."""
        pk = application_pk(app)
        told: Item = {"done": done, "ended": float(now), "operation": operation}
        writes = [
            update((pk, sk), told, "done = :seen", seen=seen) for sk, seen in self._open(pk, {str(key) for key in keys})
        ]
        for start in range(0, len(writes), _UPDATES):
            self._all_or_each(writes[start : start + _UPDATES])

    def _open(self, pk: str, left: set[str]) -> Iterator[tuple[str, str]]:
        """The open records of these objects, newest first: the sort key of each, and what was done so far."""
        fields, limit = ("sk", "object", "done"), _SEARCHED + 2 * len(left)
        for item in self._table.query(pk, "DRIFT#", newest_first=True, limit=limit, fields=fields):
            if item["object"] not in left:
                continue
            if item["done"] in _OPEN:
                yield item["sk"], item["done"]
            elif item["done"] in _ENDED:
                left.discard(item["object"])  # what is older of this object was ended with it
                if not left:
                    return

    def _all_or_each(self, writes: Sequence[Operation]) -> None:
        try:
            self._table.write(*writes)
        except ConflictError:
            if len(writes) > 1:  # one of them was ended by somebody else meanwhile
                for write in writes:
                    self._all_or_each([write])

    def accuse(self, record: DriftRecord, suspects: Sequence[Suspect]) -> None:
        """Writes who made a change; nothing where that is what is known."""
        if tuple(suspects) == record.suspects:
            return
        names = " ".join(dict.fromkeys(each.user for each in suspects))
        told: Item = {"who": names, "suspects": pack([_suspect_row(each) for each in suspects])}
        key = application_pk(AppKey.parse(record.app)), f"DRIFT#{record.id}"
        self._table.write(update(key, told, "attribute_exists(pk)"))

    def find(self, apps: Iterable[AppKey], id_: str) -> DriftRecord | None:
        """The record with this id, of any of these applications: a hundred of them a request."""
        for item in self._table.get_many((application_pk(app), f"DRIFT#{id_}") for app in apps).values():
            return drift_from(item)
        return None

    def of_app(self, app: AppKey, limit: int, since: float = 0.0, before: str = "") -> list[DriftRecord]:
        """The newest records of an application, newest first; none that was noticed before `since`, and only those
        whose ids are below `before`, where that is given.
        """
        span = "DRIFT#", f"DRIFT#{before or '~'}"
        found = self._table.query(application_pk(app), between=span, newest_first=True, limit=limit)
        read = (drift_from(item) for item in takewhile(lambda item: item["at"] >= since, found))
        return [each for each in read if each.id != before]

    def of_object(self, cluster: str, name: ObjectName, since: float, until: float) -> list[DriftRecord]:
        """The records of an object (of a namespace's collection where it has no name) that were noticed between two
        moments, in no order: one query, one read.
        """
        prefix = f"{name.name}/" if name.name else ""
        places = self._table.query(_place_pk(cluster, name.group, name.namespace), prefix)
        keys = [(item["at_pk"], item["at_sk"]) for item in places if since <= item["at"] <= until]
        records = [drift_from(item) for item in self._table.get_many(keys).values()] if keys else []
        return [each for each in records if is_plural_of(name.resource, each.key.kind)]


def _place_pk(cluster: str, group: str, namespace: str) -> str:
    return f"DRIFTS#{cluster}#{group}/{namespace}"


def _place(record: DriftRecord) -> Key:
    key = record.key
    return _place_pk(record.cluster, key.group, key.namespace), f"{key.name}/{key.kind}#{record.evidence}"


def _chain(app: str) -> str:
    return f"{app} drift"


def _moved(app: str, after: Head, before: Head) -> Operation:
    end = {"pk": application_pk(AppKey.parse(app)), "sk": _HEAD, "seq": after.seq, "hash": after.hash}
    return put(end, "seq = :seen", seen=before.seq) if before.seq else put(end, "attribute_not_exists(pk)")


def _sworn(item: Item) -> dict[str, Any]:
    """What of a record never changes."""
    return {
        "at": float(item["at"]), "cluster": item["cluster"], "object": item["object"], "seen": unpack(item["body"])
    }  # fmt: skip


def _items(record: DriftRecord, head: Head) -> tuple[Item, Item, Head]:
    """The place of a record, the record as the next one of its chain, and where that ends then."""
    item, place = _item(record), _place(record)
    link, after = append(head, chain=_chain(record.app), kind="drift", id_=record.id, body=_sworn(item))
    pointer = {"pk": place[0], "sk": place[1], "at_pk": item["pk"], "at_sk": item["sk"], "at": item["at"]}
    pointer["ttl"] = int(record.noticed_at) + _POINTED
    return pointer, item | {"seq": link.seq, "prev": link.prev, "hash": link.hash}, after


def _item(record: DriftRecord) -> Item:
    body = _body(record)
    if len(body) > _MAX_BODY:
        fields = [replace(each, before=_cut(each.before), after=_cut(each.after)) for each in record.fields[:_FIELDS]]
        if more := len(record.fields) - _FIELDS:
            fields += [ChangedField(f"({more} more fields)", None, None)] if more > 0 else []
        body = _body(replace(record, fields=tuple(fields)))
    return {
        "pk": application_pk(AppKey.parse(record.app)),
        "sk": f"DRIFT#{record.id}",
        "at": float(record.noticed_at),
        "cluster": record.cluster,
        "object": str(record.key),
        "done": record.done,
        "ended": float(record.ended_at),
        "operation": record.operation,
        "who": " ".join(dict.fromkeys(each.user for each in record.suspects)),
        "suspects": pack([_suspect_row(each) for each in record.suspects]),
        "body": body,
    }


def _body(record: DriftRecord) -> bytes:
    fields = [
        [each.path, each.before, each.after, each.manager, each.operation, each.subresource, each.time]
        for each in record.fields
    ]
    seen = [record.uid, record.resource_version, record.generation, record.since]
    return pack({"what": record.what, "by": record.seen_by, "mark": record.evidence, "seen": seen, "fields": fields})


def _cut(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _CUT else f"{text[:_CUT]}… ({len(text)} characters)"


def _suspect_row(each: Suspect) -> list[Any]:
    return [each.user, each.at, each.verb, each.certain, each.deed, each.fields, each.told]


def _suspect_from(row: list[Any]) -> Suspect:
    user, at, verb, certain, deed, fields, told = row
    return Suspect(user, at, verb, certain, deed, tuple(fields), tuple((name, value) for name, value in told))


def drift_from(item: Item) -> DriftRecord:
    """The record that an item holds."""
    body = unpack(item["body"])
    uid, resource_version, generation, since = body["seen"]
    return DriftRecord(
        item["sk"].removeprefix("DRIFT#"),
        item["pk"].removeprefix("APP#"),
        item["cluster"],
        ObjectKey.parse(item["object"]),
        body["what"],
        tuple(ChangedField(*row) for row in body["fields"]),
        body["by"],
        float(item["at"]),
        item["done"],
        body["mark"],
        float(since),
        item["operation"],
        float(item["ended"]),
        uid,
        resource_version,
        generation,
        tuple(_suspect_from(row) for row in unpack(item["suspects"])),
    )
