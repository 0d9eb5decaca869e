"""Label selectors as one line of text: `team=shop, tier!=test, zone in (a, b), !frozen`. Pure.

Source: Kubernetes, "Labels and Selectors", which Argo CD's default subscriptions follow.
"""

from __future__ import annotations

import re
from typing import Final

from mooring.errors import ConfigurationError
from mooring.model.selectors import Requirement, Selector

__all__ = ["parse_text_selector"]

_NAME: Final = r"[A-Za-z0-9][-A-Za-z0-9_./]*"
_SET = re.compile(rf"({_NAME})\s+(in|notin)\s*\(([^()]*)\)")
_EQUAL = re.compile(rf"({_NAME})\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)")
_THERE = re.compile(rf"(!?)\s*({_NAME})")
_BETWEEN = re.compile(r",(?![^(]*\))")


def parse_text_selector(text: str, field: str) -> Selector:
    """The selector that a line means. Raises `ConfigurationError` naming the field."""
    return Selector(tuple(_requirement(part.strip(), field) for part in _BETWEEN.split(text) if part.strip()))


def _requirement(text: str, field: str) -> Requirement:
    if match := _SET.fullmatch(text):
        values = tuple(each.strip() for each in match[3].split(","))
        return Requirement(match[1], "In" if match[2] == "in" else "NotIn", values)
    if match := _EQUAL.fullmatch(text):
        return Requirement(match[1], "NotIn" if match[2] == "!=" else "In", (match[3],))
    if match := _THERE.fullmatch(text):
        return Requirement(match[2], "DoesNotExist" if match[1] else "Exists")
    raise ConfigurationError(f"must have parts like team=shop or zone in (a, b), not {text!r}", field=field)
