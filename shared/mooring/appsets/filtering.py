"""Which repositories and pull requests of a code host a generator means.

Repositories are judged before their branches are listed, so that those which are not meant cost no request. A filter
that names both kinds of conditions takes part in both rounds (Argo CD, "SCM Provider Generator", Filters). Patterns are
regular expressions, found anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mooring.appsets.ports import CodeHosts, FoundRepository, PullRequest
from mooring.errors import ConfigurationError
from mooring.model.generators import PullRequests, Repositories, RepositoryFilter, RequestFilter

__all__ = ["chosen_repositories", "chosen_requests"]


@dataclass(frozen=True, slots=True)
class _Filter:
    """A filter with its patterns compiled."""

    wanted: RepositoryFilter
    name: re.Pattern[str]
    label: re.Pattern[str]
    branch: re.Pattern[str]

    def of_repositories(self) -> bool:
        return bool(self.wanted.repository or self.wanted.label)

    def of_branches(self) -> bool:
        return bool(self.wanted.branch or self.wanted.paths_exist or self.wanted.paths_do_not_exist)

    def fits(self, repository: FoundRepository) -> bool:
        if not self.name.search(repository.name):
            return False
        return not self.wanted.label or any(self.label.search(each) for each in repository.labels)

    def fits_branch(self, at: FoundRepository, has: Callable[[FoundRepository, str], bool]) -> bool:
        return (
            self.branch.search(at.branch) is not None
            and all(has(at, path) for path in self.wanted.paths_exist)
            and not any(has(at, path) for path in self.wanted.paths_do_not_exist)
        )


def chosen_repositories(hosts: CodeHosts, detail: Repositories, namespace: str, where: str) -> list[FoundRepository]:
    """The branches that are meant. Raises `ConfigurationError` for a pattern, and what the host raises."""
    forge = detail.forge
    filters = [_compiled(each, f"{where}.filters[{index}]") for index, each in enumerate(detail.filters)]
    first = [each for each in filters if each.of_repositories()]
    second = [each for each in filters if each.of_branches()]
    found: list[FoundRepository] = []
    for repository in hosts.repositories(forge, namespace):
        if not first or any(each.fits(repository) for each in first):
            found += hosts.branches(forge, namespace, repository)
    answers: dict[tuple[str, str, str, str], bool] = {}

    def has(at: FoundRepository, path: str) -> bool:
        key = (at.owner, at.name, at.branch, path.rstrip("/"))
        if key not in answers:
            answers[key] = hosts.has_path(forge, namespace, at, key[-1])
        return answers[key]

    return [each for each in found if not second or any(one.fits_branch(each, has) for one in second)]


def chosen_requests(hosts: CodeHosts, detail: PullRequests, namespace: str, where: str) -> list[PullRequest]:
    """The pull requests that are meant. Raises `ConfigurationError` where there is no such repository, as a rule."""
    patterns = [_request_patterns(each, f"{where}.filters[{index}]") for index, each in enumerate(detail.filters)]
    requests = hosts.pull_requests(detail.forge, namespace)
    if requests is None:
        if detail.missing_is_empty:
            return []
        raise ConfigurationError(
            "there is no such repository, or it may not be seen with this token", field=detail.forge.where
        )
    return [each for each in requests if not patterns or any(_request_fits(each, *one) for one in patterns)]


def _request_fits(
    request: PullRequest, branch: re.Pattern[str], target: re.Pattern[str], title: re.Pattern[str]
) -> bool:
    found = (branch.search(request.branch), target.search(request.target), title.search(request.title))
    return all(each is not None for each in found)


def _compiled(each: RepositoryFilter, where: str) -> _Filter:
    return _Filter(
        each,
        _pattern(each.repository, f"{where}.repositoryMatch"),
        _pattern(each.label, f"{where}.labelMatch"),
        _pattern(each.branch, f"{where}.branchMatch"),
    )


def _request_patterns(each: RequestFilter, where: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    return (
        _pattern(each.branch, f"{where}.branchMatch"),
        _pattern(each.target, f"{where}.targetBranchMatch"),
        _pattern(each.title, f"{where}.titleMatch"),
    )


def _pattern(text: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ConfigurationError(f"{text!r} is not a regular expression: {error}", field=where) from None
