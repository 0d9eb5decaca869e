"""Which clusters may send their audit events, and how they prove that they are it.

A cluster's API server shows a bearer token that Mooring made. Only its SHA-256 is kept (a token of 256 random bits
needs no slower hash), so who reads the table can't send events. A new token leaves the former one good for a day,
because an API server reads its webhook's configuration at its start only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from mooring.state.table import Item, Key, Table, delete, put

__all__ = ["AuditSource", "AuditSources"]

_FORMER_IS_GOOD = 24 * 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class AuditSource:
    """A cluster that may send audit events. `user` is who Mooring is there, empty where nobody has said."""

    cluster: str
    digest: str
    user: str = ""
    former: str = ""
    former_until: float = 0.0

    def accepts(self, token: str, now: float) -> bool:
        """Whether a bearer token is the cluster's; takes the same time whichever it is."""
        given = _digest(token)
        current = hmac.compare_digest(given, self.digest)
        former = hmac.compare_digest(given, self.former) and now < self.former_until
        return current or former


class AuditSources:
    """The clusters that send audit events to one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, cluster: str) -> AuditSource | None:
        """What is known of a cluster's audit events, None where it sends none."""
        item = self._table.get(_key(cluster))
        if item is None:
            return None
        former_until = float(item["former_until"])
        return AuditSource(cluster, item["digest"], item["mooring_user"], item["former"], former_until)

    def admit(self, cluster: str, token: str, *, user: str, now: float) -> None:
        """Lets a cluster send with this token from now on, and for a day with the one it had."""
        before = self.find(cluster)
        pk, sk = _key(cluster)
        item: Item = {"pk": pk, "sk": sk, "digest": _digest(token), "mooring_user": user}
        item |= {"former": before.digest if before else "", "former_until": now + _FORMER_IS_GOOD}
        self._table.write(put(item))

    def refuse(self, cluster: str) -> None:
        """Takes nothing from a cluster any more; one that sends nothing is no trouble."""
        self._table.write(delete(_key(cluster)))


def _key(cluster: str) -> Key:
    return f"AUDIT#{cluster}", "SOURCE"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
