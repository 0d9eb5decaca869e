"""What a YAML scalar without quotes means to Kubernetes.

`kubectl`, Argo CD and the API server's tools read YAML through `sigs.k8s.io/yaml`, which keeps go-yaml version 2:
some words of YAML 1.1 stay booleans (`y`, `on`), a leading zero means octal, dates and `12:30:45` stay text, and
everything passes through JSON at the end, so `1e3` is the integer 1000 and infinity has no place. The rules here were
found by running `kubectl`, and `tests/contract/test_yaml_kubectl.py` holds them to it. No recursion, no state: text
in, value out.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

__all__ = ["HINTS", "as_json", "as_key", "resolve", "resolve_tagged"]

HINTS = frozenset("+-0123456789yYnNtTfFoO~.")
"""First characters of plain scalars that may be something else than text."""

Scalar = str | int | float | bool | None

_INT64 = 1 << 63
_UINT64 = 1 << 64


def _words() -> dict[str, Scalar]:
    words: dict[str, Scalar] = {"": None, "~": None, "y": True, "Y": True, "n": False, "N": False}
    named: tuple[tuple[str, Scalar], ...] = (
        ("null", None), ("yes", True), ("no", False), ("true", True), ("false", False), ("on", True), ("off", False),
    )  # fmt: skip
    for word, value in named:
        words.update(dict.fromkeys((word, word.capitalize(), word.upper()), value))
    words.update(dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan))
    for sign, infinity in (("", math.inf), ("+", math.inf), ("-", -math.inf)):
        words.update(dict.fromkeys((f"{sign}.inf", f"{sign}.Inf", f"{sign}.INF"), infinity))
    return words


_WORDS = _words()
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9_]+([eE][-+]?[0-9_]+)?")
_SIGNED_BINARY = re.compile(r"0b([-+][01]+)")


def resolve(text: str) -> Scalar:
    """The value of a plain scalar as go-yaml decodes it; text that means nothing else stays text."""
    if text and text[0] not in HINTS:
        return text
    try:
        return _WORDS[text]
    except KeyError:
        pass
    first = text[0]
    if first == ".":
        return _float(text, text) if _POINT_FLOAT.fullmatch(text) else text
    if first in "+-" or first.isdigit():
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    if match := _INTEGER.fullmatch(plain):
        sign, hexadecimal, binary, octal, decimal = match.groups()
        if hexadecimal:
            value = int(hexadecimal, 16)
        elif binary:
            value = int(binary, 2)
        elif octal:
            value = int(octal, 8)
        elif len(decimal) > 20:  # beyond 64 bits in any case, and int() is quadratic
            return _float(plain, text)
        else:
            value = int(decimal)
        if sign == "-":
            value = -value
        if -_INT64 <= value < _INT64 or (not sign and value < _UINT64):
            return value
    if _FLOAT.fullmatch(plain):
        return _float(plain, text)
    if match := _SIGNED_BINARY.fullmatch(plain):
        return int(match[1], 2)
    return text


def _float(number: str, text: str) -> Scalar:
    try:
        value = float(number)
    except ValueError:  # an underscore in a place where Go takes none either
        return text
    return text if math.isinf(value) else value


def as_json(value: Scalar) -> Scalar:
    """The value after the way through JSON that every manifest takes in Go: `1e3` and `1.0` become integers, integers
    beyond 64 bits become floats. Raises `ValueError` for infinity and for what is not a number.
    """
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else float(value)
    if type(value) is not float:
        return value
    if not math.isfinite(value):
        raise ValueError("JSON has no infinity and no NaN: quote the value if text is meant")
    if not value.is_integer() or abs(value) >= 1e21:
        return value
    if abs(value) < 1e16:
        return int(value)
    # Go prints the shortest digits that mean this float, then reads them as an integer.
    mantissa, _, exponent = repr(value).partition("e+")
    whole, _, fraction = mantissa.partition(".")
    digits = int(whole + fraction.ljust(int(exponent), "0"))
    return digits if -_INT64 <= digits < _INT64 else value


def as_key(value: Scalar) -> str:
    """The key of a mapping that a scalar becomes, as `sigs.k8s.io/yaml` turns it into text.

    Raises `ValueError` for nulls and for integers beyond 64 bits, as it does.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        raise ValueError("a key can't be null: quote it if text is meant")
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return str(value)
        raise ValueError("a key can't be an integer beyond 64 bits: quote it if text is meant")
    return _single(value)


def _single(value: float) -> str:
    """Go's `FormatFloat(value, 'g', -1, 32)`: the shortest digits of the nearest single-precision number."""
    if math.isnan(value):
        return ".nan"
    try:
        packed = struct.pack("f", value)
    except OverflowError:
        packed = struct.pack("f", math.copysign(math.inf, value))
    single: float = struct.unpack("f", packed)[0]
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if struct.pack("f", float(text)) == packed:
            break
    exponent = text.partition("e")[2]
    if int(exponent) < -4 or int(exponent) >= 6:
        return text
    return f"{float(text):.{max(digits - int(exponent), 0)}f}"


_TAG = "tag:yaml.org,2002:"
_NAMES = {bool: "bool", int: "int", float: "float", type(None): "null", str: "str"}


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; a tag that go-yaml doesn't know leaves the text alone.

    Raises `ValueError` where text and tag don't agree.
    """
    if tag == _TAG + "str" or not tag.startswith(_TAG):
        return text
    name = tag.removeprefix(_TAG)
    if name == "binary":
        return _binary(text)
    if name == "timestamp":
        if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].+)?", text):
            return text
        raise ValueError("!!timestamp does not hold a date")
    if name not in ("bool", "int", "float", "null"):
        return text
    value = resolve(text)
    actual = _NAMES[type(value)]
    if name == "float" and actual == "int":
        return float(value)  # type: ignore[arg-type]
    if actual != name:
        raise ValueError(f"!!{name} does not hold one")
    return value


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()
    except binascii.Error as error:
        raise ValueError("!!binary does not hold base64") from error
    except UnicodeDecodeError as error:
        raise ValueError("!!binary must hold UTF-8 text, since JSON can't carry other bytes") from error
