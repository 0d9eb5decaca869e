"""How a browser gets in: the API's token is typed into a form once, and a cookie stands for it afterwards.

The cookie holds an expiry and its HMAC under the token, so nothing is kept of a session, and a new token ends them
all. It is good for looking at pages and for nothing else: what changes something wants the bearer token in a header,
which no foreign page can make a browser send. Scripts can't read it and it travels over TLS alone (browsers take a
loopback address as such). An address never holds the token. Basic authentication is out of the question, since API
Gateway renames the header that asks for it (ADR 0096). Rule for `__Host-`: RFC 6265bis, section 4.1.3.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

__all__ = ["closing_cookie", "is_open", "opening_cookie"]

_NAME = "__Host-mooring"
_SECONDS = 12 * 3600


def opening_cookie(token: str, now: float) -> Cookie:
    """The cookie of a session that begins now."""
    expiry = str(int(now) + _SECONDS)
    return _cookie(f"{expiry}.{_proof(token, expiry)}", _SECONDS)


def closing_cookie() -> Cookie:
    """What takes the cookie away."""
    return _cookie("", -1)


def is_open(cookies: Iterable[str], token: str, now: float) -> bool:
    """Whether one of a request's cookies (`name=value`) is a session that holds."""
    for cookie in cookies:
        name, _, value = cookie.strip().partition("=")
        expiry, _, proof = value.partition(".")
        if name == _NAME and hmac.compare_digest(proof.encode(), _proof(token, expiry).encode()):
            return int(expiry) > now  # digits, for it is proven that we wrote it
    return False


def _proof(token: str, expiry: str) -> str:
    return hmac.new(token.encode(), f"a session of pages until {expiry}".encode(), hashlib.sha256).hexdigest()


def _cookie(value: str, seconds: int) -> Cookie:
    lax = SameSite.LAX_MODE
    return Cookie(_NAME, value, path="/", secure=True, http_only=True, max_age=seconds, same_site=lax)
