"""Kubernetes quantities: `1000m` and `1` are the same amount (Kubernetes API reference, "Quantity").

The API server keeps the spelling of whoever wrote last, so two spellings of one amount are no difference to report.
Only places that hold quantities are compared this way: in a ConfigMap, `1k` and `1000` are different texts.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

__all__ = ["holds_quantity", "same_quantity"]

QUANTITY = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)\Z")
DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}

# Maps whose values are quantities, and single fields that are one.
MAPS = frozenset({"limits", "requests", "hard", "capacity", "max", "min", "default", "defaultRequest", "podFixed"})
FIELDS = frozenset({"sizeLimit", "divisor", "averageValue"})


def holds_quantity(parent: str, field: str) -> bool:
    """Whether the field called `field`, inside the field called `parent`, is a quantity."""
    return parent in MAPS or field in FIELDS


def same_quantity(one: object, other: object) -> bool:
    """Whether both are quantities of the same amount."""
    amount = _amount(one)
    return amount is not None and amount == _amount(other)


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = QUANTITY.match(str(value))
    if match is None:
        return None
    try:
        number = Decimal(match[1] + (match[2] or ""))
    except InvalidOperation:
        return None
    suffix = match[3] or ""
    if suffix in BINARY:
        return number * Decimal(2) ** BINARY[suffix]
    return number.scaleb(DECIMAL[suffix]) if suffix else number
