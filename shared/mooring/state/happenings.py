"""What happened and is no state of anything: an image that was updated, a promotion that was proposed.

Whoever does such a thing puts it here, once for each `id`; the stream of the table brings it to `notify`, which tells
people. Items go away after a week.

    HAPPENED#<ns>/<name>   <kind>#<id>   facts: title, text, url and group, and whatever triggers may look at
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConflictError
from mooring.model.application import AppKey
from mooring.state.packing import pack
from mooring.state.table import Operation, Table, put

__all__ = ["PREFIX", "Happenings", "happened"]

PREFIX: Final = "HAPPENED#"
_KEPT: Final = 7 * 24 * 3600


def happened(app: AppKey, kind: str, id_: str, facts: Mapping[str, Any], *, now: float) -> Operation:
    """A happening as a part of a transaction of whoever knows by it that this is told; fields as `Happenings.tell`."""
    item = {"pk": f"{PREFIX}{app}", "sk": f"{kind}#{id_}", "at": float(now), "facts": pack(dict(facts))}
    return put({**item, "ttl": int(now) + _KEPT})


class Happenings:
    """The happenings of one installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def tell(self, app: AppKey, kind: str, id_: str, facts: Mapping[str, Any], *, now: float) -> None:
        """Puts on record that something happened to an application; telling it again does nothing.

        `kind` is what triggers see as `event.kind` (`image-updated`, `promotion-opened`). Of the facts, all texts,
        `title`, `text`, `url` (https) and `group` make our own message; messages of one group replace each other.
        """
        item = {"pk": f"{PREFIX}{app}", "sk": f"{kind}#{id_}", "at": float(now), "facts": pack(dict(facts))}
        try:
            self._table.write(put({**item, "ttl": int(now) + _KEPT}, "attribute_not_exists(pk)"))
        except ConflictError:
            return
