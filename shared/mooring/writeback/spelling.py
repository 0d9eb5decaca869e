"""Values as YAML text: the little that is added to files, in the form that people would have written.

Text stays without quotes where it can't be taken for anything else: not by go-yaml, and not by readers of YAML 1.1, who
see numbers in `12:30` and dates in `2024-01-01`. Everything else gets the double quotes that JSON and YAML share. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from mooring.render.scalars import resolve

__all__ = ["STEP", "New", "flow", "lines", "spelled"]

New: TypeAlias = "str | bool | Mapping[str, New] | Sequence[New]"

STEP: Final = 2
"""By how much what is added is indented."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@:+=~^*-]*(?<!:)")
_MISTAKEN: Final = re.compile(r"\d+(:\d+)+(\.\d*)?|\d{4}-\d\d?-\d\d?.*")


def spelled(value: str, style: str) -> str:
    """Text as a scalar in a style, or in double quotes where the style can't hold it as text."""
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if not style and _PLAIN.fullmatch(value) and resolve(value) == value and not _MISTAKEN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def lines(value: New, indent: int) -> list[str]:
    """A value in block style, without line breaks; texts stand alone."""
    pad = " " * indent
    if isinstance(value, str | bool):
        return [pad + _word(value)]
    found: list[str] = []
    if isinstance(value, Mapping):
        for name, each in value.items():
            key = pad + spelled(name, "")
            if isinstance(each, str | bool):
                found.append(f"{key}: {_word(each)}")
            else:
                found += [f"{key}:", *lines(each, indent if not isinstance(each, Mapping) else indent + STEP)]
        return found
    for each in value:
        first, *others = lines(each, indent + STEP)
        found += [f"{pad}- {first.lstrip(' ')}", *others]
    return found


def _word(value: str | bool, *, quoted: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return spelled(value, '"' if quoted else "")


def flow(value: New, *, quoted: bool = False) -> str:
    """A value in flow style; `quoted` as JSON wants it."""
    if isinstance(value, str | bool):
        return _word(value, quoted=quoted)
    if isinstance(value, Mapping):
        pairs = (f"{_word(name, quoted=quoted)}: {flow(each, quoted=quoted)}" for name, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    return "[" + ", ".join(flow(each, quoted=quoted) for each in value) + "]"
