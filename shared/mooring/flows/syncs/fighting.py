"""Two managers that undo each other's changes: noticed, told, and slowed down.

Somebody who changes a field by hand does it once, and it is put back at once. What changes the same fields of the same
object again and again, each time we put them back, is a controller, an autoscaler or another tool for the same job, and
neither side can win. So we wait longer each time: 0, 2, 6, 18 … at most 300 seconds after the last time (as Argo CD's
self-heal backoff does by default: Argo CD, "argocd-application-controller Command Reference"), which is what keeps two
programs that both act at once from writing as fast as they can. From the fourth time in ten minutes on it is called a
fight: the status names the object, the fields and both managers. It is over after ten minutes of calm.

What is put back is kept in the status, in the write that a heal makes anyway; looking costs nothing, and a sweep that
finds nothing to do writes only to take back a condition. The look that first finds a change of what is held back has
the object looked at again when the wait is over. Nothing is remembered of syncs that a person asks for, and
those wait for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from mooring.cluster.apply import FIELD_MANAGER
from mooring.events.messages import Cause, Later, ObjectMessage
from mooring.flows.syncs.ports import SyncPorts
from mooring.model.objects import ObjectKey
from mooring.state.records import Record
from mooring.state.statuses import Fight, Status

__all__ = ["calm_down", "come_back", "count_fights", "held_back", "note_reverts"]

_CONDITION: Final = "FightDetected"
_WINDOW: Final = 600.0  # seconds
_TOLERATED: Final = 3  # reverts in the window of which nothing is said
_KEPT: Final = 6  # reverts that are told apart, after which the wait stays the longest
_MOST: Final = 200  # objects that are remembered
_MOST_FIELDS: Final = 20  # fields of one object that are remembered
_FIRST_WAIT, _FACTOR, _LONGEST_WAIT = 2.0, 3.0, 300.0  # seconds


def held_back(fights: Iterable[Fight], now: float) -> frozenset[ObjectKey]:
    """The objects that are not to be put back yet."""
    return frozenset(fight.key for fight in fights if now < fight.reverted[-1] + _wait(fight))


def come_back(ports: SyncPorts, record: Record, cluster: str, drifted: Collection[ObjectKey], now: float) -> None:
    """Has each of the changed objects looked at again when it may be put back.

    Only a change that nobody knew of does so: later looks find it in the status and send nothing. To be asked only
    where changes are put back at all.
    """
    spec = record.spec
    if not record.status.fights or spec is None:
        return
    known = {resource.key for resource in record.status.resources if resource.drift}
    news = set(drifted) & held_back(record.status.fights, now) - known
    if not news:
        return
    due: dict[float, list[ObjectKey]] = {}
    for fight in record.status.fights:
        if fight.key in news:
            due.setdefault(fight.reverted[-1] + _wait(fight), []).append(fight.key)
    cause = Cause("retry")
    ports.queues.send_later(
        [
            (Later("syncs", ObjectMessage(cluster, tuple(sorted(keys)), cause, record.key)), moment - now + 0.5)
            for moment, keys in sorted(due.items())
        ]
    )


def note_reverts(status: Status, reverted: Mapping[ObjectKey, Collection[Mapping[str, Any]]], now: float) -> Status:
    """The status after some objects were put back, with the fields that had changed (`Resource.drift`)."""
    if not reverted:
        return status
    fights = {fight.key: fight for fight in status.fights if now - fight.reverted[-1] <= _WINDOW}
    for key, changes in reverted.items():
        fights[key] = _again(fights.get(key), key, changes, now)
    # Where all of a large application was put back at once, what was put back most often is what matters.
    most = sorted(fights.values(), key=lambda fight: -len(fight.reverted))[:_MOST]
    return _told(replace(status, fights=tuple(sorted(most, key=lambda fight: fight.key))), now)


def calm_down(status: Status, drifted: Collection[ObjectKey], now: float) -> Status:
    """The status without the fights that are over; nothing changes where there was none."""
    over = {
        fight.key
        for fight in status.fights
        if _is_fight(fight) and fight.key not in drifted and now - fight.reverted[-1] > _WINDOW
    }
    if not over:
        return status
    return _told(replace(status, fights=tuple(each for each in status.fights if each.key not in over)), now)


def count_fights(status: Status) -> int:
    """How many objects are fought over."""
    return sum(map(_is_fight, status.fights))


def _again(known: Fight | None, key: ObjectKey, changes: Collection[Mapping[str, Any]], now: float) -> Fight:
    fields = tuple(str(change["path"]) for change in changes)[:_MOST_FIELDS]
    manager = next((str(change["manager"]) for change in changes if change["manager"]), "")
    if known is None or not set(fields) & set(known.fields):
        return Fight(key, fields, manager, (now,))
    before = known.reverted
    if not _is_fight(known):
        before = tuple(moment for moment in before if now - moment <= _WINDOW)
    shared = tuple(field for field in fields if field in known.fields)
    return Fight(key, shared, manager or known.manager, (*before, now)[-_KEPT:])


def _is_fight(fight: Fight) -> bool:
    return len(fight.reverted) > _TOLERATED


def _wait(fight: Fight) -> float:
    """Seconds from the last revert to the next."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * _FACTOR ** (len(fight.reverted) - 1))


def _told(status: Status, now: float) -> Status:
    return status.because(_CONDITION, "; ".join(_words(fight) for fight in status.fights if _is_fight(fight)), now)


def _words(fight: Fight) -> str:
    them = fight.manager or "somebody who removes them"
    return (
        f"{fight.key.kind}/{fight.key.name}: {', '.join(fight.fields[:5])} changed by {them} and put back by "
        f"{FIELD_MANAGER} again and again; it is put back at most every {_wait(fight):g} s now. Let one of the two set "
        "these fields: take them out of git, or name them in ignoreDifferences with RespectIgnoreDifferences=true"
    )
