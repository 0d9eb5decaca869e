"""A fact as one line of JSON on standard output, which CloudWatch reads metrics out of.

The format is AWS's embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric format"); the
line is also an ordinary structured log line with the fields of powertools' logger. It is one write, so that threads do
not mix their lines. Without the setting `MOORING_METRICS` (the stack's name) the line stays, and its metrics are none.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mooring.metrics.names import NAMESPACE, Fact

__all__ = ["line_of", "tell"]


def tell(fact: Fact, values: Mapping[str, float], /, *, cause: str = "", seconds: float = 0.0, **fields: Any) -> None:
    """Tells a fact: `values` by the names of its metrics (those that are 0 are left out), `fields` with its dimensions.

    `cause` is the id of what began the chain; `seconds`, where given, is how long it took until now, for traces.
    """
    now = time.time()
    line = line_of(fact, values, {"correlation_id": cause} | fields, os.environ, now)
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()
    if "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "") and seconds > 0:
        from mooring.metrics.traces import send_subsegment  # only where X-Ray takes this invocation

        send_subsegment(fact.message, {"correlation_id": cause} | fields, now - seconds, now, os.environ)


def line_of(
    fact: Fact, values: Mapping[str, float], fields: Mapping[str, Any], environment: Mapping[str, str], now: float
) -> dict[str, Any]:
    """The line as an object; `now` in seconds since the epoch. Raises `KeyError` for a metric that the fact has not."""
    metrics = {each.name: each for each in fact.metrics}
    given = {name: round(value, 3) for name, value in values.items() if value or metrics[name].unit == "Seconds"}
    line: dict[str, Any] = {
        "level": "INFO",
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
        "service": environment.get("POWERTOOLS_SERVICE_NAME", ""),
        "message": fact.message,
        **{name: value for name, value in fields.items() if value not in ("", None)},
    }
    stack = environment.get("MOORING_METRICS", "")
    if stack and given:
        line |= {"stack": stack} | {name: str(fields.get(name) or "none") for name in fact.dimensions}
        told = [{"Name": name, "Unit": metrics[name].unit} for name in given]
        directive = {"Namespace": NAMESPACE, "Dimensions": [list(fact.all_dimensions)], "Metrics": told}
        line["_aws"] = {"Timestamp": round(now * 1000), "CloudWatchMetrics": [directive]}
    return line | given
