"""What our client asks of a Gitea, asked of a real one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mooring.appsets.hosts_github import GitHubLike
from mooring.errors import ConfigurationError, ForbiddenError, RejectedError
from mooring.forge.asking import api_of, shown_token
from mooring.forge.gitea import Gitea
from mooring.forge.opening import Forges, hook_host
from mooring.forge.places import Named
from mooring.forge.ports import CodeHost, Proposal
from mooring.forge.rest import Rest
from mooring.model.forges import Forge
from mooring.model.mergedrequest import Review
from mooring.source.credentials import BasicCredential, Credential, TokenCredential, select
from tests.doubles.realgitea import RealGitea, real_gitea


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    """A Gitea for the tests of this file."""
    with real_gitea(tmp_path_factory.mktemp("gitea")) as started:
        yield started


def opened(gitea: RealGitea, url: str, credential: Credential | None) -> CodeHost | None:
    """The host of a repository, as its credential opens it."""

    class Store:
        def find(self, url: str, *, fresh: bool = False) -> Credential | None:
            return select([credential] if credential else [], url)

    named = {gitea.url.removeprefix("http://"): Named("gitea")}
    return Forges(Store(), lambda: named, guard=lambda _: None).host(url)


def client(gitea: RealGitea, url: str, user: str = "ada") -> CodeHost:
    """As a user with a token."""
    host = opened(gitea, url, TokenCredential(gitea.url, gitea.tokens[user]))
    assert isinstance(host, Gitea)
    return host


def test_the_request_that_a_merge_made_is_found_with_its_reviewers(gitea: RealGitea) -> None:
    """GIVEN a request that one approved, one had changed and a third then merged, its commit tells them all."""
    url = gitea.repository("merged")
    gitea.branch("merged", "feature", by="bert")
    made = gitea.ask(
        "POST", "/repos/ada/merged/pulls", {"head": "feature", "base": "main", "title": "Ship it"}, by="bert"
    )
    label = gitea.ask("POST", "/repos/ada/merged/labels", {"name": "risky", "color": "#ff0000"})
    gitea.ask("POST", f"/repos/ada/merged/issues/{made['number']}/labels", {"labels": [label["id"]]})
    reviews = f"/repos/ada/merged/pulls/{made['number']}/reviews"
    gitea.ask("POST", reviews, {"event": "REQUEST_CHANGES", "body": "no"}, by="cleo")
    gitea.ask("POST", reviews, {"event": "APPROVED", "body": "yes"}, by="cleo")
    gitea.ask("POST", reviews, {"event": "COMMENT", "body": "hm"}, by="cleo")
    gitea.ask("POST", reviews, {"event": "REQUEST_CHANGES", "body": "never"})
    merge(gitea, "merged", made["number"], by="cleo")
    commit = gitea.ask("GET", f"/repos/ada/merged/pulls/{made['number']}")["merge_commit_sha"]
    found = client(gitea, url).merged_request(commit)
    assert found is not None
    assert (made["number"], "Ship it", made["html_url"], "bert", "cleo", ("risky",)) == (
        found.number, found.title, found.url, found.author, found.merged_by, found.labels,
    )  # fmt: skip
    assert {Review("cleo", "approved"), Review("ada", "changes requested")} == set(found.reviews)
    assert found.created_at <= found.merged_at


def test_a_commit_that_was_pushed_has_no_request(gitea: RealGitea) -> None:
    """GIVEN a commit that nobody merged, none is known."""
    url = gitea.repository("pushed")
    commit = gitea.ask("GET", "/repos/ada/pushed/branches/main")["commit"]["id"]
    assert client(gitea, url).merged_request(commit) is None


def test_a_request_lives_from_opening_to_closing(gitea: RealGitea) -> None:
    """GIVEN a branch, its request is opened, found among others, rewritten, commented on and closed."""
    url = gitea.repository("changes")
    for branch in ("one", "two", "three", "four"):
        gitea.branch("changes", branch)
    host = client(gitea, url)
    for branch in ("one", "two", "three", "four"):
        host.open_change(Proposal(branch, "main", f"Take {branch}", "from a test"))
    found = host.find_change("one", "main")
    assert found is not None
    assert ("one", "main", "Take one", "from a test", "open") == (
        found.head, found.base, found.title, found.body, found.state,
    )  # fmt: skip
    host.rewrite_change(found.number, "Take one, now", "anew")
    host.comment(found.number, "obsolete")
    host.close_change(found.number)
    again = host.change(found.number)
    assert again is not None
    assert ("Take one, now", "anew", "closed") == (again.title, again.body, again.state)
    assert ["obsolete"] == [
        each["body"] for each in gitea.ask("GET", f"/repos/ada/changes/issues/{found.number}/comments")
    ]
    assert host.find_change("one", "main") is None
    with pytest.raises(RejectedError):
        host.open_change(Proposal("two", "main", "Take two", "a second time"))


def test_a_merged_request_says_so(gitea: RealGitea) -> None:
    """GIVEN a request that was merged, its state is that, and not closed."""
    url = gitea.repository("states")
    gitea.branch("states", "feature")
    host = client(gitea, url)
    number = host.open_change(Proposal("feature", "main", "Ship it", "")).number
    merge(gitea, "states", number)
    change = host.change(number)
    assert change is not None
    assert change.state == "merged"
    assert host.change(9999) is None


def test_hooks_are_made_listed_and_brought_up_to_date(gitea: RealGitea) -> None:
    """GIVEN a token that may change hooks, one is made, and made again in place."""
    url = gitea.repository("hooked")
    place, host = hook_host(url, gitea.tokens["ada"], dict, kind="gitea", guard=lambda _: None)
    assert place.kind == "gitea"
    made = host.create_hook("https://mooring.example/api/webhook", "a-secret")
    assert {"push", "create", "delete", "pull_request"} <= set(made.events)
    gitea.ask("PATCH", f"/repos/ada/hooked/hooks/{made.id}", {"events": ["push"], "active": False})
    anew = host.update_hook(made, "another")
    assert [anew] == list(host.hooks())
    assert (made.url, made.events, True) == (anew.url, anew.events, anew.active)


def test_who_may_not_is_told_so(gitea: RealGitea) -> None:
    """GIVEN a wrong token, no token and somebody else's repository, the errors say which."""
    url = gitea.repository("private")
    gitea.ask("PATCH", "/repos/ada/private", {"private": True})
    wrong = opened(gitea, url, TokenCredential(gitea.url, "0" * 40))
    assert wrong is not None
    with pytest.raises(ForbiddenError):
        wrong.change(1)
    assert opened(gitea, url, None) is None
    _, host = hook_host(url, gitea.tokens["bert"], dict, kind="gitea", guard=lambda _: None)
    with pytest.raises((ForbiddenError, ConfigurationError)):
        host.hooks()


