"""What counts no more before its time: sessions that were ended, tokens that were revoked, people who left.

    ENDED   0#<until>#<id>    a session, or a token (for pages that it opened), until its own end
    ENDED   1#<subject>       everything of a subject that began up to a moment; for as long as a session lasts
    CLUSTERS #access          `ended`: the version of all this, beside that of the policy

Sessions are statements that nobody keeps, so ending one means remembering that. Each request reads `#access` anyway;
only where its version has moved on is this read, by each instance once. The mark is written before the version, so
whoever sees the version sees the mark. Only what could still count is read: what is over is passed over by its key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mooring.access.sessions import LASTS
from mooring.state.accesspolicy import ACCESS_VERSION
from mooring.state.healthscripts import new_version
from mooring.state.projects import CLUSTERS
from mooring.state.table import Operation, Table, check, put, update

__all__ = ["Ended", "Endings", "unended"]

_ENDED: Final = "ENDED"


@dataclass(frozen=True, slots=True)
class Ended:
    """What was ended, by ids and by subjects, in seconds since the epoch."""

    idents: frozenset[str] = frozenset()
    subjects: Mapping[str, float] = field(default_factory=dict)

    def covers(self, ident: str, subject: str, began: float) -> bool:
        """Whether a session or token of this id, of this subject, that began then, counts no more."""
        return ident in self.idents or began <= self.subjects.get(subject, -math.inf)


class Endings:
    """The endings of one installation; what was read stays known until there is another."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._read: tuple[str, Ended] = "", Ended()

    def known(self, version: str, now: float) -> Ended:
        """What counts no more, as of a version (`AccessPolicies.standing`); without one nothing was ever ended."""
        if version != self._read[0]:
            idents, subjects = set[str](), dict[str, float]()
            for item in self._table.query(_ENDED, between=(f"0#{int(now):010}", "2")):
                kind, _, rest = item["sk"].partition("#")
                if kind == "0":
                    idents.add(rest.partition("#")[2])
                else:
                    subjects[rest] = item["ended_at"]
            self._read = version, Ended(frozenset(idents), subjects)
        return self._read[1]

    def end(self, ident: str, until: int) -> None:
        """Ends one session or token, which would have counted until then."""
        self._table.write(put({"pk": _ENDED, "sk": f"0#{until:010}#{ident}", "ttl": until}))
        self._moved_on()

    def end_subject(self, subject: str, now: float) -> None:
        """Ends every session of a subject that began up to now; any that begins in the same second as well."""
        pk, sk = _subject(subject)
        self._table.write(put({"pk": pk, "sk": sk, "ended_at": int(now), "ttl": int(now) + LASTS}))
        self._moved_on()

    def _moved_on(self) -> None:
        self._table.write(update((CLUSTERS, ACCESS_VERSION), {"ended": new_version()}))


def unended(subject: str, began: float) -> Operation:
    """The condition that nobody has ended the subject since it began; for what is written in its name."""
    return check(_subject(subject), "attribute_not_exists(pk) OR ended_at < :began", began=int(began))


def _subject(subject: str) -> tuple[str, str]:
    return _ENDED, f"1#{subject}"
