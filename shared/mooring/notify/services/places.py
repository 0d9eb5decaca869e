"""Which address a recipient means, where a service is nothing but addresses: `recipientUrls` by name, or one `url`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["url_of"]


def url_of(config: Mapping[str, Any], recipient: str) -> str:
    """The address of a recipient. Raises `ConfigurationError` where it is not declared."""
    named = config.get("recipientUrls")
    found = named.get(recipient) if isinstance(named, Mapping) else None
    found = found or config.get("url")
    if not isinstance(found, str) or not found.startswith(("https://", "http://")):
        raise ConfigurationError(
            f"must hold the address of {recipient!r}, as $name of the secret", field="recipientUrls"
        )
    return found
