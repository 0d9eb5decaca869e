"""Credentials of repositories, as they are registered: the longest matching address wins."""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from mooring.source.credentials import Credential, parse_credential, select
from mooring.state.registry import Registry

__all__ = ["RegisteredCredentials"]

_FRESH = 60.0  # seconds that the list of registered addresses is trusted


class RegisteredCredentials:
    """A `CredentialStore` over the registry and Secrets Manager."""

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._read_at = float("-inf")
        self._credentials: list[Credential] = []

    def find(self, url: str) -> Credential | None:
        """The credential for a repository, or None. Raises the errors of `mooring.errors`."""
        if self._clock() - self._read_at > _FRESH:
            self._credentials = [
                parse_credential(orjson.dumps({"url": address, **self._registry.secret(secret)}), name=secret)
                for address, secret in self._registry.repositories()
            ]
            self._read_at = self._clock()
        return select(self._credentials, url)
