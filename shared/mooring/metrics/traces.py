"""A piece of work as a subsegment of X-Ray's, sent to the daemon that Lambda runs beside the function.

A datagram of JSON is all that it takes (AWS X-Ray Developer Guide, "Sending trace data to AWS X-Ray", "AWS X-Ray
segment documents"), so there is no SDK: nothing is patched, imported or installed for it (ADR 0117). A datagram that
gets lost loses its piece of the trace and nothing else. Annotations hold names and ids, never contents.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

__all__ = ["send_subsegment", "subsegment"]

_HEADER = b'{"format": "json", "version": 1}\n'
_WORDS = frozenset({"error", "result", "why"})  # what somebody has written stays in the log
_LONGEST = 1000  # characters of an annotation, as X-Ray takes them
_KEY = re.compile(r"[^A-Za-z0-9_]")


def send_subsegment(
    name: str, fields: Mapping[str, Any], began: float, ended: float, environment: Mapping[str, str]
) -> None:
    """Sends one piece of the invocation that `environment` names; nothing where X-Ray does not take it."""
    told = subsegment(name, fields, began, ended, environment.get("_X_AMZN_TRACE_ID", ""))
    host, _, port = environment.get("AWS_XRAY_DAEMON_ADDRESS", "").rpartition(":")
    if told is None or not host or not port.isdecimal():
        return
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.sendto(_HEADER + orjson.dumps(told), (host, int(port)))


def subsegment(name: str, fields: Mapping[str, Any], began: float, ended: float, trace: str) -> dict[str, Any] | None:
    """The document of a subsegment, times in seconds since the epoch; None where the trace is not sampled."""
    parts = dict(each.partition("=")[::2] for each in trace.split(";"))
    if parts.get("Sampled") != "1" or "Root" not in parts or "Parent" not in parts:
        return None
    annotations = {
        _KEY.sub("_", key): value if isinstance(value, (bool, int, float)) else str(value)[:_LONGEST]
        for key, value in fields.items()
        if value not in ("", None) and key not in _WORDS
    }
    return {
        "type": "subsegment",
        "id": os.urandom(8).hex(),
        "trace_id": parts["Root"],
        "parent_id": parts["Parent"],
        "name": name,
        "start_time": began,
        "end_time": ended,
        "annotations": annotations,
    }
