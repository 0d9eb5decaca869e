"""The safety net: asks repositories for their refs, has clusters looked at, and sends back what has waited."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.events.messages import parse_later
from mooring.flows.sweeping import SweepPorts, forward, sweep
from mooring.invocation import logger, take_messages


@cache
def _ports() -> SweepPorts:
    return Composition(os.environ).sweep_ports()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A tick of the schedule, or a batch of the queue `later`."""
    if "Records" in event:
        return take_messages(event, parse_later, lambda messages: forward(_ports(), messages))
    for trouble in sweep(_ports()):
        logger().warning("a sweep met with trouble", extra={"error": str(trouble)})
    return {}
