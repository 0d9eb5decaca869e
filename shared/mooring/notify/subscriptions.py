"""Who wants to be told of what, as annotations say it. Pure.

Argo CD, "Subscriptions": `notifications.argoproj.io/subscribe.<trigger>.<service>: recipient;recipient`, without a
trigger for the default ones, and `notifications.argoproj.io/subscriptions` with a list. On an AppProject they hold for
all its applications. Ours: `notifications.mooring.dev/quiet` and `…/digest` say when, for those beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.timing import AT_ONCE, Timing, parse_digest, parse_quiet

__all__ = ["Subscription", "read_annotations"]

_PREFIX: Final = "notifications.argoproj.io/subscribe."
_LIST: Final = "notifications.argoproj.io/subscriptions"
_QUIET: Final = "notifications.mooring.dev/quiet"
_DIGEST: Final = "notifications.mooring.dev/digest"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to be told of what: a trigger (empty for the default ones), a service by its name, a recipient."""

    trigger: str
    service: str
    recipient: str
    timing: Timing = AT_ONCE


def read_annotations(
    annotations: Mapping[str, str], load: Callable[[str, str], Any]
) -> tuple[list[Subscription], list[str]]:
    """The subscriptions among an object's annotations, and what is wrong with the others; `load` reads YAML."""
    found: list[Subscription] = []
    wrong: list[str] = []
    timing = AT_ONCE
    try:
        timing = Timing(
            parse_quiet(annotations.get(_QUIET, ""), _QUIET), parse_digest(annotations.get(_DIGEST, "0"), _DIGEST)
        )
    except ConfigurationError as error:
        wrong.append(str(error))
    for name, value in annotations.items():
        if name.startswith(_PREFIX):
            trigger, dot, service = name.removeprefix(_PREFIX).partition(".")
            if not dot:
                trigger, service = "", trigger
            recipients = [each.strip() for each in value.split(";")]
            found += [Subscription(trigger, service, each, timing) for each in _told(recipients)]
    if _LIST in annotations:
        try:
            found += [
                Subscription(trigger, service, each, timing)
                for trigger, service, each in _listed(load(annotations[_LIST], _LIST))
            ]
        except ConfigurationError as error:
            wrong.append(str(error))
    return list(dict.fromkeys(found)), wrong


def _told(recipients: Iterable[str]) -> list[str]:
    """A service that has no recipients (a webhook) is subscribed with an empty value."""
    named = [each for each in recipients if each]
    return named or [""]


def _listed(value: Any) -> list[tuple[str, str, str]]:
    if not isinstance(value, list):
        raise ConfigurationError("must be a list of triggers with destinations", field=_LIST)
    found: list[tuple[str, str, str]] = []
    for index, each in enumerate(value):
        where = f"{_LIST}[{index}]"
        if not isinstance(each, dict):
            raise ConfigurationError("must be a mapping", field=where)
        triggers = each.get("trigger") or [""]
        triggers = [triggers] if isinstance(triggers, str) else triggers
        for destination in each.get("destinations") or ():
            if not isinstance(destination, dict) or not isinstance(destination.get("service"), str):
                raise ConfigurationError("must name a service", field=f"{where}.destinations")
            recipients = [str(name) for name in destination.get("recipients") or ()]
            found += [
                (str(trigger), destination["service"], name) for trigger in triggers for name in _told(recipients)
            ]
    return found
