"""What an invocation sends belongs to one chain: the id of what began it goes along as `cause.id`.

A delivery of a forge and an operation that a person asked for have ids of their own. What has none (a refresh, a
declaration, a ref that a sweep found moved) gets the id of the request, or of the invocation, that sent it. The id is
told in logs and in the history and is never acted upon, so a chain that is missing loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Chain", "chained", "current_chain"]

_CURRENT: Final[ContextVar[Chain | None]] = ContextVar("chain", default=None)


@dataclass(slots=True)
class Chain:
    """The chain of one invocation or request: its own id, and the ids that messages left with."""

    id: str
    sent: list[str] = field(default_factory=list)

    @property
    def cause(self) -> str:
        """The id that everything of the chain can be found by."""
        return self.sent[0] if self.sent else self.id

    def join(self, cause: str) -> str:
        """The id that a message with this cause leaves with."""
        self.sent.append(cause or self.id)
        return self.sent[-1]


@contextmanager
def chained(id_: str) -> Iterator[Chain]:
    """Has what is sent within belong to a chain of this id."""
    chain = Chain(id_)
    token = _CURRENT.set(chain)
    try:
        yield chain
    finally:
        _CURRENT.reset(token)


def current_chain() -> Chain | None:
    """The chain that is under way, if any."""
    return _CURRENT.get()
