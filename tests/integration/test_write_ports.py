"""What writes to git as a function is given it: credentials and keys from Secrets Manager."""

from __future__ import annotations

import json
import subprocess
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from local.githttp import GitServer, basic
from local.tools import ensure
from mooring.composition import Composition
from mooring.errors import ConfigurationError
from mooring.source.signatures import split_commit
from mooring.source.sshsig import check_ssh
from mooring.writeback.edits import Edit, SetValues
from mooring.writeback.updates import Destination, Update
from mooring.writeback.writing import write
from tests.doubles.signing import pen

if TYPE_CHECKING:
    from tests.conftest import Repositories


def test_a_team_writes_with_its_own_credential_and_a_signing_key(
    aws: str, git_server: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a credential for writing and a key in Secrets Manager, the commit is made with both."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    prefix = "writes-of-this-test"
    git_server.create("shop.git", {"values.yaml": "image:\n  tag: v1 # kept\n"})
    gokit = str(ensure(("gokit",), print)["gokit"].parent)
    update = Update("shop", "web", (Edit("values.yaml", SetValues((("image.tag", "v2"),))),))
    with GitServer(git_server.server.root, guarded={"shop.git": basic("robot", "hush")}) as server, pen() as ada:
        key = ada.ssh("robot", "ed25519")
        secrets = boto3.client("secretsmanager")
        stored = {"url": server.url, "username": "robot", "password": "hush"}
        secrets.create_secret(Name=f"{prefix}/write-back/shop/robot", SecretString=json.dumps(stored))
        signing = json.dumps({"sshPrivateKey": key.read_text()})
        secrets.create_secret(Name=f"{prefix}/write-back/signing-key", SecretString=signing)
        environment = {"MOORING_SECRET_PREFIX": prefix, "MOORING_TABLE": "none", "PATH": gokit}
        ports, hosts = Composition(environment).write_ports()
        place = Destination(f"{server.url}/shop.git", "main", "", "secret:shop/robot")
        written = write(ports, place, [update])
        public = key.with_suffix(".pub").read_text()
    assert written.made
    repository = git_server.server.root / "shop.git"
    shown = subprocess.run(["git", "show", "main:values.yaml"], cwd=repository, check=True, capture_output=True)
    assert b"image:\n  tag: v2 # kept\n" == shown.stdout
    raw = subprocess.run(["git", "cat-file", "commit", "main"], cwd=repository, check=True, capture_output=True).stdout
    signed = split_commit(written.sha, raw)
    assert check_ssh(signed.payload, signed.signature, [b64decode(public.split()[1])])
    with pytest.raises(ConfigurationError, match="url"):
        hosts("https://github.com/acme/shop", "secret:shop/robot")
