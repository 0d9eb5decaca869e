"""Who asks: the one place where a request becomes a `Caller`, or nobody, and where it is decided what they may.

How is in `mooring.flows.asked.admitting` and `mooring.access.rbac`; here only the event is taken apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arriving import arrival_of

from mooring.access.rbac import ADMINISTRATOR, Caller
from mooring.composition import Composition

__all__ = ["caller_of", "may"]


def caller_of(event: Mapping[str, Any], composition: Composition, now: float) -> Caller | None:
    """Who sends an HTTP request (payload format 2.0), or None where nobody is known by what it brings.

    Raises `ForbiddenError` where a page of another site may have sent it, `TooOftenError` after too many refusals.
    """
    return composition.door.admit(arrival_of(event, composition.public_url()), now)


def may(composition: Composition, caller: Caller, resource: str, action: str, object: str) -> bool:
    """Whether the caller may do this; whoever holds the administrator's token may everything."""
    return caller == ADMINISTRATOR or composition.door.may(caller, resource, action, object)
