"""What is shown of deliveries, through the handler of `api` that is deployed, over moto's AWS."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from mooring.events.messages import Cause
from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.asked.ulid import new_ulid
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state import codec
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries, Told
from mooring.state.lists import application_pk
from mooring.state.records import Commit, Operation, Rendering, RenderFailure, WantedState
from mooring.state.registry import Registry
from mooring.state.table import Table, put
from tests.doubles.deployed import API_TOKEN as TOKEN
from tests.doubles.deployed import Handler, deployed_api

ROOT = Path(__file__).parents[2]
PAGE = "/api/v1/pages/deliveries"
NOON = 1_790_000_000.0
VOID = {"meta", "input", "br"}


@dataclass(frozen=True, slots=True)
class Api:
    """The handler, and what it reads."""

    handler: Handler
    table: Table
    asking: AskPorts

    def ask(self, method: str, target: str, *, body: str = "", cookie: str = "", bearer: str = "") -> dict[str, Any]:
        event = json.loads((ROOT / "events" / "api-list.json").read_text())
        parts = urlsplit(target)
        event |= {"rawPath": parts.path, "rawQueryString": parts.query, "body": body or None}
        event["queryStringParameters"] = dict(parse_qsl(parts.query))
        event["requestContext"]["http"] |= {"method": method, "path": parts.path}
        del event["headers"]["authorization"]
        if bearer:
            event["headers"]["authorization"] = f"Bearer {bearer}"
        if cookie:
            event["cookies"] = ["theme=dark", cookie]
        return self.handler(event, None)

    def listed(self, query: str = "") -> tuple[int, Any]:
        answer = self.ask("GET", f"/api/v1/hooks/deliveries?{query}", bearer=TOKEN)
        return answer["statusCode"], json.loads(answer["body"])

    def tell(self, number: int = 0, **given: Any) -> Told:
        """One delivery, a second after the one before."""
        repository = "github.com/acme/shop"
        told = Told(NOON + number, "github", "push", f"delivery-{number}", "queued", repository=repository)
        told = replace(told, **given)
        Deliveries(self.table).note(told, {})
        return told

    def declare(self, name: str) -> AppKey:
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name},
            "spec": {
                "source": {"repoURL": "https://github.com/acme/shop", "path": "."},
                "destination": {"name": "in-cluster", "namespace": name},
            },
        }
        return declare(self.asking, document, "ada").application.key

    def operate(self, key: AppKey, at: float, cause: str | Cause, **given: Any) -> Operation:
        """One finished sync of an application."""
        why = Cause("push", cause) if isinstance(cause, str) else cause
        operation = Operation(
            new_ulid(at), "sync", "Succeeded", "1 configured", at, at + 1, "a" * 40, "", 1, why,
            Commit("Ada", "ada@acme.test", "Change it", ""),
        )  # fmt: skip
        operation = replace(operation, **given)
        self.table.write(put(codec.operation_item(application_pk(key), operation)[0]))
        return operation


@pytest.fixture
def api() -> Iterator[Api]:
    """A new installation, as the function `api` sees it."""
    with deployed_api() as found:
        registry = Registry(found.table, None, "mooring")  # type: ignore[arg-type]  # no credentials here
        queues = Queues(found.sqs, found.queues)
        yield Api(found.handler, found.table, AskPorts(Applications(found.table), queues, lambda: NOON, registry))


class Outline(HTMLParser):
    """The elements of a page; it fails where they are not closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def cookie_of(answer: dict[str, Any]) -> tuple[str, str]:
    """The cookie that an answer sets, as a browser sends it back, and what it says of it."""
    ((pair, attributes),) = [each.partition("; ")[::2] for each in answer["cookies"]]
    return pair, attributes


def test_a_pushed_image_names_the_deployments_of_its_tag(api: Api) -> None:
    """GIVEN a registry that told of two tags WHEN one of them was deployed THEN that operation is with the delivery."""
    shop = api.declare("shop")
    api.tell(
        provider="quay", applications=(str(shop),), concerned=1, repository="quay.io/shop/web",
        refs=("web:v1.3.0", "web:latest"),
    )  # fmt: skip
    caused = api.operate(shop, NOON + 1, Cause("image", "quay.io/shop/web:v1.3.0 and 2 more"))
    api.operate(shop, NOON + 2, Cause("image", "quay.io/shop/web:v1.4.0"))
    _, listed = api.listed()
    assert [caused.id] == [each["operation"] for each in listed["items"][0]["caused"]]


