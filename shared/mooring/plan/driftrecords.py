"""What is kept of every change that somebody made beside git: what it was, what it became, by whom, and what was done.

A record is made once, when a change is first seen, and before it is undone: whatever crashes afterwards, what the
cluster said stays on record. It is told apart from others by its *evidence*, a hash of what was seen, so that seeing
the same change again (after a crash, or a message that came twice) makes no second record.

Values are here as people may read them: those of Secrets, and of whatever came out of SOPS, are keyed digests already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mooring.model.objects import ObjectKey, canonical_json

__all__ = ["ChangedField", "Done", "DriftRecord", "Suspect", "What", "evidence_of"]

What = Literal["changed", "deleted", "recreated", "label lost", "foreign", "orphan", "orphan gone"]
"""`foreign` is what others added to an object of ours; an `orphan` is an object of no application."""

Done = Literal["noticed", "reported", "held back", "reverted", "adopted", "ended", "left"]
"""`noticed` waits for its revert, `reported` for a person, `held back` for the end of a fight; these three are open.
`adopted` says that git wants the same by now, `ended` that somebody else undid it, `left` that it is none of ours."""


@dataclass(frozen=True, slots=True)
class ChangedField:
    """One field (a readable path), as it was applied and as it was seen; None where there was nothing.

    `manager`, `operation` (Apply, Update), `subresource` and `time` (RFC 3339, to the second) are those of
    `managedFields`, and empty where nobody owns the field any more, as after a removal.
    """

    path: str
    before: Any
    after: Any
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Somebody who made the change, by the audit log; `certain` where nobody else can have done it.

    `fields` are those of the record that the deed accounts for, empty for the object as a whole. `told` holds what
    else the log says (groups, impersonator, address, agent, identity), as shown to people.
    """

    user: str
    at: float
    verb: str
    certain: bool
    deed: str = ""
    fields: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()

    @property
    def person(self) -> str:
        """The user that logged in, and as whom it acted: through a proxy, everybody has the same user."""
        acted = dict(self.told).get("impersonated")
        return f"{self.user} as {acted}" if acted else self.user


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """One change. Times are seconds since the epoch, `ended_at` 0 while the record is open.

    `since` is the last time at which the object was known to be ours, 0 where that is not known; `seen_by` is sweep,
    watch, audit or look. `uid`, `resource_version` and `generation` are those of the object as it was seen.
    """

    id: str
    app: str
    cluster: str
    key: ObjectKey
    what: What
    fields: tuple[ChangedField, ...]
    seen_by: str
    noticed_at: float
    done: Done
    evidence: str
    since: float = 0.0
    operation: str = ""
    ended_at: float = 0.0
    uid: str = ""
    resource_version: str = ""
    generation: str = ""
    suspects: tuple[Suspect, ...] = ()


def evidence_of(*seen: object, fields: Iterable[ChangedField] = ()) -> str:
    """A short hash of what was seen: equal for the same change, whoever sees it and however often."""
    rows = [[each.path, each.after, each.manager, each.operation, each.subresource, each.time] for each in fields]
    return hashlib.sha256(canonical_json([[str(each) for each in seen], rows])).hexdigest()[:20]
