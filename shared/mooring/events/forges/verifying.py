"""How deliveries are verified: keyed hashes and shared words, compared in constant time.

Secrets are named as the keys of Argo CD's `argocd-secret` (its page "Git Webhook Configuration"), and a few more where
Argo CD knows no such provider. Each may have several values, so that one can be replaced while deliveries come in.
Without a secret a delivery is refused, unless the settings say that its provider needs none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mooring.errors import ForbiddenError

__all__ = [
    "REPLAY_WINDOW",
    "Request",
    "Rules",
    "Trust",
    "check_basic",
    "check_digest",
    "check_time",
    "check_word",
    "within",
]

REPLAY_WINDOW = 300.0
"""Seconds that a signed time may lie in the past or the future ("Standard Webhooks": five minutes)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A delivery as it came: header names are lower-case, `source` is the address it came from; `query` is what its own
    address ends with.
    """

    headers: Mapping[str, str]
    body: bytes
    source: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What settings say: which providers need no secret, and where Bitbucket Cloud sends from."""

    unsigned: frozenset[str] = frozenset()
    bitbucket_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """What a delivery is measured by; `rules` are asked only where no secret decides, `now` is in seconds."""

    secrets: Mapping[str, tuple[str, ...]]
    rules: Callable[[], Rules]
    now: float

    def of(self, *keys: str) -> tuple[str, ...]:
        """Every value of these keys."""
        return tuple(value for key in keys for value in self.secrets.get(key, ()))

    def needed(self, provider: str, *keys: str) -> tuple[str, ...]:
        """As `of`; empty only where the settings let this provider in without. Raises `ForbiddenError`."""
        values = self.of(*keys)
        if not values and provider not in self.rules().unsigned:
            raise ForbiddenError(
                "is not set, so nothing from this provider is believed; put it into the secret of webhooks, or name "
                f"{provider} in the setting webhook.unsigned",
                field=keys[0],
            )
        return values


def check_digest(given: str, body: bytes, keys: Iterable[str | bytes], *, header: str, encoding: str = "hex") -> None:
    """Checks an HMAC-SHA256 of a body, in hex or base64, under any of the keys. Raises `ForbiddenError`."""
    if not given:
        raise ForbiddenError("is missing; set the webhook's secret to the one Mooring has", field=header)
    fits = False
    for key in keys:
        raw = hmac.new(key if isinstance(key, bytes) else key.encode(), body, hashlib.sha256)
        expected = raw.hexdigest() if encoding == "hex" else base64.b64encode(raw.digest()).decode()
        fits |= _same(expected, given)
    if not fits:
        raise ForbiddenError(
            "does not fit the body; compare the webhook's secret with the one Mooring has", field=header
        )


def check_word(given: str, words: Iterable[str], *, header: str) -> None:
    """Checks a word that both sides know. Raises `ForbiddenError`."""
    if not given:
        raise ForbiddenError("is missing; set the webhook's secret to the one Mooring has", field=header)
    compared = [_same(word, given) for word in words]  # every one of them, whichever fits
    if not any(compared):
        raise ForbiddenError("is another than the one Mooring has; compare the two", field=header)


def check_basic(given: str, users: Iterable[str], passwords: Iterable[str]) -> None:
    """Checks an `Authorization: Basic` header (RFC 7617). Raises `ForbiddenError`."""
    scheme, _, encoded = given.partition(" ")
    if scheme.lower() != "basic":
        raise ForbiddenError("must be Basic; give the service hook a user name and a password", field="Authorization")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ForbiddenError("is no user name and password in base64", field="Authorization") from error
    known = [_same(each, user) for each in users]
    right = [_same(each, password) for each in passwords]
    if not (any(known) & any(right)):
        raise ForbiddenError("has another user name or password than Mooring", field="Authorization")


def check_time(given: str, now: float, *, header: str) -> None:
    """Checks that a signed time (seconds since 1970) lies within the window. Raises `ForbiddenError`."""
    if not given.isascii() or not given.isdigit():
        raise ForbiddenError("must be a time in seconds since 1970", field=header)
    if abs(now - int(given)) > REPLAY_WINDOW:
        raise ForbiddenError(
            f"lies more than {REPLAY_WINDOW:.0f} seconds from now: a replay, or a clock that is wrong", field=header
        )


def within(source: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in any of the networks (`192.0.2.0/24`)."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
