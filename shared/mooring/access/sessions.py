"""Sessions of people who signed in: signed statements that nobody keeps.

A session is who somebody is and until when, with an HMAC (RFC 2104) under a key that is derived from a secret of the
installation. It is good as long as the installation's epoch is the one that it names, so an administrator can end all
of them at once; a new secret ends them too. What was changed in transit does not verify, and is not even unpacked.
A browser that sends the cookie by itself proves nothing about who wrote the page, so what changes something needs the
session's CSRF token as well, which only a page of this origin can have read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from typing import Any

__all__ = [
    "LASTS",
    "PREFIX",
    "Session",
    "csrf_token",
    "derived_key",
    "read_session",
    "signed",
    "unsigned",
    "write_session",
]

LASTS = 12 * 3600  # seconds
PREFIX = "mooring-session."
_PARTS = 7
_LARGEST = 3800  # bytes; browsers keep cookies of 4096, with their names and attributes (RFC 6265, section 6.1)


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in by which `means` (`session` or `administrator`), in seconds since the epoch until when."""

    ident: str
    subject: str
    name: str
    groups: tuple[str, ...]
    means: str
    expires: int
    epoch: str

    @property
    def began(self) -> int:
        """When it began, in seconds since the epoch."""
        return self.expires - LASTS


def derived_key(secret: str, purpose: str) -> bytes:
    """A key of its own for each purpose, from one secret. Raises `ValueError` where the secret is too short."""
    if len(secret) < 8:
        raise ValueError("the secret is too short to derive keys from")
    return hmac.new(secret.encode(), f"mooring {purpose} 1".encode(), hashlib.sha256).digest()


def write_session(session: Session, key: bytes) -> str:
    """The session as text for a cookie or a header. Raises `ValueError` where its groups are too many for a cookie."""
    value = [session.ident, session.subject, session.name, list(session.groups), session.means, session.expires]
    text = PREFIX + signed([*value, session.epoch], key)
    if len(text) > _LARGEST:
        raise ValueError(f"takes {len(text)} bytes, more than the {_LARGEST} that a cookie can hold")
    return text


def read_session(text: str, key: bytes, *, now: float) -> Session | None:
    """The session that a text is, or None where we did not write it or its time is over. The epoch is not judged."""
    if not text.startswith(PREFIX):
        return None
    value = unsigned(text.removeprefix(PREFIX), key)
    if value is None or len(value) != _PARTS:  # a ticket of a sign-in is ours as well, and no session
        return None
    ident, subject, name, groups, means, expires, epoch = value
    session = Session(ident, subject, name, tuple(groups), means, expires, epoch)
    return session if session.expires > now else None


def csrf_token(session: Session, key: bytes) -> str:
    """What a page must send in `x-mooring-csrf` with whatever changes something."""
    return _encoded(hmac.new(key, f"csrf {session.ident}".encode(), hashlib.sha256).digest())


def signed(value: list[object], key: bytes) -> str:
    """A value of JSON, packed, with its proof."""
    body = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 9)
    return f"{_encoded(body)}.{_encoded(_proof(body, key))}"


def unsigned(text: str, key: bytes) -> list[Any] | None:
    """The value of such a text, which has the shape we gave it, or None where the proof is not ours."""
    packed, _, proof = text.partition(".")
    try:
        body, given = _decoded(packed), _decoded(proof)
    except (ValueError, binascii.Error):
        return None
    if not hmac.compare_digest(given, _proof(body, key)):
        return None
    found: list[Any] = json.loads(zlib.decompress(body))
    return found


def _proof(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    # Strictly: bits that a lenient reader passes over would let one session have many texts.
    value = base64.b64decode((text + "=" * (-len(text) % 4)).encode("ascii"), altchars=b"-_", validate=True)
    if _encoded(value) != text:
        raise ValueError("is not written as we write")
    return value
