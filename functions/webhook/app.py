"""Takes deliveries of git forges: verified, looked up, queued."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.flows.arrivals.pushes import LARGEST_BODY, PushPorts, handle_delivery
from mooring.invocation import answer, error_answer, logger, read_body


@cache
def _ports() -> PushPorts:
    return Composition(os.environ).push_ports()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers one delivery: 202 for what was queued, 200 for what needs nothing, 4xx with the reason for the rest."""
    body = read_body(event)
    if len(body) > LARGEST_BODY:
        message = f"is larger than {LARGEST_BODY} bytes; send only push events to this address"
        return answer(413, {"error": {"message": message, "field": "body", "code": 413}})
    try:
        received = handle_delivery(_ports(), event.get("headers") or {}, body)
    except MooringError as error:
        logger().warning("a delivery was refused", extra={"error": str(error)})
        return error_answer(error, unsigned=401)
    logger().info("delivery", extra={"outcome": received.outcome, "applications": len(received.applications)})
    applications = [str(key) for key in received.applications]
    return answer(202 if applications else 200, {"status": received.outcome, "applications": applications})
