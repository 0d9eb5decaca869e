"""Bitbucket in both kinds, Azure DevOps and CodeCommit are asked as their APIs are documented, against doubles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from mooring.errors import ForbiddenError, RejectedError
from mooring.forge.asking import api_of, shown_password, shown_token
from mooring.forge.azure import AzureDevOps
from mooring.forge.bitbucket import Bitbucket
from mooring.forge.bitbucketserver import BitbucketServer
from mooring.forge.codecommit import CodeCommit
from mooring.forge.ports import Change, Proposal
from mooring.forge.rest import Rest
from mooring.model.mergedrequest import MergedRequest, Review
from tests.doubles.forgeserver import Asked, ForgeDouble

SHA = "0123456789abcdef0123456789abcdef01234567"


class TestBitbucketCloud:
    """REST API 2.0."""

    BASE = "/repositories/acme/shop"

    def client(self, forge: ForgeDouble) -> Bitbucket:
        forge.paged = "next"
        rest = Rest(api_of("bitbucket", forge.url), shown_token("bitbucket", "s3cret"), where="r", guard=lambda _: None)
        return Bitbucket(rest, "acme", "shop")

    def pull(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "title": "Ship",
            "description": "why",
            "state": "OPEN",
            "links": {"html": {"href": f"https://bitbucket.org/acme/shop/pull-requests/{number}"}},
            "author": {"nickname": "ada"},
            "source": {"branch": {"name": "feature"}},
            "destination": {"branch": {"name": "main"}},
            "created_on": "2026-01-01T00:00:00+00:00",
            **more,
        }

    def test_the_request_that_made_the_commit_counts(self, forge: ForgeDouble) -> None:
        """GIVEN three requests with a commit, the merged one that made it is told, with votes."""
        merged = {"state": "MERGED", "closed_by": {"display_name": "Bert B"}}
        people = [
            {"user": {"nickname": "cleo"}, "role": "REVIEWER", "state": "approved"},
            {"user": {"nickname": "dora"}, "role": "REVIEWER", "state": None},
            {"user": {"nickname": "emil"}, "role": "PARTICIPANT", "state": "changes_requested"},
            {"user": {"nickname": "finn"}, "role": "PARTICIPANT", "state": None},
        ]
        forge.things |= {
            ("GET", f"{self.BASE}/commit/{SHA}/pullrequests"): [{"id": 1}, {"id": 2}, {"id": 3}],
            ("GET", f"{self.BASE}/pullrequests/1"): self.pull(1),
            ("GET", f"{self.BASE}/pullrequests/2"): self.pull(2, **merged),
            ("GET", f"{self.BASE}/pullrequests/3"): self.pull(
                3, merge_commit={"hash": SHA[:12]}, participants=people, **merged
            ),
        }
        assert self.client(forge).merged_request(SHA) == MergedRequest(
            3, "Ship", "https://bitbucket.org/acme/shop/pull-requests/3", "ada", "Bert B", "2026-01-01T00:00:00+00:00",
            reviews=(Review("cleo", "approved"), Review("dora", "none"), Review("emil", "changes requested")),
        )  # fmt: skip

    def test_a_workspace_without_the_app_knows_no_requests(self, forge: ForgeDouble) -> None:
        """GIVEN a 404 where the app that links commits is missing, no request is known."""
        assert self.client(forge).merged_request(SHA) is None

    def test_requests_live(self, forge: ForgeDouble) -> None:
        """GIVEN the documented routes, each act is the documented request."""
        base = f"{self.BASE}/pullrequests"
        forge.things |= {
            ("POST", base): self.pull(7),
            ("GET", base): [self.pull(7)],
            ("GET", f"{base}/7"): self.pull(7, state="DECLINED"),
            ("PUT", f"{base}/7"): self.pull(7),
            ("POST", f"{base}/7/comments"): {"id": 1},
            ("POST", f"{base}/7/decline"): self.pull(7, state="DECLINED"),
        }
        host = self.client(forge)
        url = "https://bitbucket.org/acme/shop/pull-requests/7"
        change = Change(7, "Ship", "why", url, "feature", "main", "open")
        assert change == host.open_change(Proposal("feature", "main", "Ship", "why"))
        assert change == host.find_change("feature", "main")
        declined = host.change(7)
        assert declined is not None
        assert declined.state == "closed"
        host.rewrite_change(7, "Better", "because")
        host.comment(7, "hello")
        host.close_change(7)
        chosen = 'source.branch.name = "feature" AND destination.branch.name = "main" AND state = "OPEN"'
        assert {"q": chosen} == forge.asked[1].query
        assert [{"title": "Better", "description": "because"}, {"content": {"raw": "hello"}}, {}] == [
            each.body for each in forge.asked[3:]
        ]


class TestBitbucketDataCenter:
    """REST API 1.0."""

    BASE = "/rest/api/1.0/projects/SHOP/repos/web"

    def client(self, forge: ForgeDouble) -> BitbucketServer:
        forge.paged, forge.header = "start", ("authorization", "Basic YWRhOnMzY3JldA==")
        api = api_of("bitbucketServer", forge.url)
        rest = Rest(api, shown_password("ada", "s3cret"), where="r", guard=lambda _: None)
        return BitbucketServer(rest, "SHOP", "web")

    def pull(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "version": 4,
            "title": "Ship",
            "description": "why",
            "state": "OPEN",
            "createdDate": 1767225600000,
            "links": {"self": [{"href": f"https://bitbucket.example/projects/SHOP/repos/web/pull-requests/{number}"}]},
            "author": {"user": {"name": "ada"}},
            "reviewers": [
                {"user": {"name": "cleo"}, "status": "APPROVED"},
                {"user": {"name": "dora"}, "status": "NEEDS_WORK"},
                {"user": {"name": "emil"}, "status": "UNAPPROVED"},
            ],
            "fromRef": {"id": "refs/heads/feature"},
            "toRef": {"id": "refs/heads/main"},
            **more,
        }

    def test_a_merged_request_is_told_with_its_reviewers(self, forge: ForgeDouble) -> None:
        """GIVEN a merged request and its activities over pages, who merged is found among them."""
        forge.things |= {
            ("GET", f"{self.BASE}/commits/{SHA}/pull-requests"): [
                self.pull(1), self.pull(2), self.pull(3, state="MERGED", closedDate=1767312000000)
            ],
            ("GET", f"{self.BASE}/pull-requests/3/activities"): [
                {"action": "COMMENTED", "user": {"name": "dora"}},
                {"action": "APPROVED", "user": {"name": "cleo"}},
                {"action": "MERGED", "user": {"name": "bert"}},
            ],
        }  # fmt: skip
        assert self.client(forge).merged_request(SHA) == MergedRequest(
            3, "Ship", "https://bitbucket.example/projects/SHOP/repos/web/pull-requests/3", "ada", "bert",
            "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z",
            reviews=(Review("cleo", "approved"), Review("dora", "changes requested"), Review("emil", "none")),
        )  # fmt: skip

    def test_requests_live(self, forge: ForgeDouble) -> None:
        """GIVEN the documented routes, each act names the version that it changes, and keeps the reviewers."""
        base = f"{self.BASE}/pull-requests"
        forge.things |= {
            ("POST", base): self.pull(7),
            ("GET", base): [self.pull(5, toRef={"id": "refs/heads/old"}), self.pull(6), self.pull(7)],
            ("GET", f"{base}/7"): self.pull(7),
            ("PUT", f"{base}/7"): self.pull(7),
            ("POST", f"{base}/7/comments"): {"id": 1},
            ("POST", f"{base}/7/decline"): self.pull(7, state="DECLINED"),
        }
        host = self.client(forge)
        assert host.open_change(Proposal("feature", "main", "Ship", "why")).state == "open"
        found = host.find_change("feature", "main")
        assert found is not None
        assert found.number == 6
        assert host.find_change("feature", "elsewhere") is None
        host.rewrite_change(7, "Better", "because")
        host.comment(7, "hello")
        host.close_change(7)
        kept = [{"user": {"name": name}} for name in ("cleo", "dora", "emil")]
        assert [
            {
                "title": "Ship", "description": "why",
                "fromRef": {"id": "refs/heads/feature"}, "toRef": {"id": "refs/heads/main"},
            },
            {"title": "Better", "description": "because", "version": 4, "reviewers": kept},
            {"text": "hello"},
            {"version": 4},
        ] == [each.body for each in forge.asked if each.body is not None]  # fmt: skip

    def test_somebody_elses_edit_is_not_lost(self, forge: ForgeDouble) -> None:
        """GIVEN another version on the server, the change is refused and nothing is overwritten."""
        forge.things["GET", f"{self.BASE}/pull-requests/7"] = self.pull(7)
        forge.things["PUT", f"{self.BASE}/pull-requests/7"] = {}
        forge.statuses["PUT", f"{self.BASE}/pull-requests/7"] = 409
        with pytest.raises(RejectedError):
            self.client(forge).rewrite_change(7, "Better", "because")


class TestAzureDevOps:
    """REST API 7.0."""

    BASE = "/acme/fabrikam/_apis/git/repositories/shop"

    def client(self, forge: ForgeDouble) -> AzureDevOps:
        forge.header, forge.page_size = ("authorization", "Basic OnMzY3JldA=="), 100
        rest = Rest(f"{forge.url}/acme", shown_token("azureDevOps", "s3cret"), where="r", guard=lambda _: None)
        return AzureDevOps(rest, "fabrikam", "shop")

    def pull(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "pullRequestId": number,
            "title": "Ship",
            "description": "why",
            "status": "active",
            "createdBy": {"uniqueName": "ada@example.com"},
            "creationDate": "2026-01-01T00:00:00Z",
            "sourceRefName": "refs/heads/feature",
            "targetRefName": "refs/heads/main",
            **more,
        }

    def test_the_request_that_made_the_commit_counts(self, forge: ForgeDouble) -> None:
        """GIVEN both queries answered, the one for the merge's own commit counts; votes are verdicts, groups are not."""
        votes = [("cleo", 10), ("dora", 5), ("emil", 0), ("finn", -5), ("gwen", -10)]
        done = self.pull(
            3,
            status="completed",
            closedDate="2026-01-02T00:00:00Z",
            closedBy={"displayName": "Bert"},
            labels=[{"name": "risky"}],
            reviewers=[
                *({"uniqueName": name, "vote": vote} for name, vote in votes),
                {"uniqueName": "team", "vote": 10, "isContainer": True},
            ],
        )
        query = f"{self.BASE}/pullrequestquery"
        forge.things["POST", query] = {"results": [{SHA: [done]}, {SHA: [self.pull(1, status="completed")]}]}
        forge.statuses["POST", query] = 200
        verdicts = ("approved", "approved", "none", "changes requested", "changes requested")
        assert self.client(forge).merged_request(SHA) == MergedRequest(
            3, "Ship", f"{forge.url}/acme/fabrikam/_git/shop/pullrequest/3", "ada@example.com", "Bert",
            "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", ("risky",),
            tuple(Review(name, verdict) for (name, _), verdict in zip(votes, verdicts, strict=True)),
        )  # fmt: skip
        assert {"api-version": "7.0"} == forge.asked[0].query

    def test_a_commit_may_have_no_request(self, forge: ForgeDouble) -> None:
        """GIVEN empty results, there is none."""
        forge.things["POST", f"{self.BASE}/pullrequestquery"] = {"results": [{}, {}]}
        assert self.client(forge).merged_request(SHA) is None

    def test_requests_live(self, forge: ForgeDouble) -> None:
        """GIVEN the documented routes, each act is the documented request."""
        base = f"{self.BASE}/pullrequests"
        forge.things |= {
            ("POST", base): self.pull(7),
            ("GET", base): {"value": [self.pull(7)]},
            ("GET", f"{base}/7"): self.pull(7, status="abandoned"),
            ("PATCH", f"{base}/7"): self.pull(7),
            ("POST", f"{base}/7/threads"): {"id": 1},
            ("POST", f"{base}/7/labels"): {"id": 1},
        }
        host = self.client(forge)
        url = f"{forge.url}/acme/fabrikam/_git/shop/pullrequest/7"
        change = Change(7, "Ship", "why", url, "feature", "main", "open")
        assert change == host.open_change(Proposal("feature", "main", "Ship", "why"))
        assert change == host.find_change("feature", "main")
        abandoned = host.change(7)
        assert abandoned is not None
        assert abandoned.state == "closed"
        host.rewrite_change(7, "Better", "because")
        host.comment(7, "hello")
        host.close_change(7)
        host.label_change(7, ["images"])
        thread = {"comments": [{"parentCommentId": 0, "content": "hello", "commentType": 1}], "status": "closed"}
        assert [
            Asked("PATCH", f"{base}/7", {"api-version": "7.0"}, {"title": "Better", "description": "because"}),
            Asked("POST", f"{base}/7/threads", {"api-version": "7.0"}, thread),
            Asked("PATCH", f"{base}/7", {"api-version": "7.0"}, {"status": "abandoned"}),
            Asked("POST", f"{base}/7/labels", {"api-version": "7.0"}, {"name": "images"}),
        ] == forge.asked[3:]


