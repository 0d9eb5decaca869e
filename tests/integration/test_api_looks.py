"""The routes of what is live: what they ask the function `look`, what its errors become, and who may."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest

from mooring.errors import ThrottledError, UnreachableError
from mooring.starting import LookAsker
from mooring.state.sealingkeys import SealingKeys
from mooring.state.secret_store import SecretStore
from mooring.state.table import Table
from tests.doubles.deployed import API_TOKEN, REGION, deployed_api

ROOT = Path(__file__).parents[2]


class Api:
    """The handler; `look` answers what `told` says, and is asked what `asked` holds."""

    def __init__(self, handler: Any, table: Table) -> None:
        self.handler = handler
        self.table = table
        self.asked: list[Mapping[str, Any]] = []
        self.told: Any = {"answer": {"nodes": []}}

    def look(self, asker: LookAsker, question: Mapping[str, Any]) -> Any:
        self.asked.append(question)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    def get(self, path: str, token: str = API_TOKEN, **headers: str) -> dict[str, Any]:
        return self._call("GET", path, token, None, headers)

    def post(self, path: str, body: object, token: str = API_TOKEN) -> dict[str, Any]:
        return self._call("POST", path, token, json.dumps(body), {})

    def _call(self, method: str, path: str, token: str, body: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
        """A path below the application's; from the API's root where it begins with a slash."""
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path, _, query = path.partition("?")
        event["queryStringParameters"] = dict(parse_qsl(query))
        event["rawPath"] = f"/api/v1{path}" if path.startswith("/") else f"/api/v1/applications/shop/{path}"
        event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
        event["headers"] |= {"authorization": f"Bearer {token}", **headers}
        event |= {"body": body, "isBase64Encoded": False} if body is not None else {}
        answer: dict[str, Any] = self.handler(event, None)
        return answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A new installation, as the function `api` sees it."""
    monkeypatch.setenv("MOORING_LOOK_FUNCTION", "mooring-look")
    with deployed_api() as found:
        made = Api(found.handler, found.table)
        monkeypatch.setattr(LookAsker, "__call__", lambda asker, question: made.look(asker, question))
        yield made


WEB = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"}
NAMED = "group=apps&kind=Deployment&resourceNamespace=shop&resourceName=web"
POD = {"kind": "Pod", "namespace": "shop", "name": "web-1"}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("resource-tree", {"ask": "tree"}),
        (f"resource?{NAMED}", {"ask": "object", **WEB, "version": ""}),
        (f"blame?{NAMED}", {"ask": "blame", **WEB}),
        ("blame?group=*&kind=Deployment&resourceName=web", {"ask": "blame", **WEB, "group": "*", "namespace": ""}),
        ("operations/01abc/changes", {"ask": "changes", "operation": "01ABC"}),
        ("managed-resources", {"ask": "managed"}),
        ("manifests", {"ask": "manifests", "at": "wanted"}),
        ("manifests?at=synced", {"ask": "manifests", "at": "synced"}),
        ("operations/01ABC/manifests", {"ask": "manifests", "at": "01ABC"}),
        ("compare?from=01ABC&to=wanted", {"ask": "compare", "old": "01ABC", "new": "wanted"}),
        ("events", {"ask": "events", "group": "", "kind": "", "namespace": "", "name": "", "limit": 100}),
        (f"events?{NAMED}&limit=5", {"ask": "events", **WEB, "limit": 5}),
        ("pods/web-1/logs?resourceNamespace=shop", {"ask": "logs", **POD, "query": {"previous": False}}),
        (
            f"logs?{NAMED}&container=*&previous=true&sinceSeconds=60&tailLines=5&limitBytes=900&filter=a&cursor=c",
            {
                "ask": "logs",
                **WEB,
                "query": {
                    "container": "*", "previous": True, "since_seconds": 60, "tail": 5, "limit_bytes": 900,
                    "holding": "a", "cursor": "c",
                },
            },
        ),
    ],
)  # fmt: skip
def test_routes_ask_for_a_look(api: Api, path: str, asked: dict[str, Any]) -> None:
    """GIVEN a route WHEN it is asked THEN the look is for that application, and its answer is passed on with a tag."""
    answer = api.get(path)
    assert (200, {"nodes": []}) == (answer["statusCode"], json.loads(answer["body"]))
    assert [{"app": "argocd/shop", **asked}] == api.asked
    # THEN whoever has that answer is sent nothing more
    assert 304 == api.get(path, **{"if-none-match": answer["headers"]["etag"]})["statusCode"]


