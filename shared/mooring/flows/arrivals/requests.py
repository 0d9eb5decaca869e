"""A pull request was opened, changed or closed: whose ApplicationSets have a generator that lists such requests.

Only a delivery about a request asks for this: one query for all sets, and one read for those whose generators ask
services at all. A generator whose repository comes from a template may mean any, so it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mooring.events.forges.happenings import PullRequest
from mooring.flows.arrivals.addresses import normalised
from mooring.model.forges import Forge
from mooring.model.generatorkinds import Generator, Matrix, Merge, PullRequests
from mooring.state.applicationsets import ApplicationSets

__all__ = ["sets_listing"]

_KINDS: Mapping[str, str] = {
    "github": "github",
    "gitlab": "gitlab",
    "bitbucket": "bitbucket",
    "bitbucketserver": "bitbucketServer",
    "azuredevops": "azureDevOps",
    "gitea": "gitea",
    "forgejo": "gitea",
    "gogs": "gitea",
}


def sets_listing(sets: ApplicationSets, provider: str, request: PullRequest) -> list[str]:
    """The sets (`namespace/name`) with a `pullRequest` generator for the repository of this request."""
    asking = [each.key for each in sets.listed() if each.basis.due or each.basis.again or not each.basis.generation]
    if not asking:
        return []
    names = {each.lower() for each in request.names if each} | set(normalised(request.urls))
    records = sets.load(asking)
    return [
        str(key)
        for key in asking
        if (spec := records[key].spec) is not None
        and any(_lists(forge, provider, names) for forge in _forges(spec.application_set.generators))
    ]


def _forges(generators: Iterable[Generator]) -> Iterator[Forge]:
    for each in generators:
        if isinstance(each.detail, Matrix | Merge):
            yield from _forges(each.detail.children)
        elif isinstance(each.detail, PullRequests):
            yield each.detail.forge


def _lists(forge: Forge, provider: str, names: set[str]) -> bool:
    if forge.kind != _KINDS.get(provider, forge.kind):
        return False
    parts = [each for each in (forge.owner, forge.project, forge.repository) if each]
    if any("{{" in part for part in parts):
        return True
    wanted = "/".join(parts).lower()
    return any(name == wanted or name.endswith(f"/{wanted}") for name in names)
