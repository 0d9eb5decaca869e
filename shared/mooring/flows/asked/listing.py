"""The list of applications, a page at a time (`mooring.flows.asked.paging`).

What grows with the number of objects is left out of lists (`status.resources`, the results of the last operation).
What the caller may not see is passed over; how much that is is not told, nor what it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mooring.flows.asked.paging import LARGEST_PAGE, Page
from mooring.flows.asked.showing import show_application
from mooring.model.application import AppKey
from mooring.state.applications import Applications
from mooring.state.records import Record

__all__ = ["LARGEST_PAGE", "list_applications"]

_AT_ONCE = 20  # records held in memory


def list_applications(
    applications: Applications, sees: Callable[[Record], bool] | None, *, limit: str = "", after: str = ""
) -> dict[str, Any]:
    """One page of all applications that `sees` says yes to, by namespace and name; None sees everything, and is told
    how many are left. `limit` and `after` are as they stand in the request.

    There may be fewer than `limit` in a page that is not the last. Raises `ConfigurationError` naming the parameter.
    """
    page = Page({"limit": limit, "continue": after})
    keys = [listed.key for listed in applications.registered() if str(listed.key) > page.after]
    for number, record in enumerate(_records(applications, keys)):
        if record.spec is None or not (sees is None or sees(record)):
            continue
        if not page.takes(str(record.key), show_application(record, brief=True)):
            left = {"remainingItemCount": len(keys) - number} if sees is None else {}
            return {"metadata": {"continue": page.token, **left}, "items": page.items}
    return {"metadata": {}, "items": page.items}


def _records(applications: Applications, keys: Sequence[AppKey]) -> Iterator[Record]:
    for start in range(0, len(keys), _AT_ONCE):
        yield from applications.load(keys[start : start + _AT_ONCE]).values()
