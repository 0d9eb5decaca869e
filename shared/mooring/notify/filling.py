"""Names of secrets in a service's settings, and the values in their place.

`$name` stands for an entry of the secret of notifications, as in Argo CD ("Services"): anywhere in a text. Values are
put in when a message is sent, in the function that sends it, and nowhere else. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["fill"]

_NAME = re.compile(r"\$([A-Za-z0-9][-A-Za-z0-9_.]*)")


def fill(settings: Mapping[str, Any], secret: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """The settings with values in the place of names. Raises `ConfigurationError` naming an entry that is not there."""
    filled: Mapping[str, Any] = _filled(settings, secret)
    return filled


def _filled(value: Any, secret: Callable[[], Mapping[str, Any]]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(each, secret) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, secret) for each in value]
    if not isinstance(value, str) or "$" not in value:
        return value

    def replaced(match: re.Match[str]) -> str:
        found = secret().get(match[1])
        if not isinstance(found, str) or not found:
            raise ConfigurationError(f"has no entry {match[1]!r}; put it there", field="the secret of notifications")
        return found

    return _NAME.sub(replaced, value)
