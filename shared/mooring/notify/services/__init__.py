"""The types of services, by the name that `service.<type>` of the settings gives them; each is loaded when used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mooring.notify.message import Service

__all__ = ["ALARMS", "TYPES", "service_of"]

TYPES: Final[Mapping[str, str]] = {
    "alertmanager": "alertmanager",
    "discord": "discord",
    "email": "email",
    "github": "github",
    "gitlab": "gitlab",
    "googlechat": "googlechat",
    "grafana": "grafana",
    "mattermost": "mattermost",
    "opsgenie": "opsgenie",
    "pagerdutyv2": "pagerdutyv2",
    "slack": "slack",
    "slack-webhook": "slackwebhook",
    "sns": "sns",
    "teams": "teams",
    "teams-workflows": "teams",
    "telegram": "telegram",
    "webhook": "webhook",
}
"""Each type, and the module here that serves it."""

ALARMS: Final = frozenset({"opsgenie", "pagerdutyv2"})
"""The types that keep something open until they are told that it is over."""


def service_of(type_: str) -> Service:
    """The service of a known type."""
    found: Service = import_module(f"mooring.notify.services.{TYPES[type_]}").SERVICE
    return found
