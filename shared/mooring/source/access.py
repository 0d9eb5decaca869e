"""How git gets a credential: through its environment, for one command, and in no other way.

Arguments are visible to every process of a machine, configuration files stay behind, and an address turns up in error
messages, so none of them ever carries a secret. An HTTP credential is a header that git's environment scopes to one
scheme, host and port; redirects are not followed while it is in place, because git would carry the header along. An SSH
key has to be a file: it lies, readable by us alone, in a directory of its own that is removed when the command ends,
and the server must match the stored known_hosts lines.
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.source.credentials import (
    BasicCredential,
    Credential,
    GitHubAppCredential,
    PublicRepository,
    SSHCredential,
    TokenCredential,
)
from mooring.source.githubapp import InstallationTokens
from mooring.source.urls import FIELD, RepositoryURL

__all__ = ["Access", "LfsAccess", "authorisation", "authorise"]


@dataclass(frozen=True, slots=True)
class Access:
    """What one git command needs to reach one repository."""

    url: str
    config: dict[str, str] = field(default_factory=dict, repr=False)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that must not be in any message."""


@dataclass(frozen=True, slots=True)
class LfsAccess:
    """Where a repository's LFS objects are asked for, and as whom (`authorization` is a header, or empty)."""

    url: str
    authorization: str = field(default="", repr=False)


@contextmanager
def authorise(
    credential: Credential | None, url: RepositoryURL, tokens: InstallationTokens, scratch: Path
) -> Iterator[Access]:
    """Access to `url` for the length of a `with` block; key files live below `scratch` until its end.

    Raises `ForbiddenError` for an SSH address without a key, `ConfigurationError` for a credential of the wrong kind,
    and whatever asking for a GitHub App's token raises.
    """
    if isinstance(credential, SSHCredential) != (url.scheme == "ssh"):
        if credential is None:
            raise ForbiddenError(
                f"no SSH key is stored for {url.host}; add one with its known_hosts lines", field=FIELD
            )
        raise ConfigurationError(f"the credential stored for {url.origin} does not fit its scheme", field=FIELD)
    if isinstance(credential, SSHCredential):
        with _ssh(credential, url, scratch) as access:
            yield access
    elif credential is None or isinstance(credential, PublicRepository):
        yield Access(url.text)
    else:
        yield _http(*_user_and_password(credential, tokens), url)


def _user_and_password(
    credential: TokenCredential | BasicCredential | GitHubAppCredential, tokens: InstallationTokens
) -> tuple[str, str]:
    if isinstance(credential, BasicCredential):
        return credential.username, credential.password
    if isinstance(credential, TokenCredential):
        return "x-access-token", credential.token
    return "x-access-token", tokens.token(credential)


def authorisation(credential: Credential | None, tokens: InstallationTokens) -> str:
    """The header that a credential is over HTTP; empty for nobody. Raises what asking for an app's token raises."""
    if credential is None or isinstance(credential, (PublicRepository, SSHCredential)):
        return ""
    username, password = _user_and_password(credential, tokens)
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _http(username: str, password: str, url: RepositoryURL) -> Access:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    config = {
        f"http.{url.origin}.extraHeader": f"Authorization: Basic {encoded}",
        "http.followRedirects": "false",
    }
    return Access(url.without_user, config, secrets=(password, encoded))


@contextmanager
def _ssh(credential: SSHCredential, url: RepositoryURL, scratch: Path) -> Iterator[Access]:
    folder = Path(tempfile.mkdtemp(prefix="ssh-", dir=scratch))  # mode 0700
    try:
        key, hosts = folder / "key", folder / "known_hosts"
        _write_private(key, credential.private_key)
        _write_private(hosts, credential.known_hosts.rstrip("\n") + "\n")
        options = {
            "BatchMode": "yes",
            "ClearAllForwardings": "yes",
            "ConnectTimeout": "10",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "PasswordAuthentication": "no",
            "PermitLocalCommand": "no",
            "StrictHostKeyChecking": "yes",
            "UpdateHostKeys": "no",
            "UserKnownHostsFile": str(hosts),
        }
        command = ["ssh", "-F", "/dev/null", "-i", str(key)]
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        environment = {"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}
        yield Access(url.text, environment=environment, secrets=(credential.private_key,))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
