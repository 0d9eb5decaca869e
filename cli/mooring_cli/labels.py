"""Labels and annotations as options say them: `K=V` sets one, `K-` removes it, as with kubectl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mooring.errors import ConfigurationError

__all__ = ["changed", "pair"]


def changed(known: Mapping[str, str], given: Sequence[str], option: str) -> dict[str, str]:
    """Labels or annotations with what was given: `K=V` sets, `K-` removes. Raises `ConfigurationError`."""
    made = dict(known)
    for each in given:
        if "=" not in each and each.endswith("-") and len(each) > 1:
            made.pop(each[:-1], None)
        else:
            key, value = pair(each, option)
            made[key] = value
    return made


def pair(text: str, option: str) -> tuple[str, str]:
    """Both sides of `K=V`. Raises `ConfigurationError`."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise ConfigurationError(f"must be KEY=VALUE, or KEY- to remove it, not {text!r}", field=option)
    return key, value
