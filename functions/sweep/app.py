"""The safety net: asks repositories for their refs, has clusters looked at, and sends back what has waited."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.events.bodies import parse_later
from mooring.events.messages import CommitMessage, Later
from mooring.events.secretchanges import is_secret_event
from mooring.flows.arrivals.secretchanges import handle_secret_change
from mooring.flows.sweeps.sweeping import SweepPorts, forward, sweep
from mooring.invocation import logger, take_messages, wordless
from mooring.metrics.chain import chained


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@cache
def _ports() -> SweepPorts:
    return _composition().sweep_ports()


def _forward(messages: list[Later | CommitMessage]) -> None:
    for trouble in forward(_ports(), messages):
        logger().warning("a code host does not say who let a commit in", extra={"error": str(trouble)})


@wordless
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """A tick of the schedule, a batch of the queue `later`, or word of a secret that was changed."""
    if "Records" in event:
        return take_messages(event, parse_later, _forward)
    if is_secret_event(event):
        apps = handle_secret_change(_composition().secret_change_ports(), event)
        logger().info("a secret was changed", extra={"applications": len(apps)})
        return {}
    with chained(context.aws_request_id):
        troubles = sweep(_ports())
    for trouble in troubles:
        logger().warning("a sweep met with trouble", extra={"error": str(trouble)})
    return {}
