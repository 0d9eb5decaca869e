"""Reading Argo CD's cluster secrets, strictly."""

from __future__ import annotations

import base64

import orjson
import pytest

from mooring.cluster.auth import BasicLogin, BearerToken, Connection, EksLogin, Tls
from mooring.errors import ConfigurationError

SERVER = "https://10.0.0.1:6443"
CERT = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


@pytest.mark.parametrize(
    "connection",
    [
        Connection(SERVER),
        Connection(SERVER, BearerToken("t"), Tls(ca=CERT, server_name="kubernetes")),
        Connection(SERVER, BasicLogin("u", "p"), Tls(insecure=True)),
        Connection(SERVER, None, Tls(ca=CERT, cert=CERT, key=KEY)),
        Connection(SERVER, EksLogin("prod", "arn:aws:iam::1:role/x")),
        Connection(SERVER, EksLogin("prod", "arn:aws:iam::1:role/x", "eu-west-1")),
        Connection(SERVER, EksLogin("prod")),
    ],
)
def test_writing_then_reading_is_identity(connection: Connection) -> None:
    """A connection survives being written down as Argo CD's JSON."""
    assert connection == Connection.from_argo(SERVER, connection.to_argo())


def test_a_secret_as_argo_cd_writes_it_is_read() -> None:
    """The example of Argo CD's documentation gives token and authority."""
    config = {"bearerToken": "t", "tlsClientConfig": {"insecure": False, "caData": encoded(CERT)}}
    expected = Connection(SERVER, BearerToken("t"), Tls(ca=CERT))
    assert expected == Connection.from_argo(f"{SERVER}/", orjson.dumps(config))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("argocd-k8s-auth", ["aws", "--cluster-name", "prod", "--role-arn", "arn:r"]),
        ("/usr/bin/aws", ["--region=eu-west-1", "eks", "get-token", "--cluster-name=prod", "--role-arn=arn:r"]),
    ],
)
def test_plugins_that_mint_eks_tokens_are_replaced(command: str, args: list[str]) -> None:
    """The two EKS plugins become a login that we sign ourselves."""
    config = orjson.dumps({"execProviderConfig": {"command": command, "args": args, "apiVersion": "v1"}})
    login = Connection.from_argo(SERVER, config).credentials
    assert isinstance(login, EksLogin)
    assert ("prod", "arn:r") == (login.cluster_name, login.role_arn)
    assert login.region == ("eu-west-1" if command.endswith("/aws") else "")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"bearerTokn": "x"}, "config.bearerTokn"),
        ({"bearerToken": 1}, "config.bearerToken"),
        ({"bearerToken": "x", "username": "u"}, "config"),
        ({"proxyUrl": "http://p"}, "config.proxyUrl"),
        ({"awsAuthConfig": {}}, "config.awsAuthConfig.clusterName"),
        ({"awsAuthConfig": {"clusterName": "c", "profile": "p"}}, "config.awsAuthConfig.profile"),
        ({"execProviderConfig": {"command": "gke-gcloud-auth-plugin"}}, "config.execProviderConfig"),
        ({"tlsClientConfig": []}, "config.tlsClientConfig"),
        ({"tlsClientConfig": {"insecure": "yes"}}, "config.tlsClientConfig.insecure"),
        ({"tlsClientConfig": {"caData": "%"}}, "config.tlsClientConfig.caData"),
        ({"tlsClientConfig": {"caData": encoded(b"DER")}}, "config.tlsClientConfig.caData"),
        ({"tlsClientConfig": {"insecure": True, "caData": encoded(CERT)}}, "config.tlsClientConfig.insecure"),
        ({"tlsClientConfig": {"certData": encoded(CERT)}}, "config.tlsClientConfig.keyData"),
        ({"tlsClientConfig": {"keyData": encoded(KEY)}}, "config.tlsClientConfig.certData"),
        ([], "config"),
    ],
)
def test_what_cannot_be_honoured_is_named(config: object, field: str) -> None:
    """Every mistake is an error with the path of its field."""
    with pytest.raises(ConfigurationError) as caught:
        Connection.from_argo(SERVER, orjson.dumps(config))
    assert field == caught.value.field


@pytest.mark.parametrize("server", ["", "10.0.0.1:6443", "ftp://x", "https://", "https://u:p@x", "https://x/?a=b"])
def test_a_server_must_be_an_address(server: str) -> None:
    """What isn't the address of an API server is refused before anything is sent there."""
    with pytest.raises(ConfigurationError) as caught:
        Connection.from_argo(server, "{}")
    assert "server" == caught.value.field


def test_secrets_do_not_show() -> None:
    """Neither a connection's text nor the error about broken JSON holds a secret."""
    connection = Connection(SERVER, BearerToken("hunter2"), Tls(cert=CERT, key=b"hunter2"))
    assert "hunter2" not in repr(connection)
    with pytest.raises(ConfigurationError) as caught:
        Connection.from_argo(SERVER, '{"bearerToken": "hunter2"')
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
