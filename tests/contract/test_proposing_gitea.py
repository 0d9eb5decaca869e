"""Pull requests on a real Gitea, from the edit to the request that is closed."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.tools import ensure
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.forge.opening import Forges
from mooring.forge.places import Named
from mooring.forge.ports import CodeHost, Proposal
from mooring.source.commits import Writers
from mooring.source.credentials import BasicCredential, Credential, select
from mooring.source.gokit import GoKit
from mooring.writeback.edits import Edit, SetImage
from mooring.writeback.proposing import Hosts, Words, propose, withdraw
from mooring.writeback.updates import Destination, ImageChange, Style, Update
from mooring.writeback.writing import WritePorts, write
from tests.doubles.realgitea import RealGitea, real_gitea

IMAGE = "registry.example.com/shop/web"
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    with real_gitea(tmp_path_factory.mktemp("gitea")) as started:
        yield started


class As:
    """A user with a token, for git and for the API."""

    def __init__(self, gitea: RealGitea, user: str = "ada") -> None:
        self.credential = BasicCredential(gitea.url, user, gitea.tokens[user])
        self.named = {gitea.url.removeprefix("http://"): Named("gitea")}

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select([self.credential], url)

    def hosts(self, url: str, credential: str) -> CodeHost | None:
        return Forges(self, lambda: self.named, guard=lambda _: None).host(url)


def ports(tmp_path: Path, store: As) -> WritePorts:
    gokit = GoKit(str(ensure(("gokit",), print)["gokit"]))
    return WritePorts(Writers(tmp_path / "writes"), lambda _: store, lambda: None, gokit.ask, sleep=lambda _: None)


Wait = Callable[[str, int], Any]


def repository(gitea: RealGitea, name: str) -> str:
    url = gitea.repository(name)
    for app in ("web", "api"):
        put(gitea, name, f"apps/{app}/kustomization.yaml", "images:\n- name: web\n  newTag: v1 # kept\n")
    return url


def put(gitea: RealGitea, name: str, path: str, text: str, *, branch: str = "main") -> None:
    found = {}
    try:
        found = {"sha": gitea.ask("GET", f"/repos/ada/{name}/contents/{path}?ref={branch}")["sha"]}
    except AssertionError:
        pass
    body = {"content": base64.b64encode(text.encode()).decode(), "message": "by hand", "branch": branch, **found}
    gitea.ask("PUT" if found else "POST", f"/repos/ada/{name}/contents/{path}", body)


def content(gitea: RealGitea, name: str, path: str, branch: str) -> str:
    found = gitea.ask("GET", f"/repos/ada/{name}/contents/{path}?ref={branch}")["content"]
    return base64.b64decode(found).decode()


def requests(gitea: RealGitea, name: str, state: str = "all") -> list[Any]:
    return list(gitea.ask("GET", f"/repos/ada/{name}/pulls?state={state}&limit=50"))


def update(tag: str, app: str = "web", old: str = "v1") -> Update:
    labels = {
        "org.opencontainers.image.source": "https://github.com/acme/shop.git",
        "org.opencontainers.image.revision": SHA,
        "org.opencontainers.image.title": "shop | `web` @everyone",
    }
    edit = Edit(f"apps/{app}", SetImage("web", tag=tag))
    return Update("argocd", app, (edit,), (ImageChange(IMAGE, old, tag, "web", labels),))


def test_a_request_is_opened_updated_in_place_and_closed(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a new image, one request is opened, follows newer images and a second application, says what changes, and
    is closed with a word when it is obsolete.
    """
    url, ada = repository(gitea, "life"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "", "mooring/images")
    opened = propose(made, ada.hosts, place, [update("v2")])
    assert opened.change is not None
    assert ("opened", "build: automatic update of web", "main") == (
        opened.state, opened.change.title, opened.change.base,
    )  # fmt: skip
    body = opened.change.body
    assert f"| `argocd/web` | `{IMAGE}` | `v1` | `v2` |" in body
    assert f"[{SHA[:12]}](https://github.com/acme/shop/commit/{SHA})" in body
    assert "title: `shop / 'web' @everyone`" in body
    assert "unchanged" == propose(made, ada.hosts, place, [update("v2")]).state
    style = Style(labels=("images", "mooring"))
    updated = propose(made, ada.hosts, place, [update("v3"), update("v3", "api")], style)
    assert updated.change is not None
    assert ("updated", opened.change.number) == (updated.state, updated.change.number)
    (only,) = requests(gitea, "life")
    assert "build: automatic update of 2 applications" == only["title"]
    assert "`argocd/api`" in only["body"]
    assert "images:\n- name: web\n  newTag: v3 # kept\n" == content(
        gitea, "life", "apps/api/kustomization.yaml", "mooring/images"
    )
    closed = withdraw(made, ada.hosts, place, "Obsolete: argocd/web follows another tag now.")
    assert closed is not None
    assert "closed" == requests(gitea, "life")[0]["state"]
    comments = gitea.ask("GET", f"/repos/ada/life/issues/{closed.number}/comments")
    assert ["Obsolete: argocd/web follows another tag now."] == [each["body"] for each in comments]
    assert withdraw(made, ada.hosts, place, "again") is None
    gitea.ask("POST", "/repos/ada/life/labels", {"name": "images", "color": "#00ff00"})
    labelled = propose(made, ada.hosts, place, [update("v4")], style)
    assert labelled.change is not None
    found = gitea.ask("GET", f"/repos/ada/life/pulls/{labelled.change.number}")["labels"]
    assert ["images", "mooring"] == sorted(each["name"] for each in found)


