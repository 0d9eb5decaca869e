"""OpenPGP: public keys as they are imported, and signatures by them, without GnuPG (ADR 0076).

Sequoia checks the signature, the key's bindings and which algorithms are still fit for use, all as of the moment of the
signature. GnuPG, and with it Argo CD, also turns away what was signed in time by a key that has expired or was revoked
since; that is asked here on top of it, of the key and of the subkey that signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mooring.access.integrity import key_id
from mooring.errors import ConfigurationError
from mooring.source.signatures import Refused

if TYPE_CHECKING:
    from pysequoia import Cert

__all__ = ["PublicKey", "check_openpgp", "read_public_keys"]

_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its long id, whose it is, and itself in ASCII armor."""

    id: str
    fingerprint: str
    owner: str
    armored: str
    expires: datetime | None = None
    revoked: bool = False


def read_public_keys(text: str, *, field: str) -> list[PublicKey]:
    """The public keys of an ASCII-armored block. Raises `ConfigurationError`."""
    if len(text) > _LARGEST:
        told = f"is larger than {_LARGEST} bytes; export it with `gpg --export-options export-minimal`"
        raise ConfigurationError(told, field=field)
    certificates = _certificates(text)
    if not certificates:
        raise ConfigurationError("must be a public key as `gpg --armor --export KEY` prints it", field=field)
    if text.lstrip().startswith("-----BEGIN PGP PRIVATE"):
        raise ConfigurationError("holds a secret key; export the public one, and replace this one", field=field)
    keys = []
    for each in certificates:
        owner = next((str(user) for user in each.user_ids), "")
        fingerprint = each.fingerprint.upper()
        keys.append(PublicKey(fingerprint[-16:], fingerprint, owner, str(each), each.expiration, each.is_revoked))
    return keys


def check_openpgp(
    payload: bytes, armored: bytes, keyring: Mapping[str, str], allowed: Iterable[str], now: datetime
) -> str:
    """The long id of the key that made a good signature; `keyring` is key id → armored key, `allowed` are key ids.

    Raises `Refused`.
    """
    from pysequoia import Sig, verify

    try:
        signature = Sig.from_bytes(armored)
    except (RuntimeError, ValueError):  # what the binding raises, whatever is wrong
        raise Refused("has a signature that can't be read") from None
    claimed = (signature.issuer_fingerprint or signature.issuer_key_id or "").upper()[-16:]
    wanted = {known for each in allowed if (known := key_id(each))}
    certificates = [cert for text in keyring.values() for cert in _certificates(text)]
    signers = [cert for cert in certificates if claimed in _ids(cert)]
    trusted = [cert for cert in signers if _ids(cert) & wanted]
    if not trusted:
        why = "which the project does not allow" if signers else "which is not imported (`mooring gpg add`)"
        raise Refused(f"is signed by the key {claimed or '(not named)'}, {why}")
    try:
        found = verify(bytes=payload, store=lambda _ids: trusted, signature=signature).valid_sigs
    except (RuntimeError, ValueError):
        raise Refused(f"has a bad signature by the key {claimed}") from None
    for each in found:
        cert = next((cert for cert in trusted if cert.fingerprint == each.certificate), None)
        if cert is not None:
            _still_good(cert, each.signing_key, signature, now)
            return claimed
    raise Refused(f"has a bad signature by the key {claimed}")


def _still_good(cert: Cert, signing: str, signature: Any, now: datetime) -> None:
    name = cert.fingerprint.upper()[-16:]
    if signature.expiration is not None and signature.expiration <= now:
        raise Refused(f"has a signature by the key {name} that has expired")
    if cert.is_revoked:
        raise Refused(f"is signed by the key {name}, which is revoked")
    if cert.expiration is not None and cert.expiration <= now:
        raise Refused(f"is signed by the key {name}, which expired on {cert.expiration.date().isoformat()}")
    if signing == cert.fingerprint:
        return
    from pysequoia.packet import SignatureType

    created: datetime | None = None
    newest: tuple[datetime, Any] | None = None
    for key, packet in _signatures_of_keys(cert):
        if key.fingerprint != signing:
            continue
        created = key.key_created
        if packet.signature_type == SignatureType.SubkeyRevocation:
            raise Refused(f"is signed by a subkey of {name}, {signing.upper()[-16:]}, which is revoked")
        if packet.signature_type == SignatureType.SubkeyBinding:
            made = packet.signature_created or datetime.min.replace(tzinfo=UTC)
            if newest is None or made >= newest[0]:
                newest = made, packet.key_validity_period
    if created is not None and newest is not None and newest[1] and created + newest[1] <= now:
        raise Refused(f"is signed by a subkey of {name}, {signing.upper()[-16:]}, which has expired")


def _signatures_of_keys(cert: Cert) -> list[tuple[Any, Any]]:
    """The signatures in a certificate, each with the key packet that it follows."""
    from pysequoia.packet import PacketPile, Tag

    pairs, key = [], None
    for packet in PacketPile.from_bytes(bytes(cert)):
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            key = packet
        elif packet.tag == Tag.Signature and key is not None:
            pairs.append((key, packet))
    return pairs


def _ids(cert: Cert) -> set[str]:
    """The long ids of a certificate's key and subkeys."""
    from pysequoia.packet import PacketPile, Tag

    keys = (Tag.PublicKey, Tag.PublicSubkey)
    return {(packet.key_id or "").upper() for packet in PacketPile.from_bytes(bytes(cert)) if packet.tag in keys}


def _certificates(text: str) -> list[Cert]:
    from pysequoia import Cert

    try:
        return Cert.split_bytes(text.encode())
    except (RuntimeError, ValueError):  # what the binding raises, whatever is wrong
        return []
