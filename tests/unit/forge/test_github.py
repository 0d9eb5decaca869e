"""GitHub is asked as its REST API is documented; a double demands the header and answers with examples of its pages."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.forge.asking import api_of, shown_token
from mooring.forge.github import GitHub, last_words
from mooring.forge.ports import Change, Hook, Proposal
from mooring.forge.rest import Rest
from mooring.model.mergedrequest import MergedRequest, Review
from tests.doubles.forgeserver import Asked, ForgeDouble

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
BASE = "/api/v3/repos/octo-org/shop"


def client(forge: ForgeDouble) -> GitHub:
    """A repository on an Enterprise server."""
    rest = Rest(api_of("github", forge.url), shown_token("github", "s3cret"), where="repository", guard=lambda _: None)
    return GitHub(rest, "octo-org", "shop")


def pull(number: int, **more: Any) -> dict[str, Any]:
    """A pull request as GitHub shows it, the fields that matter."""
    return {
        "number": number,
        "title": "Amazing new feature",
        "body": None,
        "state": "closed",
        "html_url": f"https://github.com/octo-org/shop/pull/{number}",
        "user": {"login": "octocat"},
        "head": {"ref": "new-topic"},
        "base": {"ref": "main"},
        "merged_at": None,
        "merge_commit_sha": None,
        **more,
    }


def review(login: str, state: str) -> dict[str, Any]:
    return {"user": {"login": login}, "state": state}


def test_the_request_that_made_the_commit_counts(forge: ForgeDouble) -> None:
    """GIVEN requests that contain a commit, the merged one that made it is told, with everybody's last word."""
    forge.things |= {
        ("GET", f"{BASE}/commits/{SHA}/pulls"): [
            pull(1),
            pull(2, merged_at="2026-01-01T00:00:00Z", merge_commit_sha="0" * 40),
            pull(3, merged_at="2026-01-02T00:00:00Z", merge_commit_sha=SHA),
        ],
        ("GET", f"{BASE}/pulls/3"): pull(
            3,
            merged_at="2026-01-02T00:00:00Z",
            created_at="2026-01-01T12:00:00Z",
            merged_by={"login": "hubot"},
            labels=[{"name": "deploy"}],
            requested_reviewers=[{"login": "silent"}],
        ),
        ("GET", f"{BASE}/pulls/3/reviews"): [
            review("mona", "CHANGES_REQUESTED"),
            review("dora", "COMMENTED"),
            review("mona", "APPROVED"),
            review("mona", "COMMENTED"),
            review("lisa", "DISMISSED"),
            review("later", "PENDING"),
            {"user": None, "state": "APPROVED"},
        ],
    }
    assert client(forge).merged_request(SHA) == MergedRequest(
        number=3,
        title="Amazing new feature",
        url="https://github.com/octo-org/shop/pull/3",
        author="octocat",
        merged_by="hubot",
        created_at="2026-01-01T12:00:00Z",
        merged_at="2026-01-02T00:00:00Z",
        labels=("deploy",),
        reviews=(
            Review("mona", "approved"),
            Review("dora", "commented"),
            Review("lisa", "commented"),
            Review("silent", "none"),
        ),
    )


def test_a_commit_may_have_no_request(forge: ForgeDouble) -> None:
    """GIVEN only an open request that contains the commit, nothing was merged."""
    forge.things["GET", f"{BASE}/commits/{SHA}/pulls"] = [pull(1, state="open")]
    assert client(forge).merged_request(SHA) is None


def test_a_repository_that_is_not_there_is_no_empty_answer(forge: ForgeDouble) -> None:
    """GIVEN a token that may not see the repository, that is an error and not a commit without a request."""
    with pytest.raises(ConfigurationError, match="may not show it"):
        client(forge).merged_request(SHA)


def test_requests_are_opened_found_rewritten_commented_and_closed(forge: ForgeDouble) -> None:
    """GIVEN the documented routes, each act is the documented request."""
    shown = pull(7, state="open", body="why")
    forge.things |= {
        ("POST", f"{BASE}/pulls"): shown,
        ("GET", f"{BASE}/pulls"): [shown],
        ("GET", f"{BASE}/pulls/7"): pull(7, merged_at="2026-01-02T00:00:00Z"),
        ("PATCH", f"{BASE}/pulls/7"): shown,
        ("POST", f"{BASE}/issues/7/comments"): {"id": 1},
        ("POST", f"{BASE}/issues/7/labels"): [],
    }
    host = client(forge)
    change = Change(
        7, "Amazing new feature", "why", "https://github.com/octo-org/shop/pull/7", "new-topic", "main", "open"
    )
    assert change == host.open_change(Proposal("new-topic", "main", "Amazing new feature", "why"))
    assert change == host.find_change("new-topic", "main")
    merged = host.change(7)
    assert merged is not None
    assert merged.state == "merged"
    assert host.change(8) is None
    host.rewrite_change(7, "Better", "because")
    host.comment(7, "hello")
    host.close_change(7)
    host.label_change(7, ["images", "mooring"])
    assert [
        Asked("POST", f"{BASE}/pulls", {}, {"title": "Amazing new feature", "body": "why", "head": "new-topic", "base": "main"}),
        Asked("GET", f"{BASE}/pulls", {"state": "open", "head": "octo-org:new-topic", "base": "main"}),
        Asked("GET", f"{BASE}/pulls/7", {}),
        Asked("GET", f"{BASE}/pulls/8", {}),
        Asked("PATCH", f"{BASE}/pulls/7", {}, {"title": "Better", "body": "because"}),
        Asked("POST", f"{BASE}/issues/7/comments", {}, {"body": "hello"}),
        Asked("PATCH", f"{BASE}/pulls/7", {}, {"state": "closed"}),
        Asked("POST", f"{BASE}/issues/7/labels", {}, {"labels": ["images", "mooring"]}),
    ] == forge.asked  # fmt: skip


def test_hooks_are_made_as_documented(forge: ForgeDouble) -> None:
    """GIVEN a repository with hooks over several pages, they are listed, made and changed."""

    def shown(number: int) -> dict[str, Any]:
        config = {"url": f"https://mooring.example/{number}", "content_type": "json"}
        return {"id": number, "name": "web", "active": True, "events": ["push", "create"], "config": config}

    forge.things |= {
        ("GET", f"{BASE}/hooks"): [shown(1), shown(2), shown(3)],
        ("POST", f"{BASE}/hooks"): shown(4),
        ("PATCH", f"{BASE}/hooks/1"): shown(1),
    }
    host = client(forge)
    hooks = host.hooks()
    assert ["1", "2", "3"] == [each.id for each in hooks]
    assert Hook("4", "https://mooring.example/4", ("create", "push")) == host.create_hook(
        "https://m/api/webhook", "key"
    )
    host.update_hook(hooks[0], "key")
    sent = [each.body for each in forge.asked if each.body]
    assert {"name": "web", "active": True, "events": ["push", "pull_request", "create", "delete"], "config": {
        "url": "https://m/api/webhook", "content_type": "json", "secret": "key", "insecure_ssl": "0",
    }} == sent[0]  # fmt: skip
    assert "https://mooring.example/1" == sent[1]["config"]["url"]


def test_last_words() -> None:
    """GIVEN words in order, a comment takes no verdict back, and whoever is asked anew has said nothing yet."""
    said = last_words([("a", "commented"), ("a", "approved"), ("b", "approved"), ("b", "none"), ("b", "commented")])
    assert (Review("a", "approved"), Review("b", "commented")) == said
