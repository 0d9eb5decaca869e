"""Lengths of time as people type them: `30s`, `45m`, `12h`, `7d`, `2w`."""

from __future__ import annotations

import re
from typing import Final

from mooring.errors import ConfigurationError

__all__ = ["seconds_in", "seconds_of"]

_LENGTH: Final = re.compile(r"([0-9]{1,12})([smhdw])\Z")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_in(text: str) -> int | None:
    """The seconds of a length; nothing where the text is none."""
    found = _LENGTH.match(text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def seconds_of(text: str, option: str) -> int:
    """The seconds of a length. Raises `ConfigurationError` naming the option."""
    seconds = seconds_in(text)
    if seconds is None:
        raise ConfigurationError(f"must be a length of time such as 12h or 30d, not {text!r}", field=option)
    return seconds
