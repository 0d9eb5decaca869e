"""The real kubeseal against Mooring, both ways: what it seals we open, and what we answer it takes for a controller's."""

from __future__ import annotations

import base64
import importlib.util
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from moto import mock_aws

from local.tools import ensure
from mooring.flows.secrets.sealing import GoTemplates, import_key
from mooring.secrets.sealed import SealingKey, public_key_of
from mooring.secrets.sealedsecret import read_sealed, seal_secret, unseal
from mooring.source.gokit import GoKit
from mooring.state.sealingkeys import RENEW_AFTER, SealingKeys, _signed
from mooring.state.secret_store import SecretStore
from tests.doubles.tables import create_table

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
TOKEN = "a-token-for-tests"  # noqa: S105 (of moto's account)
PLAIN = {"user": "ada", "password": "correct horse battery staple"}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, "stringData": PLAIN}


@pytest.fixture(scope="module")
def programs() -> dict[str, str]:
    return {name: str(path) for name, path in ensure(("kubeseal", "gokit"), print).items()}


@dataclass(frozen=True, slots=True)
class Installation:
    """Two functions behind HTTP, the keys that they share, and kubeseal pointed at them."""

    keys: SealingKeys
    url: str
    kubeconfig: Path
    program: str

    def kubeseal(self, *arguments: str, given: object, fails: bool = False) -> Any:
        """What kubeseal makes of an object; `fails` expects that it refuses, and returns what it says."""
        done = subprocess.run(
            [self.program, "--format", "json", "--kubeconfig", str(self.kubeconfig), *arguments],
            input=json.dumps(given).encode(), capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        if fails:
            assert done.returncode != 0
            return done.stderr.decode()
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout) if done.stdout.strip() else None


def _loaded(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _served(handlers: Mapping[str, Callable[[dict[str, Any], Any], dict[str, Any]]]) -> type[BaseHTTPRequestHandler]:
    """HTTP as API Gateway passes it on: to the function that the method stands for."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            event = json.loads((ROOT / "events" / "api-list.json").read_text())
            event |= {"rawPath": self.path, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            event["requestContext"]["http"] |= {"method": self.command, "path": self.path}
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            answer = handlers[self.command](event, None)
            content = answer.get("body", "").encode()
            self.send_response(answer["statusCode"])
            headers = answer.get("headers") or {name: each[0] for name, each in answer["multiValueHeaders"].items()}
            for name, value in (headers | {"content-length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 (the server's names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the server's name)
            """Says nothing."""

    return Handler


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: dict[str, str]) -> Iterator[Installation]:
    """The functions `api` and `sync` over moto's AWS, with one sealing key."""
    monkeypatch.syspath_prepend(ROOT / "functions" / "api")
    before = set(sys.modules)
    environment = {
        "AWS_DEFAULT_REGION": REGION, "MOORING_TABLE": "mooring", "MOORING_API_TOKEN_SECRET": "token",
        "MOORING_SECRET_PREFIX": "m", "MOORING_RENDERS_QUEUE": "r", "MOORING_SYNCS_QUEUE": "s",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        table = create_table(boto3.client("dynamodb", region_name=REGION), "mooring")
        secrets = boto3.client("secretsmanager", region_name=REGION)
        secrets.create_secret(Name="token", SecretString=json.dumps({"token": TOKEN}))
        keys = SealingKeys(table, SecretStore(secrets), "m")
        keys.renew(time.time() - RENEW_AFTER - 60, bits=2048)
        api = _loaded("api_app", ROOT / "functions" / "api" / "app.py")
        sync = _loaded("sync_app", ROOT / "functions" / "sync" / "app.py")
        handler = _served({"GET": api.handler, "POST": sync.handler})
        plain, secure = (ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2))
        secure.socket = _tls(tmp_path).wrap_socket(secure.socket, server_side=True)
        for server in (plain, secure):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster = {"server": f"https://127.0.0.1:{secure.server_port}", "insecure-skip-tls-verify": True}
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(
            json.dumps(
                {
                    "apiVersion": "v1", "kind": "Config", "current-context": "mooring",
                    "clusters": [{"name": "mooring", "cluster": cluster}],
                    "users": [{"name": "mooring", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "mooring", "context": {"cluster": "mooring", "user": "mooring"}}],
                }
            )
        )  # fmt: skip
        yield Installation(keys, f"http://127.0.0.1:{plain.server_port}", kubeconfig, programs["kubeseal"])
        for server in (plain, secure):
            server.shutdown()
            server.server_close()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(ROOT / "functions")):
            del sys.modules[name]


