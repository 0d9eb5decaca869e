"""Alarms: what was opened somewhere because a condition held is closed there when it no longer does.

Argo CD opens incidents and leaves them to people. Here a trigger that says something is wrong opens an alarm with each
service that keeps one (`services.ALARMS`), and the engine remembers whom it told. The alarm is over when none of the
trigger's conditions holds, the application is Healthy and no operation runs, or when the application is gone; these
recipients are told then, whatever they subscribe to by that time. Services that show messages are told nothing of it.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mooring.flows.telling.firing import Firing, Step
from mooring.flows.telling.views import View
from mooring.notify.catalog import Condition
from mooring.notify.config import Config
from mooring.notify.services import ALARMS
from mooring.notify.subscriptions import Subscription

__all__ = ["OVER", "Ended", "alarm_name", "settle"]

OVER: Final = Condition("false", ("alarm-over",))
Ended = tuple[Firing, tuple[Subscription, ...]]
_BUSY: Final = ("Running", "Terminating")


def alarm_name(of: str, trigger: str) -> str:
    """What the opening message and the closing one of an alarm have in common."""
    return f"{of} {trigger}"


def settle(
    config: Config,
    steps: Sequence[Step],
    held: Sequence[frozenset[str] | None],
    fired: Sequence[Firing],
    to: Mapping[str, Sequence[Subscription]],
    known: Mapping[str, Any],
    *,
    gone: bool,
) -> tuple[list[Ended], dict[str, Any]]:
    """The alarms that end at each step, and those that are open after all.

    `held` has the triggers that hold at each step, None where nobody could say; `known` is what was open before.
    """
    opened: dict[str, Any] = dict(known)
    ended: list[Ended] = []
    for step, holding in zip(steps, held, strict=True):
        for each in fired:
            told = _keepers(config, to.get(each.trigger, ())) if each.step is step and each.condition.alarms else []
            if told:
                before = opened.get(each.trigger, {"since": each.seed, "to": []})
                opened[each.trigger] = before | {
                    "to": [*before["to"], *(one for one in told if one not in before["to"])]
                }
        if step.event is None and not step.prior and holding is not None and _is_well(step.view):
            over = [name for name in opened if name not in holding]
            ended += [_end(trigger, step, opened.pop(trigger), to) for trigger in over]
    if gone and steps:
        ended += [_end(trigger, steps[-1], opened[trigger], to) for trigger in opened]
        opened = {}
    return ended, opened


def _keepers(config: Config, to: Sequence[Subscription]) -> list[list[str]]:
    """Who of these keeps an alarm open, as service and recipient."""
    return [
        [each.service, each.recipient]
        for each in to
        if (declared := config.services.get(each.service)) is not None and declared.type in ALARMS
    ]


def _end(trigger: str, step: Step, alarm: Mapping[str, Any], to: Mapping[str, Sequence[Subscription]]) -> Ended:
    """The end is told with the timing that the subscription has now, so that a digest has both, or neither."""
    timing = {(each.service, each.recipient): each.timing for each in to.get(trigger, ())}
    told = tuple(
        Subscription(trigger, service, recipient, timing[service, recipient])
        if (service, recipient) in timing
        else Subscription(trigger, service, recipient)
        for service, recipient in alarm["to"]
    )
    return Firing(trigger, OVER, step, f"over {alarm['since']}"), told


def _is_well(view: View) -> bool:
    status = view.app["status"]
    running = (status.get("operationState") or {}).get("phase") in _BUSY
    return status["health"]["status"] == "Healthy" and not running
