"""Which deliveries of forges are believed without a secret, and where Bitbucket Cloud sends its from.

    webhook.unsigned: gogs, gitlab
    webhook.bitbucket.sources: 104.192.136.0/21, 185.166.140.0/22

Whoever finds the address could then have any repository looked at, as often as they like; nothing else. Without these
keys, which are ours beside Argo CD's own, nothing is believed that isn't proven.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from mooring.errors import ConfigurationError
from mooring.events.forges.recognising import PROVIDERS
from mooring.events.forges.verifying import Rules

__all__ = ["read_delivery_rules"]

_UNSIGNED = "webhook.unsigned"
_SOURCES = "webhook.bitbucket.sources"


def read_delivery_rules(data: Mapping[str, str]) -> Rules:
    """The rules in the data of an `argocd-cm`. Raises `ConfigurationError` naming the key."""
    unsigned = frozenset(_parts(data, _UNSIGNED))
    if unknown := sorted(unsigned.difference(PROVIDERS)):
        raise ConfigurationError(
            f"names {', '.join(unknown)}; it may name {', '.join(PROVIDERS)}", field=f"data[{_UNSIGNED}]"
        )
    sources = tuple(_parts(data, _SOURCES))
    for each in sources:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError as error:
            raise ConfigurationError(
                f"holds {each!r}, which is no network like 192.0.2.0/24", field=f"data[{_SOURCES}]"
            ) from error
    return Rules(unsigned, sources)


def _parts(data: Mapping[str, str], key: str) -> list[str]:
    return [each for each in data.get(key, "").replace(",", " ").split() if each]
