"""Who asks: the one place where a request becomes a `Caller`, or nobody.

The administrator's token is compared in constant time. What else lets somebody in is added here and nowhere else.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import cache
from typing import Any

from sessions import is_open

from mooring.access.rbac import ADMINISTRATOR, Caller, Policy, parse_policy, permits
from mooring.composition import Composition

__all__ = ["caller_of", "may"]


def caller_of(event: Mapping[str, Any], composition: Composition, now: float) -> Caller | None:
    """Who sends an HTTP request (payload format 2.0), or None where nobody is known by what it brings.

    A browser's session is good for pages alone: no foreign page may have a browser change anything.
    """
    token = composition.api_token()
    headers: Mapping[str, str] = event.get("headers") or {}
    if hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
        return ADMINISTRATOR
    reads_a_page = event["requestContext"]["http"]["method"] == "GET" and event["rawPath"].startswith("/api/v1/pages/")
    if reads_a_page and is_open(event.get("cookies") or [], token, now):
        return ADMINISTRATOR
    return None


def may(composition: Composition, caller: Caller, resource: str, action: str, object: str) -> bool:
    """Whether the caller may do this; whoever holds the administrator's token may everything."""
    return caller == ADMINISTRATOR or permits(_policy(composition), caller, resource, action, object)


@cache
def _policy(composition: Composition) -> Policy:
    return parse_policy({})
