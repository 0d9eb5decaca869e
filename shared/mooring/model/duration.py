"""Durations as Go writes them (`5s`, `1m30s`, `500ms`), since that is what Argo CD's resources hold."""

from __future__ import annotations

import re

__all__ = ["parse_duration"]

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Seconds in a Go duration; a bare number means seconds, as in Argo CD's retry backoff.

    Raises `ValueError` for anything else. Source: Go's `time.ParseDuration`; Argo CD's `RetryStrategy.NextRetryAt`.
    """
    if text.isdigit():
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration like 5s, 1m30s or 3m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
