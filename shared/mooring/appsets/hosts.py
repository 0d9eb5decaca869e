"""The code hosts that generators name, each asked as its own documentation says.

One client is kept for each provider that a set names, so that the requests of one evaluation share a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from mooring.appsets.hosts_azure import AzureDevOps
from mooring.appsets.hosts_bitbucket import BitbucketCloud, BitbucketServer
from mooring.appsets.hosts_codecommit import Clients, CodeCommit, aws_clients
from mooring.appsets.hosts_github import GitHubLike
from mooring.appsets.hosts_gitlab import GitLab
from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.appsets.tokens import SetSecrets
from mooring.forge.asking import api_of, shown_password, shown_token
from mooring.forge.rest import Rest, understood
from mooring.model.forges import Forge
from mooring.source.inward import refuse_inward

__all__ = ["Hosts"]

_T = TypeVar("_T")


class _Host(Protocol):
    """What each host can be asked."""

    def repositories(self) -> list[FoundRepository]: ...

    def branches(self, repository: FoundRepository) -> list[FoundRepository]: ...

    def has_path(self, repository: FoundRepository, path: str) -> bool: ...

    def pull_requests(self) -> list[PullRequest] | None: ...


class Hosts:
    """All hosts, with the secrets of each set's namespace; `guard` refuses addresses. Not to be kept longer than one
    evaluation.
    """

    def __init__(
        self, secrets: SetSecrets, *, clients: Clients = aws_clients, guard: Callable[[str], None] = refuse_inward
    ) -> None:
        self._guard = guard
        self._secrets = secrets
        self._clients = clients
        self._known: dict[tuple[Forge, str], _Host] = {}

    def repositories(self, forge: Forge, namespace: str) -> Sequence[FoundRepository]:
        """Every repository. Raises as `Rest` does."""
        return self._whole(forge, lambda: self._host(forge, namespace).repositories())

    def branches(self, forge: Forge, namespace: str, repository: FoundRepository) -> Sequence[FoundRepository]:
        """The repository at the branches that the forge asks for."""
        return self._whole(forge, lambda: self._host(forge, namespace).branches(repository))

    def has_path(self, forge: Forge, namespace: str, repository: FoundRepository, path: str) -> bool:
        """Whether a file or folder is there."""
        return self._whole(forge, lambda: self._host(forge, namespace).has_path(repository, path))

    def pull_requests(self, forge: Forge, namespace: str) -> Sequence[PullRequest] | None:
        """The pull requests; None where there is no such repository."""
        return self._whole(forge, lambda: self._host(forge, namespace).pull_requests())

    def _whole(self, forge: Forge, question: Callable[[], _T]) -> _T:
        with understood(forge.kind, forge.where):
            return question()

    def _host(self, forge: Forge, namespace: str) -> _Host:
        key = (forge, namespace)
        if key not in self._known:
            self._known[key] = self._made(forge, namespace)
        return self._known[key]

    def _made(self, forge: Forge, namespace: str) -> _Host:
        if forge.kind == "awsCodeCommit":
            return CodeCommit(forge, self._clients)
        headers = self._headers(forge, namespace)
        base = api_of(forge.kind, forge.api)
        rest = Rest(base, headers, where=forge.where, insecure=forge.insecure, guard=self._guard)
        return _HOSTS[forge.kind](rest, forge)

    def _headers(self, forge: Forge, namespace: str) -> Mapping[str, str]:
        if forge.app_secret:
            return shown_token("github", self._secrets.app_token(namespace, forge.app_secret, forge.where))
        if forge.password is not None:
            return shown_password(forge.user, self._secrets.value(namespace, forge.password, forge.where))
        if forge.token is None:
            return {}
        return shown_token(forge.kind, self._secrets.value(namespace, forge.token, forge.where))


_HOSTS: dict[str, Callable[[Rest, Forge], _Host]] = {
    "github": GitHubLike,
    "gitea": GitHubLike,
    "gitlab": GitLab,
    "bitbucket": BitbucketCloud,
    "bitbucketServer": BitbucketServer,
    "azureDevOps": AzureDevOps,
}
