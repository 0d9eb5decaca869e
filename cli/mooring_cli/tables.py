"""Tables and pages of text, before anybody has decided how they are shown.

Kept apart from what draws them: a pipe gets aligned columns made here, a terminal gets the same cells from Rich, which
takes longer to load than all the rest of the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["Page", "Table", "parts_of", "plain", "table", "visible"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Table:
    """Headers, and a cell for each in every row; a missing or empty cell is shown as a dash."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]

    def cells(self) -> list[list[str]]:
        """The rows as they are printed."""
        return [["-" if value is None or value == "" else visible(str(value)) for value in row] for row in self.rows]

    def __str__(self) -> str:
        """Columns as wide as their widest cell, two blanks between."""
        cells = [list(self.headers), *self.cells()]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.headers))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
        )


Page: TypeAlias = str | Table | Sequence[str | Table]


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of any rows."""
    return Table(headers, list(rows))


def parts_of(page: Page) -> list[str | Table]:
    """What a page consists of, in order."""
    return [page] if isinstance(page, str | Table) else list(page)


def plain(page: Page) -> str:
    """A page as text without colours, an empty line between its parts."""
    return "\n\n".join(part if isinstance(part, str) else str(part) for part in parts_of(page))


def visible(text: str) -> str:
    """A text that moves no cursor and sets no colours: what others wrote may hold the sequences that do (ECMA-48)."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
