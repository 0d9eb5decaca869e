"""Credentials of chart repositories and registries, as they are registered: the longest matching address wins.

As with git (see `flows.renders.credentials`), addresses and secrets are kept for a while, and whoever is refused asks
again for what is stored now. A credential that was registered for git serves charts on the same host, too, as Argo CD's
repo-creds do: a forge's package registry lies beside its repositories.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from mooring.errors import ConfigurationError
from mooring.source.charts_credentials import ChartCredential, longest_place, parse_chart_credential
from mooring.source.credentials import BasicCredential, TokenCredential, parse_credential
from mooring.state.registry import Registration, Registry

__all__ = ["RegisteredChartCredentials"]

_FRESH = 60.0  # seconds that the list of registered addresses is trusted


class RegisteredChartCredentials:
    """A `ChartCredentials` over the registry and Secrets Manager."""

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._read_at = float("-inf")
        self._known: dict[str, Registration] = {}

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        """What is registered for an address, or None. Raises the errors of `mooring.errors`."""
        self._read(fresh=fresh)
        address = longest_place(self._known, url)
        if address is None:
            return None
        found = self._known[address]
        stored = orjson.dumps({"url": address, **self._registry.secret(found.secret, fresh=fresh)})
        if found.kind != "git":
            return parse_chart_credential(stored, name=found.secret)
        match parse_credential(stored, name=found.secret):
            case BasicCredential(username=username, password=password):
                return ChartCredential(address, username=username, password=password)
            case TokenCredential(token=token):
                return ChartCredential(address, username="x-access-token", password=token)
        return None

    def named(self, name: str) -> str | None:
        """The address of the repository that was registered under a name. Raises `ConfigurationError` where several
        were.
        """
        self._read()
        found = [each for each in self._known.values() if each.name == name]
        if not found:
            self._read(fresh=True)
            found = [each for each in self._known.values() if each.name == name]
        if len(found) > 1:
            raise ConfigurationError(f"{name!r} is the name of several repositories; rename all but one", field="name")
        if not found:
            return None
        url = found[0].url
        return f"oci://{url.removeprefix('oci://')}" if found[0].kind == "oci" else url

    def _read(self, *, fresh: bool = False) -> None:
        if fresh or self._clock() - self._read_at > _FRESH:
            self._known = {each.url: each for each in self._registry.registrations()}
            self._read_at = self._clock()
