"""Properties of JSON texts by path, as the External Secrets Operator finds them with gjson.

A value is given as it stands in the text: objects, lists and numbers keep their own spelling, since that is what ends
in the Secret. Of gjson's syntax ("GJSON Path Syntax") there are keys, indexes, escaped characters, `*` and `?` in keys,
`#` for how many elements a list has, and `#.key` for one field of each. Queries (`#(…)`) and modifiers (`@…`) are
refused. A text can be put at a path as well (sjson); what is beside it keeps its spelling. No error quotes a text.
"""

from __future__ import annotations

import fnmatch
import json
import re
from decimal import Decimal

from mooring.errors import ConfigurationError

__all__ = ["find_property", "members", "text_of", "with_property"]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_INTEGER = re.compile(r"-?[0-9]+")


class _BrokenError(ValueError):
    """Not JSON."""


def members(text: str) -> dict[str, str] | None:
    """The fields of a JSON object, each value as it is spelled; None where the text is no JSON object."""
    try:
        found = _members(text)
        return None if found is None else dict(found)
    except (_BrokenError, ValueError, RecursionError):
        return None


def text_of(raw: str) -> str:
    """A spelled value as text: strings without quotes, whole numbers as they are, others without exponent."""
    if raw.startswith('"'):
        return str(json.loads(raw))
    if raw == "null":
        return ""
    if raw[:1] in "-0123456789" and raw and not _INTEGER.fullmatch(raw):
        plain = format(Decimal(repr(float(raw))), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return raw


def find_property(text: str, path: str) -> str | None:
    """The value at a path; a key that itself has the dots comes first. None where there is nothing.

    Raises `ConfigurationError` where the path needs what is not supported.
    """
    try:
        if path.find(".") > 0:
            whole = _walk(text, [_literal(path)])
            if whole is not None:
                return text_of(whole)
        found = _walk(text, _split(path))
    except (_BrokenError, ValueError, RecursionError):
        return None
    return None if found is None else text_of(found)


def with_property(text: str, path: str, value: str | None) -> str:
    """A JSON object with a text at a path, or with None without what is there; objects on the way are made.

    Raises `ConfigurationError` where the text is no JSON object, or the path leads through something else.
    """
    parts = _split(path)
    if any(pattern for _, pattern in parts):
        raise ConfigurationError("must be the path of one field: without * and ?", field="property")
    try:
        keys = [key for key, _ in parts]
        if path.find(".") > 0 and _walk(text, [_literal(path)]) is not None:
            keys = [path]  # as it would be found
        return _put(text.strip() or "{}", keys, None if value is None else json.dumps(value, ensure_ascii=False))
    except (_BrokenError, ValueError, RecursionError):
        raise ConfigurationError("needs a secret that is a JSON object", field="property") from None


def _put(text: str, keys: list[str], raw: str | None) -> str:
    found = _members(text)
    if found is None:
        raise _BrokenError
    here, rest = keys[0], keys[1:]
    known = next((inside for key, inside in found if key == here), None)
    if rest and (raw is not None or known is not None):
        raw = _put(known or "{}", rest, raw)
    fields = dict(reversed(found))  # of several with one name the first counts
    ordered = {key: fields[key] for key, _ in found}
    if raw is None:
        ordered.pop(here, None)
    else:
        ordered[here] = raw
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{inside}" for key, inside in ordered.items()) + "}"


def _literal(text: str) -> tuple[str, bool]:
    return text, False


def _split(path: str) -> list[tuple[str, bool]]:
    """The parts of a path, and whether each is a pattern."""
    if path.startswith("@") or any(mark in path for mark in ("#(", "|", "..")) or path[:1] in "[{":
        raise ConfigurationError(
            "has a query, modifier or pipe, which are not supported: name the field itself, or use a template",
            field="property",
        )
    parts: list[tuple[str, bool]] = []
    part, pattern, letters = "", False, iter(path)
    for letter in letters:
        if letter == "\\":
            escaped = next(letters, "")
            part += f"[{escaped}]" if pattern and escaped in "*?" else escaped
        elif letter == ".":
            parts.append((part, pattern))
            part, pattern = "", False
        else:
            if letter in "*?" and not pattern:
                part, pattern = part.replace("[", "[[]"), True
            part += "[[]" if pattern and letter == "[" else letter
    return [*parts, (part, pattern)]


def _walk(text: str, parts: list[tuple[str, bool]]) -> str | None:
    here = _trim(text)
    for index, (part, pattern) in enumerate(parts):
        if here[:1] == "{":
            found = _members(here) or []
            matching = [value for key, value in found if (fnmatch.fnmatchcase(key, part) if pattern else key == part)]
            if not matching:
                return None
            here = matching[0]
        elif here[:1] == "[":
            items = _elements(here)
            if part == "#":
                rest = parts[index + 1 :]
                if not rest:
                    return str(len(items))
                given = (_walk(item, rest) for item in items)
                return f"[{','.join(each for each in given if each is not None)}]"
            if not part.isdecimal() or int(part) >= len(items):
                return None
            here = items[int(part)]
        else:
            return None
    return here


def _trim(text: str) -> str:
    return text.strip(" \t\r\n")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _value(text: str, at: int) -> tuple[str, int]:
    _, end = _DECODER.raw_decode(text, at)
    return text[at:end], end


def _members(text: str) -> list[tuple[str, str]] | None:
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        return None
    found: list[tuple[str, str]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            raise _BrokenError
        raw, at = _value(text, _skip(text, at + 1))
        found.append((key, raw))
        at = _next(text, at, "}")
    if _skip(text, at + 1) != len(text):
        raise _BrokenError
    return found


def _elements(text: str) -> list[str]:
    items: list[str] = []
    at = _skip(text, 1)
    while text[at : at + 1] != "]":
        raw, at = _value(text, at)
        items.append(raw)
        at = _next(text, at, "]")
    return items


def _next(text: str, at: int, closing: str) -> int:
    """Where the next field or element begins, or where the closing bracket is."""
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        at = _skip(text, at + 1)
        if text[at : at + 1] == closing:
            raise _BrokenError
        return at
    if text[at : at + 1] != closing:
        raise _BrokenError
    return at
