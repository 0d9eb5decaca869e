"""The table at the end: what was expected, what was observed, how long it took.

Every line fits the terminal; long cells are wrapped, never cut, because the observed text is what a reader came for.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from local.demo.story import Outcome

__all__ = ["line", "table"]


def line(outcome: Outcome) -> str:
    """One line for an outcome as it becomes known."""
    result = "ok    " if outcome.passed else "FAILED"
    return f"{outcome.number:>3}  {result}  {outcome.seconds:6.1f} s  {outcome.step.name}"


def table(outcomes: Sequence[Outcome], width: int | None = None) -> str:
    """The whole table; `width` is in characters, by default the terminal's."""
    total = min(width or shutil.get_terminal_size((140, 24)).columns, 180)
    # What is left after the number, seconds and result, and the lines between the columns.
    room = max(total - 3 - 7 - 6 - 5 * 3 - 1, 60)
    widths = [3, room * 25 // 100, room * 30 // 100, room - room * 25 // 100 - room * 30 // 100, 7, 6]
    rule = "─" * (sum(widths) + 3 * (len(widths) - 1))
    rows = [("#", "step", "expected", "observed", "seconds", "result")]
    rows += [
        (str(o.number), o.step.name, o.step.expected, o.observed, f"{o.seconds:.1f}", "ok" if o.passed else "FAILED")
        for o in outcomes
    ]
    parts = [rule, _row(rows[0], widths), rule]
    for row in rows[1:]:
        parts += [_row(row, widths), rule]
    return "\n".join(parts)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    columns = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, widths, strict=True)]
    height = max(len(column) for column in columns)
    lines = []
    for index in range(height):
        texts = [column[index] if index < len(column) else "" for column in columns]
        lines.append(" │ ".join(text.ljust(size) for text, size in zip(texts, widths, strict=True)).rstrip())
    return "\n".join(lines)
