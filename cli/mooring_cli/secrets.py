"""Secrets that a person hands over: from a file or standard input, never from an argument."""

from __future__ import annotations

import sys
from pathlib import Path

from mooring.errors import ConfigurationError

__all__ = ["read_secret"]


def read_secret(file: str, *, whole: bool = False) -> str:
    """A secret's text (`-` for standard input); a key keeps the line feed at its end, a token or password loses it."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read it: {type(error).__name__}", field=file) from error
    return text if whole else text.strip()
