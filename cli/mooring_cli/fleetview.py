"""What `mooring top` shows, without a terminal: the chosen rows, where the cursor stands, and what keys mean.

The API answers with one row for each application (ADR 0114); which of them are seen, in which order, is decided here,
so that typing a letter asks nobody anything. Only the rows that fit on the screen are ever drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["SORTS", "FleetView", "Row"]

Row = Mapping[str, Any]

_WORST: Final = ("Degraded", "Missing", "Unknown", "Progressing", "Suspended", "Healthy")
_OUT: Final = ("OutOfSync", "Unknown", "Synced")
SORTS: Final[Mapping[str, Callable[[Row], Any]]] = {
    "health": lambda row: (_place(_WORST, row["health"]), _place(_OUT, row["sync"])),
    "sync": lambda row: (_place(_OUT, row["sync"]), _place(_WORST, row["health"])),
    "changed": lambda row: tuple(-ord(c) for c in str(row.get("changedAt") or "")),
    "name": lambda _: 0,
    "project": lambda row: row["project"],
    "cluster": lambda row: row["cluster"] or row["server"],
}
_HEALTHS: Final = ("", "Degraded", "Progressing", "Missing", "Suspended", "Unknown", "Healthy")
_SYNCS: Final = ("", "OutOfSync", "Unknown", "Synced")
_SEARCHED: Final = (
    "namespace",
    "name",
    "project",
    "cluster",
    "destinationNamespace",
    "repoURL",
    "health",
    "sync",
    "phase",
)


def _place(order: Sequence[str], word: str) -> int:
    return order.index(word) if word in order else len(order)


@dataclass(slots=True)
class FleetView:
    """Everything that a key may change. `page` is how many rows fit."""

    rows: Sequence[Row] = ()
    text: str = ""
    typing: bool = False
    sort: str = "health"
    reverse: bool = False
    health: str = ""
    sync: str = ""
    cursor: int = 0
    top: int = 0
    page: int = 20
    opened: str = ""
    ended: bool = False
    seen: list[Row] = field(default_factory=list)

    def take(self, rows: Sequence[Row]) -> None:
        """New rows; the cursor stays on the application that it was on."""
        before = self.selected
        self.rows = rows
        self._choose()
        if before is not None:
            place = (before["namespace"], before["name"])
            at = (n for n, row in enumerate(self.seen) if (row["namespace"], row["name"]) == place)
            self._move(next(at, self.cursor))

    @property
    def selected(self) -> Row | None:
        """The row that the cursor is on."""
        return self.seen[self.cursor] if 0 <= self.cursor < len(self.seen) else None

    def visible(self) -> list[Row]:
        """The rows that fit on the screen."""
        return self.seen[self.top : self.top + self.page]

    def fit(self, page: int) -> None:
        """The screen has room for so many rows."""
        self.page = max(1, page)
        self._move(self.cursor)

    def press(self, key: str) -> None:
        """One key: a character, or a name of `mooring_cli.keys`."""
        if self.typing:
            self._type(key)
        elif self.opened:
            if key in {"q", "escape", "enter", "backspace", "left"}:
                self.opened = ""
        elif key == "q":
            self.ended = True
        elif key == "/":
            self.typing = True
        elif key == "escape":
            self.text, self.health, self.sync = "", "", ""
            self._choose()
        elif key == "enter" and self.selected is not None:
            self.opened = f"{self.selected['namespace']}/{self.selected['name']}"
        elif key in _MOVES:
            self._move(_MOVES[key](self))
        else:
            self._arrange(key)

    def _type(self, key: str) -> None:
        if key in {"enter", "escape"}:
            self.typing = False
            self.text = "" if key == "escape" else self.text
        elif key == "backspace":
            self.text = self.text[:-1]
        elif len(key) == 1 and key.isprintable():
            self.text += key
        self._choose()

    def _arrange(self, key: str) -> None:
        if key == "s":
            names = list(SORTS)
            self.sort = names[(names.index(self.sort) + 1) % len(names)]
        elif key == "r":
            self.reverse = not self.reverse
        elif key == "h":
            self.health = _HEALTHS[(_HEALTHS.index(self.health) + 1) % len(_HEALTHS)]
        elif key == "y":
            self.sync = _SYNCS[(_SYNCS.index(self.sync) + 1) % len(_SYNCS)]
        self._choose()

    def _choose(self) -> None:
        words = self.text.lower().split()
        found = [
            row
            for row in self.rows
            if (not self.health or row["health"] == self.health)
            and (not self.sync or row["sync"] == self.sync)
            and _holds(row, words)
        ]
        found.sort(key=lambda row: (row["name"], row["namespace"]))
        self.seen = sorted(found, key=SORTS[self.sort], reverse=self.reverse)
        self._move(self.cursor)

    def _move(self, cursor: int) -> None:
        self.cursor = max(0, min(cursor, len(self.seen) - 1))
        self.top = max(min(self.top, self.cursor), self.cursor - self.page + 1, 0)
        self.top = min(self.top, max(0, len(self.seen) - self.page))


_MOVES: Final[Mapping[str, Callable[[FleetView], int]]] = {
    "up": lambda view: view.cursor - 1,
    "k": lambda view: view.cursor - 1,
    "down": lambda view: view.cursor + 1,
    "j": lambda view: view.cursor + 1,
    "pageup": lambda view: view.cursor - view.page,
    "pagedown": lambda view: view.cursor + view.page,
    "home": lambda _: 0,
    "g": lambda _: 0,
    "end": lambda view: len(view.seen) - 1,
    "G": lambda view: len(view.seen) - 1,
}


def _holds(row: Row, words: Sequence[str]) -> bool:
    if not words:
        return True
    text = " ".join(str(row.get(part) or "") for part in _SEARCHED).lower()
    return all(word in text for word in words)
