"""Tells people: takes changes of the table from its stream, and notes that are due from their queue."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from mooring.composition import Composition
from mooring.errors import MooringError
from mooring.events.bodies import parse_note
from mooring.flows.telling.altering import watch_record
from mooring.flows.telling.delivering import Received, deliver
from mooring.flows.telling.noticing import notice
from mooring.flows.telling.ports import NotifyPorts
from mooring.invocation import logger, wordless
from mooring.state.stream import change_from


@cache
def _ports() -> NotifyPorts:
    return Composition(os.environ).notify_ports(logger().warning)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(10, "lane")


@wordless
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A batch of the stream, or of `notes.fifo`; reports what should come again."""
    ports = _ports()
    records = event["Records"]
    if records[0].get("eventSource") != "aws:sqs":
        changes = [change_from(record) for record in records]
        watch_record(changes)
        try:
            notice(ports, changes)
        except MooringError as error:
            logger().warning("changes come again", extra={"error": str(error), "records": len(records)})
            return {"batchItemFailures": [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}
    received, failed = [], []
    for record in records:
        try:
            received.append(Received(record["messageId"], record["receiptHandle"], parse_note(record["body"])))
        except MooringError as error:
            logger().error("a message can't be read", extra={"error": str(error)})
            failed.append(record["messageId"])
    failed += deliver(ports, _pool(), received)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}
