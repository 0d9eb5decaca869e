"""Which repositories and pull requests of a code host a generator means.

Repositories are judged before their branches are listed, so that those which are not meant cost no request. A filter
that names both kinds of conditions takes part in both rounds (Argo CD, "SCM Provider Generator", Filters). Patterns are
regular expressions in Go's syntax, found anywhere; all of a round are one question.
"""

from __future__ import annotations

from mooring.appsets.ports import CodeHosts, FoundRepository, PullRequest
from mooring.appsets.rendering import Pattern, Renderer
from mooring.errors import ConfigurationError
from mooring.model.generatorkinds import PullRequests, Repositories

__all__ = ["chosen_repositories", "chosen_requests"]


def chosen_repositories(
    hosts: CodeHosts, detail: Repositories, namespace: str, renderer: Renderer, where: str
) -> list[FoundRepository]:
    """The branches that are meant. Raises `ConfigurationError` for a pattern, and what the host raises."""
    found: list[FoundRepository] = []
    for repository in _named(list(hosts.repositories(detail.forge, namespace)), detail, renderer, where):
        found += hosts.branches(detail.forge, namespace, repository)
    return _at_branches(hosts, found, detail, namespace, renderer, where)


def _named(
    repositories: list[FoundRepository], detail: Repositories, renderer: Renderer, where: str
) -> list[FoundRepository]:
    filters = [(index, each) for index, each in enumerate(detail.filters) if each.repository or each.label]
    if not filters:
        return repositories
    names, labels = [each.name for each in repositories], sorted({one for each in repositories for one in each.labels})
    answers = renderer.matches(
        [Pattern(each.repository, names, f"{where}.filters[{index}].repositoryMatch") for index, each in filters]
        + [Pattern(each.label, labels, f"{where}.filters[{index}].labelMatch") for index, each in filters]
    )
    chosen = []
    for number, repository in enumerate(repositories):
        for position, (_, each) in enumerate(filters):
            known = dict(zip(labels, answers[len(filters) + position], strict=True))
            if answers[position][number] and (not each.label or any(known[one] for one in repository.labels)):
                chosen.append(repository)
                break
    return chosen


def _at_branches(
    hosts: CodeHosts,
    found: list[FoundRepository],
    detail: Repositories,
    namespace: str,
    renderer: Renderer,
    where: str,
) -> list[FoundRepository]:
    filters = [
        (index, each)
        for index, each in enumerate(detail.filters)
        if each.branch or each.paths_exist or each.paths_do_not_exist
    ]
    if not filters:
        return found
    branches = [each.branch for each in found]
    matches = renderer.matches(
        [Pattern(each.branch, branches, f"{where}.filters[{index}].branchMatch") for index, each in filters]
    )
    answers: dict[tuple[int, str], bool] = {}

    def has(number: int, path: str) -> bool:
        key = (number, path.rstrip("/"))
        if key not in answers:
            answers[key] = hosts.has_path(detail.forge, namespace, found[number], key[1])
        return answers[key]

    return [
        repository
        for number, repository in enumerate(found)
        if any(
            matches[position][number]
            and all(has(number, path) for path in each.paths_exist)
            and not any(has(number, path) for path in each.paths_do_not_exist)
            for position, (_, each) in enumerate(filters)
        )
    ]


def chosen_requests(
    hosts: CodeHosts, detail: PullRequests, namespace: str, renderer: Renderer, where: str
) -> list[PullRequest]:
    """The pull requests that are meant. Raises `ConfigurationError` where there is no such repository, as a rule."""
    requests = hosts.pull_requests(detail.forge, namespace)
    if requests is None:
        if detail.missing_is_empty:
            return []
        raise ConfigurationError(
            "there is no such repository, or it may not be seen with this token", field=detail.forge.where
        )
    if not detail.filters:
        return list(requests)
    branches, targets = [each.branch for each in requests], [each.target for each in requests]
    titles = [each.title for each in requests]
    patterns = [
        pattern
        for index, each in enumerate(detail.filters)
        for pattern in (
            Pattern(each.branch, branches, f"{where}.filters[{index}].branchMatch"),
            Pattern(each.target, targets, f"{where}.filters[{index}].targetBranchMatch"),
            Pattern(each.title, titles, f"{where}.filters[{index}].titleMatch"),
        )
    ]
    answers = renderer.matches(patterns)
    fitting = [[all(each) for each in zip(*answers[at : at + 3], strict=True)] for at in range(0, len(answers), 3)]
    return [each for number, each in enumerate(requests) if any(one[number] for one in fitting)]
