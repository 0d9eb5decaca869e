"""What holds for every route, because one place sees to it: who is let in, tags, conditions, packing, refusals."""

from __future__ import annotations

import base64
import importlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import pytest

from local.openapi import with_table
from mooring.access.rbac import Caller, parse_policy, permits
from mooring.access.rights import RESOURCES
from mooring.errors import ConfigurationError
from tests.doubles.deployed import API_TOKEN, Handler, deployed_api

ROOT = Path(__file__).parents[2]
POLICY = """
p, dev, applications, get, team/*, allow
p, dev, applications, sync, team/*, allow
p, dev, applicationsets, *, team/*, allow
p, dev, projects, get, team, allow
p, operator, clusters, *, https://new.test, allow
p, operator, repositories, *, https://git.test/acme/*, allow
p, auditor, applications, get, */*, allow
p, auditor, applications, get, secret/*, deny
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as API Gateway gets it."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Api:
    """The handler, and the modules that are loaded from its folder."""

    handler: Handler

    def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = API_TOKEN, **headers: str
    ) -> Answer:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        path, _, query = path.partition("?")
        event["queryStringParameters"] = dict(parse_qsl(query))
        event |= {"rawPath": path, "body": None if body is None else json.dumps(body)}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["headers"].pop("accept-encoding", None)
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        event["headers"].pop("authorization", None)
        if token is not None:
            event["headers"]["authorization"] = f"Bearer {token}"
        told = self.handler(event, None)
        text = told["body"]
        if told.get("isBase64Encoded"):
            text = zlib.decompress(base64.b64decode(text), zlib.MAX_WBITS | 16).decode()
        names = {name.lower(): value for name, value in told["headers"].items()}
        json_body = text and "json" in names.get("content-type", "")
        return Answer(told["statusCode"], names, json.loads(text) if json_body else text)

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """An installation with the projects team and secret, each with an application."""
    with deployed_api() as found:
        api = Api(found.handler)
        api.ask("PUT", "/api/v1/clusters/prod", {"server": "https://prod.test", "config": {"bearerToken": "x"}})
        for name in ("team", "secret"):
            spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
            assert 200 == api.ask("POST", "/api/v1/projects", document("AppProject", name, spec)).status
            assert 200 == api.ask("POST", "/api/v1/applications", application(f"{name}-shop", name)).status
        yield api


@pytest.fixture
def as_caller(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has requests come from this subject, under a policy of these tests."""
    policy = parse_policy({"policy.csv": POLICY})

    def become(subject: str) -> None:
        caller = Caller(subject, subject, (), "session")
        desk = api.module("desk")
        monkeypatch.setattr(desk, "caller_of", lambda *_: caller)
        monkeypatch.setattr(desk, "may", lambda _, who, *asked: permits(policy, who, *asked))

    return become


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def application(name: str, project: str, path: str = ".") -> dict[str, Any]:
    source = {"repoURL": "https://git.test/acme/shop", "path": path}
    destination = {"server": "https://prod.test", "namespace": "shop"}
    return document("Application", name, {"project": project, "source": source, "destination": destination})


def endpoints(api: Api) -> list[Any]:
    """Everything that is declared."""
    return list(api.module("app").desk().endpoints)


def test_every_route_says_who_may_and_what_it_answers(api: Api) -> None:
    """GIVEN all declared routes WHEN looked at THEN each has a right, a summary, a tag and answers, and a name of its own."""
    declared = endpoints(api)
    public = api.module("declared").PUBLIC
    rights = importlib.import_module("mooring.access.rights").RESOURCES
    for each in declared:
        assert each.does and each.tag and each.answers, each.path
        if each.access is not public:
            assert each.access.action in rights[each.access.resource], each.path
    assert len(declared) == len({each.name for each in declared})
    assert {"/healthz", "/v1/cert.pem", "/api/v1/openapi.json"} <= {e.path for e in declared if e.access is public}


def test_nobody_is_answered_without_being_known(api: Api) -> None:
    """GIVEN all declared routes WHEN asked without a token THEN all but the public ones answer 401, and say no more."""
    public = api.module("declared").PUBLIC
    for each in endpoints(api):
        if each.access is public:
            continue
        path = re.sub(r"<\w+>", "x", each.path)
        answer = api.ask(each.method, f"{path}?nonsense=1", {}, token=None)
        assert 401 == answer.status, each.path


def test_the_document_is_the_one_of_these_routes(api: Api) -> None:
    """GIVEN the declared routes WHEN the document is made THEN it is what is served; `python -m local openapi` makes it."""
    made = api.module("openapi").text_of(endpoints(api))
    assert made == (ROOT / "functions" / "api" / "openapi.json").read_text("utf-8")
    assert json.loads(made) == api.ask("GET", "/api/v1/openapi.json", token=None).body


def test_the_page_says_what_each_call_needs(api: Api) -> None:
    """GIVEN the document WHEN the table is made of it THEN it is the one in docs/api.md."""
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert with_table(page, api.module("openapi").describe(endpoints(api))) == page
    assert "| `DELETE /api/v1/applications/{name}` | Needs `applications`, `delete` on the application" in page


