"""GitLab (its REST API v4: "Groups", "Branches", "Repositories", "Merge requests")."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.forge.rest import Answer, Rest, segment
from mooring.model.forges import Forge

__all__ = ["GitLab"]


class GitLab:
    """One group, or one project, on a GitLab."""

    def __init__(self, rest: Rest, forge: Forge) -> None:
        self._rest = rest
        self._forge = forge

    def repositories(self) -> list[FoundRepository]:
        """Every project of the group that has a branch."""
        forge = self._forge
        first = self._rest.required(
            f"/groups/{segment(forge.owner)}/projects",
            f"group {forge.owner!r}",
            include_subgroups=_word(forge.subgroups),
            with_shared=_word(forge.shared_projects),
            archived=None if forge.archived else "false",
            topic=forge.topic or None,
            **_PAGED,
        )
        return [
            FoundRepository(
                owner=each["namespace"]["full_path"],
                name=each["path"],
                ident=str(each["id"]),
                branch=each["default_branch"],
                sha="",
                https=each["http_url_to_repo"],
                ssh=each["ssh_url_to_repo"],
                labels=tuple(each.get("topics") or ()),
            )
            for each in self._all(first)
            if each.get("default_branch")
        ]

    def branches(self, repository: FoundRepository) -> list[FoundRepository]:
        """The project at each branch, or at its default one; none where it has no commit yet."""
        base = f"/projects/{repository.ident}/repository/branches"
        if self._forge.all_branches:
            items = list(self._all(self._rest.get(base, **_PAGED)))
        else:
            one = self._rest.get(f"{base}/{segment(repository.branch)}")
            items = [one.body] if one else []
        return [replace(repository, branch=each["name"], sha=each["commit"]["id"]) for each in items]

    def has_path(self, repository: FoundRepository, path: str) -> bool:
        """Whether the branch has a file or folder there."""
        folder, name = posixpath.split(path)
        first = self._rest.get(
            f"/projects/{repository.ident}/repository/tree", path=folder or None, ref=repository.branch, **_PAGED
        )
        return any(each["name"] == name for each in self._all(first))

    def pull_requests(self) -> list[PullRequest] | None:
        """Merge requests with all of the labels, in the wanted state (in any, where none is wanted)."""
        forge = self._forge
        first = self._rest.get(
            f"/projects/{segment(forge.repository)}/merge_requests",
            state=forge.state or None,
            labels=",".join(forge.labels) or None,
            **_PAGED,
        )
        if first is None:
            return None
        return [
            PullRequest(
                number=each["iid"],
                title=each["title"],
                branch=each["source_branch"],
                target=each["target_branch"],
                sha=each["sha"] or "",
                author=each["author"]["username"],
                labels=tuple(each.get("labels") or ()),
            )
            for each in self._all(first)
        ]

    def _all(self, first: Answer | None) -> Iterator[Any]:
        for answer in self._rest.pages(first, Answer.next_link):
            yield from answer.body


_PAGED = {"per_page": 100}


def _word(flag: bool) -> str:
    return "true" if flag else "false"
