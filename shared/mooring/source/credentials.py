"""Who we are to a git server: credentials by the beginning of a repository's address, as Argo CD's repo-creds.

A credential is stored as one JSON object and parsed here, strictly; where it is stored is another package's matter, so
adapters are handed over as a `CredentialStore`. The longest matching prefix wins, a prefix ends where a path segment
ends (a token for `/acme` is never shown to `/acme-evil`), and the scheme has to agree, so a token that was stored for
https never travels over http.

Nothing here prints a secret: secret fields are left out of `repr`, and no message quotes the stored text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from mooring.errors import ConfigurationError
from mooring.source.urls import parse_url

__all__ = [
    "BasicCredential",
    "Credential",
    "CredentialStore",
    "GitHubAppCredential",
    "SSHCredential",
    "TokenCredential",
    "longest",
    "parse_credential",
    "select",
]

_GITHUB = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A personal, project or deploy token, sent as the password of `x-access-token`."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A user name with its password."""

    url: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SSHCredential:
    """A private key in PEM, and the lines of `known_hosts` that the server has to match."""

    url: str
    private_key: str = field(repr=False)
    known_hosts: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GitHubAppCredential:
    """A GitHub App's installation; `api` is where tokens are asked for, without a trailing slash."""

    url: str
    app_id: int
    installation_id: int
    private_key: str = field(repr=False)
    api: str


Credential: TypeAlias = TokenCredential | BasicCredential | SSHCredential | GitHubAppCredential


class CredentialStore(Protocol):
    """Knows the credentials of this installation."""

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        """The credential for a repository's address, or None where it is to be read anonymously.

        `fresh` asks for it as it is stored now, whatever was found a moment ago.
        """
        ...


def select(credentials: Iterable[Credential], url: str) -> Credential | None:
    """The credential whose address is the longest beginning of `url`; None where none is."""
    by_address = {credential.url: credential for credential in credentials}
    address = longest(by_address, url)
    return None if address is None else by_address[address]


def longest(addresses: Iterable[str], url: str) -> str | None:
    """The address, of those that credentials are stored for, that is the longest beginning of `url`."""
    wanted = parse_url(url, allow_file=True)
    best: tuple[int, str] | None = None
    for address in addresses:
        known = parse_url(address, prefix=True, field="url")
        if (known.scheme, known.host, known.port) != (wanted.scheme, wanted.host, wanted.port):
            continue
        prefix = known.path.lower().rstrip("/")
        if prefix and not f"{wanted.path.lower()}/".startswith(f"{prefix}/"):
            continue
        if best is None or len(prefix) > best[0]:
            best = (len(prefix), address)
    return best[1] if best else None


def parse_credential(text: str | bytes, *, name: str) -> Credential:
    """The credential in a stored JSON object; `name` is what users call the place, for errors.

    One of `{"url","username","password"}`, `{"url","token"}`, `{"url","sshPrivateKey","sshKnownHosts"}` and
    `{"url","githubAppID","githubAppInstallationID","githubAppPrivateKey"}` (with `githubAppEnterpriseBaseUrl` for
    GitHub Enterprise): the names of Argo CD's repository secrets. Raises `ConfigurationError` for anything else.
    """
    try:
        value = json.loads(text)
    except ValueError:
        # The decoder's exception keeps the whole text: it must not be chained.
        raise ConfigurationError("must be a JSON object; store the credential as JSON", subject=name) from None
    if not isinstance(value, dict):
        raise ConfigurationError("must be a JSON object; store the credential as JSON", subject=name)
    fields = _Fields(value, name)
    url = fields.text("url")
    parsed = parse_url(url, prefix=True, field="url")
    credential: Credential
    if "sshPrivateKey" in value:
        credential = SSHCredential(url, fields.pem("sshPrivateKey"), fields.text("sshKnownHosts"))
    elif "githubAppPrivateKey" in value:
        api = fields.text("githubAppEnterpriseBaseUrl", _GITHUB).rstrip("/")
        _check_api(api, name)
        app, installation = fields.number("githubAppID"), fields.number("githubAppInstallationID")
        credential = GitHubAppCredential(url, app, installation, fields.pem("githubAppPrivateKey"), api)
    elif "token" in value:
        credential = TokenCredential(url, fields.text("token"))
    else:
        credential = BasicCredential(url, fields.text("username"), fields.text("password"))
    fields.finish()
    if (parsed.scheme == "ssh") != isinstance(credential, SSHCredential):
        raise ConfigurationError(
            "an SSH key goes with an ssh address, everything else with an https one", field="url", subject=name
        )
    return credential


def _check_api(api: str, name: str) -> None:
    loopback = api.startswith(("http://127.0.0.1:", "http://localhost:"))
    if not api.startswith("https://") and not loopback:
        raise ConfigurationError("must be an https address", field="githubAppEnterpriseBaseUrl", subject=name)


class _Fields:
    """Takes fields out of a JSON object, remembering which were asked for; messages name fields, never values."""

    def __init__(self, value: Mapping[str, Any], name: str) -> None:
        self._value = value
        self._name = name
        self._asked: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        self._asked.add(key)
        value = self._value.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._error(key, "must be a text that is not empty")
        if key in {"token", "username", "password"} and any(ord(character) < 32 for character in value):
            raise self._error(key, "must be one line without control characters; remove a trailing line break")
        return value

    def pem(self, key: str) -> str:
        value = self.text(key).strip()
        if not value.startswith("-----BEGIN ") or "\n" not in value:
            raise self._error(key, "must be a private key in PEM, with its line breaks")
        return value + "\n"

    def number(self, key: str) -> int:
        self._asked.add(key)
        value = self._value.get(key)
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
            raise self._error(key, "must be a number")
        return int(value)

    def finish(self) -> None:
        for key in self._value:
            if key not in self._asked:
                raise self._error(key, "is not a field of this kind of credential")

    def _error(self, key: str, message: str) -> ConfigurationError:
        return ConfigurationError(message, field=key, subject=self._name)
