"""What a page connects with: an address without a secret in it, and a ticket for whoever asks.

The ticket is as good as the session that it was made from, and no longer: it is used up within a minute, and the
connection ends with the session.
"""

from __future__ import annotations

import secrets
from typing import Any

from mooring.access.rbac import Caller
from mooring.errors import ConfigurationError
from mooring.state.connections import TICKET_SECONDS, Connections

__all__ = ["LiveOffError", "give_ticket"]


class LiveOffError(ConfigurationError):
    """No page is told of changes here."""


def give_ticket(
    connections: Connections, url: str, caller: Caller, now: float, *, ends: float = 0.0, epoch: str = ""
) -> dict[str, Any]:
    """Where to connect, and what to say first. `ends` and `epoch` are those of the caller's session, if it is one.

    Raises `LiveOffError` where pages are not told of changes.
    """
    if not url:
        raise LiveOffError("pages are not told of changes here (LiveUpdates is disabled): ask again from time to time")
    ticket = secrets.token_urlsafe(32)
    expires = connections.issue(ticket, caller, now, ends=ends, epoch=epoch)
    return {"url": url, "ticket": ticket, "expires": expires, "expiresIn": TICKET_SECONDS}
