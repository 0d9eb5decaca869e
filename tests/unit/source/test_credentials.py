"""Stored credentials are read strictly, chosen by the longest prefix, and never shown."""

from __future__ import annotations

import json
import traceback

import pytest

from mooring.errors import ConfigurationError
from mooring.source.credentials import (
    BasicCredential,
    GitHubAppCredential,
    SSHCredential,
    TokenCredential,
    parse_credential,
    select,
)

CANARY = "c4nary-s3cret"
PEM = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"
HTTPS = {"url": "https://forge.example/acme"}
SSH = {"url": "git@forge.example:acme"}
APP = {**HTTPS, "githubAppID": 7, "githubAppInstallationID": "8", "githubAppPrivateKey": PEM}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({**HTTPS, "username": "u", "password": CANARY}, BasicCredential(HTTPS["url"], "u", CANARY)),
        ({**HTTPS, "token": CANARY}, TokenCredential(HTTPS["url"], CANARY)),
        (
            {**SSH, "sshPrivateKey": PEM.strip(), "sshKnownHosts": "forge.example ssh-ed25519 AAAA"},
            SSHCredential(SSH["url"], PEM, "forge.example ssh-ed25519 AAAA"),
        ),
        (APP, GitHubAppCredential(HTTPS["url"], 7, 8, PEM, "https://api.github.com")),
        (
            {**APP, "githubAppEnterpriseBaseUrl": "https://ghe.example/api/v3/"},
            GitHubAppCredential(HTTPS["url"], 7, 8, PEM, "https://ghe.example/api/v3"),
        ),
    ],
)
def test_each_kind_is_read(stored: dict[str, object], expected: object) -> None:
    """The four kinds, with the field names of Argo CD's repository secrets."""
    credential = parse_credential(json.dumps(stored), name="mooring/git/acme")
    assert expected == credential
    assert CANARY not in repr(credential)


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"token": CANARY}, "url"),
        ({"url": "https://forge.example"}, "username"),
        ({"url": 7, "token": CANARY}, "url"),
        ({"url": "/srv/git", "token": CANARY}, "url"),
        ({**HTTPS, "token": ""}, "token"),
        ({**HTTPS, "token": f"{CANARY}\n"}, "token"),
        ({**HTTPS, "token": [CANARY]}, "token"),
        ({**HTTPS, "token": CANARY, "colour": CANARY}, "colour"),
        ({**HTTPS, "token": CANARY, "password": CANARY}, "password"),
        ({**HTTPS, "username": "u"}, "password"),
        ({**HTTPS, "password": CANARY}, "username"),
        ({**SSH, "token": CANARY}, "url"),
        ({**HTTPS, "sshPrivateKey": PEM, "sshKnownHosts": "x"}, "url"),
        ({**SSH, "sshPrivateKey": PEM}, "sshKnownHosts"),
        ({**SSH, "sshPrivateKey": CANARY, "sshKnownHosts": "x"}, "sshPrivateKey"),
        ({**SSH, "sshPrivateKey": PEM.replace("\n", " "), "sshKnownHosts": "x"}, "sshPrivateKey"),
        ({**APP, "githubAppID": True}, "githubAppID"),
        ({**APP, "githubAppID": "seven"}, "githubAppID"),
        ({**APP, "githubAppInstallationID": None}, "githubAppInstallationID"),
        ({**APP, "githubAppEnterpriseBaseUrl": "http://ghe.example"}, "githubAppEnterpriseBaseUrl"),
    ],
)
def test_anything_else_is_an_error_that_names_the_field(stored: dict[str, object], field: str) -> None:
    """The error says which field of which secret, and quotes nothing of it."""
    with pytest.raises(ConfigurationError) as caught:
        parse_credential(json.dumps(stored), name="mooring/git/acme")
    assert field == caught.value.field
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("text", [f"token {CANARY}", f'{{"token": "{CANARY}"', f'["{CANARY}"]', f'"{CANARY}"', b"\xff"])
def test_text_that_is_no_object_is_refused_unseen(text: str | bytes) -> None:
    """Not even the decoder's own exception, which keeps the text, is chained."""
    with pytest.raises(ConfigurationError) as caught:
        parse_credential(text, name="mooring/git/acme")
    assert "mooring/git/acme" == caught.value.subject
    assert caught.value.__cause__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def token(url: str) -> TokenCredential:
    return TokenCredential(url, url)


STORED = [
    token("https://forge.example"),
    token("https://forge.example/acme"),
    token("https://forge.example/acme/shop.git"),
    token("https://forge.example:8443/acme"),
    token("http://plain.example/"),
    SSHCredential("git@forge.example:acme", "ssh", ""),
]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://forge.example/other/x", "https://forge.example"),
        ("https://forge.example/acme/pay", "https://forge.example/acme"),
        ("https://Forge.Example/Acme/pay.git", "https://forge.example/acme"),
        ("https://user@forge.example/acme/shop", "https://forge.example/acme/shop.git"),
        ("https://forge.example/acme/shop.git", "https://forge.example/acme/shop.git"),
        ("https://forge.example/acme/shop-two", "https://forge.example/acme"),
        ("https://forge.example/acme-evil/shop", "https://forge.example"),
        ("https://forge.example:8443/acme/shop", "https://forge.example:8443/acme"),
        ("https://forge.example:8443/other", None),
        ("http://forge.example/acme/shop", None),
        ("https://plain.example/x", None),
        ("https://forge.example.evil/acme/shop", None),
        ("https://evil.example/forge.example/acme", None),
        ("git@forge.example:other/shop", None),
    ],
)
def test_the_longest_prefix_wins(url: str, expected: str | None) -> None:
    """A prefix ends where a segment ends, and a credential stays with its scheme, host and port."""
    found = select(STORED, url)
    assert expected == (found.url if found else None)


@pytest.mark.parametrize("url", ["git@forge.example:acme/shop.git", "ssh://git@forge.example/acme/shop"])
def test_ssh_addresses_find_ssh_keys(url: str) -> None:
    """Both ways of writing an ssh address find the key."""
    assert isinstance(select(STORED, url), SSHCredential)
