"""Who signed in: written once when a session begins, so that people can see their sessions and end one.

    SESSIONS   <id>   whose, by what, from where, until when; goes with the session

Nothing here lets anybody in, and no request reads it: a session proves itself, and what ends one early is in
`mooring.state.endings`. So when somebody was here last is not known; that would be a write for each request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mooring.state.table import Table, delete, put

__all__ = ["SignIn", "SignIns"]

_SESSIONS: Final = "SESSIONS"
_LONGEST: Final = 200  # characters of what a client says of itself


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session that began. `agent` is what the client calls itself, `source` its address; seconds since the epoch."""

    ident: str
    subject: str
    name: str
    began: int
    expires: int
    epoch: str
    source: str
    agent: str
    command: bool


class SignIns:
    """The sessions of one installation that began and are not over."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, signed: SignIn) -> None:
        """Remembers that a session begins."""
        self._table.write(put({
            "pk": _SESSIONS, "sk": signed.ident, "subject": signed.subject, "label": signed.name, "began": signed.began,
            "expires": signed.expires, "ttl": signed.expires, "epoch": signed.epoch, "source": signed.source,
            "agent": signed.agent[:_LONGEST], "command": signed.command,
        }))  # fmt: skip

    def all(self, now: float) -> Iterator[SignIn]:
        """Those whose time is not over, the oldest first."""
        for item in self._table.query(_SESSIONS):
            if item["expires"] > now:
                yield SignIn(
                    item["sk"], item["subject"], item["label"], item["began"], item["expires"], item["epoch"],
                    item["source"], item["agent"], item["command"],
                )  # fmt: skip

    def forget(self, ident: str) -> None:
        """Forgets one that was ended; one that is not known does no harm."""
        self._table.write(delete((_SESSIONS, ident)))
