"""Signatures of commits that we make, as `git commit -S` would make them, without GnuPG and ssh-keygen (ADR 0076).

A key is a secret of Secrets Manager, a JSON object: `{"sshPrivateKey": "…"}` or `{"gpgPrivateKey": "…"}` (armored), and
`"passphrase"` where it has one. SSH signatures are OpenSSH's PROTOCOL.sshsig with git's namespace and SHA-512, as
ssh-keygen makes them. Keys exist in memory only, and no error quotes one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mooring.errors import ConfigurationError
from mooring.source.drafts import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization import SSHPrivateKeyTypes

__all__ = ["signer"]

_MAGIC: Final = b"SSHSIG"
_NAMESPACE: Final = b"git"
_HASH: Final = b"sha512"
_LINE: Final = 70


def signer(secret: Mapping[str, Any], *, name: str) -> Signer:
    """What signs with a stored key; `name` is what users call the secret. Raises `ConfigurationError`."""
    passphrase = str(secret.get("passphrase") or "")
    if isinstance(key := secret.get("sshPrivateKey"), str):
        return _ssh(key, passphrase, name)
    if isinstance(key := secret.get("gpgPrivateKey"), str):
        return _openpgp(key, passphrase, name)
    raise ConfigurationError(
        "must hold sshPrivateKey or gpgPrivateKey; store the key that commits are signed with there", subject=name
    )


def _ssh(text: str, passphrase: str, name: str) -> Signer:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    data, password = text.strip().encode() + b"\n", passphrase.encode() or None
    openssh = b"BEGIN OPENSSH" in data
    try:
        key: Any = (serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key)(
            data, password
        )
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        told = "must be a private key that opens with its passphrase; export it with ssh-keygen"
        raise ConfigurationError(told, field="sshPrivateKey", subject=name) from None
    blob = base64.b64decode(line.split(b" ")[1])

    def sign(payload: bytes) -> bytes:
        inner = _text(_NAMESPACE) + _text(b"") + _text(_HASH)
        signature = _signature(key, _MAGIC + inner + _text(hashlib.sha512(payload).digest()), name)
        whole = base64.b64encode(_MAGIC + (1).to_bytes(4) + _text(blob) + inner + _text(signature))
        lines = [whole[at : at + _LINE] for at in range(0, len(whole), _LINE)]
        return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----\n"])

    return sign


def _signature(key: SSHPrivateKeyTypes, message: bytes, name: str) -> bytes:
    """Algorithm and value in wire format (RFC 4253, RFC 5656, RFC 8332, RFC 8709)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if isinstance(key, Ed25519PrivateKey):
        return _text(b"ssh-ed25519") + _text(key.sign(message))
    if isinstance(key, RSAPrivateKey):
        return _text(b"rsa-sha2-512") + _text(key.sign(message, padding.PKCS1v15(), hashes.SHA512()))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = key.curve.key_size
        hashed = {256: hashes.SHA256(), 384: hashes.SHA384()}.get(size, hashes.SHA512())
        pair = decode_dss_signature(key.sign(message, ec.ECDSA(hashed)))
        value = b"".join(_text(number.to_bytes(number.bit_length() // 8 + 1)) for number in pair)
        return _text(f"ecdsa-sha2-nistp{size}".encode()) + _text(value)
    raise ConfigurationError(
        "is of a kind that signs no commits; use ed25519, rsa or ecdsa", field="sshPrivateKey", subject=name
    )


def _openpgp(text: str, passphrase: str, name: str) -> Signer:
    from pysequoia import SignatureMode, Tsk
    from pysequoia import sign as made

    field = "gpgPrivateKey"
    try:
        key = Tsk.from_bytes(text.encode())
    except (RuntimeError, ValueError):  # what the binding raises, whatever is wrong
        told = "must be a secret key as `gpg --armor --export-secret-keys KEY` prints it"
        raise ConfigurationError(told, field=field, subject=name) from None

    def sign(payload: bytes) -> bytes:
        try:
            return bytes(made(key.signer(passphrase or None), payload, mode=SignatureMode.DETACHED))
        except (RuntimeError, ValueError, TypeError):
            told = "does not sign; check its passphrase, that it may sign, and that it has not expired"
            raise ConfigurationError(told, field=field, subject=name) from None

    return sign


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data
