"""Tells open pages what changed: takes changes of the table from its stream, and what pages say to it."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.flows.telling.listening import hear, leave
from mooring.flows.telling.pushing import LivePorts, push
from mooring.invocation import logger, wordless
from mooring.metrics import tell
from mooring.metrics.names import PAGES_TOLD
from mooring.state.stream import change_from


@cache
def _ports() -> LivePorts:
    return Composition(os.environ).live_ports()


@wordless
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A batch of the stream, or an event of one connection."""
    ports = _ports()
    if "Records" in event:
        records = event["Records"]
        try:
            told = push(ports, [change_from(record) for record in records])
        except MooringError as error:
            logger().warning("changes come again", extra={"error": str(error), "records": len(records)})
            return {"batchItemFailures": [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]}
        if told:
            tell(PAGES_TOLD, {"PageMessages": told})
        return {"batchItemFailures": []}
    about = event["requestContext"]
    if about["eventType"] == "DISCONNECT":
        leave(ports, about["connectionId"])
        tell(PAGES_TOLD, {"PagesClosed": 1})
    elif about["eventType"] == "MESSAGE":
        hear(ports, about["connectionId"], event.get("body") or "")
    return {"statusCode": 200}
