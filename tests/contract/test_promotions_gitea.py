"""From staging to production by way of a real Gitea: its git, its pull requests, its commit statuses."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.forge.opening import Forges
from mooring.forge.places import Named
from mooring.forge.ports import Check, CheckHost, CodeHost
from mooring.source.credentials import BasicCredential, Credential, select
from tests.doubles.installation import World, installation
from tests.doubles.promotionworld import IMAGE, PROD, STAGING, Stages, application, kustomization, tree
from tests.doubles.realgitea import RealGitea, real_gitea


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    with real_gitea(tmp_path_factory.mktemp("gitea")) as started:
        yield started


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


class Ada:
    """Whoever is registered for the repository, for git and for the API."""

    def __init__(self, gitea: RealGitea) -> None:
        self.credential = BasicCredential(gitea.url, "ada", gitea.tokens["ada"])
        self.named = {gitea.url.removeprefix("http://"): Named("gitea")}

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select([self.credential], url)

    def host(self, url: str) -> CodeHost | None:
        return Forges(self, lambda: self.named, guard=lambda _: None).host(url)


class Shop:
    """A repository with both stages, and who works with it."""

    def __init__(self, gitea: RealGitea, name: str, world: World, root: Path, tools: dict[str, Path]) -> None:
        self.gitea, self.name, self.ada = gitea, name, Ada(gitea)
        self.url = gitea.repository(name)
        for path, content in tree().items():
            assert isinstance(content, str)
            self.put(path, content)
        self.stages = Stages(world, self.url, root, tools, self.ada, self.ada.host)
        self.stages.declare(application("staging", self.url), application("prod", self.url))
        self.stages.deploy()

    def put(self, path: str, text: str, message: str = "by hand") -> str:
        """A commit on main; its SHA."""
        base = f"/repos/ada/{self.name}"
        there = {each["path"]: each["sha"] for each in self.tree() if each["type"] == "blob"}
        body = {"content": base64.b64encode(text.encode()).decode(), "message": message, "branch": "main"}
        if path in there:
            body["sha"] = there[path]
        made = self.gitea.ask("PUT" if path in there else "POST", f"{base}/contents/{path}", body)
        return str(made["commit"]["sha"])

    def tree(self) -> list[dict[str, str]]:
        listed: list[dict[str, str]] = []
        page = 1
        while True:
            base = f"/repos/ada/{self.name}/git/trees/main"
            found = self.gitea.ask("GET", f"{base}?recursive=true&per_page=50&page={page}")
            listed += found["tree"]
            if not found["truncated"]:
                return listed
            page += 1

    def move(self, tag: str) -> str:
        """Staging is given another image, and runs it; the commit."""
        sha = self.put("overlays/staging/kustomization.yaml", kustomization(tag), f"Stage {tag}")
        self.stages.deploy(STAGING)
        return sha

    def merge(self, number: int) -> None:
        """Bert merges a request, once the server has found out that it can be."""
        path = f"/repos/ada/{self.name}/pulls/{number}"
        for _ in range(300):
            if self.gitea.ask("GET", path)["mergeable"]:
                break
            time.sleep(0.1)
        self.gitea.ask("POST", f"{path}/merge", {"Do": "squash"}, by="bert")

    def requests(self, state: str) -> list[int]:
        found = self.gitea.ask("GET", f"/repos/ada/{self.name}/pulls?state={state}&limit=50")
        return sorted(each["number"] for each in found)


@pytest.fixture
def shop(
    gitea: RealGitea,
    worlds: Callable[[], World],
    tmp_path: Path,
    tools: dict[str, Path],
    request: pytest.FixtureRequest,
) -> Shop:
    return Shop(gitea, request.node.name.replace("test_", "")[:30], worlds(), tmp_path, tools)


def test_staging_goes_to_production_and_is_verified(gitea: RealGitea, shop: Shop) -> None:
    """GIVEN an image that is well in staging, a request follows staging in place; merged, production runs it, which is
    on record; and going back in staging closes the next one.
    """
    stages = shop.stages
    stages.promote(how={"pullRequest": {"labels": ["promotion"]}})
    shop.move("v2")
    assert "Proposed" == stages.look()["phase"]
    (number,) = shop.requests("open")
    asked = gitea.ask("GET", f"/repos/ada/{shop.name}/pulls/{number}")
    assert f"Promote staging to prod: {IMAGE}: v1 → v2" == asked["title"]
    assert ["promotion"] == [each["name"] for each in asked["labels"]]
    assert f"+      - image: {IMAGE}:v2\n" in asked["body"].replace("\r\n", "\n")
    shop.move("v3")
    assert "Proposed" == stages.look()["phase"]
    assert [number] == shop.requests("all")
    files = gitea.ask("GET", f"/repos/ada/{shop.name}/pulls/{number}/files")
    assert [("overlays/prod/kustomization.yaml", 1, 1)] == [
        (each["filename"], each["additions"], each["deletions"]) for each in files
    ]
    shop.merge(number)
    assert "Verifying" == stages.look()["phase"]
    stages.deploy(PROD)
    assert ("Verified", f"{IMAGE}:v3") == (stages.look()["phase"], stages.image(PROD))
    assert ["opened", "updated", "merged", "verified"] == stages.told
    shop.move("v4")
    assert "Proposed" == stages.look()["phase"]
    (second,) = shop.requests("open")
    shop.move("v3")
    assert "Verified" == stages.look()["phase"]
    assert ([], [number, second]) == (shop.requests("open"), shop.requests("all"))


def test_checks_of_the_commit_decide(gitea: RealGitea, shop: Shop) -> None:
    """GIVEN statuses that pipelines set, each check's latest counts, however many pages they come in."""
    stages = shop.stages
    stages.promote(when={"checks": True})
    sha = shop.move("v2")
    assert f"no check of {sha[:12]} has reported yet" == stages.look()["message"]

    def report(name: str, state: str) -> None:
        gitea.ask("POST", f"/repos/ada/{shop.name}/statuses/{sha}", {"context": name, "state": state})

    for name in ("build", "lint", "scan", "test"):
        report(name, "pending")
    assert "are not finished: build, lint, scan, test" in stages.look()["message"]
    for name in ("build", "lint", "scan"):
        report(name, "success")
    report("test", "failure")
    assert "are red: test" in stages.look()["message"]
    host = shop.ada.host(shop.url)
    assert isinstance(host, CheckHost)
    assert Check("test", "failed") in host.checks(sha)
    report("test", "success")
    assert "Proposed" == stages.look()["phase"]
