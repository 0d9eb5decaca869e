"""What an evaluation of an ApplicationSet is told as: Argo CD's conditions, with what to do about them.

Waves of an app of apps wait by them (Argo CD, "Resource Health" of ApplicationSets): an ErrorOccurred, or a
ResourcesUpToDate that does not hold, is Degraded; a rollout under way is Progressing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mooring.appsets.planning import Plan
from mooring.state.applicationsets import SetCondition, SetMember

__all__ = ["conclude", "failed", "rollout_condition"]

_TOLD = 5  # applications that a message names
_LONGEST = 2000
_UP_TO_DATE = "ApplicationSetUpToDate"


def failed(known: Iterable[SetCondition], message: str, reason: str, now: float) -> tuple[SetCondition, ...]:
    """Nothing could be generated; applications stay as they are."""
    told = message[:_LONGEST]
    return _kept(
        known,
        now,
        SetCondition("ErrorOccurred", True, reason, told, now),
        SetCondition("ParametersGenerated", False, "ErrorOccurred", told, now),
        SetCondition("ResourcesUpToDate", False, reason, told, now),
        *(each for each in known if each.type == "RolloutProgressing"),
    )


def conclude(
    known: Iterable[SetCondition], plan: Plan, refused: Mapping[str, str], key: str, total: int, now: float
) -> tuple[SetCondition, ...]:
    """Applications were generated; what of the plan could not be done is told."""
    troubles = [f"{name}: {message}" for name, message in refused.items()]
    troubles += [f"{each.name} exists already and belongs to {each.owner}: left alone" for each in plan.conflicts]
    wrong = _some(troubles, "; ")[:_LONGEST]
    held = ""
    if plan.held:
        _, _, name = key.rpartition("/")
        held = (
            f"the removal of {len(plan.held)} of its applications ({_some(plan.held, ', ')}) waits to be confirmed: "
            f"`mooring appset confirm {name} {plan.token}`, if they are to be deleted"
        )
    reason = "ApplicationsRefused" if wrong else "RemovalWaits" if held else _UP_TO_DATE
    message = wrong or held or f"{total} applications are as the set wants them"
    return _kept(
        known,
        now,
        SetCondition("ErrorOccurred", bool(wrong), reason if wrong else _UP_TO_DATE, wrong or "no errors", now),
        SetCondition("ParametersGenerated", True, "ParametersGenerated", f"{total} applications were generated", now),
        SetCondition("ResourcesUpToDate", not (wrong or held), reason, message, now),
        *(each for each in known if each.type == "RolloutProgressing"),
    )


def rollout_condition(
    known: tuple[SetCondition, ...], members: Iterable[SetMember], current: int | None, now: float
) -> tuple[SetCondition, ...]:
    """The conditions with that of a rolling sync; `current` is the step that is not over, None when all are."""
    if current is None:
        told = SetCondition("RolloutProgressing", False, "ApplicationSetRolloutComplete", "every step is over", now)
    else:
        open_ = [each.name for each in members if each.step == current and each.stage != "Healthy"]
        message = f"step {current + 1} is under way: {_some(open_, ', ')}"
        told = SetCondition("RolloutProgressing", True, "ApplicationSetModified", message, now)
    return _kept(known, now, *(each for each in known if each.type != "RolloutProgressing"), told)


def _kept(known: Iterable[SetCondition], now: float, *conditions: SetCondition) -> tuple[SetCondition, ...]:
    """The conditions, each since when it is so."""
    before = {(each.type, each.holds): each.since for each in known}
    return tuple(
        SetCondition(each.type, each.holds, each.reason, each.message, before.get((each.type, each.holds), now))
        for each in conditions
    )


def _some(texts: Iterable[str], between: str) -> str:
    every = list(texts)
    more = f"{between}and {len(every) - _TOLD} more" if len(every) > _TOLD else ""
    return between.join(every[:_TOLD]) + more
