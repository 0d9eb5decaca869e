"""Identifiers that sort by time: 48 bits of milliseconds and 80 random bits in Crockford's base 32 (the ULID form)."""

from __future__ import annotations

import secrets

__all__ = ["first_ulid", "new_ulid"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(now: float) -> str:
    """26 characters for a moment in seconds since the epoch; later moments sort behind earlier ones."""
    return _text(int(now * 1000) << 80 | secrets.randbits(80))


def first_ulid(now: float) -> str:
    """The lowest that `new_ulid` may give for this moment."""
    return _text(int(now * 1000) << 80)


def _text(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
