"""GitLab is asked as its REST API is documented; a double demands the header and answers with examples of its pages."""

from __future__ import annotations

from typing import Any

from mooring.forge.asking import api_of, shown_token
from mooring.forge.gitlab import GitLab
from mooring.forge.ports import Change, Hook, Proposal
from mooring.forge.rest import Rest
from mooring.model.mergedrequest import MergedRequest, Review
from tests.doubles.forgeserver import Asked, ForgeDouble

SHA = "af5b13261899fb2c0db30abdd0af8b07cb44fdc5"
BASE = "/api/v4/projects/acme%2Fplatform%2Fshop"


def client(forge: ForgeDouble) -> GitLab:
    """A project of a subgroup on a server of one's own."""
    forge.header = ("private-token", "s3cret")
    rest = Rest(api_of("gitlab", forge.url), shown_token("gitlab", "s3cret"), where="repository", guard=lambda _: None)
    return GitLab(rest, "acme/platform/shop")


def request(iid: int, **more: Any) -> dict[str, Any]:
    """A merge request as GitLab shows it, the fields that matter."""
    return {
        "iid": iid,
        "title": "test1",
        "description": "fixed login page",
        "state": "merged",
        "web_url": f"https://gitlab.example.com/acme/platform/shop/-/merge_requests/{iid}",
        "author": {"username": "admin"},
        "source_branch": "test1",
        "target_branch": "main",
        "created_at": "2026-04-29T08:46:00Z",
        "merged_at": "2026-09-07T11:16:17.520Z",
        "merge_user": {"username": "DouweM"},
        "labels": ["Community contribution"],
        "sha": "8888888888888888888888888888888888888888",
        "merge_commit_sha": None,
        **more,
    }


def test_the_request_that_made_the_commit_counts(forge: ForgeDouble) -> None:
    """GIVEN requests that contain a commit, the one that made it is told, with reviewers and whoever approved."""
    forge.things |= {
        ("GET", f"{BASE}/repository/commits/{SHA}/merge_requests"): [
            request(1, state="opened"),
            request(2),
            request(3, merge_commit_sha=SHA),
        ],
        ("GET", f"{BASE}/merge_requests/3/reviewers"): [
            {"user": {"username": "mona"}, "state": "unreviewed"},
            {"user": {"username": "dora"}, "state": "requested_changes"},
        ],
        ("GET", f"{BASE}/merge_requests/3/approvals"): {"approved_by": [{"user": {"username": "root"}}]},
    }
    assert client(forge).merged_request(SHA) == MergedRequest(
        number=3,
        title="test1",
        url="https://gitlab.example.com/acme/platform/shop/-/merge_requests/3",
        author="admin",
        merged_by="DouweM",
        created_at="2026-04-29T08:46:00Z",
        merged_at="2026-09-07T11:16:17.520Z",
        labels=("Community contribution",),
        reviews=(Review("mona", "none"), Review("dora", "changes requested"), Review("root", "approved")),
    )


def test_a_squashed_or_fast_forwarded_commit_is_found_as_well(forge: ForgeDouble) -> None:
    """GIVEN a request without a merge commit, its squash commit or head counts; approvals may be switched off."""
    for name in ("squash_commit_sha", "sha"):
        forge.things |= {
            ("GET", f"{BASE}/repository/commits/{SHA}/merge_requests"): [request(2), request(3, **{name: SHA})],
            ("GET", f"{BASE}/merge_requests/3/reviewers"): [],
        }
        found = client(forge).merged_request(SHA)
        assert found is not None
        assert (3, ()) == (found.number, found.reviews)


def test_a_commit_may_have_no_request(forge: ForgeDouble) -> None:
    """GIVEN a commit of which GitLab knows no request, there is none."""
    forge.things["GET", f"{BASE}/repository/commits/{SHA}/merge_requests"] = []
    assert client(forge).merged_request(SHA) is None


def test_requests_are_opened_found_rewritten_commented_and_closed(forge: ForgeDouble) -> None:
    """GIVEN the documented routes, each act is the documented request."""
    shown = request(7, state="opened")
    forge.things |= {
        ("POST", f"{BASE}/merge_requests"): shown,
        ("GET", f"{BASE}/merge_requests"): [shown],
        ("GET", f"{BASE}/merge_requests/7"): request(7),
        ("PUT", f"{BASE}/merge_requests/7"): shown,
        ("POST", f"{BASE}/merge_requests/7/notes"): {"id": 1},
    }
    host = client(forge)
    url = "https://gitlab.example.com/acme/platform/shop/-/merge_requests/7"
    change = Change(7, "test1", "fixed login page", url, "test1", "main", "open")
    assert change == host.open_change(Proposal("test1", "main", "test1", "fixed login page"))
    assert change == host.find_change("test1", "main")
    merged = host.change(7)
    assert merged is not None
    assert merged.state == "merged"
    host.rewrite_change(7, "Better", "because")
    host.comment(7, "hello")
    host.close_change(7)
    host.label_change(7, ["images", "mooring"])
    opening = {
        "source_branch": "test1", "target_branch": "main", "title": "test1", "description": "fixed login page"
    }  # fmt: skip
    searched = {"state": "opened", "source_branch": "test1", "target_branch": "main"}
    assert [
        Asked("POST", f"{BASE}/merge_requests", {}, opening),
        Asked("GET", f"{BASE}/merge_requests", searched),
        Asked("GET", f"{BASE}/merge_requests/7", {}),
        Asked("PUT", f"{BASE}/merge_requests/7", {}, {"title": "Better", "description": "because"}),
        Asked("POST", f"{BASE}/merge_requests/7/notes", {}, {"body": "hello"}),
        Asked("PUT", f"{BASE}/merge_requests/7", {}, {"state_event": "close"}),
        Asked("PUT", f"{BASE}/merge_requests/7", {}, {"add_labels": "images,mooring"}),
    ] == forge.asked


def test_hooks_are_made_as_documented(forge: ForgeDouble) -> None:
    """GIVEN a project with hooks, they are listed, made and changed; one that GitLab has switched off is not active."""

    def shown(number: int, **more: Any) -> dict[str, Any]:
        events = {"push_events": True, "issues_events": False, "tag_push_events": True}
        return {"id": number, "url": f"https://mooring.example/{number}", **events, **more}

    forge.things |= {
        ("GET", f"{BASE}/hooks"): [shown(1), shown(2, alert_status="disabled"), shown(3, alert_status="executable")],
        ("POST", f"{BASE}/hooks"): shown(4),
        ("PUT", f"{BASE}/hooks/1"): shown(1),
    }
    host = client(forge)
    hooks = host.hooks()
    assert [True, False, True] == [each.active for each in hooks]
    assert Hook("1", "https://mooring.example/1", ("push_events", "tag_push_events")) == hooks[0]
    assert host.create_hook("https://m/api/webhook", "key").id == "4"
    host.update_hook(hooks[0], "key")
    sent = [each.body for each in forge.asked if each.body]
    wish = {
        "token": "key", "enable_ssl_verification": True, "push_events": True, "tag_push_events": True,
        "merge_requests_events": True,
    }  # fmt: skip
    assert [{"url": "https://m/api/webhook", **wish}, {"url": "https://mooring.example/1", **wish}] == sent
