"""Takes what forges and registries tell, over HTTP and (of AWS) over EventBridge: verified, looked up, queued."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.events.forges.codecommit import is_repository_event, parse_repository_event
from mooring.events.forges.verifying import Request
from mooring.events.registries.recognising import is_registry_event, parse_registry_event
from mooring.flows.arrivals.deliveries import (
    LARGEST_BODY,
    DeliveryPorts,
    Received,
    handle_delivery,
    handle_happenings,
)
from mooring.invocation import answer, error_answer, logger, problem, read_body, wordless
from mooring.metrics import tell
from mooring.metrics.names import DELIVERY

_STATUS = {"queued": 202, "throttled": 429}


@cache
def _ports() -> DeliveryPorts:
    return Composition(os.environ).delivery_ports()


@wordless
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers one delivery: 202 for what was queued, 200 for what needs nothing, 4xx with the reason for the rest."""
    began = time.monotonic()
    if is_repository_event(event):
        return {"status": _tell(handle_happenings(_ports(), parse_repository_event(event)), began)}
    if is_registry_event(event):
        return {"status": _tell(handle_happenings(_ports(), parse_registry_event(event)), began)}
    body = read_body(event)
    if len(body) > LARGEST_BODY:
        message = f"is larger than {LARGEST_BODY} bytes; send only push events to this address"
        return problem(413, message, "body")
    source = event.get("requestContext", {}).get("http", {}).get("sourceIp", "")
    try:
        query = event.get("queryStringParameters") or {}
        received = handle_delivery(_ports(), Request(event.get("headers") or {}, body, source, query))
    except MooringError as error:
        logger().warning("a delivery was refused", extra={"error": str(error), "cause": str(error.__cause__ or "")})
        _tell(Received("refused"), began)
        return error_answer(error, unsigned=401)
    status = _STATUS.get(_tell(received, began), 200)
    return answer(status, {"status": received.outcome, "applications": [str(key) for key in received.applications]})


def _tell(received: Received, began: float) -> str:
    if received.outcome != "throttled":  # strangers do not fill the log
        seconds, concerned = time.monotonic() - began, len(received.applications)
        values = {"Deliveries": 1, "DeliverySeconds": seconds}
        tell(DELIVERY, values, cause=received.id, seconds=seconds, outcome=received.outcome, applications=concerned)
    return received.outcome
