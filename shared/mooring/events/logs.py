"""What a subscription of CloudWatch Logs delivers: lines of one log stream, packed.

The payload is JSON, gzipped, as base64 (AWS, "Log group-level subscription filters"). Batches come in any order, some
of them twice, and one stream's lines in several of them; a line over 256 KB is cut off ("CloudWatch Logs quotas"). EKS
writes each kind of its control plane's logs to streams of its own, the audit log to `kube-apiserver-audit-…` (AWS,
"Send control plane logs to CloudWatch Logs").
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from mooring.errors import ConfigurationError

__all__ = ["LARGEST_UNPACKED", "Line", "LogBatch", "is_log_event", "parse_log_event", "unzip"]

LARGEST_UNPACKED = 20 * 1024 * 1024  # bytes; what a batch may grow to, whatever it says of itself
_AUDIT_STREAM = "kube-apiserver-audit-"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log. `at` is when it was written: RFC 3339, UTC."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Lines of a group's stream; none where the batch is only a sign of life."""

    group: str
    stream: str
    lines: tuple[Line, ...]

    @property
    def is_audit(self) -> bool:
        """Whether the stream is an EKS cluster's audit log."""
        return self.stream.startswith(_AUDIT_STREAM)


def is_log_event(event: Mapping[str, Any]) -> bool:
    """Whether CloudWatch Logs has started this function."""
    return isinstance(event.get("awslogs"), Mapping)


def parse_log_event(event: Mapping[str, Any]) -> LogBatch:
    """The batch of an event. Raises `ConfigurationError` naming the field that is wrong."""
    data = event["awslogs"].get("data")
    try:
        packed = base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ConfigurationError("must be base64", field="awslogs.data") from error
    try:
        value = orjson.loads(unzip(packed, "awslogs.data"))
    except orjson.JSONDecodeError as error:
        raise ConfigurationError("must hold JSON", field="awslogs.data") from error
    if not isinstance(value, dict):
        raise ConfigurationError("must hold a mapping", field="awslogs.data")
    if value.get("messageType") == "CONTROL_MESSAGE":
        return LogBatch("", "", ())
    group, stream, lines = value.get("logGroup"), value.get("logStream"), value.get("logEvents")
    if not isinstance(group, str) or not isinstance(stream, str) or not isinstance(lines, list):
        raise ConfigurationError("must have logGroup, logStream and logEvents", field="awslogs.data")
    return LogBatch(group, stream, tuple(line for each in lines if (line := _line(each)) is not None))


def unzip(packed: bytes, field: str) -> bytes:
    """What was gzipped, as far as it is allowed to grow. Raises `ConfigurationError` naming `field`."""
    unzipping = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = unzipping.decompress(packed, LARGEST_UNPACKED)
    except zlib.error as error:
        raise ConfigurationError("is not gzip", field=field) from error
    if not unzipping.eof:
        reason = f"is larger than {LARGEST_UNPACKED} bytes unpacked" if unzipping.unconsumed_tail else "is cut off"
        raise ConfigurationError(reason, field=field)
    return text


def _line(value: Any) -> Line | None:
    if not isinstance(value, Mapping):
        return None
    text, at = value.get("message"), value.get("timestamp")
    if not isinstance(text, str) or not isinstance(at, int):
        return None
    return Line(datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), text)