def _tls(folder: Path) -> ssl.SSLContext:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "server.pem").write_text(pem.decode() + _signed(key, time.time()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def opened(manifest: dict[str, Any], keys: SealingKeys, gokit: str) -> dict[str, str]:
    data = unseal(read_sealed(manifest), keys.private(), GoTemplates(GoKit(gokit)))["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


@pytest.mark.parametrize("scope", ["strict", "namespace-wide", "cluster-wide"])
def test_what_kubeseal_seals_we_open(installation: Installation, programs: dict[str, str], scope: str) -> None:
    """With the certificate that Mooring serves kubeseal seals in every scope what Mooring opens."""
    made = installation.kubeseal("--cert", f"{installation.url}/v1/cert.pem", "--scope", scope, given=SECRET)
    assert PLAIN == opened(made, installation.keys, programs["gokit"])


def test_what_we_seal_kubeseal_opens(installation: Installation, tmp_path: Path) -> None:
    """What Mooring seals kubeseal opens offline with the keys as a backup of them has them."""
    pair = installation.keys._secrets.get(installation.keys._name(installation.keys.newest().fingerprint))
    private = tmp_path / "tls.key"
    private.write_text(pair["tls.key"])
    for scope in ("strict", "namespace-wide", "cluster-wide"):
        made = seal_secret(SECRET, public_key_of(installation.keys.newest().pem), scope)  # type: ignore[arg-type]
        secret = installation.kubeseal("--recovery-unseal", "--recovery-private-key", str(private), given=made)
        assert PLAIN == {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_kubeseal_takes_mooring_for_a_controller(installation: Installation, programs: dict[str, str]) -> None:
    """Through a kubeconfig that names Mooring kubeseal fetches the certificate, seals, validates and re-encrypts."""
    made = installation.kubeseal(given=SECRET)
    assert installation.kubeseal("--validate", given=made) is None
    # WHEN a newer key is there
    first = installation.keys.newest()
    installation.keys.renew(time.time(), bits=2048)
    again = installation.kubeseal("--re-encrypt", given=made)
    # THEN the object is sealed for that one, and opens as before
    assert made["spec"]["encryptedData"] != again["spec"]["encryptedData"]
    assert PLAIN == opened(again, installation.keys, programs["gokit"])
    newest = installation.keys.newest()
    assert first.fingerprint != newest.fingerprint
    assert PLAIN == {
        key: base64.b64decode(value).decode()
        for key, value in unseal(read_sealed(again), [installation.keys._read(newest)], lambda t, v: {})["data"].items()
    }
    # AND one that opens nowhere is refused
    stranger = SealingKey(generate_private_key(65537, 2048))
    assert "unable to decrypt" in installation.kubeseal(
        "--validate", given=seal_secret(SECRET, stranger.public), fails=True
    )


def test_templates_have_sprigs_functions(installation: Installation, programs: dict[str, str]) -> None:
    """Template data is evaluated by Go with sprig, and a mistake names its key and no value."""
    made = seal_secret(SECRET, public_key_of(installation.keys.newest().pem))
    made["spec"]["template"]["data"] = {"line": "{{ .user | upper }}:{{ .password | b64enc }}", "user": None}
    line = f"ADA:{base64.b64encode(PLAIN['password'].encode()).decode()}"
    assert {"line": line, "password": PLAIN["password"]} == opened(made, installation.keys, programs["gokit"])
    for wrong in ("{{ .password | fail }}", "{{ .nothing }}", "{{ .password", '{{ env "HOME" }}'):
        made["spec"]["template"]["data"] = {"line": wrong}
        with pytest.raises(Exception, match="can't be evaluated") as caught:
            opened(made, installation.keys, programs["gokit"])
        assert PLAIN["password"] not in repr(caught.value)


def test_a_controllers_key_is_imported(installation: Installation, programs: dict[str, str]) -> None:
    """A key Secret of a controller, as kubectl prints it, opens afterwards what was sealed for that cluster."""
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    pair = {"tls.key": pem, "tls.crt": _signed(key, time.time() - 2 * RENEW_AFTER).encode()}
    document = {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(value).decode() for name, value in pair.items()},
    }  # fmt: skip
    newest = installation.keys.newest()
    assert SealingKey(key).fingerprint == import_key(installation.keys, document).fingerprint
    assert newest == installation.keys.newest()
    assert PLAIN == opened(seal_secret(SECRET, key.public_key()), installation.keys, programs["gokit"])
