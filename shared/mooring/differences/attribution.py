"""Who made this change? Matches a drift record with what the audit log tells, and blames nobody for another's edit.

What the object itself says decides first: `managedFields` names the manager of each field and the second of its last
write. A request's manager is its `fieldManager`, or else the part of its user agent before the first slash
(Kubernetes documentation, "Server-Side Apply", section Managers), so a request of another manager did not write that
field, whatever its time. One manager name may stand for many people (`kubectl-edit`), and an entry keeps only its last
time: so everybody who wrote under that name since we last wrote is named, the likeliest (the latest) first.

`certain` is said only where nobody else in the log can have done it and the second agrees. Of a field that was removed
no entry is left; whoever wrote to the object in the meantime is named as likely. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from mooring.cluster.fingerprint import OURS
from mooring.events.deeds import Deed
from mooring.plan.driftrecords import ChangedField, DriftRecord, Suspect

__all__ = ["attribute", "manager_of", "window"]

_SKEW: Final = 2.0  # seconds between the clocks of an API server and ours
_LONG_AGO: Final = 24 * 3600.0  # how far back a change is looked for where nothing says since when it may be
_MANAGER_LENGTH: Final = 128
_DELETES: Final = ("delete", "deletecollection")
_WRITES: Final = ("update", "patch", "create")
_SESSION_NOTE: Final = "chosen freely by whoever assumed the role"


def window(record: DriftRecord) -> tuple[float, float]:
    """Between which moments the change was made, in seconds since the epoch."""
    since = record.since or record.noticed_at - _LONG_AGO
    return since - _SKEW, record.noticed_at + _SKEW


def manager_of(deed: Deed) -> str:
    """The field manager under which a request wrote."""
    return deed.manager or deed.agent.partition("/")[0][:_MANAGER_LENGTH]


def attribute(record: DriftRecord, deeds: Iterable[Deed]) -> tuple[Suspect, ...]:
    """Everybody who may have made a change, the likeliest first; empty where nobody in the log fits."""
    since, until = window(record)
    there = sorted(
        (each for each in deeds if since <= _seconds(each.at) <= until and _concerns(each, record)),
        key=lambda each: (each.at, each.id),
        reverse=True,
    )
    if record.what in ("deleted", "orphan gone"):
        return _deleted(there)
    if record.what == "orphan":
        return _whole([each for each in there if each.verb == "create"])
    if record.what == "recreated":
        made = [each for each in there if each.verb == "create" and each.uid in ("", record.uid)]
        return _whole(made) + tuple(replace(each, certain=False) for each in _deleted(there))
    return _of_fields(record.fields, [each for each in there if each.verb in _WRITES])


def _concerns(deed: Deed, record: DriftRecord) -> bool:
    name = deed.object
    collection = deed.verb == "deletecollection" and not name.name
    same = (name.group, name.namespace) == (record.key.group, record.key.namespace)
    return deed.subresource != "status" and (name.is_of(record.key) or (collection and same))


def _deleted(deeds: list[Deed]) -> tuple[Suspect, ...]:
    """Those who deleted an object. What a selector chose nobody knows: it counts where nobody deleted it by name."""
    named = [each for each in deeds if each.verb in _DELETES and not each.selector]
    chosen = [each for each in deeds if each.verb in _DELETES and each.selector]
    return _whole(named) or tuple(_suspect(each, certain=False) for each in chosen)


def _whole(deeds: list[Deed]) -> tuple[Suspect, ...]:
    """Those who made or deleted an object, latest first: nobody can do either twice, so the last one did it last."""
    alone = len({_actor(each) for each in deeds}) == 1
    return tuple(_suspect(each, certain=alone and index == 0) for index, each in enumerate(deeds))


def _of_fields(fields: Iterable[ChangedField], deeds: list[Deed]) -> tuple[Suspect, ...]:
    found: dict[str, Suspect] = {}
    for changed in fields:
        fitting = [each for each in deeds if _fits(each, changed)]
        exact = [each for each in fitting if changed.manager and _agrees(each, changed)]
        alone = bool(exact) and len({_actor(each) for each in fitting}) == 1
        for deed in fitting:
            known = found.get(deed.id) or _suspect(deed, certain=True)
            sure = known.certain and alone and deed in exact
            found[deed.id] = replace(known, certain=sure, fields=(*known.fields, changed.path))
    return tuple(sorted(found.values(), key=lambda each: (each.certain, len(each.fields), each.at), reverse=True))


def _fits(deed: Deed, changed: ChangedField) -> bool:
    if not changed.manager:  # nobody owns it any more: any write may have removed it
        return manager_of(deed) != OURS or deed.claims_mooring
    if manager_of(deed) != changed.manager or deed.subresource != changed.subresource:
        return False
    return _seconds(deed.at) <= _second(changed) + _SKEW


def _agrees(deed: Deed, changed: ChangedField) -> bool:
    """Whether the second of the entry is the request's; what writes through `scale` leaves no time in it."""
    return not changed.time or abs(_seconds(deed.at) - _second(changed)) <= _SKEW


def _actor(deed: Deed) -> tuple[str, str, str]:
    """Whom to tell apart: sessions of one role are different people."""
    return deed.who.user, "" if deed.as_whom is None else deed.as_whom.user, deed.who.iam.arn


def _suspect(deed: Deed, *, certain: bool) -> Suspect:
    who, iam = deed.who, deed.who.iam
    told = {
        "groups": ", ".join(who.groups),
        "impersonated": "" if deed.as_whom is None else deed.as_whom.user,
        "agent": deed.agent,
        "address": ", ".join(deed.addresses),
        "arn": iam.arn,
        "session": f"{iam.session} ({_SESSION_NOTE})" if iam.session else "",
        "access key": iam.access_key,
        "claims": "gave itself the user agent of Mooring" if deed.claims_mooring else "",
    }
    verb = f"{deed.verb} {deed.subresource}" if deed.subresource else deed.verb
    shown = tuple((name, text) for name, text in told.items() if text)
    return Suspect(who.user, _seconds(deed.at), verb, certain, deed.id, (), shown)


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _second(changed: ChangedField) -> float:
    """The end of the second in which an entry was last written."""
    return _seconds(changed.time) + 1.0 if changed.time else float("inf")
