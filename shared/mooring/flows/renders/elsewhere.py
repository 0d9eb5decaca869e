"""What a source names in other repositories, opened: where the project permits it, and at pinned commits.

Argo CD lets Kustomize clone what it likes. Here the repositories are opened with the credentials that are stored for
their addresses, so whoever writes a kustomization would read what others may read. Therefore each address must be
permitted by the project's `sourceRepos`, and each commit bear the signature that the project asks for, just as those of
a declared source must. Charts that a chart depends on need permission where a stored credential would fetch them, as
in Argo CD, which hands Helm those of permitted repositories alone; the same goes for submodules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from mooring.access.project import Project
from mooring.access.rules import source_allowed
from mooring.errors import ConfigurationError
from mooring.flows.rules.permitting import NotPermittedError, permit_source
from mooring.model.application import Application
from mooring.render.helm_dependencies import ChartVersion
from mooring.source import Repositories, Resolution
from mooring.source.charts import Charts
from mooring.source.files import Files
from mooring.source.refs import is_sha, may_be_range
from mooring.source.submodules import Permit
from mooring.source.trees import Checkout
from mooring.state.gpgkeys import GpgKeys
from mooring.state.wanted import Input

__all__ = ["OtherRepositories", "PermittedCharts", "Reach", "still_permitted"]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an application's sources may lead, and by what means."""

    project: Project
    repositories: Repositories
    files: Files
    keys: GpgKeys
    now: datetime


def still_permitted(project: Project, inputs: Iterable[Input]) -> bool:
    """Whether a project, as it is now, permits the repositories that a former render was led to."""
    return all(source_allowed(project, each.url) is None for each in inputs if each.led_to and each.in_git)


@dataclass(frozen=True, slots=True)
class PermittedCharts:
    """The charts that others depend on, a `helm_dependencies.ChartSource`; `permit` raises `NotPermittedError`."""

    charts: Charts
    permit: Permit

    def resolve(
        self, url: str, chart: str, revisions: Iterable[str]
    ) -> Mapping[str, ChartVersion | ConfigurationError]:
        """As `Charts.resolve`."""
        self._check(url)
        return self.charts.resolve(url, chart, revisions)

    def fetched(self, url: str, chart: str, version: str, *, pass_credentials: bool = False) -> Path:
        """As `Charts.fetched`."""
        self._check(url)
        return self.charts.fetched(url, chart, version, pass_credentials=pass_credentials)

    def named(self, name: str) -> str | None:
        """As `Charts.named`."""
        return self.charts.named(name)

    def _check(self, url: str) -> None:
        if self.charts.has_credential(url):
            self.permit(url)


class OtherRepositories:
    """For one render; what it opens stays open until `stack` is left.

    `known` are inputs whose revisions were resolved for this render, and need not be again.
    """

    __slots__ = ("_application", "_opened", "_reach", "_revisions", "_stack")

    def __init__(self, reach: Reach, application: Application, stack: ExitStack, known: Iterable[Input]) -> None:
        self._reach = reach
        self._application = application
        self._stack = stack
        self._revisions = {(each.url, each.target): each.revision for each in known if each.in_git and each.revision}
        self._opened: dict[tuple[str, str], Checkout] = {}

    def base(self, url: str, target: str, path: str) -> tuple[str, Checkout]:
        """The commit that a target of a repository names, with a path in it; and the target, in full where it looks
        like a range of versions, since Kustomize knows none (`v1` is the tag or branch of that name).

        Raises `NotPermittedError`, and what resolving, verifying and fetching raise.
        """
        permit_source(self._reach.project, self._application, url)
        target, sha = self._resolved(url, target)
        opened = self._opened.get((url, sha))
        if opened is None:
            self._verify(Input(url, target), sha)
            permit = partial(permit_source, self._reach.project, self._application)
            opened = self._stack.enter_context(self._reach.repositories.opened(url, sha, [path], permit=permit))
            self._opened[url, sha] = opened
        return target, opened

    def _resolved(self, url: str, target: str) -> tuple[str, str]:
        names = (
            [f"refs/tags/{target}", f"refs/heads/{target}"] if not is_sha(target) and may_be_range(target) else [target]
        )
        for name in names:
            if (url, name) in self._revisions:
                return name, self._revisions[url, name]
        found = self._reach.repositories.latest(url, names)
        for name in names:
            if isinstance(resolution := found[name], Resolution):
                self._revisions[url, name] = resolution.sha
                return name, resolution.sha
        raise ConfigurationError(f"has no tag, branch or commit {target!r}; correct the ref")

    def file(self, url: str) -> bytes:
        """The content of a file. Raises `NotPermittedError`, and what `Files.fetched` raises."""
        permit_source(self._reach.project, self._application, url)
        if self._reach.project.signatures:
            raise NotPermittedError(
                f"the project {self._reach.project.name!r} asks for signatures, which a single file has not; put it "
                "into a repository"
            )
        return self._reach.files.fetched(url)

    def _verify(self, given: Input, sha: str) -> None:
        project = self._reach.project
        if project.signatures:
            from mooring.flows.renders.verifying import verify_sources  # with what few projects need

            verify_sources(project, {given: sha}, self._reach.repositories, self._reach.keys, self._reach.now)
