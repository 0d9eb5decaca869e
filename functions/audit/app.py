"""Takes audit events of clusters: what API servers post, and what CloudWatch Logs delivers of EKS."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.events.logs import is_log_event
from mooring.flows.arrivals.audits import LARGEST_BODY, Taken, handle_audit_webhook, handle_log_batch
from mooring.invocation import answer, error_answer, logger, problem, read_body, wordless


@cache
def _composition() -> Composition:
    return Composition(os.environ)


@wordless
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers 200 for a batch that was taken, 4xx with the reason for one that was not, 503 for "once more"."""
    ports = _composition().audit_ports
    if is_log_event(event):
        _tell(handle_log_batch(ports, event))  # raises: Lambda tries twice more
        return {}
    body = read_body(event)
    if len(body) > LARGEST_BODY:
        message = f"is larger than {LARGEST_BODY} bytes; lower --audit-webhook-batch-max-size"
        return problem(413, message, "body")
    try:
        cluster = (event.get("pathParameters") or {}).get("cluster", "")
        taken = handle_audit_webhook(ports, cluster, event.get("headers") or {}, body)
    except MooringError as error:
        logger().warning("audit events were refused", extra={"error": str(error)})
        return error_answer(error, unsigned=401)
    _tell(taken)
    return answer(200, {"events": taken.events, "kept": taken.kept})


def _tell(taken: Taken) -> None:
    counts = {"cluster": taken.cluster, "events": taken.events, "kept": taken.kept, "looks": taken.looks}
    logger().info("audit events", extra=counts | {"broken": taken.broken})