def test_examples_fit_their_shapes(api: Api) -> None:
    """GIVEN the document's examples WHEN read by their shapes THEN they fit."""
    from pydantic import TypeAdapter

    openapi = api.module("openapi")
    shapes, examples = openapi._shapes(), openapi._examples()
    for name, example in examples.items():
        TypeAdapter(shapes[name]).validate_python(example, strict=True)


def test_what_is_known_is_not_sent_again(api: Api) -> None:
    """GIVEN a tag WHEN the same is asked for again THEN the answer is 304 until something changed."""
    first = api.ask("GET", "/api/v1/projects/team")
    again = api.ask("GET", "/api/v1/projects/team", if_none_match=first.headers["etag"])
    other = api.ask("GET", "/api/v1/projects/team", if_none_match='"other.tag"')
    assert (200, 304, 200) == (first.status, again.status, other.status)
    assert (first.headers["etag"], None) == (again.headers["etag"], again.body)
    assert "private, no-cache" == first.headers["cache-control"]


def test_large_answers_are_packed_for_whoever_unpacks(api: Api) -> None:
    """GIVEN a large answer WHEN gzip is accepted THEN it is packed, under a tag of its own that counts as the same."""
    plain = api.ask("GET", "/api/v1/openapi.json")
    packed = api.ask("GET", "/api/v1/openapi.json", accept_encoding="gzip, br")
    assert (None, "gzip") == (plain.headers.get("content-encoding"), packed.headers.get("content-encoding"))
    assert plain.body == packed.body and plain.headers["etag"] != packed.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]
    assert 304 == api.ask("GET", "/api/v1/openapi.json", if_none_match=packed.headers["etag"]).status
    assert "content-encoding" not in api.ask("GET", "/healthz", accept_encoding="gzip").headers


def test_a_document_is_changed_only_where_it_is_the_one_that_was_read(api: Api) -> None:
    """GIVEN two people who read the same WHEN both declare it otherwise THEN the second is told; a status stops nobody."""
    read = api.ask("GET", "/api/v1/applications/team-shop").headers["etag"]
    mine = api.ask("POST", "/api/v1/applications", application("team-shop", "team", "mine"), if_match=read)
    theirs = api.ask("POST", "/api/v1/applications", application("team-shop", "team", "theirs"), if_match=read)
    assert (200, 412, "If-Match") == (mine.status, theirs.status, theirs.body["field"])
    assert "mine" == api.ask("GET", "/api/v1/applications/team-shop").body["spec"]["source"]["path"]
    taken = api.ask("POST", "/api/v1/applications", application("team-shop", "team"), if_none_match="*")
    assert (412, "If-None-Match") == (taken.status, taken.body["field"])
    gone = api.ask("DELETE", "/api/v1/projects/none", if_match="*")
    assert 412 == gone.status


