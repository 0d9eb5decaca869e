"""Where a reader of logs stands, so that asking again neither leaves out a line nor repeats one.

A line has no number. It has the time at which the runtime took it, in nanoseconds, and several lines may have the same.
So a cursor says, for each container, the time of the last line that was told and how many lines of that very time were.
The API server understands times in whole seconds only (`sinceTime`), so asking again brings the lines of that second
once more, and those that were told are passed over (Kubernetes API reference, "Pod v1 core", Read Log).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from mooring.errors import ConfigurationError

__all__ = ["Line", "Stand", "lines_of", "not_told", "read_cursor", "stand_after", "write_cursor"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a container: `at` as the runtime wrote it (RFC 3339 with fractions), and the text."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Stand:
    """The time of the last line that was told, and how many lines of that time were."""

    at: str
    told: int

    @property
    def since(self) -> str:
        """The whole second from which to ask on."""
        return f"{self.at[:19]}Z"


def lines_of(text: str, *, whole: bool) -> list[Line]:
    """The lines of an answer with timestamps; unless it is `whole`, the last one may be cut and is left out."""
    rows = text.split("\n")
    last = rows.pop()
    if last and whole:
        rows.append(last)
    return [_line(row) for row in rows]


def _line(row: str) -> Line:
    at, space, text = row.partition(" ")
    if len(at) >= 20 and at[4:5] == "-" and at[10:11] == "T":
        return Line(_utc(at), text)
    return Line("", row) if space or row else Line("", "")


def _utc(at: str) -> str:
    """The time with nine digits of a second, so that texts compare as times do; of UTC, as runtimes write it."""
    seconds, _, fraction = at.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z" if at.endswith("Z") else at


def not_told(lines: list[Line], stand: Stand | None) -> list[Line]:
    """Those of the lines from `stand.since` on that were not told yet."""
    if stand is None:
        return lines
    left, fresh = stand.told, list[Line]()
    for line in lines:
        if not fresh and line.at == stand.at and left:
            left -= 1
        elif fresh or line.at >= stand.at:
            fresh.append(line)
    return fresh


def stand_after(lines: list[Line], stand: Stand | None) -> Stand | None:
    """Where a reader stands after being told these lines."""
    timed = [line.at for line in lines if line.at]
    if not timed:
        return stand
    last = timed[-1]
    before = stand.told if stand is not None and stand.at == last else 0
    return Stand(last, before + timed.count(last))


def write_cursor(stands: dict[str, Stand]) -> str:
    """The cursor as text that fits into an address."""
    rows = {name: [each.at, each.told] for name, each in sorted(stands.items())}
    return base64.urlsafe_b64encode(orjson.dumps(rows)).decode().rstrip("=")


def read_cursor(text: str) -> dict[str, Stand]:
    """The inverse of `write_cursor`. Raises `ConfigurationError` for anything else."""
    if not text:
        return {}
    try:
        rows: Any = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        stands = {str(name): Stand(str(at), int(told)) for name, (at, told) in rows.items()}
    except (binascii.Error, ValueError, AttributeError, TypeError) as error:
        raise ConfigurationError("must be the cursor of the answer before, as it was given", field="cursor") from error
    if any(len(each.at) < 20 or each.told < 1 for each in stands.values()):
        raise ConfigurationError("must be the cursor of the answer before, as it was given", field="cursor")
    return stands
