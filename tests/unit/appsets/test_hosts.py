"""Code hosts are asked as their documentation says: against a server on this machine that answers so."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mooring.appsets.hosts import Hosts
from mooring.appsets.plugins import PluginServices
from mooring.appsets.ports import FoundRepository, PullRequest
from mooring.appsets.tokens import SetSecrets
from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.model.forges import Forge, SecretRef
from mooring.source.githubapp import InstallationTokens

TOKEN = SecretRef("code", "token")
SECRETS = {"m/appsets/argocd/code": {"token": "s3cret", "bad": "a\nb"}}


@dataclass
class Server:
    """Answers paths (with their query) and remembers what it was asked."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorization: set[str] = field(default_factory=set)
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without any answers."""
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.authorization.add(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
            known = self.path in told.answers
            body = json.dumps(told.answers.get(self.path, {})).encode()
            self.send_response(told.status.get(self.path, 200 if known else 404))
            for name, value in told.headers.get(self.path, {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            told.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing for each request."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{listening.server_port}"
    yield told
    listening.shutdown()
    listening.server_close()
    thread.join(10)


def secrets() -> SetSecrets:
    return SetSecrets(SECRETS.__getitem__, "m", InstallationTokens())


def hosts() -> Hosts:
    return Hosts(secrets(), guard=lambda url: None)


def branches_of(forge: Forge) -> list[FoundRepository]:
    """Every branch of every repository."""
    asked = hosts()
    return [each for found in asked.repositories(forge, "argocd") for each in asked.branches(forge, "argocd", found)]


def test_github_is_asked_page_by_page(server: Server) -> None:
    """GIVEN two pages WHEN listed THEN both count, and a repository without a branch is left out."""
    first, second = "/api/v3/orgs/shop/repos?per_page=100", "/api/v3/orgs/shop/repos?page=2"
    item = {"owner": {"login": "shop"}, "default_branch": "main", "clone_url": "c", "ssh_url": "s", "topics": ["t"]}
    server.answers = {
        first: [{**item, "name": "web", "id": 1}],
        second: [{**item, "name": "api", "id": 2}, {**item, "name": "new", "id": 3, "default_branch": None}],
        "/api/v3/repos/shop/web/branches/main": {"name": "main", "commit": {"sha": "aa"}},
        "/api/v3/repos/shop/web/contents/a%20b/c?ref=main": {},
    }
    server.headers[first] = {"Link": f'<{server.url}{first}>; rel="prev", <{server.url}{second}>; rel="next"'}
    forge = Forge("github", "shop", api=server.url, token=TOKEN)
    web = FoundRepository("shop", "web", "1", "main", "aa", "c", "s", ("t",))
    assert [web] == branches_of(forge)  # the other one has no commit yet
    assert [True, False] == [hosts().has_path(forge, "argocd", web, path) for path in ("a b/c", "d")]
    assert {"Bearer s3cret"} == server.authorization


def test_githubs_pull_requests_have_all_of_the_labels(server: Server) -> None:
    """One label of two is not enough."""
    item = {"title": "T", "head": {"ref": "f", "sha": "aa"}, "base": {"ref": "main"}, "user": {"login": "kim"}}
    server.answers["/api/v3/repos/shop/web/pulls?state=open&per_page=100"] = [
        {**item, "number": 1, "labels": [{"name": "a"}, {"name": "b"}]},
        {**item, "number": 2, "labels": [{"name": "a"}]},
    ]
    forge = Forge("github", "shop", repository="web", api=server.url, labels=("a", "b"))
    assert [PullRequest(1, "T", "f", "main", "aa", "kim", ("a", "b"))] == hosts().pull_requests(forge, "argocd")
    assert hosts().pull_requests(Forge("github", "shop", repository="gone", api=server.url), "argocd") is None
    assert {""} == server.authorization


def test_gitea_is_asked_for_users_too(server: Server) -> None:
    """GIVEN an owner who is no organization WHEN listed THEN the user's repositories are."""
    server.answers = {
        "/api/v1/users/kim/repos?limit=50": [
            {
                "owner": {"login": "kim"}, "name": "web", "id": 1, "default_branch": "main", "clone_url": "c", "ssh_url": "s",
            },
            {"owner": {"login": "kim"}, "name": "new", "default_branch": "main", "empty": True},
        ],
        "/api/v1/repos/kim/web/labels?limit=50": [{"name": "live"}],
        "/api/v1/repos/kim/web/branches?limit=50": [{"name": "main", "commit": {"id": "aa"}}, {"name": "x", "commit": {"id": "bb"}}],
    }  # fmt: skip
    found = branches_of(Forge("gitea", "kim", api=server.url, token=TOKEN, all_branches=True))
    assert [("main", "aa", ("live",)), ("x", "bb", ("live",))] == [
        (each.branch, each.sha, each.labels) for each in found
    ]
    assert {"token s3cret"} == server.authorization


