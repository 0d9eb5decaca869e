"""The External Secrets Operator's own functions in templates, judged by OpenSSL and cryptography, not by ourselves."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from mooring.errors import ConfigurationError
from mooring.secrets.external.templating import Templates
from mooring.source.gokit import GoKit

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def rendered(gokit: GoKit, template: str, **values: str | bytes) -> bytes:
    """What a template makes of these values."""
    given = {name: value.encode() if isinstance(value, str) else value for name, value in values.items()}
    return Templates(gokit.ask).render_bytes({"x": template}, given)["x"]


def certificate(
    name: str, key: Any, issuer: tuple[x509.Certificate, Any] | None = None, *, ca: bool, sans: Any = ()
) -> x509.Certificate:
    """A certificate with the extensions by which chains are told."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above, signer = (subject, key) if issuer is None else (issuer[0].subject, issuer[1])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(sans)), critical=False)
    return builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True)
class Chain:
    key: Any
    leaf: x509.Certificate
    between: x509.Certificate
    root: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return pem_of_key(self.key)

    def pem(self, *names: str) -> bytes:
        return b"".join(getattr(self, name).public_bytes(PEM) for name in names)


def pem_of_key(key: Any) -> bytes:
    return bytes(key.private_bytes(PEM, PKCS8, PLAIN))


