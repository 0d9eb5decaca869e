"""What fits into one answer: Lambda answers with 6 MB at most, and lists of differences have no bound of their own.

Whoever sees that an object differs can ask for that object alone; so of many differences the first ones are told in
full, and of the rest that they are there.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

__all__ = ["Room"]

_ROOM: Final = 3 * 1024 * 1024  # bytes of JSON that the details of a list may take
_LONGEST: Final = 50_000  # characters of one difference as text


class Room:
    """The room that is left in an answer."""

    def __init__(self, room: int = _ROOM) -> None:
        self._left = room

    def told(self, changes: list[dict[str, Any]], text: str) -> dict[str, Any]:
        """The details of one difference, or `cut` where they don't fit any more."""
        details = {"changes": changes, "text": text}
        fits = len(text) <= _LONGEST and self.has(details)
        return details if fits else {"changes": [], "text": "", "cut": True}

    def has(self, details: Any) -> bool:
        """Whether there is room for something, which takes it then."""
        size = len(orjson.dumps(details))
        if size > self._left:
            return False
        self._left -= size
        return True
