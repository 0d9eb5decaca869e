"""From a repository's address to the code host that it is on, asked as whoever is registered for the repository.

Only credentials that an API takes are used: tokens, passwords and GitHub Apps. A key for ssh opens no API, so a
repository that is cloned by ssh is looked up by its https address, too: a token registered for that is used. As nobody,
nothing is asked: public hosts allow so little of it that it would fail when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from mooring.errors import ConfigurationError
from mooring.forge.asking import shown_password, shown_token
from mooring.forge.azure import AzureDevOps
from mooring.forge.bitbucket import Bitbucket
from mooring.forge.bitbucketserver import BitbucketServer
from mooring.forge.codecommit import CodeCommit, codecommit_client
from mooring.forge.gitea import Gitea
from mooring.forge.github import GitHub
from mooring.forge.gitlab import GitLab
from mooring.forge.places import Named, Place, is_public, place_of
from mooring.forge.ports import CodeHost, HookHost
from mooring.forge.rest import Rest
from mooring.source.credentials import (
    BasicCredential,
    Credential,
    CredentialStore,
    GitHubAppCredential,
    TokenCredential,
)
from mooring.source.githubapp import InstallationTokens
from mooring.source.inward import refuse_inward

__all__ = ["Forges", "hook_host"]

_FIELD = "repository"
_HOOKED = frozenset({"github", "gitlab", "gitea"})
_PATIENCE = 10.0  # seconds that somebody who waits for an answer may wait for a busy host


class Forges:
    """The code hosts of one installation. `settings` gives their data, and is asked when a host is not a public one.

    `timeout` is in seconds without a byte, `guard` refuses addresses.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        settings: Callable[[], Mapping[str, Named]],
        *,
        timeout: float = 5.0,
        tokens: InstallationTokens | None = None,
        guard: Callable[[str], None] = refuse_inward,
        client: Callable[[str], Any] = codecommit_client,
    ) -> None:
        self._credentials = credentials
        self._settings = settings
        self._timeout = timeout
        self._tokens = tokens or InstallationTokens()
        self._guard = guard
        self._client = client

    def host(self, url: str) -> CodeHost | None:
        """The host of a repository; None where it is unknown, or no credential for it opens an API.

        Raises `ConfigurationError` for what is no repository's address, and what finding a credential raises.
        """
        place = place_of(url, {} if is_public(url) else self._named)
        if place is None:
            return None
        if place.kind == "awsCodeCommit":
            return CodeCommit(lambda: self._client(place.api), place.api, place.name)
        headers = self._headers(place, url)
        return None if headers is None else _client(place, self._rest(place, headers))

    def api(self, url: str) -> tuple[Place, Rest] | None:
        """Where a repository is, and its host's API; None as `host`, and where that is no REST API."""
        place = place_of(url, {} if is_public(url) else self._named)
        if place is None or place.kind == "awsCodeCommit":
            return None
        headers = self._headers(place, url)
        return None if headers is None else (place, self._rest(place, headers))

    @cached_property
    def _named(self) -> Mapping[str, Named]:
        return self._settings()

    def _headers(self, place: Place, url: str) -> Mapping[str, str] | None:
        """What is shown to the host, None for nothing: of the declared address, or of the https one."""
        for address in dict.fromkeys((url, place.web)):
            if (shown := self._shown(place, self._credentials.find(address))) is not None:
                return shown
        return None

    def _shown(self, place: Place, credential: Credential | None) -> Mapping[str, str] | None:
        match credential:
            case GitHubAppCredential() if place.kind == "github" and credential.api == place.api:
                return shown_token("github", self._tokens.token(credential))
            case GitHubAppCredential() if place.kind == "github":
                raise ConfigurationError(
                    f"belongs to the API {credential.api}, but the repository's is {place.api}; correct "
                    "githubAppEnterpriseBaseUrl",
                    field="githubAppEnterpriseBaseUrl",
                    subject=credential.url,
                )
            case TokenCredential():
                return shown_token(place.kind, credential.token)
            case BasicCredential() if place.kind in ("github", "gitlab") or credential.username == "x-token-auth":
                return shown_token(place.kind, credential.password)
            case BasicCredential():
                return shown_password(credential.username, credential.password)
            case _:
                return None

    def _rest(self, place: Place, headers: Mapping[str, str]) -> Rest:
        return Rest(place.api, headers, where=_FIELD, guard=self._guard, timeout=self._timeout)


def hook_host(
    url: str,
    token: str,
    settings: Callable[[], Mapping[str, Named]],
    *,
    kind: str = "",
    guard: Callable[[str], None] = refuse_inward,
) -> tuple[Place, HookHost]:
    """The host of a repository whose webhooks are to be installed, asked with a token that somebody gives for it;
    `kind` says what the host is where nobody knows.

    Raises `ConfigurationError` where the host is unknown, or takes no hooks from here.
    """
    place = place_of(url, {} if is_public(url) else settings(), kind)
    if place is None:
        raise ConfigurationError("is on a host that nobody knows; name its provider", field=_FIELD)
    if place.kind not in _HOOKED:
        raise ConfigurationError(f"is on a {place.kind}, where hooks are made by hand (docs/webhooks.md)", field=_FIELD)
    rest = Rest(place.api, shown_token(place.kind, token), where=_FIELD, guard=guard, timeout=5.0, patience=_PATIENCE)
    made = _client(place, rest)
    assert isinstance(made, GitHub | GitLab | Gitea)
    return place, made


def _client(place: Place, rest: Rest) -> CodeHost:
    match place.kind:
        case "github":
            return GitHub(rest, place.owner, place.name)
        case "gitea":
            return Gitea(rest, place.owner, place.name)
        case "gitlab":
            return GitLab(rest, f"{place.owner}/{place.name}")
        case "bitbucket":
            return Bitbucket(rest, place.owner, place.name)
        case "bitbucketServer":
            return BitbucketServer(rest, place.owner, place.name)
        case _:
            return AzureDevOps(rest, place.owner, place.name)