@pytest.fixture(scope="module", params=["rsa", "ec"])
def chain(request: pytest.FixtureRequest) -> Chain:
    def new() -> Any:
        if request.param == "rsa":
            return rsa.generate_private_key(65537, 2048)
        return ec.generate_private_key(ec.SECP256R1())

    root_key, between_key, key = new(), new(), new()
    root = certificate("root", root_key, ca=True)
    between = certificate("between", between_key, (root, root_key), ca=True)
    sans = (
        x509.DNSName("shop.example"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.RFC822Name("ada@shop.example"),
        x509.UniformResourceIdentifier("spiffe://shop/web"),
        x509.DNSName("*.shop.example"),
    )
    return Chain(key, certificate("leaf", key, (between, between_key), ca=False, sans=sans), between, root)


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def packed(chain: Chain, password: str) -> bytes:
    protection: serialization.KeySerializationEncryption = PLAIN
    if password:
        protection = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(
        b"shop", chain.key, chain.leaf, [chain.root, chain.between], protection
    )


def same_key(pem: bytes, key: Any) -> bool:
    return pem_of_key(serialization.load_pem_private_key(pem, None)) == pem_of_key(key)


@pytest.mark.parametrize(("password", "suffix"), [("", ""), ("s3cret", 'Pass "s3cret"')])
def test_archives_of_cryptography_open(gokit: GoKit, chain: Chain, password: str, suffix: str) -> None:
    """GIVEN an archive with its chain in disorder WHEN opened THEN key and certificates are there, leaf to root."""
    archive = packed(chain, password)
    assert same_key(rendered(gokit, "{{ .pfx | pkcs12key" + suffix + " }}", pfx=archive), chain.key)
    found = rendered(gokit, "{{ .pfx | pkcs12cert" + suffix + " }}", pfx=archive)
    assert chain.pem("leaf", "between", "root") == found
    encoded = base64.b64encode(archive).decode()
    assert found == rendered(gokit, "{{ .pfx | b64dec | pkcs12cert" + suffix + " }}", pfx=encoded)


@pytest.mark.parametrize("more", [(), ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1")])
def test_archives_of_openssl_open(gokit: GoKit, chain: Chain, tmp_path: Path, more: tuple[str, ...]) -> None:
    """GIVEN an archive of OpenSSL, as it is now and as it was WHEN opened THEN key and certificates are the same."""
    (tmp_path / "all.pem").write_bytes(chain.key_pem + chain.pem("leaf", "between", "root"))
    archive = openssl("pkcs12", "-export", "-in", str(tmp_path / "all.pem"), "-passout", "pass:s3cret", *more)
    assert same_key(rendered(gokit, '{{ pkcs12keyPass "s3cret" .pfx }}', pfx=archive), chain.key)
    assert chain.pem("leaf", "between", "root") == rendered(gokit, '{{ pkcs12certPass "s3cret" .pfx }}', pfx=archive)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("password", ["", "s3cret"])
def test_others_open_archives_of_ours(gokit: GoKit, chain: Chain, tmp_path: Path, full: bool, password: str) -> None:
    """GIVEN certificates and a key WHEN packed THEN OpenSSL and cryptography find exactly them in the archive."""
    name = ("fullPemToPkcs12" if full else "pemToPkcs12") + ("Pass" if password else "")
    call = "{{ " + f"{name} .crt .key" + (' "s3cret"' if password else "") + " | b64dec }}"
    archive = rendered(gokit, call, crt=chain.pem("leaf", "between", "root"), key=chain.key_pem)

    opened = pkcs12.load_pkcs12(archive, password.encode())
    assert opened.cert is not None
    assert (pem_of_key(opened.key), chain.leaf) == (pem_of_key(chain.key), opened.cert.certificate)
    assert [chain.between, chain.root] * full == [each.certificate for each in opened.additional_certs]
    (tmp_path / "a.p12").write_bytes(archive)
    key = openssl("pkcs12", "-in", str(tmp_path / "a.p12"), "-passin", f"pass:{password}", "-nodes", "-nocerts")
    assert same_key(key, chain.key)


def test_truststores_hold_the_certificates(gokit: GoKit, chain: Chain, tmp_path: Path) -> None:
    """GIVEN certificates WHEN put into a truststore THEN OpenSSL finds them there, marked for Java, and no key."""
    call = '{{ pemTruststoreToPKCS12Pass .crt "s3cret" | b64dec }}'
    (tmp_path / "a.p12").write_bytes(rendered(gokit, call, crt=chain.pem("between", "root")))
    shown = openssl("pkcs12", "-in", str(tmp_path / "a.p12"), "-passin", "pass:s3cret", "-nodes")
    assert [chain.between, chain.root] == x509.load_pem_x509_certificates(shown)
    assert (True, False) == (
        b"2.16.840.1.113894.746875.1.1" in shown or b"anyExtendedKeyUsage" in shown,
        b"KEY" in shown,
    )
    empty = rendered(gokit, "{{ pemTruststoreToPKCS12 .crt | b64dec }}", crt=chain.pem("root"))
    assert [chain.root] == [each.certificate for each in pkcs12.load_pkcs12(empty, b"").additional_certs]


def test_pem_blocks_are_told_apart(gokit: GoKit, chain: Chain) -> None:
    """GIVEN a file with text, key and certificates WHEN filtered THEN only the blocks that were asked for are left."""
    mixed = b"Bag Attributes: x\n" + chain.pem("root") + chain.key_pem + b"\ntext\n" + chain.pem("leaf")
    assert chain.pem("root", "leaf") == rendered(gokit, '{{ .all | filterPEM "CERTIFICATE" }}', all=mixed)
    assert chain.key_pem == rendered(gokit, '{{ .all | filterPEM "private key" }}', all=mixed)
    assert b"" == rendered(gokit, '{{ .all | filterPEM "PUBLIC KEY" }}', all=chain.pem("leaf"))


def test_chains_are_taken_apart(gokit: GoKit, chain: Chain) -> None:
    """GIVEN a chain in disorder WHEN a part is asked for THEN it is what issuers and subjects say."""
    mixed = chain.pem("root", "leaf", "between")
    for which, name in (("leaf", "leaf"), ("intermediate", "between"), ("root", "root")):
        assert chain.pem(name) == rendered(gokit, '{{ .all | filterCertChain "' + which + '" }}', all=mixed)
    assert b"" == rendered(gokit, '{{ .all | filterCertChain "root" }}', all=chain.pem("between", "leaf"))
    assert b"" == rendered(gokit, '{{ .all | filterCertChain "leaf" }}', all=chain.pem("root"))


def test_names_of_a_certificate_are_listed(gokit: GoKit, chain: Chain) -> None:
    """GIVEN subject alternative names WHEN listed THEN DNS names come first, then addresses, mail and URIs."""
    expected = ["shop.example", "*.shop.example", "10.0.0.1", "ada@shop.example", "spiffe://shop/web"]
    assert expected == json.loads(rendered(gokit, "{{ .crt | certSANs | toJson }}", crt=chain.pem("leaf")))


def base64url(number: int, size: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


def jwk_of(key: Any) -> dict[str, str]:
    """A JSON Web Key (RFC 7518, RFC 8037), with its private members."""
    if isinstance(key, rsa.RSAPrivateKey):
        private = key.private_numbers()
        public = private.public_numbers
        members = {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q}
        members |= {"dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
        return {"kty": "RSA"} | {
            name: base64url(value, (value.bit_length() + 7) // 8) for name, value in members.items()
        }
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point, size = key.private_numbers(), (key.key_size + 7) // 8
        numbers = {"x": point.public_numbers.x, "y": point.public_numbers.y, "d": point.private_value}
        return {"kty": "EC", "crv": f"P-{key.key_size}"} | {name: base64url(n, size) for name, n in numbers.items()}
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    raw = {"d": key.private_bytes_raw(), "x": key.public_key().public_bytes_raw()}
    encoded = {name: base64.urlsafe_b64encode(value).rstrip(b"=").decode() for name, value in raw.items()}
    return {"kty": "OKP", "crv": "Ed25519"} | encoded


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "p256", "p384", "p521", "ed25519"],
)
def test_json_web_keys_become_pem(gokit: GoKit, key: PrivateKeyTypes) -> None:
    """GIVEN a JWK WHEN made PEM THEN cryptography reads the same key, and the public one holds nothing private."""
    jwk = jwk_of(key)
    assert same_key(rendered(gokit, "{{ .jwk | jwkPrivateKeyPem }}", jwk=json.dumps(jwk)), key)
    expected = key.public_key().public_bytes(PEM, SPKI)  # type: ignore[union-attr]
    public = {name: value for name, value in jwk.items() if name in ("kty", "crv", "n", "e", "x", "y")}
    for given in (public, jwk):
        assert expected == rendered(gokit, "{{ .jwk | jwkPublicKeyPem }}", jwk=json.dumps(given))


@pytest.mark.parametrize(
    ("name", "digest"),
    [("SHA1", hashes.SHA1()), ("SHA256", hashes.SHA256()), ("SHA512", hashes.SHA512())],  # noqa: S303
)
def test_rsa_decrypts(gokit: GoKit, name: str, digest: hashes.HashAlgorithm) -> None:
    """GIVEN what cryptography encrypted WHEN decrypted THEN it is the text, with keys of PKCS#1 and PKCS#8."""
    key = rsa.generate_private_key(65537, 2048)
    encrypted = key.public_key().encrypt(b"text", padding.OAEP(padding.MGF1(digest), digest, None))
    old = key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, PLAIN)
    call = '{{ .key | rsaDecrypt "RSA-OAEP" "' + name + '" .in }}'
    for pem in (pem_of_key(key), old):
        assert b"text" == rendered(gokit, call, **{"in": encrypted, "key": pem})
    assert b"as it is" == rendered(gokit, '{{ rsaDecrypt "None" "" .in "" }}', **{"in": "as it is"})


def test_yaml_goes_both_ways(gokit: GoKit) -> None:
    """GIVEN YAML WHEN read and written THEN it is the same in block style."""
    assert b"a:\n  b: 1" == rendered(gokit, "{{ .x | fromYaml | toYaml }}", x="{a: {b: 1}}")


def test_bytes_go_through_as_they_are(gokit: GoKit) -> None:
    """GIVEN values that are no text WHEN used THEN every byte comes out again."""
    every = bytes(range(256))
    assert every + b"-" + base64.b64encode(every) == rendered(gokit, "{{ .x }}-{{ .x | b64enc }}", x=every)
    with pytest.raises(ConfigurationError, match="renders to bytes that are no text"):
        Templates(gokit.ask).render({"x": "{{ .x }}"}, {"x": every})


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ('{{ .x | pkcs12keyPass "wrong" }}', "pkcs12keyPass"),
        ("{{ .x | pkcs12cert }}", "pkcs12cert"),
        ("{{ pemToPkcs12 .x .x }}", "pemToPkcs12"),
        ("{{ fullPemToPkcs12Pass .cert .x .x }}", "fullPemToPkcs12Pass"),
        ("{{ pemTruststoreToPKCS12 .x }}", "pemTruststoreToPKCS12"),
        ('{{ .x | filterPEM "CERTIFICATE" }}', "filterPEM"),
        ('{{ .both | filterCertChain "leaf" }}', "filterCertChain"),
        ("{{ .x | certSANs }}", "certSANs"),
        ("{{ .x | fromYaml }}", "fromYaml"),
        ("{{ .x | jwkPublicKeyPem }}", "jwkPublicKeyPem"),
        ("{{ .oct | jwkPrivateKeyPem }}", "jwkPrivateKeyPem"),
        ('{{ rsaDecrypt "RSA-OAEP" "SHA256" .x .x }}', "rsaDecrypt"),
        ('{{ rsaDecrypt "PKCS1" "SHA256" .x .x }}', "rsaDecrypt"),
    ],
)
def test_what_does_not_fit_is_an_error_that_tells_nothing(gokit: GoKit, chain: Chain, template: str, name: str) -> None:
    """GIVEN values that are none of these formats WHEN used THEN the function is named, and no value, nor a panic."""
    other = ec.generate_private_key(ec.SECP256R1())
    stranger = certificate("stranger", other, ca=True)
    values: Mapping[str, str | bytes] = {
        "x": "canary-of-a-value",
        "cert": chain.pem("leaf"),
        "both": chain.pem("leaf") + stranger.public_bytes(PEM),
        "oct": '{"kty": "oct", "k": "Y2FuYXJ5"}',
    }
    with pytest.raises(ConfigurationError) as caught:
        rendered(gokit, template, **values)
    assert (True, False) == (f"{name} fails" in str(caught.value), "canary" in str(caught.value))
    answers = gokit.ask(
        [
            {
                "verb": "template", "tree": [template], "params": [{}], "operator": True,
                "bytes": {
                    key: base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
                    for key, value in values.items()
                },
            }
        ]
    )  # fmt: skip
    assert (False, False) == ("canary" in repr(answers), "internal error" in repr(answers))


def test_no_template_reads_secrets_of_the_cluster(gokit: GoKit) -> None:
    """GIVEN the operator's getSecretKey WHEN called THEN it is refused, and why."""
    with pytest.raises(ConfigurationError, match="would read any Secret of the cluster"):
        rendered(gokit, '{{ getSecretKey "a" "b" "c" }}', x="")


SPRIG = (
    '{{ upper "a" }}{{ b64enc "a" }}{{ b64dec "YQ==" }}{{ sha256sum "a" }}{{ trimSuffix "-" "a-" }}',
    '{{ list 1 2 | join "," }}{{ dict "a" 1 | toJson }}{{ "{}" | fromJson }}{{ default "x" "" }}{{ ternary 1 2 true }}',
    '{{ semverCompare "^1" "1.2.3" }}{{ regexReplaceAll "a+" "baa" "x" }}{{ add 1 2 }}{{ date "2006" (toDate "2006" "2026") }}',
    '{{ indent 2 "a" }}{{ quote "a" }}{{ splitList "," "a,b" }}{{ urlParse "https://a/b" }}{{ derivePassword 1 "long" "a" "b" "c" }}',
)


@pytest.mark.parametrize("template", SPRIG)
def test_sprig_stays_sprig(gokit: GoKit, template: str) -> None:
    """GIVEN sprig's functions WHEN the operator's are there too THEN they answer as before."""
    with_, without = gokit.ask(
        [{"verb": "template", "tree": [template], "params": [{}], "operator": on} for on in (True, False)]
    )
    assert (with_, False) == (without, "error" in repr(with_).lower())


def test_application_sets_know_none_of_them(gokit: GoKit) -> None:
    """GIVEN a template of an ApplicationSet WHEN it calls one THEN there is no such function, as in Argo CD."""
    (answer,) = gokit.ask([{"verb": "template", "tree": ['{{ pkcs12key "" }}'], "params": [{}]}])
    assert 'function "pkcs12key" not defined' in repr(answer)