def test_a_crash_between_push_and_request(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a branch that was pushed and no request, or a request that nobody noted, there is one in the end."""
    url, ada = repository(gitea, "crash"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    pushed = write(made, place, [update("v2")])
    opened = propose(made, ada.hosts, place, [update("v2")])
    assert ("opened", pushed.sha) == (opened.state, opened.written.sha)
    again = propose(ports(tmp_path / "b", ada), ada.hosts, place, [update("v2")])
    assert "unchanged" == again.state
    assert 1 == len(requests(gitea, "crash"))


def test_what_the_base_has_needs_no_request(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN an open request and a base that somebody brought there by hand, it is closed; and it is not opened for
    nothing.
    """
    url, ada = repository(gitea, "byhand"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    propose(made, ada.hosts, place, [update("v2")])
    put(gitea, "byhand", "apps/web/kustomization.yaml", "images:\n- name: web\n  newTag: v2 # kept\n")
    assert "closed" == propose(made, ada.hosts, place, [update("v2")]).state
    assert "nothing" == propose(made, ada.hosts, place, [update("v2")]).state
    assert ["closed"] == [each["state"] for each in requests(gitea, "byhand")]


def test_after_a_merge_the_branch_serves_again(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a merged request, the same branch carries the next one, even back to the merged image after a revert."""
    url, ada = repository(gitea, "merged"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    first = propose(made, ada.hosts, place, [update("v2")])
    assert first.change is not None
    merge(gitea, "merged", first.change.number)
    assert "nothing" == propose(made, ada.hosts, place, [update("v2")]).state
    put(gitea, "merged", "apps/web/kustomization.yaml", "images:\n- name: web\n  newTag: v1 # reverted\n")
    second = propose(made, ada.hosts, place, [update("v2")], last=first.change.number)
    assert second.change is not None
    assert ("opened", True) == (second.state, second.change.number != first.change.number)
    merge(gitea, "merged", second.change.number)
    assert "v2 # reverted" in content(gitea, "merged", "apps/web/kustomization.yaml", "main")


def test_a_conflict_on_the_base_is_settled(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a base that changed the same line, the open request becomes mergeable again without force."""
    url, ada = repository(gitea, "conflict"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    opened = propose(made, ada.hosts, place, [update("v3")])
    assert opened.change is not None
    put(gitea, "conflict", "apps/web/kustomization.yaml", "images:\n- name: web\n  newTag: v2 # other\n")
    assert "updated" == propose(made, ada.hosts, place, [update("v3", old="v2")]).state
    merge(gitea, "conflict", opened.change.number)
    assert "v3 # other" in content(gitea, "conflict", "apps/web/kustomization.yaml", "main")


def test_a_request_that_a_person_closed_stays_closed(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a person's no, it is respected until there is something new."""
    url, ada = repository(gitea, "declined"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    opened = propose(made, ada.hosts, place, [update("v2")])
    assert opened.change is not None
    number = opened.change.number
    gitea.ask("PATCH", f"/repos/ada/declined/pulls/{number}", {"state": "closed"})
    put(gitea, "declined", "unrelated", "x")
    assert "declined" == propose(made, ada.hosts, place, [update("v2")], last=number).state
    assert 1 == len(requests(gitea, "declined"))
    assert "opened" == propose(made, ada.hosts, place, [update("v3")], last=number).state


def test_somebody_helps_with_the_request(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a person's commit on the request's branch, request and commit stay."""
    url, ada = repository(gitea, "helped"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "mooring/images")
    propose(made, ada.hosts, place, [update("v2")])
    put(gitea, "helped", "migration.yaml", "needed\n", branch="mooring/images")
    assert "unchanged" == propose(made, ada.hosts, place, [update("v2")]).state
    assert "needed\n" == content(gitea, "helped", "migration.yaml", "mooring/images")


def test_words_of_ones_own(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN title and body, as a promotion has them, the request says these."""
    url, ada = repository(gitea, "words"), As(gitea)
    made, place = ports(tmp_path, ada), Destination(url, "main", "promote/production")
    words = Words("Promote shop to production", "Verified in staging.")
    opened = propose(made, ada.hosts, place, [update("v2")], words=words)
    assert opened.change is not None
    assert ("Promote shop to production", "Verified in staging.") == (opened.change.title, opened.change.body)


def test_a_protected_branch_wants_a_request(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN a protected base, a commit is declined with advice, and a request does it."""
    url, bert = repository(gitea, "protected"), As(gitea, "bert")
    rule = {"branch_name": "main", "rule_name": "main", "enable_push": False}
    gitea.ask("POST", "/repos/ada/protected/branch_protections", rule)
    made = ports(tmp_path, bert)
    with pytest.raises(ForbiddenError, match="the branch is protected"):
        write(made, Destination(url), [update("v2")])
    assert "opened" == propose(made, bert.hosts, Destination(url, "", "mooring/images"), [update("v2")]).state


def test_who_may_only_read_is_told_so(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN somebody else's repository, the error says that the right to write is missing."""
    url, bert = repository(gitea, "reader"), As(gitea, "bert")
    gitea.ask("PUT", "/repos/ada/reader/collaborators/bert", {"permission": "read"})
    with pytest.raises(ForbiddenError, match="right to write"):
        write(ports(tmp_path, bert), Destination(url), [update("v2")])


def test_without_an_api_or_a_branch(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN no token for the API, or no branch of its own, the error names the field."""
    url, ada = repository(gitea, "nothing"), As(gitea)
    nobody: Hosts = lambda url, credential: None  # noqa: E731
    with pytest.raises(ConfigurationError, match="repository"):
        propose(ports(tmp_path, ada), nobody, Destination(url, "main", "x"), [update("v2")])
    for head in ("", "main"):
        with pytest.raises(ConfigurationError, match="git-branch"):
            propose(ports(tmp_path, ada), ada.hosts, Destination(url, "", head), [update("v2")])


def test_two_at_once_open_one(gitea: RealGitea, tmp_path: Path) -> None:
    """GIVEN somebody who opens the same request a moment before, theirs is taken."""
    url, ada = repository(gitea, "twice"), As(gitea)

    def hosts(url: str, credential: str) -> CodeHost | None:
        host = ada.hosts(url, credential)
        assert host is not None
        real, asked = host.find_change, 0

        def find(head: str, base: str) -> Any:
            nonlocal asked
            asked += 1
            if asked == 1:
                write(ports(tmp_path / "b", ada), Destination(url, base, head), [update("v2")])
                host.open_change(Proposal(head, base, "theirs", ""))
                return None
            return real(head, base)

        host.find_change = find  # type: ignore[method-assign]
        return host

    found = propose(ports(tmp_path, ada), hosts, Destination(url, "main", "mooring/images"), [update("v2")])
    assert found.change is not None
    assert "theirs" == found.change.title
    assert 1 == len(requests(gitea, "twice"))


def merge(gitea: RealGitea, name: str, number: int) -> None:
    path = f"/repos/ada/{name}/pulls/{number}"
    deadline = time.monotonic() + 30
    while True:  # a Gitea looks first whether it can be merged, and says 405 until it knows
        try:
            gitea.ask("POST", f"{path}/merge", {"Do": "merge"})
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
