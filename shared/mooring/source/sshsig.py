"""Signatures by SSH keys, as `git commit -S` makes them where `gpg.format` is `ssh`.

The format is OpenSSH's PROTOCOL.sshsig: a public key, a namespace (git's is `git`), a hash, and a signature over all of
these together with the hash of what was signed. Keys of other kinds (in a security key, in a certificate) are
in no project: it refuses to be declared with them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Final

from mooring.source.signatures import Refused

__all__ = ["check_ssh", "fingerprint", "public_key_of"]

_MAGIC: Final = b"SSHSIG"
_NAMESPACE: Final = b"git"
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_SMALLEST_RSA: Final = 2048


def check_ssh(payload: bytes, armored: bytes, keys: Iterable[bytes]) -> str:
    """The fingerprint of the key that made a good signature, one of `keys` (in wire format). Raises `Refused`."""
    try:
        blob, namespace, reserved, hashed, signature = _parts(armored)
        kind = _Reader(blob).text()
        inner = _Reader(signature)
        algorithm, value = inner.text(), inner.text()
    except (ValueError, binascii.Error):
        raise Refused("has a signature that can't be read") from None
    name = fingerprint(blob)
    if blob not in set(keys):
        raise Refused(f"is signed by the SSH key {name}, which the project does not allow")
    if namespace != _NAMESPACE or hashed not in _HASHES:
        raise Refused(f"has a signature by the SSH key {name} that was made for something else")
    digest = _HASHES[hashed](payload).digest()
    message = _MAGIC + b"".join(len(part).to_bytes(4) + part for part in (namespace, reserved, hashed, digest))
    if not _holds(kind, blob, algorithm, value, message):
        raise Refused(f"has a bad signature by the SSH key {name}")
    return name


def public_key_of(armored: bytes) -> str:
    """The fingerprint of the key that a signature says it was made with, unverified. Raises `ValueError`."""
    return fingerprint(_parts(armored)[0])


def _parts(armored: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Public key, namespace, reserved, hash and signature. Raises `ValueError`."""
    lines = [line.strip() for line in armored.strip().split(b"\n")]
    if lines[-1] != b"-----END SSH SIGNATURE-----":
        raise ValueError("has no end")
    reader = _Reader(base64.b64decode(b"".join(lines[1:-1]), validate=True))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != 1:
        raise ValueError("is of another format")
    parts = reader.text(), reader.text(), reader.text(), reader.text(), reader.text()
    reader.end()
    return parts


def fingerprint(blob: bytes) -> str:
    """A key as `ssh-keygen -l` names it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def _holds(kind: bytes, blob: bytes, algorithm: bytes, value: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        key = load_ssh_public_key(kind + b" " + base64.b64encode(blob))
        if isinstance(key, RSAPublicKey) and key.key_size < _SMALLEST_RSA:
            return False
        if isinstance(key, Ed25519PublicKey) and algorithm == kind:
            key.verify(value, message)
        elif isinstance(key, RSAPublicKey) and algorithm in (b"rsa-sha2-256", b"rsa-sha2-512"):
            hashed = hashes.SHA256() if algorithm.endswith(b"256") else hashes.SHA512()
            key.verify(value, message, padding.PKCS1v15(), hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == kind:
            reader = _Reader(value)
            r, s = (int.from_bytes(reader.text(), signed=True) for _ in range(2))
            curve = {256: hashes.SHA256(), 384: hashes.SHA384()}.get(key.curve.key_size, hashes.SHA512())
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(curve))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


class _Reader:
    """Reads SSH's wire format (RFC 4251, section 5). Raises `ValueError` where there is less than announced."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ValueError("ends too early")
        self._at += count
        return part

    def number(self) -> int:
        """The next four bytes as a number."""
        return int.from_bytes(self.take(4))

    def text(self) -> bytes:
        """The next string."""
        return self.take(self.number())

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise ValueError("goes on")
