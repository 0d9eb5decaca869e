"""Times as they are told: seconds since the epoch in, RFC 3339 in UTC out, by whole seconds.

Numbers are what is kept and compared; texts are made where something is shown, here and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["told_if_ever", "told_time"]


def told_time(seconds: float) -> str:
    """Seconds since the epoch as 2026-03-01T02:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def told_if_ever(seconds: float) -> str:
    """The same, and nothing for 0, which stands for never."""
    return told_time(seconds) if seconds else ""
