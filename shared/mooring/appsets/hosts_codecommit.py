"""AWS CodeCommit, by its own API, in this account or as a role in another one.

The rights that it takes: `codecommit:ListRepositories`, `GetRepository`, `ListBranches`, `GetBranch`, `GetFolder`, and
`tag:GetResources` where repositories are chosen by tag (AWS: "CodeCommit permissions reference").
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring.model.forges import Forge

__all__ = ["Clients", "CodeCommit", "aws_clients"]

_T = TypeVar("_T")

Clients = Callable[[str, Forge], Any]
"""Makes the client of an AWS service, as a generator wants it."""

_ABSENT = {
    "RepositoryDoesNotExistException",
    "CommitDoesNotExistException",
    "FolderDoesNotExistException",
    "BranchDoesNotExistException",
}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"}


def aws_clients(service: str, forge: Forge) -> Any:
    """A client for the region of the generator (or ours), as its role (or as ourselves)."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "max_attempts": 3})
    where: dict[str, Any] = {"region_name": forge.region or None, "config": config}
    if not forge.role:
        return boto3.client(service, **where)  # type: ignore[call-overload]
    given = boto3.client("sts", config=config).assume_role(RoleArn=forge.role, RoleSessionName="mooring")["Credentials"]
    return boto3.client(  # type: ignore[call-overload]
        service,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        **where,
    )


class CodeCommit:
    """The repositories of one account and region."""

    def __init__(self, forge: Forge, clients: Clients = aws_clients) -> None:
        self._forge = forge
        self._clients = clients
        self._known: Any = None

    def repositories(self) -> list[FoundRepository]:
        """Every repository (with the tags that are asked for) that has a default branch."""
        return self._asked(self._repositories)

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The repository at each branch, or at its default one."""
        return self._asked(lambda: self._branches(repository))

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the branch has a file or folder there."""
        return self._asked(lambda: self._has_path(repository, path))

    def pull_requests(self) -> list[PullRequest] | None:
        """None: Argo CD has no such generator for CodeCommit, and none can be declared."""
        return None

    def _client(self) -> Any:
        if self._known is None:
            self._known = self._clients("codecommit", self._forge)
        return self._known

    def _repositories(self) -> list[FoundRepository]:
        found = []
        for name in self._names():
            told = self._client().get_repository(repositoryName=name)["repositoryMetadata"]
            if told.get("defaultBranch"):
                found.append(
                    FoundRepository(
                        owner=told["accountId"],
                        name=told["repositoryName"],
                        ident=told["repositoryId"],
                        branch=told["defaultBranch"],
                        sha="",
                        https=told["cloneUrlHttp"],
                        ssh=told["cloneUrlSsh"],
                    )
                )
        return found

    def _names(self) -> list[str]:
        if not self._forge.tags:
            pages = self._client().get_paginator("list_repositories").paginate()
            return [each["repositoryName"] for page in pages for each in page["repositories"]]
        keys = dict.fromkeys(key for key, _ in self._forge.tags)
        filters = [
            {"Key": key, "Values": [each for at, each in self._forge.tags if at == key and each]} for key in keys
        ]
        tagging = self._clients("resourcegroupstaggingapi", self._forge).get_paginator("get_resources")
        pages = tagging.paginate(ResourceTypeFilters=["codecommit:repository"], TagFilters=filters)
        return [each["ResourceARN"].rpartition(":")[2] for page in pages for each in page["ResourceTagMappingList"]]

    def _branches(self, repository: FoundRepository) -> list[FoundRepository]:
        names = [repository.branch]
        if self._forge.all_branches:
            pages = self._client().get_paginator("list_branches").paginate(repositoryName=repository.name)
            names = [name for page in pages for name in page["branches"]]
        found = []
        for name in names:
            told = self._client().get_branch(repositoryName=repository.name, branchName=name)["branch"]
            found.append(replace(repository, branch=name, sha=told["commitId"]))
        return found

    def _has_path(self, repository: FoundRepository, path: str) -> bool:
        from botocore.exceptions import ClientError

        folder, name = posixpath.split(f"/{path.strip('/')}")
        try:
            told = self._client().get_folder(
                repositoryName=repository.name, commitSpecifier=repository.sha, folderPath=folder
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return False
            raise
        kinds = ("subFolders", "files", "symbolicLinks", "subModules")
        return any(each["relativePath"] == name for kind in kinds for each in told.get(kind) or ())

    def _asked(self, question: Callable[[], _T]) -> _T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return question()
        except ClientError as error:
            raise self._error(error.response.get("Error", {}).get("Code", "")) from None
        except BotoCoreError as error:
            raise UnreachableError(
                f"CodeCommit can't be reached: {type(error).__name__}", field=self._forge.where
            ) from None

    def _error(self, code: str) -> MooringError:
        where = self._forge.where
        if code in _REFUSED:
            return ForbiddenError(f"CodeCommit refuses us ({code}); check the role and its rights", field=where)
        if "Throttl" in code:
            return UnreachableError("CodeCommit asks to be left alone for a while", field=where)
        return ConfigurationError(f"CodeCommit can't answer ({code}); check the generator", field=where)
