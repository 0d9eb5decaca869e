"""The types of services, by the name that `service.<type>` of the settings gives them; each is loaded when used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mooring.notify.message import Service

__all__ = ["TYPES", "service_of"]

TYPES: Final[Mapping[str, str]] = {
    "alertmanager": "alertmanager",
    "discord": "discord",
    "github": "github",
    "gitlab": "gitlab",
    "slack": "slack",
    "slack-webhook": "slackwebhook",
    "teams": "teams",
    "teams-workflows": "teams",
    "webhook": "webhook",
}
"""Each type, and the module here that serves it."""


def service_of(type_: str) -> Service:
    """The service of a known type."""
    found: Service = import_module(f"mooring.notify.services.{TYPES[type_]}").SERVICE
    return found
