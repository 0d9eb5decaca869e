"""Applications in the table: what is declared, wanted and found.

What a sync writes is in `leasing`, what is on record in `histories`; an application is all of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.plan.inventory import Inventory, from_rows
from mooring.state import codec
from mooring.state.deeds import Deeds
from mooring.state.drifts import Drifts
from mooring.state.histories import Histories
from mooring.state.leasing import LeasedWrites, inventory_sk
from mooring.state.lists import (
    APPLICATIONS,
    GONE,
    Follower,
    Follows,
    Listed,
    application_pk,
    follower_from,
    following,
    listed_from,
    listed_item,
    listing,
    repository_pk,
    targets_of,
)
from mooring.state.mergedrequests import MergedRequests
from mooring.state.operationcodec import operation_item
from mooring.state.operations import Operation, Request
from mooring.state.packing import unpack_rows
from mooring.state.records import Lease, Record, Spec
from mooring.state.said import unsaid
from mooring.state.spending import Spending, spending, uncounted
from mooring.state.statuses import Status
from mooring.state.summaries import Summaries
from mooring.state.table import Item, Key, Table, delete, put
from mooring.state.table import Operation as Write
from mooring.state.wanted import WantedState

if TYPE_CHECKING:
    from mooring.state.unsummarised import Unsummarised

__all__ = ["Applications"]

_MOST_WRITES = 100  # of a transaction (AWS, "Quotas in Amazon DynamoDB")
_KEPT = ("OP#", "DRIFT#", "CHAIN#", "LEASE")  # of a deleted application: what is on record of it, and the end of that
_PARTS = ("SPEC", "WANTED", "STATUS", "RETRY", "REQUEST", "LEASE")


class Applications(LeasedWrites, Histories):
    """The applications of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.drifts = Drifts(table)
        self.deeds = Deeds(table)
        self.merged_requests = MergedRequests(table)
        self.summaries = Summaries(table)
        self.spending = Spending(table)

    @property
    def unsummarised(self) -> Unsummarised:
        """What an older version of Mooring wrote."""
        from mooring.state.unsummarised import Unsummarised  # once, after an update

        return Unsummarised(self._table)

    # -- what is declared ------------------------------------------------------------------------------------------

    def declare(
        self, spec: Spec, *, previous: Spec | None, follows: Mapping[str, Sequence[str]], gone: Iterable[str] = ()
    ) -> None:
        """Writes a declared application and lists it under its repositories.

        `follows` are the targets of its sources by normalised address, `gone` the repositories that it declared before
        and does not any more. Raises `ConflictError` where somebody else declared it since `previous` was read.
        """
        self._table.write(*self.declaring(spec, previous=previous, follows=follows, gone=gone))

    def declaring(
        self, spec: Spec, *, previous: Spec | None, follows: Mapping[str, Sequence[str]], gone: Iterable[str] = ()
    ) -> list[Write]:
        """What `declare` writes, for whoever writes it together with more."""
        key = spec.application.key
        return [
            put(codec.spec_item(application_pk(key), spec), "attribute_not_exists(pk)")
            if previous is None
            else self.replacing(spec, previous),
            put(listed_item(spec)),
            *listing(key, follows, gone),
        ]

    def replace_spec(self, spec: Spec, previous: Spec) -> None:
        """Writes a changed spec that keeps its repository (a deletion that was asked for, for example)."""
        self._table.write(self.replacing(spec, previous))

    def replacing(self, spec: Spec, previous: Spec) -> Write:
        """What `replace_spec` writes; what was said beside the declaration stays."""
        return self._spec(replace(spec, paused=previous.paused, approved=previous.approved), previous)

    def _spec(self, spec: Spec, previous: Spec) -> Write:
        condition, values = unsaid(previous)
        item = codec.spec_item(application_pk(spec.application.key), spec)
        return put(item, f"generation = :seen AND {condition}", seen=previous.generation, **values)

    def say(self, spec: Spec, previous: Spec, request: Request | None = None) -> None:
        """Writes what was said of an application beside its declaration, and what was asked for with it.

        Raises `ConflictError` where something else was said or declared since `previous` was read.
        """
        asked = [] if request is None else [self.requesting(spec.application.key, request)]
        self._table.write(self._spec(spec, previous), *asked)

    def forget(self, record: Record, repositories: Iterable[str], *, operation: Operation, now: float) -> None:
        """Removes an application, if the lease that the record holds was not lost; what is on record of it stays.

        `repositories` are all that it follows, by normalised address; `operation` is the deletion. The lease stays as
        the head of the records (an application of the same name goes on with it), and so the fence stays up, too.
        """
        key, pk = record.key, application_pk(record.key)
        ended, head = operation_item(pk, operation, record.lease.head)
        free = Lease(record.lease.token + 1, "", 0.0, head)
        self._table.write(
            self._holding(record, free),
            put(ended),
            spending(str(key), record.spec, record.status.cluster, operation, uncounted(record.wanted, record.status)),
            put({"pk": GONE, "sk": str(key), "at": float(now)}),
            delete((pk, "SPEC")),
            delete((APPLICATIONS, str(key))),
            *listing(key, {}, repositories),
        )
        names = (item["sk"] for item in self._table.query(pk, fields=("sk",)))
        self._table.delete_all([(pk, sk) for sk in names if not sk.startswith(_KEPT)])

    def registered(self) -> list[Listed]:
        """Every application of the installation, by name."""
        return [listed_from(item) for item in self._table.query(APPLICATIONS)]

    def of_repository(self, repository: str) -> list[Follower]:
        """The applications that read this repository (a normalised address)."""
        return [follower_from(item) for item in self._table.query(repository_pk(repository), "APP#")]

    def followers(self, repository: str) -> tuple[list[Follower], list[tuple[str, tuple[str, ...]]]]:
        """As `of_repository`, and the ApplicationSets whose generators read it, each with its targets: one query."""
        apps, sets = [], []
        for item in self._table.query(repository_pk(repository)):
            if item["sk"].startswith("SET#"):
                sets.append((item["sk"].removeprefix("SET#"), targets_of(item)))
            else:
                apps.append(follower_from(item))
        return apps, sets

    # -- reading ---------------------------------------------------------------------------------------------------

    def specs(self, keys: Iterable[AppKey]) -> dict[AppKey, Spec]:
        """What is declared of any number of applications, a hundred a request; unknown ones are left out."""
        apps = {(application_pk(key), "SPEC"): key for key in keys}
        return {apps[key]: codec.spec_from(item) for key, item in self._table.get_many(apps).items()}

    def sources(self, keys: Iterable[AppKey]) -> dict[AppKey, Record]:
        """What is declared of any number of applications and what git wants of them, fifty a request, and no more."""
        apps = list(dict.fromkeys(keys))
        items = self._table.get_many((application_pk(key), part) for key in apps for part in ("SPEC", "WANTED"))
        return {key: _record(key, items) for key in apps}

    def load(self, keys: Iterable[AppKey], *, inventory: bool = False) -> dict[AppKey, Record]:
        """Records of any number of applications, twenty a request; unknown ones come back without a spec.

        A batch read is no snapshot. So that a sync may be decided on what comes back, the leases are read first: every
        write of inventory or status makes the token grow, and `begin` fails where it is not the one read here.
        """
        apps = list(dict.fromkeys(keys))
        items = self._table.get_many((application_pk(key), "LEASE") for key in apps) if inventory else {}
        parts = (*_PARTS[:-1], inventory_sk(0)) if inventory else _PARTS
        items |= self._table.get_many((application_pk(key), part) for key in apps for part in parts)
        records = {key: _record(key, items) for key in apps}
        if inventory:
            firsts = {key: items.get((application_pk(key), inventory_sk(0))) for key in apps}
            rest = [
                (application_pk(key), inventory_sk(index))
                for key, first in firsts.items()
                if first is not None
                for index in range(1, first["chunks"])
            ]
            more = self._table.get_many(rest) if rest else {}
            for key, first in firsts.items():
                if first is not None:
                    records[key] = _with_inventory(records[key], first, more)
        return records

    def inventories(self, keys: Iterable[AppKey]) -> dict[AppKey, Inventory]:
        """What is remembered of the objects of any number of applications, a hundred a request: to look at, no ground
        to decide a sync on.
        """
        apps = {(application_pk(key), inventory_sk(0)): key for key in keys}
        firsts = self._table.get_many(apps)
        more = self._table.get_many(
            (pk, inventory_sk(index)) for (pk, _), first in firsts.items() for index in range(1, first["chunks"])
        )
        return {apps[at]: _with_inventory(Record(apps[at]), first, more).inventory for at, first in firsts.items()}

    def wanted(self, keys: Iterable[AppKey]) -> dict[AppKey, WantedState]:
        """What git wants of any number of applications, a hundred a request; unknown ones are left out."""
        apps = {(application_pk(key), "WANTED"): key for key in keys}
        return {apps[key]: codec.wanted_from(item) for key, item in self._table.get_many(apps).items()}

    # -- what git wants --------------------------------------------------------------------------------------------

    def want(self, wanted: Sequence[tuple[AppKey, WantedState]]) -> list[AppKey]:
        """Writes what git wants of some applications; those that a newer render overtook come back.

        A render that resolved its revision earlier never replaces a later one.
        """
        lost: list[AppKey] = []
        for group in _grouped(wanted, _MOST_WRITES):
            operations = [self._wanting(key, state) for key, state in group]
            try:
                self._table.write(*operations)
            except ConflictError:
                if len(group) == 1:
                    lost.append(group[0][0])
                    continue
                for pair in group:
                    lost += self.want([pair])
        return lost

    def _wanting(self, key: AppKey, state: WantedState) -> dict[str, Any]:
        item = codec.wanted_item(application_pk(key), state)
        return put(item, "attribute_not_exists(pk) OR resolved_at <= :mine", mine=state.resolved_at)

    def follow(self, changes: Iterable[Follows]) -> None:
        """Remembers beside each repository which of its revisions and paths concern an application, so that a push can
        be matched; any number of applications, as many a request as a transaction takes.

        Nothing is written for an application that was deleted meanwhile.
        """
        group: list[list[dict[str, Any]]] = []
        for each in changes:
            writes = following(each)
            if group and sum(map(len, group)) + len(writes) > _MOST_WRITES:
                self._follow(group)
                group = []
            group.append(writes)
        if group:
            self._follow(group)

    def _follow(self, group: Sequence[Sequence[dict[str, Any]]]) -> None:
        try:
            self._table.write(*itertools.chain.from_iterable(group))
        except ConflictError:
            if len(group) == 1:
                return  # deleted, or declared anew at this moment: the render that follows brings it right
            for each in group:
                self._follow([each])

    def request(self, key: AppKey, request: Request) -> None:
        """Remembers that a person asked for a sync; a later request replaces one that was not begun."""
        self._table.write(self.requesting(key, request))

    def requesting(self, key: AppKey, request: Request) -> Write:
        """What `request` writes."""
        return put(codec.request_item(application_pk(key), request))

    def requests(self, keys: Iterable[AppKey]) -> dict[AppKey, Request]:
        """What was asked for of any number of applications, a hundred a request; those without are left out."""
        apps = {(application_pk(key), "REQUEST"): key for key in keys}
        return {apps[key]: codec.request_from(item) for key, item in self._table.get_many(apps).items()}

    def fulfil(self, key: AppKey, request: Request) -> None:
        """Writes what a request brings. Raises `ConflictError` where it was replaced, or answered, meanwhile."""
        item = codec.request_item(application_pk(key), request)
        self._table.write(put(item, "id = :mine", mine=request.id))


def _record(key: AppKey, items: dict[Key, Item]) -> Record:
    spec, wanted, status, retry, request, lease = (items.get((application_pk(key), part)) for part in _PARTS)
    return Record(
        key,
        spec=None if spec is None else codec.spec_from(spec),
        wanted=None if wanted is None else codec.wanted_from(wanted),
        status=Status() if status is None else codec.status_from(status),
        retry=None if retry is None else codec.retry_from(retry),
        request=None if request is None else codec.request_from(request),
        lease=Lease() if lease is None else codec.lease_from(lease),
    )


def _with_inventory(record: Record, first: Item, more: dict[Key, Item]) -> Record:
    pk = application_pk(record.key)
    rest = (more[pk, inventory_sk(index)]["body"] for index in range(1, first["chunks"]))
    rows = unpack_rows(itertools.chain((first["body"],), rest))
    return replace(record, inventory=from_rows(rows), chunks=first["chunks"])


def _grouped(pairs: Sequence[tuple[AppKey, WantedState]], size: int) -> Iterator[Sequence[tuple[AppKey, WantedState]]]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]
