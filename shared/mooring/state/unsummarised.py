"""Items of applications that an older version of Mooring wrote: they get what lists show (`state.summaries`).

They are not replaced: two attributes are added, where the item has none of these yet. Whoever writes an item meanwhile
writes this with it, and wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.state import codec
from mooring.state.lists import APPLICATIONS, application_pk
from mooring.state.summaries import SUMMARISED, declared_of, desired_of, found_of, indexed
from mooring.state.table import Item, Operation, Table, update

__all__ = ["Unsummarised"]

_PARTS: Final = ("SPEC", "WANTED", "STATUS")
_LACKING: Final = "attribute_exists(pk) AND attribute_not_exists(summary)"


class Unsummarised:
    """Applications that are listed without what lists show."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def complete(self, keys: Iterable[AppKey]) -> None:
        """Adds what is missing, one transaction for each application; one that is being written is left as it is."""
        apps = list(keys)
        items = self._table.get_many((application_pk(key), part) for key in apps for part in _PARTS)
        for key in apps:
            mine = (items.get((application_pk(key), part)) for part in _PARTS)
            writes = [_completing(item) for item in mine if item is not None and "summary" not in item]
            done = update((APPLICATIONS, str(key)), {SUMMARISED: True}, "attribute_exists(pk)")
            with suppress(ConflictError):
                self._table.write(*writes, done)


def _completing(item: Item) -> Operation:
    match item["sk"]:
        case "SPEC":
            added = indexed(item["pk"], declared_of(codec.spec_from(item)))
        case "WANTED":
            added = indexed(item["pk"], desired_of(codec.wanted_from(item)))
        case _:
            added = indexed(item["pk"], found_of(codec.status_from(item)))
    return update((item["pk"], item["sk"]), added, _LACKING)
