"""What is raised when waiting was in vain; apart, so that the command's entry knows it without loading what waits."""

from __future__ import annotations

__all__ = ["WaitError"]


class WaitError(Exception):
    """The time is over; the message says what was seen last."""
