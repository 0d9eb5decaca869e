"""CodeCommit is asked by its own API."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from mooring.appsets.hosts_codecommit import CodeCommit
from mooring.appsets.ports import FoundRepository
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.model.forges import Forge

TOLD = {
    "accountId": "111122223333",
    "repositoryName": "web",
    "repositoryId": "i",
    "defaultBranch": "main",
    "cloneUrlHttp": "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/web",
    "cloneUrlSsh": "ssh://git-codecommit.eu-central-1.amazonaws.com/v1/repos/web",
}
WEB = FoundRepository("111122223333", "web", "i", "main", "aa", str(TOLD["cloneUrlHttp"]), str(TOLD["cloneUrlSsh"]))


class Stubs:
    """Clients that answer what they were told to, in order, and nothing else."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {
            name: boto3.client(
                name,  # type: ignore[call-overload]
                region_name="eu-central-1",
                aws_access_key_id="a",
                aws_secret_access_key="b",  # noqa: S106 - never sent
            )
            for name in ("codecommit", "resourcegroupstaggingapi")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def __call__(self, service: str, forge: Forge) -> Any:
        return self.clients[service]

    def answer(self, action: str, given: dict[str, Any], answer: dict[str, Any], service: str = "codecommit") -> None:
        self.stubs[service].add_response(action, answer, given)

    def refuse(self, action: str, code: str) -> None:
        self.stubs["codecommit"].add_client_error(action, code)


def test_every_repository_with_a_branch_is_found() -> None:
    """GIVEN two pages of names WHEN listed THEN each is asked for, and one without a branch is left out."""
    stubs = Stubs()
    stubs.answer("list_repositories", {}, {"repositories": [{"repositoryName": "web"}], "nextToken": "n"})
    stubs.answer("list_repositories", {"nextToken": "n"}, {"repositories": [{"repositoryName": "new"}]})
    stubs.answer("get_repository", {"repositoryName": "web"}, {"repositoryMetadata": TOLD})
    empty = {key: value for key, value in TOLD.items() if key != "defaultBranch"}
    stubs.answer("get_repository", {"repositoryName": "new"}, {"repositoryMetadata": empty})
    stubs.answer("get_branch", {"repositoryName": "web", "branchName": "main"}, {"branch": {"commitId": "aa"}})
    host = CodeCommit(Forge("awsCodeCommit"), stubs)
    assert [WEB] == [at for found in host.repositories() for at in host.branches(found)]


def test_repositories_are_chosen_by_tag() -> None:
    """Values of one key are alternatives; a key without a value stands for any."""
    stubs = Stubs()
    stubs.answer(
        "get_resources",
        {
            "ResourceTypeFilters": ["codecommit:repository"],
            "TagFilters": [{"Key": "team", "Values": ["a", "b"]}, {"Key": "live", "Values": []}],
        },
        {"ResourceTagMappingList": [{"ResourceARN": "arn:aws:codecommit:eu-central-1:111122223333:web"}]},
        "resourcegroupstaggingapi",
    )
    stubs.answer("get_repository", {"repositoryName": "web"}, {"repositoryMetadata": TOLD})
    forge = Forge("awsCodeCommit", tags=(("team", "a"), ("team", "b"), ("live", "")))
    assert ["web"] == [each.name for each in CodeCommit(forge, stubs).repositories()]


def test_files_and_folders_are_found_in_their_folder() -> None:
    """What is not there is no error."""
    stubs = Stubs()
    given = {"repositoryName": "web", "commitSpecifier": "aa", "folderPath": "/deploy"}
    answer = {"commitId": "aa", "folderPath": "/deploy", "subFolders": [{"relativePath": "chart"}], "files": []}
    stubs.answer("get_folder", given, answer)
    stubs.answer("get_folder", given, answer)
    stubs.refuse("get_folder", "FolderDoesNotExistException")
    host = CodeCommit(Forge("awsCodeCommit"), stubs)
    assert [True, False, False] == [host.has_path(WEB, path) for path in ("deploy/chart", "deploy/x", "no/x")]


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDeniedException", ForbiddenError), ("RegionNotFound", ConfigurationError)]
)
def test_a_refusal_is_an_error(code: str, kind: type[Exception]) -> None:
    """It never looks like an empty account."""
    stubs = Stubs()
    stubs.refuse("list_repositories", code)
    with pytest.raises(kind, match=code):
        CodeCommit(Forge("awsCodeCommit"), stubs).repositories()
