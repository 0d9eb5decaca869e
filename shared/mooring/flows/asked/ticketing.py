"""What a page connects with: an address without a secret in it, and a ticket for whoever asks.

The ticket is as good as the session or token that it was made from, and no longer: it is used up within a minute, and
the connection ends with that, also where it is ended or revoked.
"""

from __future__ import annotations

import secrets
from typing import Any

from mooring.access.rbac import Caller
from mooring.errors import ConfigurationError
from mooring.flows.asked.admitting import Proof
from mooring.state.connections import TICKET_SECONDS, Connections

__all__ = ["LiveOffError", "give_ticket"]


class LiveOffError(ConfigurationError):
    """No page is told of changes here."""


def give_ticket(
    connections: Connections, url: str, caller: Caller, now: float, *, proof: Proof | None = None
) -> dict[str, Any]:
    """Where to connect, and what to say first. `proof` is the caller's session or token, if it is one.

    Raises `LiveOffError` where pages are not told of changes.
    """
    if not url:
        raise LiveOffError("pages are not told of changes here (LiveUpdates is disabled): ask again from time to time")
    ticket = secrets.token_urlsafe(32)
    if proof is None:
        expires = connections.issue(ticket, caller, now)
    else:
        ends, epoch = float(proof.ends), proof.epoch or ""
        expires = connections.issue(
            ticket, caller, now, ends=ends, epoch=epoch, proof=proof.ident, began=float(proof.began)
        )
    return {"url": url, "ticket": ticket, "expires": expires, "expiresIn": TICKET_SECONDS}