def test_a_delivery_names_what_it_caused(api: Api) -> None:
    """GIVEN operations before, after and because of a delivery WHEN it is listed THEN those it caused are with it."""
    shop, web = api.declare("shop"), api.declare("web")
    told = api.tell(applications=(str(shop), str(web)), concerned=2, touched=1, refs=("refs/heads/main",), by="ada")
    api.operate(shop, NOON - 60, "delivery-before")
    caused = api.operate(shop, NOON + 1, told.id, phase="Failed", message="web is degraded")
    api.operate(web, NOON + 2, "another")
    failure = RenderFailure("no such chart", False, "b" * 40, 1, NOON + 3)
    state = WantedState(
        "a" * 40, 1, NOON + 3, Cause("push", told.id), Commit("", "", "", ""), "", Rendering("", (), "", ""),
        failure=failure,
    )  # fmt: skip
    assert [] == Applications(api.table).want([(web, state)])
    status, answer = api.listed()
    (item,) = answer["items"]
    found = [(each["application"], each["kind"], each["phase"], each["message"]) for each in item["caused"]]
    assert (200, {}) == (status, answer["metadata"])
    assert [
        ("argocd/shop", "sync", "Failed", "web is degraded"),
        ("argocd/web", "render", "Failed", "no such chart"),
    ] == found
    assert (caused.id, 0, "2026-09-21T14:13:20Z") == (item["caused"][0]["operation"], item["leftOut"], item["at"])


def test_deliveries_are_filtered(api: Api) -> None:
    """GIVEN several WHEN repository (in another spelling, or a part), provider or outcome is asked THEN these come."""
    api.tell(1)
    api.tell(2, repository="gitlab.test/acme/web", provider="gitlab", outcome="ignored")
    Deliveries(api.table).refuse(Told(NOON + 3, "gogs", "", "", "refused", reason="no secret", source="192.0.2.1"))

    def found(query: str) -> list[str]:
        return [item["provider"] for item in api.listed(query)[1]["items"]]

    assert ["gogs", "gitlab", "github"] == found("")
    assert ["github"] == found("repository=git@github.com:Acme/shop.git")
    assert ["gitlab"] == found("repository=acme/web")
    assert ["gitlab"] == found("provider=GitLab")
    assert ["gogs"] == found("outcome=refused")


def test_pages_together_hold_everything_once(api: Api) -> None:
    """GIVEN more deliveries and refusals than fit WHEN page after page is read THEN each comes once, newest first."""
    for number in range(240):
        api.tell(number)
    for number in range(3):
        refusal = Told(NOON + number * 100 + 0.5, "gogs", "", "", "refused", reason=f"reason {number}")
        Deliveries(api.table).refuse(refusal)
    seen: list[str] = []
    query = "limit=70"
    while True:
        _, answer = api.listed(query)
        seen += [item["reason"] or item["id"] for item in answer["items"]]
        if not answer["metadata"]:
            break
        api.tell(1000 + len(seen))  # what comes meanwhile does not move the pages
        query = f"limit=70&continue={answer['metadata']['continue']}"
    expected = [f"delivery-{number}" for number in range(240)]
    for number in (2, 1, 0):
        expected.insert(number * 100 + 1, f"reason {number}")
    assert expected[::-1] == seen


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1000", "limit"), ("limit=²", "limit"), ("outcome=lost", "outcome"),
     ("continue=%7E", "continue"), ("continue=eA", "continue")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(api: Api, query: str, field: str) -> None:
    """GIVEN a parameter that can't be WHEN deliveries are listed or shown THEN the answer names it."""
    status, answer = api.listed(query)
    assert (400, field) == (status, answer["field"])
    page = api.ask("GET", f"{PAGE}?{query}", bearer=TOKEN)
    assert (400, True) == (page["statusCode"], field in page["body"])


