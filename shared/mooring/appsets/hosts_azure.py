"""Azure DevOps Services and Server (REST API 7.0, "Git": repositories, refs, items, pull requests).

A personal access token is sent as the password of nobody. Refs are listed by prefix, so the default branch takes one
request like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.forge.rest import Rest, segment
from mooring.model.forges import Forge

__all__ = ["AzureDevOps"]

_VERSION = {"api-version": "7.0"}
_HEADS = "refs/heads/"
_PER_PAGE = 100


class AzureDevOps:
    """One team project, or one repository in it."""

    def __init__(self, rest: Rest, forge: Forge) -> None:
        self._rest = rest
        self._forge = forge
        self._base = f"/{segment(forge.owner)}/{segment(forge.project)}/_apis/git/repositories"

    def repositories(self) -> list[FoundRepository]:
        """Every repository of the project that has a default branch and is not disabled."""
        answer = self._rest.required(self._base, f"project {self._forge.project!r}", **_VERSION)
        return [
            FoundRepository(
                owner=self._forge.owner,
                name=each["name"],
                ident=each["id"],
                branch=each["defaultBranch"].removeprefix(_HEADS),
                sha="",
                https=each["remoteUrl"],
                ssh="",
            )
            for each in answer.body["value"]
            if each.get("defaultBranch") and not each.get("isDisabled")
        ]

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The repository at each branch, or at its default one."""
        every = self._forge.all_branches
        wanted = f"{_HEADS}{repository.branch}"
        path = f"{self._base}/{segment(repository.ident)}/refs"
        prefix = "heads/" if every else f"heads/{repository.branch}"
        found, token = [], None
        while True:
            query = {"filter": prefix, "$top": _PER_PAGE, "continuationToken": token, **_VERSION}
            answer = self._rest.required(path, f"repository {repository.name!r}", **query)
            found += [each for each in answer.body["value"] if every or each["name"] == wanted]
            token = answer.headers.get("x-ms-continuationtoken")
            if not token:
                return [_at(repository, each) for each in found]

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the branch has a file or folder there."""
        query: dict[str, str] = {
            "path": f"/{path}",
            "versionDescriptor.version": repository.branch,
            "versionDescriptor.versionType": "branch",
            "$format": "json",
            **_VERSION,
        }
        return self._rest.get(f"{self._base}/{segment(repository.ident)}/items", **query) is not None

    def pull_requests(self) -> list[PullRequest] | None:
        """Active pull requests with all of the labels."""
        path = f"{self._base}/{segment(self._forge.repository)}/pullrequests"
        requests: list[PullRequest] = []
        skip = 0
        while True:
            query = {"searchCriteria.status": "active", "$top": str(_PER_PAGE), "$skip": str(skip), **_VERSION}
            answer = self._rest.get(path, **query)
            if answer is None and skip:
                raise self._rest.missing("further pull requests")
            if answer is None:
                return None
            items = answer.body["value"]
            requests += [_request(each) for each in items if each.get("lastMergeSourceCommit")]
            skip += len(items)
            if len(items) < _PER_PAGE:
                return [each for each in requests if set(self._forge.labels) <= set(each.labels)]


def _at(repository: FoundRepository, ref: Any) -> FoundRepository:
    return replace(repository, branch=ref["name"].removeprefix(_HEADS), sha=ref["objectId"])


def _request(item: Any) -> PullRequest:
    return PullRequest(
        number=item["pullRequestId"],
        title=item["title"],
        branch=item["sourceRefName"].removeprefix(_HEADS),
        target=item["targetRefName"].removeprefix(_HEADS),
        sha=item["lastMergeSourceCommit"]["commitId"],
        author=item["createdBy"]["uniqueName"].partition("@")[0],
        labels=tuple(each["name"] for each in item.get("labels") or ()),
    )
