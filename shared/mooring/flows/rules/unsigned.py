"""Which deliveries of forges are believed without a secret, and where Bitbucket Cloud sends its from.

    webhook.unsigned: gogs, gitlab
    webhook.bitbucket.sources: 104.192.136.0/21, 185.166.140.0/22

Whoever finds the address could then have any repository looked at, as often as they like; nothing else. Without these
keys, which are ours beside Argo CD's own, nothing is believed that isn't proven.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from mooring.errors import ConfigurationError
from mooring.events.forges.recognising import PROVIDERS
from mooring.events.forges.verifying import Rules
from mooring.state.registry import Registry

__all__ = ["DeliveryRules", "read_delivery_rules"]

_UNSIGNED = "webhook.unsigned"
_SOURCES = "webhook.bitbucket.sources"
_FRESH = 60.0  # seconds


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


class DeliveryRules:
    """The rules in force, read where somebody needs them and remembered for a minute: strangers may ask for them."""

    def __init__(self, registry: Registry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock
        self._known: tuple[float, Rules] | None = None

    def __call__(self) -> Rules:
        """The rules. Raises as `read_delivery_rules`."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= _FRESH:
            self._known = now, read_delivery_rules(self._registry.health_scripts.state()[0])
        return self._known[1]


def _parts(data: Mapping[str, str], key: str) -> list[str]:
    return [each for each in data.get(key, "").replace(",", " ").split() if each]
