"""The route by which a page gets to know of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, Access

from mooring.flows.asked.ticketing import LiveOffError, give_ticket

if TYPE_CHECKING:
    from desk import Desk

__all__ = ["add_stream_routes"]


def add_stream_routes(desk: Desk) -> None:
    """Adds what an open page asks for once, and again when its connection has ended."""
    composition = desk.composition
    desk.missing(LiveOffError)

    @desk.post(
        "/api/v1/stream",
        does="Where to connect to be told of changes, and a ticket for that, good once and for a minute",
        access=Access("applications", "get", EACH),
        tag="system",
        answers="StreamTicket",
    )
    def open_stream() -> Any:
        connections, url = composition.connections, composition.live_url
        return give_ticket(connections, url, desk.caller, desk.now(), proof=composition.door.proof)
