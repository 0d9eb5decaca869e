"""The keys of one local cluster: an authority, what it signs, and a key for service accounts.

Made afresh for each cluster and good for a year, on curves rather than RSA, which take milliseconds to make. People and
components here prove themselves by bearer token; the one client certificate is for trying what a kubeconfig with
certificates does, since that is what other local clusters hand out.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Keys", "issue"]

_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


@dataclass(frozen=True, slots=True)
class Keys:
    """Files in PEM: the authority, server and administrator with their keys, both halves of the service accounts'
    key.
    """

    authority: Path
    certificate: Path
    key: Path
    admin_certificate: Path
    admin_key: Path
    account_key: Path
    account_public_key: Path


def issue(directory: Path, addresses: tuple[str, ...]) -> Keys:
    """Make all keys of a cluster that answers on these IP addresses; private ones are readable by us alone."""
    authority_key, serving_key, admin_key, account_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
    authority = _authority(authority_key)
    names: list[x509.GeneralName] = [x509.DNSName(text) for text in _NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in addresses]
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    serving = (
        _signed(server, authority, authority_key, serving_key.public_key())
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    # Kubernetes reads the user from the common name and the groups from the organisations.
    group = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters")
    administrator = x509.Name([group, x509.NameAttribute(NameOID.COMMON_NAME, "mooring-admin")])
    admin = (
        _signed(administrator, authority, authority_key, admin_key.public_key())
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    public = account_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = serialization.Encoding.PEM
    return Keys(
        authority=_write(directory / "ca.crt", authority.public_bytes(pem)),
        certificate=_write(directory / "apiserver.crt", serving.public_bytes(pem)),
        key=_write(directory / "apiserver.key", _private(serving_key)),
        admin_certificate=_write(directory / "admin.crt", admin.public_bytes(pem)),
        admin_key=_write(directory / "admin.key", _private(admin_key)),
        account_key=_write(directory / "accounts.key", _private(account_key)),
        account_public_key=_write(directory / "accounts.pub", public),
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mooring local cluster")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _certificate(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _signed(
    name: x509.Name,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    public: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    # Python 3.13 refuses chains without the identifiers of the keys (VERIFY_X509_STRICT is its default).
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _certificate(name, authority.subject, public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(issuer, critical=False)
    )


def _certificate(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(content)
    return path
