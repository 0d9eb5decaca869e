"""Which requests are sent again, how often, and after which wait.

Sent again is what does no harm when it arrives twice: reads, server-side applies, replacements, merges, and deletions,
which name the uid they mean. A POST makes something each time it arrives, so it is repeated only after a 429, which
says that it was not looked at (Kubernetes community repository, "api-conventions.md", HTTP Status codes). A conflict is
settled by repeating only where the request doesn't say what it has seen: an apply. Waits grow and have jitter, so that
many functions refused together don't come back together (AWS Builders' Library, "Timeouts, retries, and backoff with
jitter").

All tries of a request together end well within the lease of the sync that sends it, which is 30 seconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from mooring.errors import MooringError, RejectedError, ThrottledError, UnreachableError

__all__ = ["APPLY", "DEFAULT_WAITS", "Waits", "jitter", "pause_before", "repeats_after_answer", "tries_without_answer"]

APPLY = "application/apply-patch+yaml"

_HARMLESS_TWICE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_FIRST, _LONGEST = 0.25, 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: to connect, for an answer, and for all tries of one request together; and how many tries."""

    connect: float = 3.0
    answer: float = 15.0
    whole: float = 20.0
    tries: int = 5


DEFAULT_WAITS = Waits()


def repeats_after_answer(method: str, code: int, error: MooringError, *, applies: bool) -> bool:
    """Whether a request may be sent again after this answer; `applies` for a server-side apply."""
    if isinstance(error, ThrottledError):
        return True
    if method not in _HARMLESS_TWICE:
        return False
    if code == 409:
        # Two first applies of one object can meet; of another manager's fields only force can help.
        created_meanwhile = isinstance(error, RejectedError) and error.reason == "AlreadyExists"
        return applies and (created_meanwhile or not isinstance(error, RejectedError))
    return isinstance(error, UnreachableError)


def tries_without_answer(method: str, error: HTTPError, waits: Waits) -> int:
    """How often a request may be sent in all, when it met this instead of an answer."""
    if isinstance(error, NewConnectionError):
        return min(3, waits.tries)  # nothing was sent, so a POST too; a server that restarts refuses for a moment
    if isinstance(error, ConnectTimeoutError) or method not in _HARMLESS_TWICE:
        return 1
    # An answer that doesn't come may be lost on a connection that died in silence: one more, on a new one.
    return min(2, waits.tries) if isinstance(error, ReadTimeoutError) else waits.tries


def pause_before(attempt: int, retry_after: float | None = None) -> float:
    """Seconds before a try (1 is the first repetition): what the server named, or twice as long each time."""
    if retry_after is not None:
        return retry_after * jitter(1.0, 1.1)
    longest = min(_LONGEST, _FIRST * 2.0 ** (attempt - 1))
    return jitter(longest / 2, longest)


def jitter(least: float, most: float) -> float:
    """A random number between the two."""
    return random.uniform(least, most)  # noqa: S311 - nothing here has to be unguessable
