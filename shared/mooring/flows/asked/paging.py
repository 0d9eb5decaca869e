"""Lists in pages that fit an answer of a function, by the names of what is in them.

An answer holds 6 MB (AWS Lambda, "Lambda quotas"), so a page is bounded twice: by `limit`, and by what it weighs. The
token says after which name to go on; so it never expires, whatever is added or removed meanwhile, and it names nothing
that its reader has not seen. Form: Kubernetes documentation, "API Concepts", Retrieving large results sets in chunks.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from mooring.errors import ConfigurationError

__all__ = ["LARGEST_PAGE", "Page", "page_of"]

LARGEST_PAGE: Final = 500  # items
_AT_HAND: Final = 10_000  # items of a list that is read as a whole anyway
_LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes, as they are counted inside the function's answer


class Page:
    """A page that is being filled. `asked` has `limit` and `continue` as they stand in the request.

    `after` is the name behind which it begins. Raises `ConfigurationError` naming the parameter.
    """

    def __init__(self, asked: Mapping[str, str], *, most: int = LARGEST_PAGE) -> None:
        self.items: list[Any] = []
        self.after = _position(asked.get("continue", ""))
        self._most = _limit(asked.get("limit", ""), most)
        self._size = 0
        self._last = ""

    def takes(self, name: str, item: Any) -> bool:
        """Adds an item; False where the page is full, and another one begins with it."""
        cost = len(json.dumps(orjson.dumps(item).decode()))
        if self.items and (len(self.items) == self._most or self._size + cost > _LARGEST_ANSWER):
            return False
        self.items.append(item)
        self._size += cost
        self._last = name
        return True

    def is_ahead(self, name: str, *, falling: bool = False) -> bool:
        """Whether a name is behind the one that the page before ended with, in the order of the list."""
        return not self.after or (name < self.after if falling else name > self.after)

    @property
    def token(self) -> str:
        """Where the next page begins."""
        return base64.urlsafe_b64encode(self._last.encode()).decode().rstrip("=")


def page_of(items: Iterable[tuple[str, Any]], asked: Mapping[str, str], *, falling: bool = False) -> dict[str, Any]:
    """A page of what is at hand, each with its name, in the order of names (`falling`: from the last of them).

    Raises `ConfigurationError`.
    """
    page = Page(asked, most=_AT_HAND)
    left = [(name, item) for name, item in items if page.is_ahead(name, falling=falling)]
    left.sort(key=lambda each: each[0], reverse=falling)
    for number, (name, item) in enumerate(left):
        if not page.takes(name, item):
            return {"metadata": {"continue": page.token, "remainingItemCount": len(left) - number}, "items": page.items}
    return {"metadata": {}, "items": page.items}


def _limit(text: str, most: int) -> int:
    if not text:
        return most
    if not text.isascii() or not text.isdecimal():
        raise ConfigurationError("must be a whole number", field="limit")
    return min(int(text[:9]), most) or most


def _position(token: str) -> str:
    if not token:
        return ""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ConfigurationError(
            "is no token of this list; take metadata.continue of the page before, or begin without it", field="continue"
        ) from None
