"""How an open page gets to know of changes."""

from __future__ import annotations

from typing_extensions import TypedDict


class StreamTicket(TypedDict):
    """Where to connect, and what to say first; `expires` in seconds since the epoch."""

    url: str
    ticket: str
    expires: int | float
    expiresIn: int | float
