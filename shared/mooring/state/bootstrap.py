"""Whether the installation has declared its root application: once, whatever became of it."""

from __future__ import annotations

from typing import Final

from mooring.state.table import Key, Table, put

__all__ = ["BootstrapMark"]

_MARK: Final[Key] = ("SETTINGS", "bootstrapped")


class BootstrapMark:
    """One item of the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def is_set(self) -> bool:
        """Whether it was set."""
        return _MARK in self._table.get_many([_MARK])

    def set(self) -> None:
        """Remembers it for good."""
        pk, sk = _MARK
        self._table.write(put({"pk": pk, "sk": sk}))
