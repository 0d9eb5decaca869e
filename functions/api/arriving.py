"""What of an event says who sends it, and the cookies that people sign in with.

`__Host-` keeps a cookie to this host and to TLS (RFC 6265bis, section 4.1.3); browsers take a loopback address as such.
Scripts can't read them, and no address ever holds a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from mooring.access.sessions import LASTS
from mooring.flows.asked.admitting import COOKIE, Arrival

__all__ = ["LOGIN_COOKIE", "arrival_of", "closing_cookies", "cookie_of", "login_cookie", "session_cookie"]

LOGIN_COOKIE = "__Host-mooring-login"
_SIGN_IN_LASTS = 600  # seconds


def arrival_of(event: Mapping[str, Any], public_url: str) -> Arrival:
    """The request (payload format 2.0) as far as it says who sends it.

    API Gateway answers at its own names only, so the name in its context is ours; in front of it may be another.
    """
    context, headers = event["requestContext"], event.get("headers") or {}
    own = f"{headers.get('x-forwarded-proto', 'https')}://{context.get('domainName', '')}"
    return Arrival(
        context["http"]["method"],
        headers,
        tuple(event.get("cookies") or ()),
        str(context["http"].get("sourceIp", "")),
        (public_url, own) if public_url else (own,),
    )


def cookie_of(event: Mapping[str, Any], wanted: str) -> str:
    """The value of a cookie; empty where there is none."""
    for cookie in event.get("cookies") or ():
        name, _, value = cookie.strip().partition("=")
        if name == wanted:
            return str(value)
    return ""


def session_cookie(text: str) -> Cookie:
    """The cookie of a session that begins now."""
    return _cookie(COOKIE, text, LASTS)


def login_cookie(ticket: str) -> Cookie:
    """What a sign-in must come back with."""
    return _cookie(LOGIN_COOKIE, ticket, _SIGN_IN_LASTS)


def closing_cookies(*names: str) -> list[Cookie]:
    """What takes cookies away."""
    return [_cookie(name, "", -1) for name in names]


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    lax = SameSite.LAX_MODE
    return Cookie(name, value, path="/", secure=True, http_only=True, max_age=seconds, same_site=lax)
