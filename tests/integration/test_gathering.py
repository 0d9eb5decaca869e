"""What several applications of one commit read comes in one request, from a real git server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.flows.renders.gathering import gather
from mooring.model.application import Application, parse_application
from mooring.source import Credential, Repositories, Resolution
from mooring.state.wanted import Input

if TYPE_CHECKING:
    from tests.conftest import Repositories as Served

LARGE: dict[str, str | bytes | None] = {
    f"docs/{n // 100}/{n}.md": "text" for n in range(2100)
}  # more than are checked out as a whole


class NoCredentials:
    """The server asks for none."""

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return None


def application(name: str, source: dict[str, Any]) -> Application:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {"source": source, "destination": {"name": "in-cluster"}},
    }
    return parse_application(document).application


def test_several_applications_of_a_large_repository_take_one_request(git_server: Served, tmp_path: Path) -> None:
    """GIVEN folders, and a chart's value files, of a large repository WHEN they are gathered THEN one request brings
    them all, and opening each of them takes none.
    """
    files = {f"apps/{name}/settings.yaml": name for name in ("one", "two")} | {"values/three.yaml": "a: 1"}
    chart = {"chart/Chart.yaml": "name: web\nversion: 1.0.0\n"}
    url = git_server.create("large.git", {**LARGE, **files, **chart})
    applications = [application(name, {"repoURL": url, "path": f"apps/{name}"}) for name in ("one", "two")]
    helm = {"valueFiles": ["../values/three.yaml"]}
    applications.append(application("three", {"repoURL": url, "path": "chart", "helm": helm}))
    repositories = Repositories(tmp_path / "repos", NoCredentials())
    found = repositories.latest(url, ["main"])["main"]
    assert isinstance(found, Resolution)
    given = Input(url, "main", revision=found.sha)
    before = git_server.server.counts()

    gather(repositories, [(each, [given], ()) for each in applications])

    asked = git_server.server.counts() - before
    assert 1 == sum(line.endswith("git-upload-pack") and line.startswith("POST") for line in asked.elements())
    for path, content in files.items():
        with repositories.opened(url, found.sha, [path]) as checkout:
            assert content == (checkout.root / path).read_text()
            assert not (checkout.root / "docs").exists()
    assert asked == git_server.server.counts() - before


def test_a_repository_that_can_not_be_read_is_left_to_the_render(git_server: Served, tmp_path: Path) -> None:
    """GIVEN a commit that is not there WHEN two applications want it THEN gathering says nothing; alone neither asks."""
    url = git_server.create("small.git", {"a/b.yaml": "1"})
    both = [application(name, {"repoURL": url, "path": "a"}) for name in ("one", "two")]
    repositories = Repositories(tmp_path / "repos", NoCredentials())
    given = Input(url, "main", revision="1" * 40)
    gather(repositories, [(both[0], [given], ())])
    assert not git_server.server.counts()
    gather(repositories, [(each, [given], ()) for each in both])
    assert git_server.server.counts()
