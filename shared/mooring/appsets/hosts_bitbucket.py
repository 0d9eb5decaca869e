"""Bitbucket Cloud (REST API 2.0) and Bitbucket Data Center (REST API 1.0), which have little in common but the name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.forges import Forge

__all__ = ["BitbucketCloud", "BitbucketServer"]

_PER_PAGE = 100
_CLOUD_PER_PAGE = 50  # the most for pull requests


class BitbucketCloud:
    """One workspace, or one repository in it."""

    def __init__(self, rest: Rest, forge: Forge) -> None:
        self._rest = rest
        self._forge = forge

    def repositories(self) -> list[FoundRepository]:
        """Every repository of the workspace that has a main branch."""
        owner = self._forge.owner
        first = self._rest.required(f"/repositories/{segment(owner)}", f"workspace {owner!r}", pagelen=_CLOUD_PER_PAGE)
        return [
            FoundRepository(
                owner=owner,
                name=each["full_name"].rpartition("/")[2],
                ident=each["uuid"],
                branch=each["mainbranch"]["name"],
                sha="",
                https=_clone(each, "https"),
                ssh=_clone(each, "ssh"),
            )
            for each in self._all(first)
            if each.get("mainbranch")
        ]

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The repository at each branch, or at its main one."""
        base = f"{self._repository(repository.name)}/refs/branches"
        if self._forge.all_branches:
            items = list(self._all(self._rest.get(base, pagelen=_CLOUD_PER_PAGE)))
        else:
            one = self._rest.get(f"{base}/{segment(repository.branch)}")
            items = [one.body] if one else []
        return [replace(repository, branch=each["name"], sha=each["target"]["hash"]) for each in items]

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the commit has a file or folder there."""
        where = f"{self._repository(repository.name)}/src/{segment(repository.sha)}/{quote(path)}"
        return self._rest.get(where, format="meta") is not None

    def pull_requests(self) -> list[PullRequest] | None:
        """Open pull requests; Bitbucket has no labels for them."""
        where = f"{self._repository(self._forge.repository)}/pullrequests"
        first = self._rest.get(where, state="OPEN", pagelen=_CLOUD_PER_PAGE)
        if first is None:
            return None
        return [
            PullRequest(
                number=each["id"],
                title=each["title"],
                branch=each["source"]["branch"]["name"],
                target=each["destination"]["branch"]["name"],
                sha=each["source"]["commit"]["hash"],
                author=each["author"].get("nickname", ""),
            )
            for each in self._all(first)
        ]

    def _repository(self, name: str) -> str:
        return f"/repositories/{segment(self._forge.owner)}/{segment(name)}"

    def _all(self, first: Answer | None) -> Iterator[Any]:
        for answer in self._rest.pages(first, lambda page: page.body.get("next")):
            yield from answer.body["values"]


class BitbucketServer:
    """One project of a Data Center installation, or one repository in it."""

    def __init__(self, rest: Rest, forge: Forge) -> None:
        self._rest = rest
        self._forge = forge

    def repositories(self) -> list[FoundRepository]:
        """Every repository of the project."""
        key = self._forge.owner
        items = self._all(f"/projects/{segment(key)}/repos")
        if items is None:
            raise self._rest.missing(f"project {key!r}")
        return [
            FoundRepository(
                owner=each["project"]["key"],
                name=each["slug"],
                ident=str(each["id"]),
                branch="",
                sha="",
                https=_clone(each, "http"),
                ssh=_clone(each, "ssh"),
            )
            for each in items
        ]

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The repository at each branch, or at its default one; none where it is empty."""
        base = f"{_at_server(repository.owner, repository.name)}/branches"
        if self._forge.all_branches:
            items = self._all(base) or []
        else:
            one = self._rest.get(f"{base}/default")
            items = [one.body] if one else []
        return [replace(repository, branch=each["displayId"], sha=each["latestCommit"]) for each in items]

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the branch has a file or folder there."""
        where = f"{_at_server(repository.owner, repository.name)}/browse/{quote(path)}"
        return self._rest.get(where, at=repository.branch, type="true") is not None

    def pull_requests(self) -> list[PullRequest] | None:
        """Open pull requests; Bitbucket has no labels for them."""
        items = self._all(f"{_at_server(self._forge.owner, self._forge.repository)}/pull-requests", state="OPEN")
        if items is None:
            return None
        return [
            PullRequest(
                number=each["id"],
                title=each["title"],
                branch=each["fromRef"]["displayId"],
                target=each["toRef"]["displayId"],
                sha=each["fromRef"]["latestCommit"],
                author=each["author"]["user"]["name"],
            )
            for each in items
        ]

    def _all(self, path: str, **query: str) -> list[Any] | None:
        answer = self._rest.get(path, **query, limit=_PER_PAGE)
        if answer is None:
            return None
        items: list[Any] = list(answer.body["values"])
        while not answer.body.get("isLastPage", True):
            answer = self._rest.required(
                path, "further pages", **query, limit=_PER_PAGE, start=answer.body["nextPageStart"]
            )
            items += answer.body["values"]
        return items


def _at_server(key: str, name: str) -> str:
    return f"/projects/{segment(key)}/repos/{segment(name)}"


def _clone(item: Mapping[str, Any], name: str) -> str:
    return next((each["href"] for each in item["links"]["clone"] if each["name"] == name), "")
