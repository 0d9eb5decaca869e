"""Batches of CloudWatch Logs are unpacked, within limits."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.logs import LARGEST_UNPACKED, Line, LogBatch, is_log_event, parse_log_event


def packed(value: Any) -> dict[str, Any]:
    raw = value if isinstance(value, bytes) else gzip.compress(json.dumps(value).encode())
    return {"awslogs": {"data": base64.b64encode(raw).decode()}}


def batch(stream: str, *lines: Any) -> dict[str, Any]:
    return {"messageType": "DATA_MESSAGE", "logGroup": "/aws/eks/shop/cluster", "logStream": stream, "logEvents": lines}


def test_lines_are_unpacked() -> None:
    """GIVEN a batch WHEN it is read THEN its lines are there with their times, without those that are none."""
    lines = [{"id": "1", "timestamp": 1772417051131, "message": "one"}, {"id": "2", "message": "no time"}, 7]
    assert LogBatch(
        "/aws/eks/shop/cluster", "kube-apiserver-audit-1", (Line("2026-03-02T02:04:11.131000Z", "one"),)
    ) == parse_log_event(packed(batch("kube-apiserver-audit-1", *lines)))


@pytest.mark.parametrize(
    ("stream", "expected"), [("kube-apiserver-audit-1", True), ("kube-apiserver-1", False), ("authenticator-1", False)]
)
def test_only_the_audit_log_is_audit(stream: str, expected: bool) -> None:
    """EKS writes several logs into one group; the stream tells which."""
    assert expected == parse_log_event(packed(batch(stream))).is_audit


def test_a_sign_of_life_has_no_lines() -> None:
    """CloudWatch Logs tries a subscription with a message of its own."""
    assert LogBatch("", "", ()) == parse_log_event(packed({"messageType": "CONTROL_MESSAGE", "logEvents": []}))


@pytest.mark.parametrize(
    "event",
    [
        {"awslogs": {"data": "%%%"}},
        {"awslogs": {}},
        packed(b"not gzip"),
        packed(gzip.compress(b"not JSON")),
        packed(gzip.compress(b"[]")),
        packed(gzip.compress(b'{"messageType": "DATA_MESSAGE"}')),
        packed(gzip.compress(json.dumps(batch("s")).encode())[:-4]),
        packed(gzip.compress(b" " * (LARGEST_UNPACKED + 1))),
    ],
    ids=["base64", "empty", "gzip", "json", "list", "fields", "half", "bomb"],
)
def test_what_is_no_batch_is_refused(event: dict[str, Any]) -> None:
    """The error names the field, and nothing grows without limit."""
    assert is_log_event(event)
    with pytest.raises(ConfigurationError) as caught:
        parse_log_event(event)
    assert "awslogs.data" == caught.value.field
