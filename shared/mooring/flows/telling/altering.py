"""Whether somebody has changed the record of what people did (docs/audit-trail.md), as the table's stream tells it.

Records are only added. The function that adds them needs the right to put items, and IAM knows no right to put only
what is not there: whoever had that function in their hands could put over a record. They could not keep the stream from
telling of it to another function, so it is told at once: a line of the log that names the record, and an alarm that
counts such lines. (The hashes tell as well, to whoever checks them; see `mooring audit verify`.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mooring.metrics import tell
from mooring.metrics.names import RECORD_ALTERED
from mooring.state.actions import ACTIONS
from mooring.state.stream import Change

__all__ = ["altered", "watch_record"]

_TOLD: Final = "somebody changed the record of what people did; `mooring audit verify` tells more"


def watch_record(changes: Iterable[Change]) -> None:
    """Tells of each record that was changed or taken away; a change that the stream tells twice is told twice."""
    found = altered(changes)
    if found:
        tell(RECORD_ALTERED, {}, records=", ".join(found), error=_TOLD)


def altered(changes: Iterable[Change]) -> list[str]:
    """The ids of records that were there before and are not what they were; where the chain ends moves on rightly."""
    return [
        each.sk
        for each in changes
        if each.pk == ACTIONS and each.sk != "HEAD" and each.before is not None and each.before != each.after
    ]