def test_a_password_opens_it_as_well(gitea: RealGitea) -> None:
    """GIVEN a user's name and token as git has them, the API takes them."""
    url = gitea.repository("basic")
    host = opened(gitea, url, BasicCredential(gitea.url, "ada", gitea.tokens["ada"]))
    assert host is not None
    assert host.find_change("none", "main") is None


def test_generators_see_every_label_and_branch(gitea: RealGitea) -> None:
    """GIVEN a repository with more labels and branches than a page holds, a generator sees them all."""
    gitea.repository("labelled")
    labels, branches = {f"label-{number}" for number in range(5)}, {f"branch-{number}" for number in range(4)}
    for label in sorted(labels):
        gitea.ask("POST", "/repos/ada/labelled/labels", {"name": label, "color": "#00ff00"})
    for branch in sorted(branches):
        gitea.branch("labelled", branch)
    rest = Rest(
        api_of("gitea", gitea.url), shown_token("gitea", gitea.tokens["ada"]), where="spec", guard=lambda _: None
    )
    host = GitHubLike(rest, Forge("gitea", "ada", api=gitea.url, all_branches=True))
    found = next(each for each in host.repositories() if each.name == "labelled")
    assert labels == set(found.labels)
    assert {"main", *branches} == {each.branch for each in host.branches(found)}


def merge(gitea: RealGitea, repository: str, number: int, *, by: str = "ada") -> None:
    """Merges a request, as soon as Gitea has found out that it can be."""
    path = f"/repos/ada/{repository}/pulls/{number}"
    deadline = time.monotonic() + 30
    while not gitea.ask("GET", path)["mergeable"] and time.monotonic() < deadline:
        time.sleep(0.05)
    gitea.ask("POST", f"{path}/merge", {"Do": "merge"}, by=by)
