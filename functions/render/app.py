"""Renders applications: from a commit to a bundle."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, parse_message
from mooring.flows.rendering import RenderPorts, handle_renders
from mooring.invocation import take_messages


@cache
def _ports() -> RenderPorts:
    return Composition(os.environ).render_ports()


def _parse(body: str) -> AppMessage:
    message = parse_message(body)
    if not isinstance(message, AppMessage):
        raise ConfigurationError("must name an app", field="message")
    return message


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes a batch of `renders.fifo` and reports which messages should come again."""
    return take_messages(event, _parse, lambda messages: handle_renders(_ports(), messages))
