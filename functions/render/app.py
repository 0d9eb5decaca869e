"""Renders applications: from a commit to a bundle."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.events.messages import parse_render
from mooring.flows.rendering import RenderPorts, handle_renders
from mooring.invocation import take_messages


@cache
def _ports() -> RenderPorts:
    return Composition(os.environ).render_ports()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes a batch of `renders.fifo` and reports which messages should come again."""
    return take_messages(event, parse_render, lambda messages: handle_renders(_ports(), messages))
