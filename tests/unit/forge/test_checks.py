"""What was checked of a commit, asked of each host as its REST API is documented."""

from __future__ import annotations

from mooring.forge.asking import api_of, shown_token
from mooring.forge.azure import AzureDevOps
from mooring.forge.bitbucket import Bitbucket
from mooring.forge.bitbucketserver import BitbucketServer
from mooring.forge.github import GitHub
from mooring.forge.gitlab import GitLab
from mooring.forge.ports import Check
from mooring.forge.rest import Rest
from tests.doubles.forgeserver import Asked, ForgeDouble

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"


def rest(forge: ForgeDouble, kind: str, **more: str) -> Rest:
    return Rest(
        more.get("base") or api_of(kind, forge.url), shown_token(kind, "s3cret"), where="r", guard=lambda _: None
    )


def test_github_tells_statuses_and_check_runs(forge: ForgeDouble) -> None:
    """GIVEN commit statuses and check runs, both count; a run that was neutral or skipped has passed."""
    base = f"/api/v3/repos/octo-org/shop/commits/{SHA}"
    states = {"ci/a": "success", "ci/b": "pending", "ci/c": "failure", "ci/d": "error"}
    runs = [
        {"name": "build", "status": "completed", "conclusion": "success"},
        {"name": "docs", "status": "completed", "conclusion": "skipped"},
        {"name": "lint", "status": "completed", "conclusion": "timed_out"},
        {"name": "scan", "status": "in_progress", "conclusion": None},
    ]
    forge.things |= {
        ("GET", f"{base}/status"): {"statuses": [{"context": name, "state": state} for name, state in states.items()]},
        ("GET", f"{base}/check-runs"): {"check_runs": runs},
    }
    assert [
        Check("ci/a", "passed"), Check("ci/b", "pending"), Check("ci/c", "failed"), Check("ci/d", "failed"),
        Check("build", "passed"), Check("docs", "passed"), Check("lint", "failed"), Check("scan", "pending"),
    ] == GitHub(rest(forge, "github"), "octo-org", "shop").checks(SHA)  # fmt: skip


def test_gitlab_tells_the_statuses_of_jobs(forge: ForgeDouble) -> None:
    """GIVEN jobs, those that may fail or wait for somebody count as passed."""
    forge.header = ("private-token", "s3cret")
    forge.things["GET", f"/api/v4/projects/acme%2Fshop/repository/commits/{SHA}/statuses"] = [
        {"name": "build", "status": "success", "allow_failure": False},
        {"name": "deploy", "status": "manual", "allow_failure": False},
        {"name": "flaky", "status": "failed", "allow_failure": True},
        {"name": "lint", "status": "failed", "allow_failure": False},
        {"name": "test", "status": "running", "allow_failure": False},
    ]
    assert [
        Check("build", "passed"), Check("deploy", "passed"), Check("flaky", "passed"), Check("lint", "failed"),
        Check("test", "pending"),
    ] == GitLab(rest(forge, "gitlab"), "acme/shop").checks(SHA)  # fmt: skip


def test_bitbucket_tells_build_statuses(forge: ForgeDouble) -> None:
    """GIVEN build statuses in pages, all are read; one without a name has its key."""
    forge.paged = "next"
    forge.things["GET", f"/2.0/repositories/acme/shop/commit/{SHA}/statuses"] = [
        {"name": "build", "key": "b", "state": "SUCCESSFUL"},
        {"key": "lint", "state": "STOPPED"},
        {"name": "test", "key": "t", "state": "INPROGRESS"},
    ]
    host = Bitbucket(rest(forge, "bitbucket", base=f"{forge.url}/2.0"), "acme", "shop")
    assert [Check("build", "passed"), Check("lint", "failed"), Check("test", "pending")] == host.checks(SHA)


def test_bitbucket_data_center_tells_the_newest_build_of_each_name(forge: ForgeDouble) -> None:
    """GIVEN builds in pages, newest first, those that ran before don't count; nobody knows yet what is unknown."""
    forge.paged = "start"
    path = f"/git/rest/build-status/1.0/commits/{SHA}"
    forge.things["GET", path] = [
        {"name": "build", "key": "b-2", "state": "SUCCESSFUL"},
        {"key": "lint", "state": "CANCELLED"},
        {"name": "build", "key": "b-1", "state": "FAILED"},
        {"name": "test", "key": "t", "state": "INPROGRESS"},
        {"name": "scan", "key": "s", "state": "UNKNOWN"},
    ]
    host = BitbucketServer(rest(forge, "bitbucketServer", base=f"{forge.url}/git/rest/api/1.0"), "acme", "shop")
    assert [
        Check("build", "passed"), Check("lint", "failed"), Check("test", "pending"), Check("scan", "pending"),
    ] == host.checks(SHA)  # fmt: skip
    assert [Asked("GET", path, {"orderBy": "NEWEST"})] == forge.asked


def test_azure_devops_tells_the_latest_status_of_each_context(forge: ForgeDouble) -> None:
    """GIVEN statuses with and without a genre, and more than one answer holds, each is told by both."""
    forge.header = ("authorization", shown_token("azureDevOps", "s3cret")["Authorization"])
    path = f"/acme/fabrikam/_apis/git/repositories/shop/commits/{SHA}/statuses"
    states = {"a": "succeeded", "b": "notApplicable", "c": "pending", "d": "notSet", "e": "failed", "f": "error"}
    listed = [{"context": {"name": name, "genre": "ci"}, "state": state} for name, state in states.items()]
    forge.things["GET", path] = {"value": [*listed, {"context": {"name": "g", "genre": None}, "state": "succeeded"}]}
    host = AzureDevOps(rest(forge, "azureDevOps", base=f"{forge.url}/acme"), "fabrikam", "shop")
    assert [
        Check("ci/a", "passed"), Check("ci/b", "passed"), Check("ci/c", "pending"), Check("ci/d", "pending"),
        Check("ci/e", "failed"), Check("ci/f", "failed"), Check("g", "passed"),
    ] == host.checks(SHA)  # fmt: skip
    assert [{"latestOnly": "true", "top": "1000", "skip": "0", "api-version": "7.0"}] == [
        each.query for each in forge.asked
    ]
