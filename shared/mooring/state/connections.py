"""Pages that are told of changes: tickets to connect with, and the connections that are open.

    TICKET#<sha256> LIVE     who asked for it, for a minute; only its digest is kept
    LIVE            <id>     an open connection: whose it is, what it wants to know, until when

A ticket is deleted in the transaction that writes the connection, so it opens one. Nothing signs it and nothing has to:
what is not in the table was never given out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mooring.access.policycsv import Rule
from mooring.access.rbac import Caller
from mooring.errors import ConflictError, ForbiddenError
from mooring.state.packing import pack, unpack
from mooring.state.table import Item, Key, Table, delete, put

if TYPE_CHECKING:
    from mooring.state.endings import Ended

__all__ = ["LONGEST", "TICKET_SECONDS", "Connection", "Connections"]

LONGEST: Final = 2 * 3600  # seconds that API Gateway keeps a connection ("Quotas for … a WebSocket API")
TICKET_SECONDS: Final = 60
_LIVE: Final = "LIVE"
_SIGNED_IN: Final = ("session", "administrator")


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection. `until` is in seconds since 1970; `topics` are what it is told of; `proof` is the session or
    token that asked for it, if it was one, which began at `began`, and `epoch` that of the session.
    """

    id: str
    caller: Caller
    topics: tuple[str, ...]
    until: float
    epoch: str = ""
    proof: str = ""
    began: float = 0.0

    def counts(self, epoch: str, ended: Ended) -> bool:
        """Whether what it was asked for with still lets somebody in."""
        if self.epoch != epoch and (self.epoch or (self.proof and self.caller.means in _SIGNED_IN)):
            return False
        return not (self.proof and ended.covers(self.proof, self.caller.subject, self.began))


class Connections:
    """The tickets and connections of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def issue(
        self, ticket: str, caller: Caller, now: float, *, ends: float = 0.0, epoch: str = "", proof: str = "",
        began: float = 0.0,
    ) -> float:  # fmt: skip
        """Keeps a ticket for a caller, whose session or token (`proof`) ends then (0 for never).

        Returns until when it can be used.
        """
        until = now + TICKET_SECONDS
        pk, sk = _ticket(ticket)
        body = pack({"caller": _told(caller), "ends": ends, "epoch": epoch, "proof": proof, "began": began})
        self._table.write(put({"pk": pk, "sk": sk, "until": until, "ttl": int(until), "body": body}))
        return until

    def join(self, id_: str, ticket: str, topics: Sequence[str], now: float) -> Connection:
        """Turns a ticket into a connection. Raises `ForbiddenError` where it is unknown, used or too old."""
        item = self._table.get(_ticket(ticket))
        if item is None or item["until"] < now:
            raise _refused()
        body = unpack(item["body"])
        until = min(now + LONGEST, body["ends"] or now + LONGEST)
        caller, epoch, proof, began = (
            _caller(body["caller"]),
            body["epoch"],
            body.get("proof", ""),
            body.get("began", 0.0),
        )
        connection = Connection(id_, caller, tuple(topics), until, epoch, proof, began)
        try:
            self._table.write(delete(_ticket(ticket), "attribute_exists(pk)"), put(_item(connection)))
        except ConflictError as error:
            raise _refused() from error
        return connection

    def retopic(self, id_: str, topics: Sequence[str]) -> Connection:
        """Has a connection told of something else. Raises `ForbiddenError` where there is none of this id."""
        item = self._table.get((_LIVE, id_))
        if item is None:
            raise _unknown()
        connection = replace(_connection(item), topics=tuple(topics))
        self._table.write(put(_item(connection), "attribute_exists(pk)"))
        return connection

    def check(self, id_: str, now: float) -> None:
        """Raises `ForbiddenError` where there is no connection of this id whose time is not over."""
        item = self._table.get((_LIVE, id_))
        if item is None or item["until"] <= now:
            raise _unknown()

    def forget(self, id_: str) -> None:
        """Forgets a connection; one that is not known does no harm."""
        self._table.write(delete((_LIVE, id_)))

    def all(self) -> list[Connection]:
        """Every connection, read consistently: who was answered that it is listening is among them."""
        return [_connection(item) for item in self._table.query(_LIVE)]

    def specs(self, partitions: Sequence[str]) -> dict[str, Any]:
        """What is declared of applications, sets and promotions, as JSON, by partition; absent ones are left out."""
        found = self._table.get_many((pk, "SPEC") for pk in partitions)
        return {pk: unpack(item["body"]) for (pk, _), item in found.items()}


def _refused() -> ForbiddenError:
    return ForbiddenError("is unknown, too old or used already; ask POST /api/v1/stream for another", field="ticket")


def _unknown() -> ForbiddenError:
    return ForbiddenError("send the ticket that POST /api/v1/stream gives first", field="ticket")


def _ticket(ticket: str) -> Key:
    return f"TICKET#{hashlib.sha256(ticket.encode()).hexdigest()}", _LIVE


def _item(connection: Connection) -> Item:
    topics = list(connection.topics)
    proven = {"epoch": connection.epoch, "proof": connection.proof, "began": connection.began}
    body = pack({"caller": _told(connection.caller), "topics": topics, **proven})
    until = connection.until
    return {"pk": _LIVE, "sk": connection.id, "until": until, "ttl": int(until), "body": body}


def _connection(item: Item) -> Connection:
    body = unpack(item["body"])
    caller, topics = _caller(body["caller"]), tuple(body["topics"])
    proven = body["epoch"], body.get("proof", ""), body.get("began", 0.0)
    return Connection(item["sk"], caller, topics, float(item["until"]), *proven)


def _told(caller: Caller) -> dict[str, Any]:
    limits = None if caller.limits is None else [_row(rule) for rule in caller.limits]
    told = {"subject": caller.subject, "name": caller.name, "groups": list(caller.groups), "means": caller.means}
    return told | {"role": caller.role, "limits": limits}


def _row(rule: Rule) -> list[Any]:
    return [rule.subject, rule.resource, rule.action, rule.object, rule.allow, rule.regex]


def _caller(told: dict[str, Any]) -> Caller:
    limits = None if told["limits"] is None else tuple(Rule(*row) for row in told["limits"])
    return Caller(**told | {"groups": tuple(told["groups"]), "limits": limits})
