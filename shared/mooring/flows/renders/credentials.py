"""Credentials of repositories, as they are registered: the longest matching address wins.

Addresses and secrets are kept for a while, so that a warm function asks for neither. Whoever is refused asks again for
what is stored now: a credential that somebody has just registered or corrected counts at once. Only the secret that a
repository needs is read, so a broken one is the trouble of its own repositories.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from mooring.source.credentials import Credential, longest, parse_credential
from mooring.state.registry import Registry

__all__ = ["RegisteredCredentials"]

_FRESH = 60.0  # seconds that the list of registered addresses is trusted


class RegisteredCredentials:
    """A `CredentialStore` over the registry and Secrets Manager."""

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._read_at = float("-inf")
        self._secrets: dict[str, str] = {}

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        """The credential for a repository, or None. Raises the errors of `mooring.errors`."""
        if fresh or self._clock() - self._read_at > _FRESH:
            self._secrets = dict(self._registry.repositories())
            self._read_at = self._clock()
        address = longest(self._secrets, url)
        if address is None:
            return None
        secret = self._secrets[address]
        stored = self._registry.secret(secret, fresh=fresh)
        return parse_credential(orjson.dumps({"url": address, **stored}), name=secret)