def test_the_certificate_that_seals_is_told_beside_sealed_secrets(api: Api) -> None:
    """GIVEN a sealing key WHEN secrets are listed THEN its certificate is named where there is a SealedSecret."""
    key = SealingKeys(api.table, SecretStore(boto3.client("secretsmanager", region_name=REGION)), "m")
    made = key.renew(time.time(), bits=2048)
    assert made is not None
    for source, told in (("render", None), ("SealedSecret", made.fingerprint)):
        api.told = {"answer": {"items": [{"source": source}], "nextRefresh": None}}
        answer = json.loads(api.get("secrets")["body"])
        assert (api.told["answer"]["items"], told) == (answer["items"], (answer["sealing"] or {}).get("fingerprint"))
    assert {"ask": "secrets", "app": "argocd/shop"} == api.asked[-1]
    assert answer["sealing"]["until"] > answer["sealing"]["since"]


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"error": {"kind": "PermanentError", "name": "NoSuchObjectError", "message": "has no web"}}, 404, None),
        ({"error": {"kind": "PermanentError", "name": "UnknownOperationError", "message": "none"}}, 404, None),
        ({"error": {"kind": "PermanentError", "name": "UnknownApplicationError", "message": "none"}}, 404, None),
        ({"error": {"kind": "ForbiddenError", "name": "NotPermittedError", "message": "not here"}}, 403, None),
        ({"error": {"kind": "ConfigurationError", "message": "bad", "field": "cursor"}}, 400, "cursor"),
        ({"error": {"kind": "UnreachableError", "message": "no answer"}}, 503, None),
        (ThrottledError("too many", retry_after=1), 503, None),
        (UnreachableError("too late"), 503, None),
    ],
)
def test_errors_of_a_look_are_answers(api: Api, told: Any, status: int, field: str | None) -> None:
    """GIVEN a look that ends in an error WHEN asked THEN the answer has its status, its field and its words."""
    api.told = told
    answer = api.get("resource-tree")
    problem = json.loads(answer["body"])
    words = told.message if isinstance(told, Exception) else told["error"]["message"]
    assert (status, field, words) == (answer["statusCode"], problem["field"], problem["detail"])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("resource?kind=Pod", "resourceName"),
        ("resource?resourceName=web", "kind"),
        ("compare?from=01ABC", "to"),
        ("manifests?at=yesterday", "at"),
        ("pods/web-1/logs", "resourceNamespace"),
        ("pods/web-1/logs?resourceNamespace=shop&tailLines=many", "tailLines"),
        ("resource-tree?depth=3", "depth"),
    ],
)
def test_what_cannot_be_asked_starts_no_look(api: Api, path: str, field: str) -> None:
    """GIVEN a query that can't be used WHEN asked THEN the answer names the field, and nobody is asked."""
    answer = api.get(path)
    assert (400, field) == (answer["statusCode"], json.loads(answer["body"])["field"])
    assert [] == api.asked


def test_strangers_start_no_look(api: Api) -> None:
    """GIVEN another token WHEN anything is asked THEN nobody is asked."""
    for path in ("resource-tree", f"logs?{NAMED}"):
        assert 401 == api.get(path, "another")["statusCode"]
    assert [] == api.asked


def test_given_manifests_are_compared_by_a_look(api: Api) -> None:
    """GIVEN manifests that nobody pushed WHEN they are posted THEN a look compares them, tried for who may override."""
    api.told = {"answer": {"items": [], "compared": 0, "leftOut": 0, "withheld": []}}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    answer = api.post("managed-resources", {"manifests": [manifest]})
    assert (200, 0) == (answer["statusCode"], json.loads(answer["body"])["leftOut"])
    assert [{"ask": "against", "app": "argocd/shop", "manifests": [manifest], "tries": True}] == api.asked
    # THEN what can't be compared starts no look
    large = {"manifests": [manifest | {"data": {"a": "x" * (5 << 20)}}]}
    for body, words in (({}, "must be a list"), ({"manifests": "all"}, "must be a list"), (large, "exceed 4 MiB")):
        problem = json.loads(api.post("managed-resources", body)["body"])
        assert (400, "manifests", True) == (problem["status"], problem["field"], words in problem["detail"])
    assert 1 == len(api.asked)


def test_a_reader_has_nothing_tried(api: Api) -> None:
    """GIVEN a token of `role:readonly` WHEN manifests are posted THEN they are compared and nothing is tried."""
    api.told = {"answer": {"items": [], "compared": 0, "leftOut": 0, "withheld": []}}
    made = api.post("/tokens", {"name": "ci", "role": "role:readonly", "expiresIn": 600})
    token = json.loads(made["body"])["token"]
    assert 404 == api.post("managed-resources", {"manifests": []}, token)["statusCode"]
    spec = {"source": {"repoURL": "https://git.test/a", "path": "k8s"}, "destination": {"name": "x", "namespace": "s"}}
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop"}, "spec": spec}
    assert 200 == api.post("/applications", document)["statusCode"]
    assert 200 == api.post("managed-resources", {"manifests": []}, token)["statusCode"]
    assert [False] == [each["tries"] for each in api.asked]


def test_a_render_elsewhere_is_told_of_the_cluster(api: Api) -> None:
    """GIVEN applications of a known and of no cluster WHEN the context is asked for THEN it is what renders are told."""
    assert 404 == api.get("build-context")["statusCode"]
    spec = {"project": "default", "source": {"repoURL": "https://git.test/a", "path": "k8s"}}
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop"}}
    declared = document | {"spec": spec | {"destination": {"name": "nowhere", "namespace": "shop"}}}
    assert 200 == api.post("/applications", declared)["statusCode"]
    assert {"kubeVersion": "", "apiVersions": []} == json.loads(api.get("build-context")["body"])
    assert [] == api.asked
