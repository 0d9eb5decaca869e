"""TLS contexts, tried on real handshakes with certificates made here."""

from __future__ import annotations

import datetime
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mooring.cluster.auth import Connection, Tls
from mooring.cluster.client import ApiServer
from mooring.cluster.tls import ssl_context
from mooring.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Issued:
    cert: bytes
    key: bytes


def issue(name: x509.GeneralName) -> Issued:
    """A self-signed certificate for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Issued(cert.public_bytes(serialization.Encoding.PEM), private)


@pytest.fixture(scope="module")
def served() -> Issued:
    return issue(x509.DNSName("kubernetes.default.svc"))


@pytest.fixture(scope="module")
def client() -> Issued:
    return issue(x509.IPAddress(ip_address("127.0.0.1")))


@pytest.fixture
def address(served: Issued, client: Issued, tmp_path: Path) -> Iterator[str]:
    """A TLS server that answers each request with the subject of the client's certificate, if it shows one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "served.pem").write_bytes(served.cert + served.key)
    context.load_cert_chain(tmp_path / "served.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=client.cert.decode())
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    body = b'{"shown":true}' if connection.getpeercert() else b'{"shown":false}'
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            except OSError:
                continue
            finally:
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def ask(address: str, tls: Tls) -> object:
    server = ApiServer(Connection(address, None, tls))
    try:
        return server.request("GET", "/").body
    finally:
        server.close()


def test_the_authority_and_the_server_name_vouch(address: str, served: Issued) -> None:
    """A server reached by another name than its certificate's is trusted by `serverName`."""
    assert {"shown": False} == ask(address, Tls(server_name="kubernetes.default.svc", ca=served.cert))


def test_a_client_certificate_is_shown(address: str, served: Issued, client: Issued) -> None:
    """Certificate and key given as bytes reach the server."""
    tls = Tls(server_name="kubernetes.default.svc", ca=served.cert, cert=client.cert, key=client.key)
    assert {"shown": True} == ask(address, tls)


def test_insecure_asks_for_nothing_and_warns_of_nothing(address: str) -> None:
    """Whoever chose `insecure` is not warned at every request (warnings are errors here)."""
    assert {"shown": False} == ask(address, Tls(insecure=True))


@pytest.mark.parametrize("tls", [Tls(), Tls(server_name="other.example")])
def test_an_unknown_certificate_is_a_matter_of_configuration(address: str, tls: Tls) -> None:
    """What the system's authorities don't vouch for is a permanent error that names the section."""
    with pytest.raises(ConfigurationError) as caught:
        ask(address, tls)
    assert "config.tlsClientConfig" == caught.value.field


def test_the_wrong_name_is_a_matter_of_configuration(address: str, served: Issued) -> None:
    """A right certificate under a wrong name is refused."""
    with pytest.raises(ConfigurationError, match="vouch"):
        ask(address, Tls(ca=served.cert))


def test_the_certificate_that_does_not_fit_is_told_why(address: str, served: Issued, client: Issued) -> None:
    """OpenSSL's own words say whether it is the name, the authority or the dates."""
    with pytest.raises(ConfigurationError, match="not valid for '127.0.0.1'"):
        ask(address, Tls(ca=served.cert))
    with pytest.raises(ConfigurationError, match="self.signed certificate"):
        ask(address, Tls(server_name="kubernetes.default.svc", ca=client.cert))


def test_our_own_certificate_that_is_refused_is_named(address: str, served: Issued) -> None:
    """GIVEN a client certificate of an authority that the server doesn't know THEN its field is named."""
    stranger = issue(x509.DNSName("stranger"))
    tls = Tls(server_name="kubernetes.default.svc", ca=served.cert, cert=stranger.cert, key=stranger.key)
    with pytest.raises(ConfigurationError, match="refuses our client certificate") as caught:
        ask(address, tls)
    assert "config.tlsClientConfig.certData" == caught.value.field


def test_a_refusal_is_heard_where_the_server_has_hung_up(
    address: str, served: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a server that refuses our certificate and is gone before the request is written THEN the field is named."""
    handshake = ssl.SSLSocket.do_handshake

    def until_it_hangs_up(connection: ssl.SSLSocket, block: bool = False) -> None:
        handshake(connection, block)
        if not connection.server_side:
            gone = select.poll()
            gone.register(connection, select.POLLRDHUP)
            assert gone.poll(10_000)

    monkeypatch.setattr(ssl.SSLSocket, "do_handshake", until_it_hangs_up)
    stranger = issue(x509.DNSName("stranger"))
    tls = Tls(server_name="kubernetes.default.svc", ca=served.cert, cert=stranger.cert, key=stranger.key)
    with pytest.raises(ConfigurationError, match="refuses our client certificate"):
        ask(address, tls)


def test_a_port_that_speaks_no_tls_is_named() -> None:
    """An https address of an http port is a matter of configuration."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with plain:
                plain.recv(65536)
                plain.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(ConfigurationError, match="does not speak TLS") as caught:
            ask(f"https://127.0.0.1:{listener.getsockname()[1]}", Tls(insecure=True))
        thread.join(5)
    assert "server" == caught.value.field


def test_a_broken_connection_is_replaced_under_tls_too(address: str, served: Issued) -> None:
    """GIVEN a server that hangs up after each answer THEN every request is answered."""
    server = ApiServer(Connection(address, None, Tls(server_name="kubernetes.default.svc", ca=served.cert)))
    assert [{"shown": False}] * 3 == [server.request("GET", "/").body for _ in range(3)]
    server.close()


def test_loading_leaves_no_file_open(client: Issued) -> None:
    """The key's memory file is closed when the context is made."""
    before = sorted(Path("/proc/self/fd").iterdir())
    ssl_context(Tls(ca=client.cert, cert=client.cert, key=client.key))
    assert len(before) == len(sorted(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("tls", "field"),
    [
        (Tls(ca=b"-----BEGIN CERTIFICATE-----\nx\n"), "config.tlsClientConfig.caData"),
        (Tls(cert=b"-----BEGIN CERTIFICATE-----\nx\n", key=b"x"), "config.tlsClientConfig.certData"),
    ],
)
def test_text_that_is_no_certificate_is_named(tls: Tls, field: str) -> None:
    """PEM text that doesn't load is an error with the path of its field."""
    with pytest.raises(ConfigurationError) as caught:
        ssl_context(tls)
    assert field == caught.value.field
