"""Which address or key a recipient means, where a service is nothing but these: by name, or one for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError

__all__ = ["address_of", "key_of", "url_of"]


def url_of(config: Mapping[str, Any], recipient: str, field: str = "recipientUrls") -> str:
    """The address of a recipient: `recipientUrls` by name, or one `url`. Raises `ConfigurationError` naming `field`
    where it is not declared.
    """
    named = config.get("recipientUrls")
    found = named.get(recipient) if isinstance(named, Mapping) else None
    found = found or config.get("url")
    if not isinstance(found, str) or not found.startswith(("https://", "http://")):
        raise ConfigurationError(f"must hold the address of {recipient!r}, as $name of the secret", field=field)
    return found


def address_of(config: Mapping[str, Any], field: str) -> str:
    """The address in a field, without a slash at its end. Raises `ConfigurationError` where there is none."""
    found = str(config.get(field) or "").rstrip("/")
    if not found.startswith(("https://", "http://")):
        raise ConfigurationError("must be an address with https", field=field)
    return found


def key_of(config: Mapping[str, Any], field: str, recipient: str) -> str:
    """The recipient's key in a mapping of keys. Raises `ConfigurationError` where it is not declared."""
    named = config.get(field)
    found = named.get(recipient) if isinstance(named, Mapping) else None
    if not isinstance(found, str) or not found:
        raise ConfigurationError(f"must hold the key of {recipient!r}, as $name of the secret", field=field)
    return found
