"""Whose signature a commit bears, by name only: nothing is verified here, and a name is as easily claimed as any other.

What tells whether a signature is good is in `openpgp` and `sshsig`, and asked where a project demands it. This reads
the issuer out of every signed commit's text, so it has to cost next to nothing. Sources: RFC 9580, sections 4.2
(packets) and 5.2.3 (signatures and their subpackets: 16 issuer key id, 33 issuer fingerprint). Pure.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from mooring.source.signatures import OPENPGP, SSH
from mooring.source.sshsig import public_key_of

__all__ = ["claimed_signer"]

_X509: Final = b"-----BEGIN SIGNED MESSAGE-----"
_HEADER: Final = b"\ngpgsig "
_SIGNATURE: Final = 2
_ISSUER: Final = 16
_FINGERPRINT: Final = 33


def claimed_signer(head: bytes) -> str:
    """`openpgp <long key id>`, `ssh SHA256:…` or `x509` for a commit's headers; empty for one that is not signed.

    Of a signature that can't be read, only its kind is told.
    """
    at = head.find(_HEADER)
    if at < 0:
        return ""
    lines: list[bytes] = []
    for line in head[at + len(_HEADER) :].split(b"\n"):
        if lines and not line.startswith(b" "):
            break
        lines.append(line.removeprefix(b" ") if lines else line)
    text = b"\n".join(lines)
    if text.startswith(_X509):
        return "x509"
    try:
        if text.startswith(SSH):
            return f"ssh {public_key_of(text)}"
        if text.startswith(OPENPGP):
            return f"openpgp {_issuer(_dearmored(lines))}"
    except (ValueError, IndexError, binascii.Error):
        return "ssh" if text.startswith(SSH) else "openpgp"
    return "unknown"


def _dearmored(lines: list[bytes]) -> bytes:
    """The packets between the armor's headers and its checksum."""
    body = lines[lines.index(b"") + 1 :]
    return base64.b64decode(b"".join(line for line in body if not line.startswith((b"=", b"-----"))), validate=True)


def _issuer(data: bytes) -> str:
    tag, body = _packet(data)
    if tag != _SIGNATURE or body[0] not in (4, 6):
        raise ValueError("is no signature of a known version")
    wide = 4 if body[0] == 6 else 2
    found: dict[int, bytes] = {}
    at = 4
    for _ in range(2):  # hashed subpackets, then those that are not
        size = int.from_bytes(body[at : at + wide])
        found |= _subpackets(body[at + wide : at + wide + size])
        at += wide + size
    if _FINGERPRINT in found:
        version, name = found[_FINGERPRINT][0], found[_FINGERPRINT][1:]
        return (name[-8:] if version == 4 else name[:8]).hex().upper()
    return found[_ISSUER].hex().upper() if _ISSUER in found else "(not named)"


def _packet(data: bytes) -> tuple[int, bytes]:
    """The first packet's tag and body."""
    first = data[0]
    if first & 0x40:
        size, width = _length(data[1:])
        return first & 0x3F, data[1 + width : 1 + width + size]
    width = (1, 2, 4, 0)[first & 3]
    size = int.from_bytes(data[1 : 1 + width]) if width else len(data) - 1
    return (first >> 2) & 0xF, data[1 + width : 1 + width + size]


def _subpackets(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while data:
        size, width = _length(data)
        found.setdefault(data[width] & 0x7F, data[width + 1 : width + size])
        data = data[width + size :]
    return found


def _length(data: bytes) -> tuple[int, int]:
    """A length, and how many bytes it takes."""
    if data[0] < 192:
        return data[0], 1
    if data[0] < 255:
        return ((data[0] - 192) << 8) + data[1] + 192, 2
    return int.from_bytes(data[1:5]), 5