def test_gitlab_is_asked_for_groups_and_merge_requests(server: Server) -> None:
    """Paths of groups are one segment; a file is looked for in its folder."""
    group = "/api/v4/groups/a%2Fb/projects?include_subgroups=true&with_shared=true&archived=false&topic=x&per_page=100"
    server.answers = {
        group: [
            {
                "id": 7, "path": "web", "namespace": {"full_path": "a/b/c"}, "default_branch": "main",
                "http_url_to_repo": "c", "ssh_url_to_repo": "s", "topics": ["x"],
            }
        ],
        "/api/v4/projects/7/repository/branches/main": {"name": "main", "commit": {"id": "aa"}},
        "/api/v4/projects/7/repository/tree?path=deploy&ref=main&per_page=100": [{"name": "chart"}],
        "/api/v4/projects/a%2Fweb/merge_requests?state=opened&labels=l&per_page=100": [
            {
                "iid": 3, "title": "T", "source_branch": "f", "target_branch": "main", "sha": "bb",
                "author": {"username": "kim"}, "labels": ["l"],
            }
        ],
    }  # fmt: skip
    forge = Forge("gitlab", "a/b", api=server.url, token=TOKEN, subgroups=True, topic="x")
    web = FoundRepository("a/b/c", "web", "7", "main", "aa", "c", "s", ("x",))
    assert [web] == branches_of(forge)
    assert [True, False] == [hosts().has_path(forge, "argocd", web, path) for path in ("deploy/chart", "chart")]
    requests = Forge("gitlab", repository="a/web", api=server.url, state="opened", labels=("l",))
    assert [PullRequest(3, "T", "f", "main", "bb", "kim", ("l",))] == hosts().pull_requests(requests, "argocd")
    assert "s3cret" in server.authorization


def test_bitbucket_cloud_names_its_next_page(server: Server) -> None:
    """GIVEN two pages WHEN listed THEN both count."""
    links = {"clone": [{"name": "https", "href": "c"}, {"name": "ssh", "href": "s"}]}
    item = {"uuid": "{1}", "mainbranch": {"name": "main"}, "links": links}
    server.answers = {
        "/repositories/shop?pagelen=50": {
            "values": [{**item, "full_name": "shop/web"}],
            "next": f"{server.url}/repositories/shop?page=2",
        },
        "/repositories/shop?page=2": {"values": [{**item, "full_name": "shop/empty", "mainbranch": None}]},
        "/repositories/shop/web/refs/branches/main": {"name": "main", "target": {"hash": "aa"}},
        "/repositories/shop/web/src/aa/chart?format=meta": {},
        "/repositories/shop/web/pullrequests?state=OPEN&pagelen=50": {
            "values": [
                {
                    "id": 4, "title": "T", "source": {"branch": {"name": "f"}, "commit": {"hash": "bb"}},
                    "destination": {"branch": {"name": "main"}}, "author": {"nickname": "kim"},
                }
            ]
        },
    }  # fmt: skip
    forge = Forge("bitbucket", "shop", api=server.url, user="u", password=TOKEN)
    web = FoundRepository("shop", "web", "{1}", "main", "aa", "c", "s")
    assert [web] == branches_of(forge)
    assert [True, False] == [hosts().has_path(forge, "argocd", web, path) for path in ("chart", "x")]
    request = Forge("bitbucket", "shop", repository="web", api=server.url, token=TOKEN)
    assert [PullRequest(4, "T", "f", "main", "bb", "kim")] == hosts().pull_requests(request, "argocd")
    assert {f"Basic {base64.b64encode(b'u:s3cret').decode()}", "Bearer s3cret"} == server.authorization


