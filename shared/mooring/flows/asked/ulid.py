"""Identifiers that sort by time: 48 bits of milliseconds and 80 random bits in Crockford's base 32 (the ULID form)."""

from __future__ import annotations

import secrets

__all__ = ["new_ulid"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(now: float) -> str:
    """26 characters for a moment in seconds since the epoch; later moments sort behind earlier ones."""
    value = int(now * 1000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
