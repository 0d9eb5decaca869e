"""Parameters in the two dialects: nested values for Go templates, flat text for `{{name}}`.

Both spell what Argo CD's pages on each generator promise; where a number becomes text it is written as Go writes a
float64, since that is what Argo CD's YAML reader makes of it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mooring.appsets.ports import Params

__all__ = ["as_text", "flattened", "normalized", "path_params"]

_NOT_IN_NAMES = re.compile(r"[^-a-z0-9.]")
_LONGEST_NAME = 253
_EXPONENT = 6  # of ten, from which on Go writes a float64 with an exponent


def normalized(text: str) -> str:
    """The text as the name of an object: lower case, letters, digits, '-' and '.', at most 253 of them."""
    return _NOT_IN_NAMES.sub("-", text.lower())[:_LONGEST_NAME].strip("-.")


def as_text(value: object) -> str:
    """A value as Go's `%v` writes it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return _number(value)
        case dict():
            return f"map[{' '.join(f'{key}:{as_text(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(as_text(each) for each in value)}]"
        case _:
            return str(value)


def _number(value: float) -> str:
    digits = Decimal(repr(float(value))).normalize()
    exponent = digits.adjusted()
    if digits == 0 or -4 <= exponent < _EXPONENT:
        return f"{digits:f}"
    mantissa = f"{digits.scaleb(-exponent):f}"
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def flattened(values: Mapping[str, Any]) -> dict[str, str]:
    """Nested values as one level of text: `{"a": {"b": [1]}}` is `{"a.b.0": "1"}`."""
    return {key: as_text(value) for key, value in _leaves("", values)}


def _leaves(at: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not at):
        for key, inner in value.items():
            yield from _leaves(f"{at}.{key}" if at else str(key), inner)
    elif isinstance(value, list | tuple) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{at}.{index}" if at else str(index), inner)
    else:
        yield at, value


def path_params(path: str, filename: str, prefix: str, *, go_template: bool) -> Params:
    """What the git generator says of a folder, or of a file in it (Argo CD, "Git Generator")."""
    segments = path.split("/")
    base = posixpath.basename(path) or "."
    if go_template:
        nested: Params = {
            "path": path,
            "basename": base,
            "basenameNormalized": normalized(base),
            "segments": segments,
        }
        if filename:
            nested |= {"filename": filename, "filenameNormalized": normalized(filename)}
        return {prefix: {"path": nested}} if prefix else {"path": nested}
    name = f"{prefix}.path" if prefix else "path"
    params: Params = {name: path, f"{name}.basename": base, f"{name}.basenameNormalized": normalized(base)}
    if filename:
        params |= {f"{name}.filename": filename, f"{name}.filenameNormalized": normalized(filename)}
    return params | {f"{name}[{index}]": segment for index, segment in enumerate(segments) if segment}
