"""The git generator over real repositories, served over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.appsets.generating import generate
from mooring.appsets.gittrees import RepositoryTrees
from mooring.appsets.ports import Ports
from mooring.errors import ConfigurationError, MooringError
from mooring.source import Repositories
from tests.doubles.generatorworld import World, declared


class NoCredentials:
    """Everything is public."""

    def find(self, url: str, *, fresh: bool = False) -> None:
        """No credential."""


@pytest.fixture
def trees(tmp_path: Path) -> Callable[[], RepositoryTrees]:
    """Trees over one set of warm repositories, anew for each evaluation."""
    repositories = Repositories(tmp_path / "git", NoCredentials())
    return lambda: RepositoryTrees(repositories)


def ports(trees: RepositoryTrees) -> Ports:
    world = World()
    return Ports(world, trees, (), world, world, world)


def test_folders_and_files_come_from_the_commit(git_server: Any, trees: Callable[[], RepositoryTrees]) -> None:
    """GIVEN a repository WHEN it changes THEN the next evaluation follows, and the one under way does not."""
    url = git_server.create("fleet.git", {"apps/web/a.yaml": "size: s", "apps/api/a.yaml": "size: l", "x": "y"})
    folders = declared({"git": {"repoURL": url, "directories": [{"path": "apps/*"}]}}, name="{{path.basename}}")
    files = declared({"git": {"repoURL": url, "files": [{"path": "apps/**.yaml"}]}}, name="{{path.basename}}-{{size}}")
    first = trees()
    assert ["api", "web"] == [each.name for each in generate(folders, ports(first))]
    sha = git_server.commit("fleet.git", {"apps/new/a.yaml": "size: m", "apps/web/a.yaml": None})
    assert ["api-l", "web-s"] == [each.name for each in generate(files, ports(first))]
    second = trees()
    assert ["api-l", "new-m"] == [each.name for each in generate(files, ports(second))]
    assert {(url, "HEAD"): sha} == second.commits


def test_links_stay_inside_and_files_stay_small(git_server: Any, trees: Callable[[], RepositoryTrees]) -> None:
    """GIVEN a link that leads out, and a huge file WHEN read THEN each is an error that names it."""
    url = git_server.create("fleet.git", {"big.json": b"[" + b" " * (3 << 20) + b"]"})
    git_server.commit("fleet.git", {}, links={"out.yaml": "../../../../../../../../etc/hostname"})
    for path in ("big.json", "out.yaml"):
        found = declared({"git": {"repoURL": url, "files": [{"path": path}]}})
        with pytest.raises(ConfigurationError, match=path.replace(".", r"\.")):
            generate(found, ports(trees()))


def test_a_repository_or_revision_that_is_missing_is_an_error(
    git_server: Any, trees: Callable[[], RepositoryTrees]
) -> None:
    """Nothing of it looks like a repository without folders."""
    url = git_server.create("fleet.git", {"a/b": "c"})
    for address, revision in ((url, "gone"), (git_server.url("nothing.git"), "HEAD")):
        found = declared({"git": {"repoURL": address, "revision": revision, "directories": [{"path": "*"}]}})
        with pytest.raises(MooringError):
            generate(found, ports(trees()))
