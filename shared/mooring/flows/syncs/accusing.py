"""Brings drift records and the audit log together, whichever of them came first.

A record that is new asks which deeds are known of its object. A deed that arrives minutes later, as CloudWatch delivers
them, looks for the records of its object that it can explain. Both match all deeds of the record's window, so the
outcome does not depend on the order, and doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from mooring.differences.attribution import attribute, window
from mooring.events.deeds import Deed, ObjectName
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import DriftRecord
from mooring.state.drifts import Drifts

__all__ = ["DeedFinder", "accuse", "attribute_late"]

DeedFinder = Callable[[str, ObjectKey, float, float], Iterable[Deed]]
"""`Deeds.find`: cluster, object, since, until."""

_SKEW: Final = 5.0
_LATE: Final = 24 * 3600.0  # seconds after a deed within which its drift is noticed


def accuse(drifts: Drifts, find: DeedFinder, record: DriftRecord) -> None:
    """Writes who made a change, as far as the deeds tell that are known by now. Two queries, one write at most."""
    deeds = list(find(record.cluster, record.key, *window(record)))
    if deeds:
        drifts.accuse(record, attribute(record, deeds))


def attribute_late(drifts: Drifts, find: DeedFinder, cluster: str, deeds: Iterable[Deed]) -> int:
    """Completes the records that deeds explain which were kept just now; returns how many records there were.

    One query for each object that the deeds are about, and what `accuse` takes for each record that is found.
    """
    spans: dict[ObjectName, tuple[float, float]] = {}
    for deed in deeds:
        at = datetime.fromisoformat(deed.at).timestamp()
        first, last = spans.get(deed.object, (at, at))
        spans[deed.object] = min(first, at), max(last, at)
    seen = 0
    for name, (first, last) in spans.items():
        for record in drifts.of_object(cluster, name, first - _SKEW, last + _LATE):
            accuse(drifts, find, record)
            seen += 1
    return seen