class TestCodeCommit:
    """Its own API; botocore's stubs check each call against the service's model."""

    def pull(self, number: str, *, merged: bool = False, status: str = "OPEN", head: str = "feature") -> dict[str, Any]:
        target = {
            "repositoryName": "shop",
            "sourceReference": f"refs/heads/{head}",
            "destinationReference": "refs/heads/main",
            "sourceCommit": SHA,
            "destinationCommit": "0" * 40,
            "mergeMetadata": {"isMerged": merged},
        }
        return {
            "pullRequestId": number, "title": "Ship", "description": "why", "pullRequestStatus": status,
            "creationDate": datetime(2026, 1, 1, tzinfo=UTC), "pullRequestTargets": [target],
        }  # fmt: skip

    def host(self) -> tuple[CodeCommit, Stubber]:
        client = boto3.client(
            "codecommit", region_name="eu-west-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x"
        )
        stubs = Stubber(client)
        stubs.activate()
        return CodeCommit(lambda: client, "eu-west-1", "shop"), stubs

    def test_requests_live(self) -> None:
        """GIVEN the service's answers, each act is one or two of its calls."""
        host, stubs = self.host()
        target = {"repositoryName": "shop", "sourceReference": "feature", "destinationReference": "main"}
        opening = {"title": "Ship", "description": "why", "targets": [target]}
        stubs.add_response("create_pull_request", {"pullRequest": self.pull("7")}, opening)
        url = "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/shop/pull-requests/7"
        change = Change(7, "Ship", "why", url, "feature", "main", "open")
        assert change == host.open_change(Proposal("feature", "main", "Ship", "why"))

        listing = {"repositoryName": "shop", "pullRequestStatus": "OPEN"}
        stubs.add_response("list_pull_requests", {"pullRequestIds": ["5"], "nextToken": "more"}, listing)
        stubs.add_response("get_pull_request", {"pullRequest": self.pull("5", head="other")}, {"pullRequestId": "5"})
        stubs.add_response("list_pull_requests", {"pullRequestIds": ["7"]}, {**listing, "nextToken": "more"})
        stubs.add_response("get_pull_request", {"pullRequest": self.pull("7")}, {"pullRequestId": "7"})
        assert change == host.find_change("feature", "main")

        done = {"pullRequest": self.pull("7", merged=True, status="CLOSED")}
        stubs.add_response("get_pull_request", done, {"pullRequestId": "7"})
        merged = host.change(7)
        assert merged is not None
        assert merged.state == "merged"

        stubs.add_response("update_pull_request_title", done, {"pullRequestId": "7", "title": "Better"})
        stubs.add_response("update_pull_request_description", done, {"pullRequestId": "7", "description": "because"})
        host.rewrite_change(7, "Better", "because")

        stubs.add_response("get_pull_request", done, {"pullRequestId": "7"})
        commented = {
            "pullRequestId": "7", "repositoryName": "shop", "content": "hello",
            "beforeCommitId": "0" * 40, "afterCommitId": SHA,
        }  # fmt: skip
        stubs.add_response("post_comment_for_pull_request", {}, commented)
        host.comment(7, "hello")

        stubs.add_response("update_pull_request_status", done, {"pullRequestId": "7", "pullRequestStatus": "CLOSED"})
        host.close_change(7)
        stubs.assert_no_pending_responses()

    def test_what_is_refused_is_told(self) -> None:
        """GIVEN a role without the right, a request that is not there and one that is not taken, each is told so."""
        host, stubs = self.host()
        stubs.add_client_error("get_pull_request", "AccessDeniedException")
        with pytest.raises(ForbiddenError, match="allow it to the function's role"):
            host.change(1)
        stubs.add_client_error("get_pull_request", "PullRequestDoesNotExistException")
        assert host.change(1) is None
        stubs.add_client_error("create_pull_request", "ReferenceDoesNotExistException")
        with pytest.raises(RejectedError):
            host.open_change(Proposal("feature", "main", "Ship", "why"))
        assert host.merged_request(SHA) is None
