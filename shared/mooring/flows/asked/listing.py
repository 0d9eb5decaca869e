"""The list of applications, in pages that fit an answer of a function.

A function's answer holds 6 MB (AWS Lambda, "Lambda quotas"), and so it is bounded twice: what grows with the number of
objects is left out of lists (`status.resources`, the results of the last operation), and a page ends where the next
application would be too much. Whoever wants more follows `metadata.continue`, as with any list of the Kubernetes API
(Kubernetes documentation, "API Concepts", section Retrieving large results sets in chunks). The token only says after
which name to go on, so it never expires.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import orjson

from mooring.errors import ConfigurationError
from mooring.flows.asked.showing import show_application
from mooring.model.application import AppKey
from mooring.state.applications import Applications
from mooring.state.records import Record

__all__ = ["LARGEST_PAGE", "list_applications"]

LARGEST_PAGE: Final = 500  # applications
_LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes, as they are counted inside the function's answer
_AT_ONCE = 20  # records held in memory


def list_applications(
    applications: Applications, sees: Callable[[Record], bool], *, limit: str = "", after: str = ""
) -> dict[str, Any]:
    """One page of all applications that `sees` says yes to, by namespace and name; `limit` and `after` are as they
    stand in the request.

    There may be fewer than `limit` in a page that is not the last. Raises `ConfigurationError` naming the parameter.
    """
    most, last = _limit(limit), _position(after)
    keys = [listed.key for listed in applications.registered() if str(listed.key) > last]
    items: list[dict[str, Any]] = []
    size, seen = 0, 0
    for record in _records(applications, keys):
        shown = None if record.spec is None or not sees(record) else show_application(record, brief=True)
        cost = 0 if shown is None else len(json.dumps(orjson.dumps(shown).decode()))
        if items and (len(items) == most or size + cost > _LARGEST_ANSWER):
            break
        seen += 1
        if shown is not None:
            items.append(shown)
            size += cost
    metadata = {} if seen == len(keys) else {"continue": _token(keys[seen - 1]), "remainingItemCount": len(keys) - seen}
    return {"metadata": metadata, "items": items}


def _records(applications: Applications, keys: Sequence[AppKey]) -> Iterator[Record]:
    for start in range(0, len(keys), _AT_ONCE):
        yield from applications.load(keys[start : start + _AT_ONCE]).values()


def _limit(text: str) -> int:
    if not text:
        return LARGEST_PAGE
    if not text.isascii() or not text.isdecimal():
        raise ConfigurationError("must be a whole number", field="limit")
    return min(int(text[:9]), LARGEST_PAGE) or LARGEST_PAGE


def _token(key: AppKey) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _position(token: str) -> str:
    if not token:
        return ""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ConfigurationError(
            "is no token of this list; take metadata.continue of the page before, or begin without it", field="continue"
        ) from None
