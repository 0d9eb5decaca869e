r"""The patterns of projects, as Argo CD reads them: one dialect for names and addresses, another for kinds.

Names, namespaces, servers and repositories are matched as Argo CD's `util/glob` does, with the syntax of gobwas/glob:
`*` is anything but a separator, `**` anything, `?` one character, `[abc]`, `[!abc]`, `[a-z]` and `[!a-z]` one of a
class, `{a,b}` either, and `\` takes the next character literally. Only addresses of repositories have a separator
(`/`). Groups, kinds and the names of cluster-scoped objects are matched as Go's `path.Match` does. A pattern that
can't be read would silently match nothing there, so here it is refused when it is declared.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

__all__ = ["check_glob", "check_path_glob", "is_denial", "matches", "matches_path"]

_PATTERNS = 4096  # kept compiled; more than the patterns of any number of projects that one sync meets


def is_denial(pattern: str) -> bool:
    """Whether a pattern takes away instead of giving (a leading `!`)."""
    return pattern.startswith("!")


def matches(pattern: str, value: str, *, separator: str = "") -> bool:
    """Whether a glob fits the whole of a value; `*` alone fits everything, as in Argo CD's `globMatch`."""
    if pattern == "*":
        return True
    try:
        return _compiled(pattern, separator).fullmatch(value) is not None
    except ValueError:
        return False


def matches_path(pattern: str, value: str) -> bool:
    """Whether a pattern of Go's `path.Match` fits the whole of a value."""
    try:
        return _compiled_path(pattern).fullmatch(value) is not None
    except ValueError:
        return False


def check_glob(pattern: str, *, separator: str = "") -> str:
    """What is wrong with a glob, in words; empty where nothing is."""
    try:
        _compiled(pattern, separator)
    except ValueError as error:
        return str(error)
    return ""


def check_path_glob(pattern: str) -> str:
    """What is wrong with a pattern of `path.Match`, in words; empty where nothing is."""
    try:
        _compiled_path(pattern)
    except ValueError as error:
        return str(error)
    return ""


@lru_cache(_PATTERNS)
def _compiled(pattern: str, separator: str) -> re.Pattern[str]:
    one = f"[^{re.escape(separator)}]" if separator else "."
    parts: list[str] = []
    depth, index = 0, 0
    while index < len(pattern):
        character = pattern[index]
        index += 1
        match character:
            case "*" if pattern.startswith("*", index):
                index += 1
                parts.append(".*")
            case "*":
                parts.append(f"{one}*")
            case "?":
                parts.append(one)
            case "[":
                text, index = _class(pattern, index)
                parts.append(text)
            case "{":
                depth += 1
                parts.append("(?:")
            case "}" if depth:
                depth -= 1
                parts.append(")")
            case "," if depth:
                parts.append("|")
            case "\\":
                if index == len(pattern):
                    raise ValueError("ends in a backslash that escapes nothing")
                parts.append(re.escape(pattern[index]))
                index += 1
            case _:
                parts.append(re.escape(character))
    if depth:
        raise ValueError("has a { that is not closed")
    return re.compile("".join(parts if separator or "(?:" in parts else _hasty(parts)), re.DOTALL)


def _hasty(parts: list[str]) -> list[str]:
    """The same pattern without a way back: behind a star, what follows is taken where it is first found, since the next
    star takes whatever was left. So a pattern of many stars costs no more than its length times that of the value.
    """
    stars = [index for index, part in enumerate(parts) if part == ".*"]
    if len(stars) < 2:
        return parts
    between = ["".join(parts[first + 1 : second]) for first, second in pairwise(stars)]
    return [*parts[: stars[0]], *(f"(?>.*?{each})" for each in between if each), *parts[stars[-1] :]]


def _class(pattern: str, index: int) -> tuple[str, int]:
    """A class of gobwas/glob: either one range or a list of characters, closed by `]`."""
    negated = pattern.startswith("!", index)
    index += negated
    if pattern[index + 1 : index + 2] == "-":
        low, high = pattern[index], pattern[index + 2 : index + 3]
        if pattern[index + 3 : index + 4] != "]":
            raise ValueError("has a range in [ ] that is not closed; write one range, such as [a-z]")
        if not low < high:
            raise ValueError(f"has the range [{low}-{high}], whose end is not after its beginning")
        body, index = f"{re.escape(low)}-{re.escape(high)}", index + 4
    else:
        listed: list[str] = []
        while pattern[index : index + 1] != "]":
            if pattern.startswith("\\", index):
                index += 1
            if index >= len(pattern):
                raise ValueError("has a [ that is not closed")
            listed.append(re.escape(pattern[index]))
            index += 1
        if not listed:
            raise ValueError("has an empty [ ]")
        body, index = "".join(listed), index + 1
    return f"[{'^' if negated else ''}{body}]", index


@lru_cache(_PATTERNS)
def _compiled_path(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        index += 1
        match character:
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case "[":
                text, index = _path_class(pattern, index)
                parts.append(text)
            case "\\":
                if index == len(pattern):
                    raise ValueError("ends in a backslash that escapes nothing")
                parts.append(re.escape(pattern[index]))
                index += 1
            case _:
                parts.append(re.escape(character))
    return re.compile("".join(parts), re.DOTALL)


def _path_class(pattern: str, index: int) -> tuple[str, int]:
    """A class of `path.Match`: any number of characters and ranges, closed by `]`."""
    negated = pattern.startswith("^", index)
    index += negated
    body = ""
    while not body or not pattern.startswith("]", index):
        low, index = _path_character(pattern, index)
        if not pattern.startswith("-", index):
            body += re.escape(low)
            continue
        high, index = _path_character(pattern, index + 1)
        if high < low:
            raise ValueError(f"has the range {low}-{high}, which ends before it begins")
        body += f"{re.escape(low)}-{re.escape(high)}"
    return f"[{'^' if negated else ''}{body}]", index + 1


def _path_character(pattern: str, index: int) -> tuple[str, int]:
    character = pattern[index : index + 1]
    if character == "\\":
        index += 1
    elif character in ("-", "]"):
        raise ValueError(f"has a {character!r} in [ ] that stands for nothing; escape it with a backslash")
    if index >= len(pattern):
        raise ValueError("has a [ that is not closed")
    return pattern[index], index + 1
