"""GitHub, and Gitea with Forgejo, whose APIs resemble it.

GitHub's REST API ("List organization repositories", "Get a branch", "Get repository content", "List pull requests") and
Gitea's (`/api/v1`, "organization", "repository").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.forge.gitea import counted
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.forges import Forge

__all__ = ["GitHubLike"]

_PER_PAGE = 50  # the most that a Gitea gives by default


class GitHubLike:
    """One organization (or repository) on GitHub or Gitea."""

    def __init__(self, rest: Rest, forge: Forge) -> None:
        self._rest = rest
        self._forge = forge
        self._gitea = forge.kind == "gitea"

    def repositories(self) -> list[FoundRepository]:
        """Every repository of the organization (of the user, where Gitea knows no such organization)."""
        owner = segment(self._forge.owner)
        first = self._page(f"/orgs/{owner}/repos")
        if first is None and self._gitea:
            first = self._page(f"/users/{owner}/repos")
        if first is None:
            raise self._rest.missing(f"organization {self._forge.owner!r}")
        return [self._found(each) for each in self._all(first) if each.get("default_branch") and not each.get("empty")]

    def _found(self, item: Mapping[str, Any]) -> FoundRepository:
        owner, name = item["owner"]["login"], item["name"]
        return FoundRepository(
            owner=owner,
            name=name,
            ident=str(item["id"]),
            branch=item["default_branch"],
            sha="",
            https=item["clone_url"],
            ssh=item["ssh_url"],
            labels=self._labels(owner, name) if self._gitea else tuple(item.get("topics") or ()),
        )

    def _labels(self, owner: str, name: str) -> tuple[str, ...]:
        return tuple(each["name"] for each in self._all(self._page(f"{_repository(owner, name)}/labels")))

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The repository at each branch, or at its default one; none where it has no commit yet."""
        base, key = _repository(repository.owner, repository.name), "id" if self._gitea else "sha"
        if self._forge.all_branches:
            items = list(self._all(self._page(f"{base}/branches")))
        else:
            one = self._rest.get(f"{base}/branches/{segment(repository.branch)}")
            items = [one.body] if one else []
        return [replace(repository, branch=each["name"], sha=each["commit"][key]) for each in items]

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the branch has a file or folder there."""
        base = _repository(repository.owner, repository.name)
        return self._rest.get(f"{base}/contents/{quote(path)}", ref=repository.branch) is not None

    def pull_requests(self) -> list[PullRequest] | None:
        """Open pull requests with all of the labels."""
        first = self._page(f"{_repository(self._forge.owner, self._forge.repository)}/pulls", state="open")
        if first is None:
            return None
        requests = [
            PullRequest(
                number=each["number"],
                title=each["title"],
                branch=each["head"]["ref"],
                target=each["base"]["ref"],
                sha=each["head"]["sha"],
                author=each["user"]["login"],
                labels=tuple(label["name"] for label in each.get("labels") or ()),
            )
            for each in self._all(first)
        ]
        return [each for each in requests if set(self._forge.labels) <= set(each.labels)]

    def _page(self, path: str, **query: str) -> Answer | None:
        size = {"limit": _PER_PAGE} if self._gitea else {"per_page": 100}
        return self._rest.get(path, **query, **size)

    def _all(self, first: Answer | None) -> Iterator[Any]:
        for answer in self._rest.pages(first, counted() if self._gitea else Answer.next_link):
            yield from answer.body


def _repository(owner: str, name: str) -> str:
    return f"/repos/{segment(owner)}/{segment(name)}"
