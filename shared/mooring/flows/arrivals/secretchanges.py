"""A secret of a provider was changed: the applications that are made of it get a look at once.

The message says which application, as always; `sync` reads the secret again and applies what has changed. An event
that is lost does no harm: refreshInterval finds the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.events.messages import AppMessage, Cause
from mooring.events.secretchanges import parse_secret_change
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.secretuses import SecretUses, use_name

__all__ = ["SecretChangePorts", "handle_secret_change"]


@dataclass(frozen=True, slots=True)
class SecretChangePorts:
    """What is needed: who uses which secret, and the way to `sync`."""

    uses: SecretUses
    queues: Queues


def handle_secret_change(ports: SecretChangePorts, event: Mapping[str, Any]) -> list[AppKey]:
    """Has every application looked at that uses the secret of this event, and says which."""
    change = parse_secret_change(event)
    if change is None:
        return []
    # Those that look through all secrets concern themselves with new ones and gone ones.
    names = [*change.names, *([""] if change.comes_or_goes else [])]
    apps = ports.uses.users(use_name(change.service, change.region, name) for name in names)
    if apps:
        ports.queues.send("syncs", [AppMessage(app, Cause("secret", change.id)) for app in apps])
    return apps
