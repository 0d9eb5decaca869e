"""Syncs clusters: opens bundles and secrets, plans, applies, prunes, judges health.

It is the only function that holds the keys of sealed secrets, so it also answers kubeseal's questions that need them,
and makes a new key when a schedule says so.
"""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any, Protocol

from mooring.composition import Composition
from mooring.errors import ConfigurationError, MooringError
from mooring.events.bodies import parse_sync
from mooring.events.messages import AppMessage, ClusterMessage, ObjectMessage
from mooring.flows.syncs.sync import handle_syncs
from mooring.invocation import answer, error_answer, logger, read_body, take_messages, wordless


class Context(Protocol):
    """The part of Lambda's context that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@wordless
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Takes a batch of `syncs.fifo` and reports which messages should come again; or a schedule, or a request."""
    if "Records" not in event:
        return _sealing(event)

    def work(messages: list[AppMessage | ClusterMessage | ObjectMessage]) -> None:
        ports = _composition().sync_ports(context.aws_request_id, context.get_remaining_time_in_millis() / 1000)
        causes = {str(each.app): each.cause.id for each in messages if isinstance(each, AppMessage)}
        for key, error in handle_syncs(ports, messages):
            extra = {"application": str(key), "correlation_id": causes.get(str(key), ""), "error": str(error)}
            logger().warning("an application could not be looked at", extra=extra)

    return take_messages(event, parse_sync, work)


def _sealing(event: dict[str, Any]) -> dict[str, Any]:
    from mooring.flows.secrets.sealing import answer_kubeseal

    composition = _composition()
    if "requestContext" in event:
        given = (event.get("headers") or {}).get("authorization", "")
        try:
            status, body = answer_kubeseal(
                composition.sealing_keys, event["rawPath"], given, read_body(event), composition.api_token
            )
        except MooringError as error:
            return error_answer(error, unsigned=401)
        return answer(status, body)
    if event.get("renew") != "sealed-secrets":
        raise ConfigurationError(
            'must be {"renew": "sealed-secrets"}, as the schedule in template.yaml says', field="event"
        )
    made = composition.sealing_keys.renew(time.time())
    if made is not None:
        logger().info("a new key seals from now on", extra={"fingerprint": made.fingerprint})
    return {}
