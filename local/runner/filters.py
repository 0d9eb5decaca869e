"""Which records of a stream start a function: event filtering as Lambda does it, as far as the template uses it.

A pattern is an object like the record: each of its leaves is a list of what may be there (a value, `{"prefix": …}` or
`{"exists": …}`), and all leaves must match. A record that matches any pattern passes; one that matches none is done.

Rule: AWS Lambda Developer Guide, "Control which events Lambda sends to your function", "Filter rule syntax".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from local.runner.documents import Json, TemplateError

__all__ = ["Filters", "passes", "read_filters"]

Filters = Sequence[Mapping[str, Json]]


def read_filters(criteria: Mapping[str, Json], spot: str) -> Filters:
    """The patterns of `FilterCriteria`; none where there are none. Raises `TemplateError`."""
    found = []
    for each in criteria.get("Filters") or ():
        try:
            pattern = json.loads(each["Pattern"])
        except (KeyError, TypeError, ValueError):
            raise TemplateError(f"{spot}.FilterCriteria: a pattern must be JSON") from None
        found.append(pattern)
    return tuple(found)


def passes(record: Mapping[str, Json], filters: Filters) -> bool:
    """Whether a function is started for a record; without patterns, for each."""
    return not filters or any(_matches(pattern, record) for pattern in filters)


def _matches(pattern: Json, value: Json) -> bool:
    if isinstance(pattern, dict):
        known = value if isinstance(value, dict) else {}
        return all(_matches(each, known.get(name)) for name, each in pattern.items())
    return any(_fits(rule, value) for rule in pattern)


def _fits(rule: Json, value: Json) -> bool:
    if not isinstance(rule, dict):
        return bool(rule == value)
    if "prefix" in rule:
        return isinstance(value, str) and value.startswith(rule["prefix"])
    if "exists" in rule:
        return bool((value is not None) == rule["exists"])
    raise TemplateError(f"FilterCriteria: {rule} is not known to the local runner")
