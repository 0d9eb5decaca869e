"""One sealed value, byte for byte as Sealed Secrets has it.

A value is sealed by AES-256-GCM under a session key that is used once (hence a nonce of zeros), and the session key by
RSA-OAEP with SHA-256. The label of OAEP says for which object the value is, by its *scope*: a value that is copied to
another namespace or name does not open there. The text is base64 of the RSA part's length (two bytes, big endian), the
RSA part, and the AES part (Sealed Secrets, "Cryptographic documentation").

What opens nothing is told apart only as far as that teaches nobody anything. Whether the RSA part decrypted at all and
only its label was wrong, for example, is asked by trying labels, never by looking into the padding: an answer to that
question would open every value to whoever may ask it often enough (Manger, CRYPTO 2001).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mooring.errors import ConfigurationError, DecryptError, UnreachableError

__all__ = [
    "SCOPES",
    "LostKey",
    "Scope",
    "SealingKey",
    "fingerprint",
    "label_of",
    "open_value",
    "public_key_of",
    "seal_value",
]

Scope: TypeAlias = Literal["strict", "namespace-wide", "cluster-wide"]
SCOPES: Final[tuple[Scope, ...]] = ("strict", "namespace-wide", "cluster-wide")

_SESSION_KEY = 32  # bytes
_NONCE = bytes(12)
_TAG = 16  # bytes


class SealingKey:
    """A private key that opens values, with the fingerprint by which people know it."""

    __slots__ = ("_key", "fingerprint", "size")

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        self.fingerprint = fingerprint(key.public_key())
        self.size = key.key_size // 8  # bytes

    def __repr__(self) -> str:
        return f"SealingKey({self.fingerprint})"

    @classmethod
    def read(cls, pem: str) -> SealingKey:
        """A private key from PEM. Raises `ConfigurationError` for anything but an RSA key without a password."""
        try:
            key = serialization.load_pem_private_key(pem.encode(), None)
        except (ValueError, TypeError):
            raise ConfigurationError("must be an RSA private key in PEM, without a password", field="tls.key") from None
        if not isinstance(key, RSAPrivateKey):
            raise ConfigurationError("must be an RSA key", field="tls.key")
        return cls(key)

    @property
    def public(self) -> RSAPublicKey:
        """What seals for this key."""
        return self._key.public_key()

    def session_key(self, part: bytes, label: bytes) -> bytes | None:
        """The session key in an RSA part, or None where key and label do not fit it."""
        if len(part) != self.size:
            return None
        try:
            return self._key.decrypt(part, _oaep(label))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class LostKey:
    """A key that should be here and can't be read now; `size` is in bytes, `why` is for people."""

    fingerprint: str
    size: int
    why: str


def fingerprint(key: RSAPublicKey) -> str:
    """`SHA256:…` as `ssh-keygen -l` and the controller print it."""
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    blob = base64.b64decode(line.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def public_key_of(certificate: str) -> RSAPublicKey:
    """The key of a certificate in PEM, the first of several. Raises `ConfigurationError`."""
    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError:
        raise ConfigurationError("must be a certificate in PEM", field="tls.crt") from None
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError("must be the certificate of an RSA key", field="tls.crt")
    return key


def label_of(namespace: str, name: str, scope: Scope) -> bytes:
    """What a value of this scope is bound to."""
    match scope:
        case "strict":
            return f"{namespace}/{name}".encode()
        case "namespace-wide":
            return namespace.encode()
        case "cluster-wide":
            return b""


def seal_value(key: RSAPublicKey, plain: bytes, label: bytes) -> str:
    """A value that only the private key opens, and only with this label."""
    session = os.urandom(_SESSION_KEY)
    part = key.encrypt(session, _oaep(label))
    sealed = AESGCM(session).encrypt(_NONCE, plain, None)
    return base64.b64encode(len(part).to_bytes(2, "big") + part + sealed).decode()


def open_value(
    known: Sequence[SealingKey | LostKey], text: str, label: bytes, others: Iterable[tuple[bytes, str]] = ()
) -> bytes:
    """What is sealed in a text, by the first key that fits.

    `others` are labels that the value may have been sealed with by mistake, and what to say then; they never open it.
    Raises `DecryptError`, which names the fingerprints that were tried and nothing of the value, or `UnreachableError`
    where no key opens it but one that can't be read might.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DecryptError("is not base64: seal the value again") from None
    length = int.from_bytes(raw[:2], "big")
    part, sealed = raw[2 : 2 + length], raw[2 + length :]
    if len(raw) < 2 or len(part) < length or len(sealed) < _TAG:
        raise DecryptError("is truncated: seal the value again")
    if not known:
        raise DecryptError("can't be opened: there is no key yet; see `mooring sealed-secrets list`")
    keys = [key for key in known if isinstance(key, SealingKey)]
    lost = [key for key in known if isinstance(key, LostKey) and key.size == length]
    tried = ", ".join(key.fingerprint for key in keys)
    if not lost and all(key.size != length for key in keys):
        raise DecryptError(
            f"was sealed for a key of {length * 8} bits, which none here has (tried {tried}): import the key of the "
            "cluster that it was sealed for, or seal it again"
        )
    for key in keys:
        session = key.session_key(part, label)
        if session is None:
            continue
        try:
            return AESGCM(session).decrypt(_NONCE, sealed, None)
        except (InvalidTag, ValueError):
            raise DecryptError(
                f"was changed after it was sealed (for {key.fingerprint}): take it from the history, or seal it again"
            ) from None
    for other, told in others:
        if other != label and any(key.session_key(part, other) is not None for key in keys):
            raise DecryptError(told)
    if lost:
        names = ", ".join(key.fingerprint for key in lost)
        raise UnreachableError(
            f"was not sealed for a key that can be read now (tried {tried or 'none'}), perhaps for {names}, which "
            f"can't: {lost[0].why}. It is tried again; `mooring sealed-secrets import` puts a key back"
        )
    raise DecryptError(
        f"no key here opens it (tried {tried}): it was sealed for another key, for an object of another name or "
        "namespace, or was changed; import the key that it was sealed for, or seal it again"
    )


def _oaep(label: bytes) -> OAEP:
    return OAEP(mgf=MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label or None)
