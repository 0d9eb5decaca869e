"""Reading kubeconfigs."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
import yaml

from mooring.cluster.auth import BasicLogin, BearerToken, Connection, Credentials, EksLogin, Tls
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.errors import ConfigurationError

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM).decode()


def kubeconfig(user: dict[str, object], cluster: dict[str, object] | None = None) -> str:
    cluster = {"server": "https://10.0.0.1:6443", "certificate-authority-data": DATA} | (cluster or {})
    return yaml.safe_dump(
        {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
        }
    )


@pytest.mark.parametrize(
    ("user", "credentials", "cert"),
    [
        ({"token": "t"}, BearerToken("t"), b""),
        ({"username": "u", "password": "p"}, BasicLogin("u", "p"), b""),
        ({"client-certificate-data": DATA, "client-key-data": DATA}, None, PEM),
        (
            {"exec": {"command": "aws", "args": ["eks", "get-token", "--cluster-name", "x", "--region", "eu-west-1"]}},
            EksLogin("x", "", "eu-west-1"),
            b"",
        ),
    ],
)
def test_each_way_to_log_in_is_read(user: dict[str, object], credentials: Credentials, cert: bytes) -> None:
    """The current context's cluster and user become a connection."""
    expected = Connection("https://10.0.0.1:6443", credentials, Tls(ca=PEM, cert=cert, key=cert))
    assert expected == from_kubeconfig(kubeconfig(user))


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    """Relative paths inside mean relative to the file, as for kubectl."""
    (tmp_path / "ca.crt").write_bytes(PEM)
    (tmp_path / "token").write_text("t\n")
    path = tmp_path / "config"
    cluster: dict[str, object] = {"certificate-authority": "ca.crt", "certificate-authority-data": ""}
    path.write_text(kubeconfig({"tokenFile": "token"}, cluster))
    assert Connection("https://10.0.0.1:6443", BearerToken("t"), Tls(ca=PEM)) == from_kubeconfig(path)


def test_another_plugin_is_run_once(tmp_path: Path) -> None:
    """GIVEN an exec plugin that prints a credential THEN its token is the login."""
    plugin = tmp_path / "plugin"
    status = '{"token":"minted"}'
    plugin.write_text(
        "#!/bin/sh\n"
        f"""echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{status}}}'"""
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    section = {"command": str(plugin), "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    assert BearerToken("minted") == from_kubeconfig(kubeconfig({"exec": section})).credentials


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[]", "kubeconfig"),
        ("{", "kubeconfig"),
        ("{}", "kubeconfig.contexts"),
        (kubeconfig({}, {"server": ""}), "clusters[c].cluster.server"),
        (kubeconfig({}, {"proxy-url": "http://p"}), "clusters[c].cluster.proxy-url"),
        (kubeconfig({"auth-provider": {"name": "gcp"}}), "users[].user.auth-provider"),
        (kubeconfig({"tokenFile": "nowhere"}), "kubeconfig.tokenFile"),
        (kubeconfig({"client-key-data": "%"}), "kubeconfig.client-key-data"),
        (kubeconfig({"exec": {"command": "/nonexistent", "apiVersion": "v1"}}), "users[].user.exec"),
    ],
)
def test_mistakes_are_named(text: str, field: str) -> None:
    """Every mistake is an error with the path of its field."""
    with pytest.raises(ConfigurationError) as caught:
        from_kubeconfig(text)
    assert field == caught.value.field


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A kubeconfig that isn't there is an error, not an empty one."""
    with pytest.raises(ConfigurationError, match="can't be read"):
        from_kubeconfig(tmp_path / "nowhere")