def test_bitbucket_server_counts_its_pages(server: Server) -> None:
    """GIVEN two pages WHEN listed THEN both count; a repository without a default branch is empty."""
    links = {"clone": [{"name": "http", "href": "c"}, {"name": "ssh", "href": "s"}]}
    base = "/rest/api/1.0/projects/SHOP/repos"
    server.answers = {
        f"{base}?limit=100": {
            "values": [{"slug": "web", "id": 1, "project": {"key": "SHOP"}, "links": links}],
            "isLastPage": False, "nextPageStart": 100,
        },
        f"{base}?limit=100&start=100": {
            "values": [{"slug": "empty", "id": 2, "project": {"key": "SHOP"}, "links": links}], "isLastPage": True,
        },
        f"{base}/web/branches/default": {"displayId": "main", "latestCommit": "aa"},
        f"{base}/web/browse/chart?at=main&type=true": {},
        f"{base}/web/pull-requests?state=OPEN&limit=100": {
            "values": [
                {
                    "id": 5, "title": "T", "fromRef": {"displayId": "f", "latestCommit": "bb"},
                    "toRef": {"displayId": "main"}, "author": {"user": {"name": "kim"}},
                }
            ],
            "isLastPage": True,
        },
    }  # fmt: skip
    forge = Forge("bitbucketServer", "SHOP", api=server.url)
    web = FoundRepository("SHOP", "web", "1", "main", "aa", "c", "s")
    assert [web] == branches_of(forge)
    assert [True, False] == [hosts().has_path(forge, "argocd", web, path) for path in ("chart", "x")]
    request = Forge("bitbucketServer", "SHOP", repository="web", api=f"{server.url}/rest")
    assert [PullRequest(5, "T", "f", "main", "bb", "kim")] == hosts().pull_requests(request, "argocd")


def test_azure_devops_lists_refs_by_prefix(server: Server) -> None:
    """GIVEN branches that begin alike, over two pages WHEN the default one is asked for THEN it alone is found."""
    base = "/shop/team/_apis/git/repositories"
    refs = f"{base}/i1/refs?filter=heads%2Fmain&%24top=100"
    server.answers = {
        f"{base}?api-version=7.0": {
            "value": [
                {"id": "i1", "name": "web", "defaultBranch": "refs/heads/main", "remoteUrl": "c"},
                {"id": "i2", "name": "off", "defaultBranch": "refs/heads/main", "remoteUrl": "c", "isDisabled": True},
            ]
        },
        f"{refs}&api-version=7.0": {"value": [{"name": "refs/heads/main-2", "objectId": "bb"}]},
        f"{refs}&continuationToken=n&api-version=7.0": {"value": [{"name": "refs/heads/main", "objectId": "aa"}]},
        f"{base}/web/pullrequests?searchCriteria.status=active&%24top=100&%24skip=0&api-version=7.0": {
            "value": [
                {
                    "pullRequestId": 6, "title": "T", "sourceRefName": "refs/heads/f", "targetRefName": "refs/heads/main",
                    "lastMergeSourceCommit": {"commitId": "bb"}, "createdBy": {"uniqueName": "kim@x"},
                    "labels": [{"name": "l"}],
                }
            ]
        },
        (
            f"{base}/i1/items?path=%2Fchart&versionDescriptor.version=main&versionDescriptor.versionType=branch"
            "&%24format=json&api-version=7.0"
        ): {},
    }  # fmt: skip
    server.headers[f"{refs}&api-version=7.0"] = {"x-ms-continuationtoken": "n"}
    forge = Forge("azureDevOps", "shop", "team", api=server.url, token=TOKEN)
    web = FoundRepository("shop", "web", "i1", "main", "aa", "c", "")
    assert [web] == branches_of(forge)
    assert [True, False] == [hosts().has_path(forge, "argocd", web, path) for path in ("chart", "x")]
    request = Forge("azureDevOps", "shop", "team", "web", api=server.url, labels=("l",))
    assert [PullRequest(6, "T", "f", "main", "bb", "kim", ("l",))] == hosts().pull_requests(request, "argocd")
    assert f"Basic {base64.b64encode(b':s3cret').decode()}" in server.authorization


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, ForbiddenError),
        (403, {}, ForbiddenError),
        (403, {"x-ratelimit-remaining": "0"}, ThrottledError),
        (429, {"Retry-After": "7"}, ThrottledError),
        (302, {"Location": "http://elsewhere.example/"}, ForbiddenError),
        (500, {}, UnreachableError),
        (418, {}, ConfigurationError),
        (404, {}, ConfigurationError),
    ],
)
def test_what_is_no_list_is_an_error(
    server: Server, status: int, headers: dict[str, str], kind: type[MooringError]
) -> None:
    """No refusal looks like an empty organization, and none tells the token."""
    path = "/api/v3/orgs/shop/repos?per_page=100"
    server.status[path], server.headers[path] = status, headers
    forge = Forge("github", "shop", api=server.url, token=TOKEN, where="spec.generators[0].scmProvider.github")
    with pytest.raises(kind) as caught:
        hosts().repositories(forge, "argocd")
    assert forge.where == caught.value.field
    assert "s3cret" not in str(caught.value)
    assert 1 == len(server.asked)


