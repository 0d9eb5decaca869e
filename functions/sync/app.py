"""Syncs clusters: opens bundles, plans, applies, prunes, judges health."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.events.messages import AppMessage, ClusterMessage, parse_sync
from mooring.flows.sync import handle_syncs
from mooring.invocation import logger, take_messages


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""


@cache
def _composition() -> Composition:
    return Composition(os.environ)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Takes a batch of `syncs.fifo` and reports which messages should come again."""

    def work(messages: list[AppMessage | ClusterMessage]) -> None:
        ports = _composition().sync_ports(context.aws_request_id, context.get_remaining_time_in_millis() / 1000)
        for key, error in handle_syncs(ports, messages):
            logger().warning("an application could not be looked at", extra={"app": str(key), "error": str(error)})

    return take_messages(event, parse_sync, work)
