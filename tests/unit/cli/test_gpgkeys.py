"""`mooring gpg`: what it sends and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]
ARMORED = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----\n"
KEY = {"keyID": "4AEE18F83AFDEB23", "owner": "Ada <ada@example.com>", "expires": "2030-01-01T00:00:00Z"}


def test_keys_are_imported_from_armor_and_from_a_configmap(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a key in ASCII armor and a ConfigMap of keys WHEN added THEN both are sent as they are."""
    (tmp_path / "ada.asc").write_text(ARMORED)
    (tmp_path / "keys.yaml").write_text("kind: ConfigMap\nmetadata: {name: argocd-gpg-keys-cm}\ndata: {A: B}\n")
    api.on("POST /api/v1/gpgkeys", {"items": [KEY]})
    assert "key 4AEE18F83AFDEB23 imported: Ada <ada@example.com>\n" == mooring("gpg", "add", "--from", "ada.asc").out
    assert 0 == mooring("gpg", "add", "--from", "keys.yaml").code
    configmap = {"kind": "ConfigMap", "metadata": {"name": "argocd-gpg-keys-cm"}, "data": {"A": "B"}}
    assert [{"key": ARMORED}, configmap] == [call.body for call in api.calls]


def test_binary_keys_are_told_how_to_be_exported(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a key that is not in ASCII armor WHEN added THEN nothing is sent and the command that helps is named."""
    (tmp_path / "ada.gpg").write_bytes(b"\x98\x33\x04\xff")
    outcome = mooring("gpg", "add", "--from", "ada.gpg")
    assert outcome.code != 0
    assert "gpg --armor --export KEY" in outcome.err
    assert [] == api.calls


def test_keys_are_listed_and_removed(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN imported keys WHEN listed and removed THEN there is a line for each, and the id is in the request."""
    api.on("GET /api/v1/gpgkeys", {"items": [KEY, {"keyID": "D56C4FCA57A46444", "owner": "Bob", "revoked": True}]})
    lines = mooring("gpg", "list").out.splitlines()
    assert ["KEY-ID            EXPIRES               OWNER", "D56C4FCA57A46444  revoked               Bob"] == lines[
        ::2
    ]
    api.on("DELETE /api/v1/gpgkeys/4AEE18F83AFDEB23", {})
    assert "key 4AEE18F83AFDEB23 removed\n" == mooring("gpg", "rm", "4AEE18F83AFDEB23").out