@pytest.mark.parametrize("body", [{"message": "x"}, ["x"], [{"name": "web", "default_branch": "main"}], None, 7])
def test_an_answer_of_another_shape_is_an_error(server: Server, body: object) -> None:
    """As from a proxy's page, or another host's API."""
    server.answers["/api/v3/orgs/shop/repos?per_page=100"] = body
    with pytest.raises(ConfigurationError):
        branches_of(Forge("github", "shop", api=server.url))


def test_a_page_that_is_lost_or_elsewhere_is_an_error(server: Server) -> None:
    """GIVEN a next page that is gone, or on another host WHEN listed THEN there is no list."""
    path = "/api/v3/orgs/shop/repos?per_page=100"
    server.answers[path] = []
    for following in (f"{server.url}/gone", "http://elsewhere.example/"):
        server.headers[path] = {"Link": f'<{following}>; rel="next"'}
        with pytest.raises(MooringError, match="page"):
            hosts().repositories(Forge("github", "shop", api=server.url), "argocd")


def test_nobody_answers() -> None:
    """A host that is not there is unreachable, not empty."""
    with pytest.raises(UnreachableError):
        hosts().repositories(Forge("github", "shop", api="http://127.0.0.1:9"), "argocd")


@pytest.mark.parametrize(
    "reference", [SecretRef("../../clusters/x", "token"), SecretRef("code", "bad"), SecretRef("code", "no")]
)
def test_a_set_names_its_own_secrets_only(reference: SecretRef) -> None:
    """Names lead nowhere else, and what is no token is not sent."""
    with pytest.raises(ConfigurationError):
        secrets().value("argocd", reference, "tokenRef")


def plugin(base: str, **more: Any) -> PluginServices:
    get: Callable[[str], Any] = {"m/appsets/argocd/svc": {"baseUrl": base, "token": "s3cret", **more}}.__getitem__
    return PluginServices(get, secrets(), guard=lambda url: None)


def test_a_plugin_is_asked_as_argo_cd_asks(server: Server) -> None:
    """The set's name and the input go there; what comes back are the parameters."""
    path = "/api/v1/getparams.execute"
    server.answers[path] = {"output": {"parameters": [{"a": {"b": 1}}]}}
    assert [{"a": {"b": 1}}] == plugin(server.url, requestTimeout="5").parameters("argocd", "svc", "shops", {"k": "v"})
    assert [{"applicationSetName": "shops", "input": {"parameters": {"k": "v"}}}] == server.bodies
    assert ({"Bearer s3cret"}, [path]) == (server.authorization, server.asked)


@pytest.mark.parametrize("body", [{}, {"output": {"parameters": {}}}, {"output": {"parameters": ["a"]}}, []])
def test_a_plugin_that_answers_something_else_is_an_error(server: Server, body: object) -> None:
    """An empty answer has to say so."""
    server.answers["/api/v1/getparams.execute"] = body
    with pytest.raises(ConfigurationError, match=r"output\.parameters"):
        plugin(server.url).parameters("argocd", "svc", "shops", {})


@pytest.mark.parametrize(("status", "kind"), [(401, ForbiddenError), (404, UnreachableError), (500, UnreachableError)])
def test_a_plugin_that_refuses_is_an_error(server: Server, status: int, kind: type[MooringError]) -> None:
    """Nothing is taken for an empty list."""
    server.status["/api/v1/getparams.execute"] = status
    with pytest.raises(kind):
        plugin(server.url).parameters("argocd", "svc", "shops", {})


@pytest.mark.parametrize("more", [{"baseUrl": "ftp://x"}, {"token": ""}, {"requestTimeout": "soon"}])
def test_a_plugin_that_is_badly_described_is_an_error(more: dict[str, Any]) -> None:
    """The field is named."""
    with pytest.raises(ConfigurationError) as caught:
        PluginServices(
            {"m/appsets/argocd/svc": {"baseUrl": "http://x", "token": "t", **more}}.__getitem__, secrets()
        ).parameters("argocd", "svc", "shops", {})
    assert next(iter(more)) == caught.value.field


def test_what_is_inside_of_the_function_is_not_asked(server: Server) -> None:
    """GIVEN a host or a plugin on loopback, where a function's own runtime listens WHEN asked THEN nothing is sent."""
    with pytest.raises(ConfigurationError, match="inside of this machine"):
        Hosts(secrets()).repositories(Forge("gitea", "shop", api=server.url), "argocd")
    get: Callable[[str], Any] = {"m/appsets/argocd/svc": {"baseUrl": server.url, "token": "s3cret"}}.__getitem__
    with pytest.raises(ConfigurationError, match="inside of this machine"):
        PluginServices(get, secrets()).parameters("argocd", "svc", "shops", {})
    assert [] == server.asked
