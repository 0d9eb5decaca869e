"""Signed commits and tags, taken apart: what was signed, and the signature.

A commit carries its signature in a header (`gpgsig`), a tag at its end; what is signed is the object without it (git's
documentation, "signature-format"). The SHA of the object is computed here anew, so that nothing is believed that git
did not check. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = ["OPENPGP", "SSH", "Refused", "Signed", "split_commit", "split_tag"]

OPENPGP: Final = b"-----BEGIN PGP SIGNATURE-----"
SSH: Final = b"-----BEGIN SSH SIGNATURE-----"
_MARKS = (OPENPGP, SSH)
_HEADERS = (b"gpgsig", b"gpgsig-sha256")


class Refused(Exception):
    """Why a signature does not count; completes a sentence that begins with the commit."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed; `signature` is armored text."""

    payload: bytes
    signature: bytes


def split_commit(sha: str, raw: bytes) -> Signed:
    """A commit's text and its signature. Raises `Refused` where it is not the commit of this SHA, or isn't signed."""
    if hashlib.sha1(b"commit %d\0%s" % (len(raw), raw), usedforsecurity=False).hexdigest() != sha:
        raise Refused("is not what its SHA says")
    head, blank, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    found: list[list[bytes]] = []
    inside = b""
    for line in head.split(b"\n"):
        if line.startswith(b" ") and inside in _HEADERS:
            if inside == _HEADERS[0]:
                found[-1].append(line[1:])
            continue
        inside, _, value = line.partition(b" ")
        if inside == _HEADERS[0]:
            found.append([value])
        elif inside not in _HEADERS:
            kept.append(line)
    if not found:
        raise Refused("is not signed")
    if len(found) > 1:
        raise Refused("has more than one signature")
    return Signed(b"\n".join(kept) + blank + message, b"\n".join(found[0]) + b"\n")


def split_tag(commit: str, raw: bytes) -> Signed:
    """An annotated tag's text and its signature.

    Raises `Refused` where it names another object than the commit, or isn't signed.
    """
    lines = raw.split(b"\n")
    if lines[:2] != [b"object " + commit.encode("ascii"), b"type commit"]:
        raise Refused("is not what the tag names")
    starts = [raw.rfind(b"\n" + mark) for mark in _MARKS]
    start = max(starts) + 1
    if start == 0:
        raise Refused("is named by a tag that is not signed")
    return Signed(raw[:start], raw[start:])
