"""Who we are to a git server: credentials by the beginning of a repository's address, as Argo CD's repo-creds.

A credential is stored as one JSON object and parsed here, strictly; where it is stored is another package's matter, so
adapters are handed over as a `CredentialStore`. The longest matching prefix wins, a prefix ends where a path segment
ends (a token for `/acme` is never shown to `/acme-evil`), and the scheme has to agree, so a token that was stored for
https never travels over http.

Nothing here prints a secret: secret fields are left out of `repr`, and no message quotes the stored text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.source.urls import parse_url

__all__ = [
    "BasicCredential",
    "Credential",
    "CredentialStore",
    "GitHubAppCredential",
    "PublicRepository",
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
    lfs: bool = False


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A user name with its password."""

    url: str
    username: str
    password: str = field(repr=False)
    lfs: bool = False


@dataclass(frozen=True, slots=True)
class SSHCredential:
    """A private key in PEM, and the lines of `known_hosts` that the server has to match."""

    url: str
    private_key: str = field(repr=False)
    known_hosts: str = field(repr=False)
    lfs: bool = False


@dataclass(frozen=True, slots=True)
class GitHubAppCredential:
    """A GitHub App's installation; `api` is where tokens are asked for, without a trailing slash."""

    url: str
    app_id: int
    installation_id: int
    private_key: str = field(repr=False)
    api: str
    lfs: bool = False


@dataclass(frozen=True, slots=True)
class PublicRepository:
    """A repository that is read as nobody, registered for what else is said about it: `lfs` (`enableLfs`)."""

    url: str
    lfs: bool = True


Credential: TypeAlias = TokenCredential | BasicCredential | SSHCredential | GitHubAppCredential | PublicRepository


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
    GitHub Enterprise), and `enableLfs` beside them or with the `url` alone: the names of Argo CD's repository secrets.
    Raises `ConfigurationError` for anything else.
    """
    try:
        value = json.loads(text)
    except ValueError:
        # The decoder's exception keeps the whole text: it must not be chained.
        raise ConfigurationError("must be a JSON object; store the credential as JSON", subject=name) from None
    if not isinstance(value, dict):
        raise ConfigurationError("must be a JSON object; store the credential as JSON", subject=name)
    warnings: list[str] = []
    fields = Fields(value, "", warnings)
    try:
        credential = _credential(fields)
        fields.close()
    except ConfigurationError as error:
        raise ConfigurationError(error.message, field=error.field, subject=name) from None
    if warnings:
        unknown = warnings[0].partition(":")[0]
        raise ConfigurationError("is not a field of this kind of credential", field=unknown, subject=name)
    return credential


def _credential(fields: Fields) -> Credential:
    url = _text(fields, "url")
    scheme = parse_url(url, prefix=True, field="url").scheme
    credential: Credential
    lfs = _lfs(fields)
    if lfs and not any(map(fields.has, ("sshPrivateKey", "githubAppPrivateKey", "token", "username", "password"))):
        return PublicRepository(url)
    if fields.has("sshPrivateKey"):
        credential = SSHCredential(url, _pem(fields, "sshPrivateKey"), _text(fields, "sshKnownHosts"))
    elif fields.has("githubAppPrivateKey"):
        api = (fields.text("githubAppEnterpriseBaseUrl") or _GITHUB).rstrip("/")
        if not api.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise fields.error("githubAppEnterpriseBaseUrl", "must be an https address")
        app, installation = _number(fields, "githubAppID"), _number(fields, "githubAppInstallationID")
        credential = GitHubAppCredential(url, app, installation, _pem(fields, "githubAppPrivateKey"), api)
    elif fields.has("token"):
        credential = TokenCredential(url, _line(fields, "token"))
    else:
        credential = BasicCredential(url, _line(fields, "username"), _line(fields, "password"))
    if (scheme == "ssh") != isinstance(credential, SSHCredential):
        raise fields.error("url", "an SSH key goes with an ssh address, everything else with an https one")
    return replace(credential, lfs=lfs)


def _lfs(fields: Fields) -> bool:
    """`enableLfs`, which is text in Argo CD's Secrets."""
    given = fields.raw("enableLfs")
    if given not in (None, True, False, "true", "false"):
        raise fields.error("enableLfs", "must be true or false")
    return given in (True, "true")


def _text(fields: Fields, name: str) -> str:
    value = fields.required_text(name)
    if not value.strip():
        raise fields.error(name, "must not be empty")
    return value


def _line(fields: Fields, name: str) -> str:
    value = _text(fields, name)
    if any(ord(character) < 32 for character in value):
        raise fields.error(name, "must be one line without control characters; remove a trailing line break")
    return value


def _pem(fields: Fields, name: str) -> str:
    value = _text(fields, name).strip()
    if not value.startswith("-----BEGIN ") or "\n" not in value:
        raise fields.error(name, "must be a private key in PEM, with its line breaks")
    return value + "\n"


def _number(fields: Fields, name: str) -> int:
    """A number as GitHub shows it, or the same in quotes, as in Argo CD's secrets."""
    text = fields.number_text(name)
    if not text.isdecimal():
        raise fields.error(name, "must be a number")
    return int(text)
