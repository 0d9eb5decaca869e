"""What has happened, out of one change of the table. Pure.

Triggers see a happening as `event`: its `kind`, its `id`, and what is known of it. States (healthy, synced, failed) are
no happenings: triggers find them in `app`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mooring.plan.driftrecords import DriftRecord
from mooring.state import codec
from mooring.state.drifts import drift_from
from mooring.state.happenings import PREFIX
from mooring.state.packing import unpack
from mooring.state.stream import Change

__all__ = ["Event", "cluster_events", "events_of", "show_drift"]

_LONGEST_VALUE: Final = 80


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once; `id` is the same whenever the change that says so is seen."""

    kind: str
    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As triggers and templates see it."""
        return {"kind": self.kind, "id": self.id, **self.facts}


def events_of(change: Change) -> list[Event]:
    """What a change of an application's items says has happened."""
    if change.pk.startswith(PREFIX):
        kind, _, id_ = change.sk.partition("#")
        known = change.before is None and change.after is not None
        return [Event(kind, id_, {"facts": unpack(change.after["facts"])})] if known and change.after else []
    if change.sk == "SPEC":
        return _of_spec(change)
    if change.sk.startswith("DRIFT#"):
        return _of_drift(change)
    return []


def _of_spec(change: Change) -> list[Event]:
    if change.before is None and change.after is not None:
        return [Event("app-created", str(change.sequence), {"by": codec.spec_from(change.after).by})]
    if change.before is None:
        return []
    before = codec.spec_from(change.before)
    after = None if change.after is None else codec.spec_from(change.after)
    if before.deleting is not None or (after is not None and after.deleting is None):
        return []  # it was known before, or is none
    by = after.deleting.by if after is not None and after.deleting is not None else ""
    return [Event("app-deleted", str(change.sequence), {"by": by})]


def _of_drift(change: Change) -> list[Event]:
    if change.after is None:
        return []
    record = drift_from(change.after)
    told = {"drift": show_drift(record)}
    if change.before is None:
        events = [Event("drift-found", record.id, told)]
        return [*events, Event("drift-reverted", record.id, told)] if record.done == "reverted" else events
    before, events = drift_from(change.before), []
    if record.suspects != before.suspects and record.suspects:
        who = " ".join(dict.fromkeys(each.user for each in record.suspects))
        events.append(Event("drift-accused", f"{record.id} {who}", told))
    if record.done == "reverted" and before.done != "reverted":
        events.append(Event("drift-reverted", record.id, told))
    return events


def show_drift(record: DriftRecord) -> dict[str, Any]:
    """A drift record as triggers and templates see it."""
    key, suspect = record.key, next(iter(record.suspects), None)
    told = dict(suspect.told) if suspect is not None else {}
    return {
        "id": record.id,
        "what": record.what,
        "kind": key.kind,
        "group": key.group,
        "namespace": key.namespace,
        "name": key.name,
        "cluster": record.cluster,
        "done": record.done,
        "who": ", ".join(dict.fromkeys(each.person for each in record.suspects)),
        "certain": suspect is not None and suspect.certain,
        "agent": told.get("agent", ""),
        "manager": next((each.manager for each in record.fields if each.manager), ""),
        "fields": [f"{each.path}: {_short(each.before)} → {_short(each.after)}" for each in record.fields],
    }


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def cluster_events(change: Change) -> list[Event]:
    """What a change of a cluster's registration says: out of reach, or back."""
    before = float((change.before or {}).get("failing_since") or 0.0)
    after = float((change.after or {}).get("failing_since") or 0.0)
    if change.after is None or change.before is None or bool(before) == bool(after):
        return []
    since = f"{max(before, after):.0f}"
    reason = str(change.after.get("failing_reason", ""))
    kind = "cluster-unreachable" if after else "cluster-back"
    return [Event(kind, f"{change.sk} {since}", {"cluster": change.sk, "since": since, "reason": reason})]
