"""The two kinds of globs that the git generator has.

Folders are matched as Go's `path.Match` does: a star stops at a slash. Files are matched as git's pathspecs are, where
a star doesn't stop, and a path without any stars stands for everything below it (Argo CD, "Git Generator" and "Git File
Globbing", the default).
"""

from __future__ import annotations

import re

from mooring.errors import ConfigurationError

__all__ = ["file_glob", "folder_glob"]


def folder_glob(pattern: str, *, where: str) -> re.Pattern[str]:
    """Matches whole paths of folders. Raises `ConfigurationError` for a pattern that is malformed."""
    return re.compile(_translated(pattern, "[^/]", where), re.DOTALL)


def file_glob(pattern: str, *, where: str) -> re.Pattern[str]:
    """Matches whole paths of files. Raises `ConfigurationError` for a pattern that is malformed."""
    pattern = pattern.removeprefix("./")
    if not set(pattern) & set("*?[\\"):
        return re.compile(f"{re.escape(pattern.rstrip('/'))}(/.*)?" if pattern.rstrip("/") else ".*", re.DOTALL)
    return re.compile(_translated(pattern, ".", where), re.DOTALL)


def _translated(pattern: str, any_one: str, where: str) -> str:
    parts, at = [], 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "*":
            parts.append(f"{any_one}*")
            at += len(pattern[at:]) - len(pattern[at:].lstrip("*"))
        elif letter == "?":
            parts.append(any_one)
        elif letter == "[":
            end = pattern.find("]", at + 1 + (pattern[at : at + 1] in {"^", "!"}))
            if end < 0:
                raise ConfigurationError(f"{pattern!r} has a [ without its ]", field=where)
            inner = pattern[at:end]
            negated = inner[:1] in {"^", "!"}
            inner = re.sub(r"([\[\]\\&~|^])", r"\\\1", inner[1:] if negated else inner)
            parts.append(f"[{'^/' if negated else ''}{inner}]")
            at = end + 1
        elif letter == "\\":
            if at == len(pattern):
                raise ConfigurationError(f"{pattern!r} ends with a backslash", field=where)
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append(re.escape(letter))
    text = "".join(parts)
    try:
        re.compile(text)
    except re.error:
        raise ConfigurationError(f"{pattern!r} is not a glob", field=where) from None
    return text
