"""What a sync writes of an application, under its lease.

The law that everything else stands on: what a sync writes (inventory, status, operation, retry) is written in one
transaction that is conditional on the lease's token, so of two syncs of one application at most one ever writes a
result. Token and expiry are checked by DynamoDB, not by the function that may have been asleep. An operation joins the
chain of what is on record (ADR 0095) in the same write, so that the chain has one writer, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.plan.inventory import Inventory, to_rows
from mooring.state import codec
from mooring.state.lists import application_pk
from mooring.state.operationcodec import operation_item
from mooring.state.operations import Operation, RetryState
from mooring.state.packing import pack_rows
from mooring.state.records import Lease, Record
from mooring.state.spending import Cost, spending, uncounted
from mooring.state.statuses import Status
from mooring.state.table import Item, Table, delete, put

__all__ = ["LeasedWrites", "inventory_sk", "lease_item"]


def inventory_sk(index: int) -> str:
    """The sort key of a chunk of the inventory."""
    return f"INV#{index:04}"


class LeasedWrites:
    """Writes that a lease fences."""

    _table: Table

    def begin(
        self,
        record: Record,
        *,
        owner: str,
        now: float,
        ttl: float,
        inventory: Inventory,
        status: Status,
        ended: Operation | None = None,
    ) -> Record:
        """Takes the lease and writes the intents, in one transaction; `ended` is an operation that this one replaces.

        The record is what the sync was decided on. Raises `ConflictError` where another sync holds the lease or has
        written since the record was read.
        """
        head = record.lease.head
        chunks, writes = self._inventory_writes(record, inventory)
        if ended is not None:
            item, head = operation_item(application_pk(record.key), ended, head)
            writes += [put(item), spending(str(record.key), record.spec, record.status.cluster, ended)]
        lease = Lease(record.lease.token + 1, owner, now + ttl, head)
        status = _timed(record.status, status, now)
        taking = self._taking(record, lease, now)
        self._table.write(taking, *writes, put(codec.status_item(application_pk(record.key), status)))
        return replace(record, lease=lease, inventory=inventory, chunks=chunks, status=status)

    def checkpoint(
        self, record: Record, *, now: float, ttl: float, inventory: Inventory, status: Status | None = None
    ) -> Record:
        """Writes what was done so far, the status where there is one, and prolongs the lease.

        Raises `ConflictError` where the lease was lost.
        """
        lease = replace(record.lease, expires=now + ttl)
        chunks, writes = self._inventory_writes(record, inventory)
        if status is not None:
            status = _timed(record.status, status, now)
            writes.append(put(codec.status_item(application_pk(record.key), status)))
        self._table.write(self._holding(record, lease), *writes)
        return replace(record, lease=lease, inventory=inventory, chunks=chunks, status=status or record.status)

    def finish(
        self,
        record: Record,
        *,
        inventory: Inventory,
        status: Status,
        operation: Operation,
        retry: RetryState | None,
    ) -> None:
        """Writes the results and gives the lease back, in one transaction. Raises `ConflictError` where it was lost.

        An operation that is still running, since it waits for something, is kept in the status alone. A request that
        the operation answers goes with it; one that was made meanwhile stays.
        """
        pk = application_pk(record.key)
        head = record.lease.head
        _, writes = self._inventory_writes(record, inventory)
        if retry is not None:
            writes.append(put(codec.retry_item(pk, retry)))
        elif record.retry is not None:
            writes.append(delete((pk, "RETRY")))
        answered = []
        renders = Cost()
        if operation.phase != "Running":
            item, head = operation_item(pk, operation, head)
            renders = uncounted(record.wanted, record.status)
            writes += [put(item), spending(str(record.key), record.spec, status.cluster, operation, renders)]
            if record.request is not None and operation.cause.id == record.request.id:
                answered = [delete((pk, "REQUEST"), "id = :mine", mine=record.request.id)]
        lease = Lease(record.lease.token + 1, "", 0.0, head)
        status = _timed(record.status, status, operation.finished_at or operation.started_at)
        status = replace(status, counted=status.counted.plus(renders))
        writes = [self._holding(record, lease), put(codec.status_item(pk, status)), *writes]
        try:
            self._table.write(*writes, *answered)
        except ConflictError:
            if not answered:
                raise
            self._table.write(*writes)  # the lease was lost, or another request is there by now, which stays

    def interrupt(
        self, record: Record, *, now: float, grace: float, status: Status, unbegun: Operation | None = None
    ) -> None:
        """Takes the lease's token from whoever works on the application, and writes the status that says so.

        The lease stays taken for `grace` seconds where it was held, which is the time its holder has to notice.
        `unbegun` is the end of a request that no operation answers: it joins the chain, and the request goes. Raises
        `ConflictError` where the lease changed hands, or the request was replaced, since the record was read.
        """
        pk, head = application_pk(record.key), record.lease.head
        writes = []
        if unbegun is not None:
            item, head = operation_item(pk, unbegun, head)
            writes = [put(item), delete((pk, "REQUEST"), "id = :mine", mine=unbegun.id)]
        held = record.lease.expires > now
        lease = Lease(record.lease.token + 1, "interrupted", now + grace if held else 0.0, head)
        item, seen = lease_item(record.key, lease), record.lease.token
        taking = put(item, "fence = :seen", seen=seen) if seen else put(item, "attribute_not_exists(pk)")
        status = _timed(record.status, status, now)
        self._table.write(taking, put(codec.status_item(pk, status)), *writes)

    def observe(self, record: Record, *, now: float, inventory: Inventory, status: Status) -> None:
        """Writes what was found without having touched the cluster, if nothing was written since the record was read.

        Raises `ConflictError` where a sync is at work or was.
        """
        lease = Lease(record.lease.token + 1, "observer", 0.0, record.lease.head)
        writes = self._inventory_writes(record, inventory)[1] if inventory != record.inventory else []
        status_write = put(codec.status_item(application_pk(record.key), _timed(record.status, status, now)))
        self._table.write(self._taking(record, lease, now), status_write, *writes)

    def _taking(self, record: Record, lease: Lease, now: float) -> dict[str, Any]:
        item = lease_item(record.key, lease)
        if record.lease.token == 0:
            return put(item, "attribute_not_exists(pk)")
        return put(item, "fence = :seen AND expires <= :now", seen=record.lease.token, now=now)

    def _holding(self, record: Record, lease: Lease) -> dict[str, Any]:
        mine = record.lease
        return put(
            lease_item(record.key, lease), "fence = :fence AND holder = :holder", fence=mine.token, holder=mine.owner
        )

    def _inventory_writes(self, record: Record, inventory: Inventory) -> tuple[int, list[dict[str, Any]]]:
        pk = application_pk(record.key)
        packed = pack_rows(to_rows(inventory))
        writes = [
            put({"pk": pk, "sk": inventory_sk(index), "chunks": len(packed), "body": body})
            for index, body in enumerate(packed)
        ]
        writes += [delete((pk, inventory_sk(index))) for index in range(len(packed), record.chunks)]
        return len(packed), writes


def _timed(before: Status, status: Status, now: float) -> Status:
    """The status with the times that lists show, going on from the one that was written last."""
    operation, synced = status.operation, before.synced_at
    if operation is not None and (operation.kind, operation.phase) == ("sync", "Succeeded"):
        synced = operation.finished_at
    changed = before.changed_at if before.changed_at and _standing(before) == _standing(status) else now
    return replace(status, changed_at=float(changed), synced_at=float(synced), counted=before.counted)


def _standing(status: Status) -> tuple[str, str, str]:
    return status.sync, status.health.status, "" if status.operation is None else status.operation.phase


def lease_item(key: AppKey, lease: Lease) -> Item:
    """The item `LEASE`."""
    return {
        "pk": application_pk(key),
        "sk": "LEASE",
        "fence": lease.token,
        "holder": lease.owner,
        "expires": float(lease.expires),
        "links": lease.head.seq,
        "head": lease.head.hash,
    }
