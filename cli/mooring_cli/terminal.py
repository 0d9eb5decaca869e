"""Pages on a terminal, by Rich: words that say how something is have the colour of it, long cells are folded."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from mooring_cli.tables import Page, Table, parts_of, visible

__all__ = ["coloured", "drawn", "show"]

_COLOURS: Final = (
    ("green", r"\b(Synced|Healthy|Succeeded)\b"),
    ("yellow", r"\b(OutOfSync|Suspended|Terminating|Pruned)\b"),
    ("cyan", r"\b(Progressing|Running|Waiting|Pending)\b"),
    ("bold red", r"\b(Degraded|Missing|Failed|FAILS|Error|SyncFailed)\b"),
    ("dim", r"\b(Unknown)\b"),
)


def show(page: Page, console: Console | None = None) -> None:
    """Prints a page."""
    console = console or Console(highlight=False)
    for number, part in enumerate(parts_of(page)):
        if number:
            console.print()
        console.print(drawn(part) if isinstance(part, Table) else coloured(part), soft_wrap=isinstance(part, str))


def coloured(text: str) -> Text:
    """A text whose words of state have their colour; nothing in it is taken for markup."""
    made = Text(visible(text))
    for style, pattern in _COLOURS:
        made.highlight_regex(pattern, style)
    return made


def drawn(table: Table) -> RichTable:
    """A table as Rich draws it, without lines."""
    made = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in table.headers:
        made.add_column(header, overflow="fold", no_wrap=header in {"NAME", "STATUS", "HEALTH", "PHASE"})
    for row in table.cells():
        made.add_row(*map(coloured, row))
    return made
