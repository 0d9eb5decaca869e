"""`mooring seal` and `mooring sealed-secrets`: what is sealed opens, and keys go where they should."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from moto import mock_aws

from mooring.flows.secrets.sealing import import_key
from mooring.secrets.sealed import SealingKey, open_value
from mooring.secrets.sealedsecret import open_values, read_sealed
from mooring.state.sealingkeys import SealingKeys, _signed
from mooring.state.secret_store import SecretStore
from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]

RSA = generate_private_key(65537, 2048)
KEY = SealingKey(RSA)
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "db", "namespace": "shop"},
    "stringData": {"password": "pa ss"},
}


@pytest.fixture
def keyed(api: FakeApi) -> FakeApi:
    """An installation with one key."""
    item = {"fingerprint": KEY.fingerprint, "since": 1_000_000.0, "certificate": _signed(RSA, 1_000_000.0)}
    api.on("GET /api/v1/sealed-secrets", *([{"items": [item]}] * 4))
    return api


def opened(text: str) -> dict[str, bytes]:
    return open_values(read_sealed(yaml.safe_load(text)), [KEY])


@pytest.mark.parametrize("scope", [None, "strict", "namespace-wide", "cluster-wide"])
def test_a_secret_is_sealed(keyed: FakeApi, mooring: Mooring, tmp_path: Path, scope: str | None) -> None:
    """GIVEN a Secret WHEN it is sealed THEN its values open, and the API was asked for a certificate alone."""
    (tmp_path / "secret.yaml").write_text(yaml.safe_dump(SECRET))
    made = mooring("seal", "-f", "secret.yaml", *(["--scope", scope] if scope else []))
    assert {"password": b"pa ss"} == opened(made.out)
    assert [("GET", None)] == [(call.method, call.body) for call in keyed.calls]


def test_values_are_merged(keyed: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a SealedSecret WHEN another value is merged into its file THEN both are there, and another name is refused."""
    (tmp_path / "secret.yaml").write_text(yaml.safe_dump(SECRET))
    (tmp_path / "more.yaml").write_text(yaml.safe_dump({**SECRET, "stringData": {"user": "ada"}}))
    (tmp_path / "sealed.yaml").write_text(mooring("seal", "-f", "secret.yaml").out)
    assert 0 == mooring("seal", "-f", "more.yaml", "--merge-into", "sealed.yaml").code
    assert {"password": b"pa ss", "user": b"ada"} == opened((tmp_path / "sealed.yaml").read_text())
    (tmp_path / "more.yaml").write_text(yaml.safe_dump({**SECRET, "metadata": {"name": "x", "namespace": "shop"}}))
    refused = mooring("seal", "-f", "more.yaml", "--merge-into", "sealed.yaml")
    assert "sealed.yaml: must hold the SealedSecret of the same name and namespace" in refused.err


def test_one_value_is_sealed_raw(keyed: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a value on standard input WHEN it is sealed raw THEN only that is printed, bound as the scope says."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"\x00raw")))
    made = mooring("seal", "--raw", "--namespace", "shop", "--name", "db")
    assert b"\x00raw" == open_value([KEY], made.out.strip(), b"shop/db")
    assert "--name: is needed" in mooring("seal", "--raw", "--namespace", "shop").err


def test_keys_are_listed_and_imported(keyed: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN keys WHEN they are listed and imported THEN the first is told to seal, and a refusal fails the command."""
    assert [KEY.fingerprint, "1970-01-12", "seals"] == mooring("sealed-secrets", "list").out.splitlines()[1].split()
    (tmp_path / "keys.yaml").write_text(yaml.safe_dump({"kind": "SecretList", "items": [SECRET, SECRET]}))
    keyed.on("POST /api/v1/sealed-secrets", {"fingerprint": "SHA256:x"}, {"fingerprint": "SHA256:y"})
    done = mooring("sealed-secrets", "import", "-f", "keys.yaml")
    assert (0, "key SHA256:x imported\nkey SHA256:y imported\n") == (done.code, done.out)


def test_a_backup_opens_and_is_taken_back(
    api: FakeApi, mooring: Mooring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN keys in Secrets Manager WHEN they are backed up THEN the file is the owner's alone and can be imported."""
    del api
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        dynamodb: Any = SimpleNamespace(query=lambda _: [], write=lambda *_: None)
        store = SecretStore(boto3.client("secretsmanager"))
        made = SealingKeys(dynamodb, store, "stack").renew(1_000_000.0, bits=2048)
        assert made is not None
        store.put("stack/sealed-secrets-not", {"x": "y"})
        done = mooring("sealed-secrets", "backup", "keys.json", "--stack", "stack")
        assert "1 key(s)" in done.out
        assert 0o600 == (tmp_path / "keys.json").stat().st_mode & 0o777
        (document,) = json.loads((tmp_path / "keys.json").read_text())["items"]
        assert made.fingerprint == import_key(SealingKeys(dynamodb, store, "other"), document).fingerprint
        assert "can't be made" in mooring("sealed-secrets", "backup", "keys.json", "--stack", "stack").err
        assert "no key lies below" in mooring("sealed-secrets", "backup", "n.json", "--stack", "none").err
