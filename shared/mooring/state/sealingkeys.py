"""The keys of sealed secrets: certificates in the table for everybody, private keys in Secrets Manager for `sync`.

One query tells which keys there are; the newest seals, all of them open. A private key is a secret of its own, named by
its fingerprint, and is written once: `api` can put one in (an import) and never get one out. Keys are kept for ever,
since what was sealed with them stays in git.

Which key is the newest says its certificate's `notBefore`, as for the controller. One that is imported before its time,
or after it, opens and does not seal, and the schedule makes keys as if it were not there. (The controller would seal
with it, but makes a new one after a period all the same.)

A private key that can't be read takes nothing along: the others open what was sealed for them (`sealed.LostKey`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from mooring.errors import ConfigurationError, MooringError, UnreachableError
from mooring.secrets.sealed import LostKey, SealingKey, fingerprint, public_key_of
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table, put

__all__ = ["RENEW_AFTER", "Certificate", "SealingKeys"]

RENEW_AFTER = 30 * 24 * 3600.0
"""Seconds after which a new key seals (Sealed Secrets, `--key-renew-period`)."""

_VALID = timedelta(days=3650)  # as the controller's; the certificate says who, not until when
_BITS = 4096  # the controller's default
_PARTITION = "SEALING"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The public part of a key; `since` is when it begins to seal, in seconds since the epoch."""

    fingerprint: str
    pem: str
    since: float

    @property
    def until(self) -> float:
        """The certificate's end, in seconds since the epoch."""
        return x509.load_pem_x509_certificate(self.pem.encode()).not_valid_after_utc.timestamp()

    def is_valid(self, now: float) -> bool:
        """Whether that time has come, and the certificate's end hasn't."""
        return self.since <= now < self.until


class SealingKeys:
    """The keys of one installation. Private keys that were read stay in the process's memory."""

    def __init__(
        self, table: Table, secrets: SecretStore, prefix: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._table = table
        self._secrets = secrets
        self._prefix = prefix
        self._clock = clock
        self._private: dict[str, SealingKey] = {}

    def certificates(self) -> list[Certificate]:
        """All of them, the one that seals first: the newest that is valid, or the newest where none is."""
        found = [
            Certificate(item["sk"], item["certificate"], float(item["since"])) for item in self._table.query(_PARTITION)
        ]
        now = self._clock()
        return sorted(found, key=lambda each: (each.is_valid(now), each.since, each.fingerprint), reverse=True)

    def newest(self) -> Certificate:
        """The one that seals. Raises `ConfigurationError` where there is none yet."""
        found = self.certificates()
        if not found:
            raise ConfigurationError(
                "there is no key yet: the schedule makes the first within the hour, or import a cluster's own with "
                "`mooring sealed-secrets import`",
                field="sealed-secrets",
            )
        return found[0]

    def private(self) -> Sequence[SealingKey | LostKey]:
        """All private keys, the one that seals first; in the place of one that can't be read, why."""
        found: list[SealingKey | LostKey] = []
        silent: UnreachableError | None = None
        for each in self.certificates():
            try:
                if silent is not None and each.fingerprint not in self._private:
                    raise silent
                found.append(self._read(each))
            except MooringError as error:
                silent = error if isinstance(error, UnreachableError) else silent
                size = public_key_of(each.pem).key_size // 8
                found.append(LostKey(each.fingerprint, size, error.message))
        return found

    def put(self, private: str, certificate: str) -> Certificate:
        """Keeps a key and its certificate, both PEM. Raises `ConfigurationError` where they are no pair."""
        key = SealingKey.read(private)
        if fingerprint(public_key_of(certificate)) != key.fingerprint:
            raise ConfigurationError("is not the certificate of tls.key", field="tls.crt")
        since = x509.load_pem_x509_certificate(certificate.encode()).not_valid_before_utc.timestamp()
        self._secrets.put(self._name(key.fingerprint), {"tls.key": private, "tls.crt": certificate})
        item = {"pk": _PARTITION, "sk": key.fingerprint, "certificate": certificate, "since": since}
        self._table.write(put(item))
        return Certificate(key.fingerprint, certificate, since)

    def renew(self, now: float, *, bits: int = _BITS) -> Certificate | None:
        """Makes a key where none is younger than thirty days; None where nothing was to be done."""
        if any(each.is_valid(now) and now - each.since < RENEW_AFTER for each in self.certificates()):
            return None
        key = generate_private_key(public_exponent=65537, key_size=bits)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return self.put(pem.decode(), _signed(key, now))

    def _name(self, name: str) -> str:
        plain = name.removeprefix("SHA256:").replace("/", "_").replace("+", "-")
        return f"{self._prefix}/sealed-secrets/{plain}"

    def _read(self, certificate: Certificate) -> SealingKey:
        name = certificate.fingerprint
        if name not in self._private:
            self._private[name] = SealingKey.read(str(self._secrets.get(self._name(name)).get("tls.key", "")))
        return self._private[name]


def _signed(key: RSAPrivateKey, now: float) -> str:
    """A certificate that the key signs itself, as the controller makes them."""
    begin = datetime.fromtimestamp(int(now), UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secret/mooring")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _VALID)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