def test_a_browser_signs_in_and_out(api: Api) -> None:
    """GIVEN no session WHEN the token is typed in THEN a cookie opens the pages, and no address holds the token."""
    refused = api.ask("GET", PAGE)
    assert (401, True) == (refused["statusCode"], 'action="/api/v1/pages/sign-in"' in refused["body"])
    wrong = api.ask("POST", "/api/v1/pages/sign-in", body="token=guess")
    assert (401, True, False) == (wrong["statusCode"], "not the API" in wrong["body"], bool(wrong.get("cookies")))
    entered = api.ask("POST", "/api/v1/pages/sign-in", body=f"token={TOKEN}")
    cookie, attributes = cookie_of(entered)
    assert (303, PAGE) == (entered["statusCode"], entered["headers"]["location"])
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=43200"} == set(attributes.split("; "))
    assert TOKEN not in cookie
    assert 200 == api.ask("GET", PAGE, cookie=cookie)["statusCode"]
    left = api.ask("POST", "/api/v1/pages/sign-out", cookie=cookie)
    assert ("__Host-mooring=", 303) == (cookie_of(left)[0], left["statusCode"])


def test_a_session_changes_nothing_by_its_cookie_alone(api: Api) -> None:
    """GIVEN a session WHEN it is to change something by the cookie alone THEN it is refused: browsers send it unasked."""
    cookie, _ = cookie_of(api.ask("POST", "/api/v1/pages/sign-in", body=f"token={TOKEN}"))
    assert 200 == api.ask("GET", "/api/v1/hooks/deliveries", cookie=cookie)["statusCode"]
    refused = api.ask("DELETE", "/api/v1/applications/shop", cookie=cookie)
    assert (403, True) == (refused["statusCode"], "x-mooring-csrf" in refused["body"])


def test_the_page_shows_everything_and_runs_nothing(api: Api) -> None:
    """GIVEN text with markup in every field WHEN shown THEN it is text; one style and no script is all there is."""
    evil = "<script>alert(1)</script>\"'&"
    shop = api.declare("shop")
    told = api.tell(
        id=evil, by=evil, source=evil, provider=evil, event=evil, repository=evil, refs=(evil,),
        applications=(str(shop),), sets=(evil,), concerned=1,
    )  # fmt: skip
    api.operate(shop, NOON + 1, told.id, message=evil)
    api.tell(5, id="x", outcome="refused", reason=evil, applications=(), repository="")
    answer = api.ask("GET", f"{PAGE}?limit=100&repository=%3Cscript", bearer=TOKEN)
    outline = Outline(answer["body"])
    assert "script" not in {tag for tag, _ in outline.tags}
    assert not any(name.startswith("on") or name == "style" for _, given in outline.tags for name in given)
    whole = Outline(api.ask("GET", PAGE, bearer=TOKEN)["body"])
    assert 9 == sum(words.count(evil) for words in whole.words)
    assert "Succeeded" in whole.words
    policy = answer["headers"]["content-security-policy"]
    style = re.search("<style>(.*)</style>", answer["body"], re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_leads_to_older_deliveries(api: Api) -> None:
    """GIVEN more than a page holds WHEN its link is followed THEN the rest comes, under the same filters."""
    for number in range(5):
        api.tell(number)
    first = Outline(api.ask("GET", f"{PAGE}?limit=3&provider=github", bearer=TOKEN)["body"])
    (link,) = [given["href"] for tag, given in first.tags if tag == "a"]
    assert link is not None
    assert "provider=github" in link
    rest = Outline(api.ask("GET", link, bearer=TOKEN)["body"])
    assert (3, 2) == tuple(sum(tag == "article" for tag, _ in page.tags) for page in (first, rest))


def test_a_page_can_be_read_by_everybody(api: Api) -> None:
    """GIVEN the pages WHEN read without eyes THEN language, title, labels and times are said in the markup."""
    api.tell()
    for answer in (api.ask("GET", PAGE), api.ask("GET", PAGE, bearer=TOKEN)):
        tags = Outline(answer["body"]).tags
        names = [tag for tag, _ in tags]
        assert ("html", {"lang": "en"}) in tags
        assert (1, 1) == (names.count("h1"), names.count("main"))
        fields = [given for tag, given in tags if tag in ("input", "select")]
        assert len(fields) == names.count("label")
    assert ("time", "2026-09-21T14:13:20Z") in [(tag, given.get("datetime")) for tag, given in tags]