def test_lists_come_in_pages(api: Api, as_caller: Any) -> None:
    """GIVEN a limit WHEN a list is followed THEN its pages hold everything once, and name nothing that is hidden."""
    names, token = [], ""
    while True:
        page = api.ask("GET", f"/api/v1/projects?limit=1&continue={token}").body
        names += [each["metadata"]["name"] for each in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert ["default", "secret", "team"] == names
    assert (400, "continue") == _told(api.ask("GET", "/api/v1/projects?continue=%C3"))
    as_caller("dev")
    page = api.ask("GET", "/api/v1/applications?limit=1").body
    assert (["team-shop"], {}) == ([each["metadata"]["name"] for each in page["items"]], page["metadata"])


def test_an_unknown_parameter_is_refused_by_its_name(api: Api) -> None:
    """GIVEN a parameter that a route has not WHEN asked THEN the answer names it, and those that there are."""
    answer = api.ask("GET", "/api/v1/applications/team-shop?limt=3")
    assert (400, "limt", True) == (answer.status, answer.body["field"], "namespace" in answer.body["detail"])
    assert "application/problem+json" == answer.headers["content-type"]
    assert (400, "cascade") == _told(api.ask("DELETE", "/api/v1/applications/team-shop?cascade=perhaps"))


def test_another_method_is_told_which_there_are(api: Api) -> None:
    """GIVEN an address WHEN asked by a method that it has not THEN it says which it has; an address of nothing is 404."""
    answer = api.ask("PATCH", "/api/v1/projects/team")
    assert (405, "DELETE, GET, HEAD, OPTIONS") == (answer.status, answer.headers["allow"])
    assert (404, "path") == _told(api.ask("GET", "/api/v1/nothing"))


def test_a_caller_sees_what_the_policy_lets_them(api: Api, as_caller: Any) -> None:
    """GIVEN rights to one project WHEN lists are read THEN they hold what is of it."""
    as_caller("dev")
    listed = api.ask("GET", "/api/v1/applications").body["items"]
    assert ["team-shop"] == [each["metadata"]["name"] for each in listed]
    assert ["team"] == [each["metadata"]["name"] for each in api.ask("GET", "/api/v1/projects").body["items"]]
    assert [] == api.ask("GET", "/api/v1/clusters").body["items"]
    assert (200, 202) == (
        api.ask("GET", "/api/v1/applications/team-shop").status,
        api.ask("POST", "/api/v1/applications/team-shop/sync", {}).status,
    )


def test_what_is_hidden_looks_like_what_is_not_there(api: Api, as_caller: Any) -> None:
    """GIVEN no right WHEN asked for what there is and for what there isn't THEN both answers are the same."""
    as_caller("dev")
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/sync")):
        hidden = api.ask(method, f"/api/v1/applications/secret-shop{more}", {})
        nothing = api.ask(method, f"/api/v1/applications/nothing{more}", {})
        assert (403, hidden.body) == (nothing.status, nothing.body)
    as_caller("auditor")
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/sync"), ("GET", "/operations")):
        hidden = api.ask(method, f"/api/v1/applications/secret-shop{more}", {})
        nothing = api.ask(method, f"/api/v1/applications/nothing{more}", {})
        assert (404, 404, hidden.body) == (hidden.status, nothing.status, nothing.body)


def test_a_set_reaches_no_project_by_a_template_of_its_generator(api: Api, as_caller: Any) -> None:
    """GIVEN sets of one project permitted WHEN a generator's own template names another THEN it is refused."""
    as_caller("dev")
    spec = application("x", "team")["spec"]
    for project, status in (("team", 200), ("secret", 403), ("{{ project }}", 403)):
        own = {"metadata": {}, "spec": {"project": project}}
        generators = [{"list": {"elements": [{"name": "one"}], "template": own}}]
        template = {"metadata": {"name": "made-{{ name }}"}, "spec": spec}
        made = document("ApplicationSet", "made", {"generators": generators, "template": template})
        for path in ("", "/preview"):
            answer = api.ask("POST", f"/api/v1/applicationsets{path}", made)
            assert status == answer.status or (status, answer.status) == (200, 202), answer.body


def test_a_number_of_thousands_of_digits_is_refused(api: Api) -> None:
    """GIVEN a count that no integer holds WHEN asked THEN the parameter is named."""
    answer = api.ask("GET", f"/api/v1/applications/team-shop/events?limit={'9' * 5000}")
    assert (400, "limit") == _told(answer)


def test_what_is_seen_and_not_permitted_is_said(api: Api, as_caller: Any) -> None:
    """GIVEN the right to see WHEN something else is asked THEN the refusal says which right is missing, and goes on record."""
    as_caller("dev")
    answer = api.ask("DELETE", "/api/v1/applications/team-shop")
    assert (403, True) == (answer.status, "dev may not delete applications of team/team-shop" in answer.body["detail"])
    moved = api.ask("POST", "/api/v1/applications", application("team-shop", "secret"))
    assert 403 == moved.status
    as_caller("nobody")
    assert 403 == api.ask("GET", "/api/v1/audit").status


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "clusters/new", {"server": "https://new.test", "config": {}}, 200),
        ("PUT", "clusters/new", {"server": "https://other.test", "config": {}}, 403),
        ("PATCH", "clusters/new", {"labels": {"tier": "gold"}}, 200),
        ("PATCH", "clusters/new", {"project": "team"}, 403),
        ("PATCH", "clusters/prod", {"labels": {}}, 403),
        ("PUT", "repositories", {"url": "https://git.test/acme/one", "token": "x"}, 200),
        ("PUT", "repositories", {"url": "https://git.test/other"}, 403),
        ("DELETE", "repositories?url=https://git.test/other", None, 403),
        ("POST", "projects", None, 403),
        ("POST", "bootstrap", {"repoURL": "https://git.test/acme/root", "project": "team"}, 403),
        ("PUT", "settings", {}, 403),
        ("GET", "audit", None, 403),
    ],
)
def test_rights_are_to_what_a_document_says(
    api: Api, as_caller: Any, method: str, path: str, body: object, status: int
) -> None:
    """GIVEN rights to some addresses WHEN documents are declared THEN what they are and become must both be permitted."""
    as_caller("operator")
    assert status == api.ask(method, f"/api/v1/{path}", body).status


def test_a_refusal_is_on_record(api: Api, as_caller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a caller who may not WHEN they ask for an action THEN the record has it, refused, with their name."""
    as_caller("mallory")
    api.ask("DELETE", "/api/v1/applications/team-shop")
    monkeypatch.undo()
    found = api.ask("GET", "/api/v1/audit?kind=action").body["items"]
    last = [each for each in found if each["actor"] == "mallory"][-1]
    assert ("DELETE /api/v1/applications/team-shop", "refused") == (last["action"], last["outcome"])


def _told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["field"]


def test_every_word_of_policies_is_asked_for(api: Api) -> None:
    """GIVEN what policies can name WHEN the routes are walked THEN some route asks for it: a denial must not be in vain."""
    taken_from_argo = {"exec", "certificates", "extensions", "write-repositories"}
    asked = {each.access.resource for each in endpoints(api)}
    assert RESOURCES.keys() - taken_from_argo <= asked
    with pytest.raises(ConfigurationError, match="rollback"):
        parse_policy({"policy.csv": "p, dev, applications, rollback, team/*, deny"})
