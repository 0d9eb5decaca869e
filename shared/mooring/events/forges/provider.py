"""What a provider's module has to offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.events.forges.happenings import Happening
from mooring.events.forges.verifying import Request, Trust

__all__ = ["Provider"]


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of forge.

    `verify` raises `ForbiddenError`, and is False where nothing is proven but the settings let it in; `parse` says what
    an event means (nothing where it doesn't concern us) and raises `ConfigurationError` naming the field. The event and
    the id of a delivery are in the first of the headers that is there, or in a field of the payload. `signs_id` tells
    that a captured delivery can't be sent again under another id; `unsigned_ping` is an event that comes without a
    signature and asks for nothing but an answer.
    """

    name: str
    title: str
    verify: Callable[[Request, Trust], bool]
    parse: Callable[[str, Mapping[str, Any]], tuple[Happening, ...]]
    event_header: str = ""
    event_field: str = ""
    id_headers: tuple[str, ...] = ()
    id_field: str = ""
    signs_id: bool = False
    unsigned_ping: str = ""
