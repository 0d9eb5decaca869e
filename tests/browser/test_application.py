"""One application in a browser: its head, what can be done with it, and its resources as graph, network and list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from playwright.sync_api import Locator, Route, expect

from tests.doubles.browsing import ROOT, Desk, Seen, desk
from tests.doubles.trees import application_of, changed_of, tree_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Look = Callable[..., Seen]
_API = "/api/v1/applications/shop"


@dataclass(frozen=True, slots=True)
class Office:
    """Where the page is served, and the session of its administrator."""

    desk: Desk
    cookies: Any


class Shop:
    """The answers of the API about one application, which a test may change, and what the page has asked for."""

    def __init__(self, tree: dict[str, Any] | None = None, **status: Any) -> None:
        self.application = application_of(**status)
        self.tree = tree or tree_of()
        self.asked: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}

    def answer(self, route: Route) -> None:
        request = route.request
        parts = urlsplit(request.url)
        rest = parts.path.removeprefix(_API)
        if request.method != "GET":
            self.asked.append((request.method, rest, parse_qs(parts.query), request.post_data_json))
        elif rest not in ("", "/resource-tree") and rest not in self.answers:
            route.fulfill(status=503, content_type="application/problem+json", body='{"detail": "no cluster here"}')
            return
        usual = {"": self.application, "/resource-tree": self.tree} if request.method == "GET" else {}
        status, body = self.answers.get(rest, (200, usual.get(rest, {})))
        kind = "application/problem+json" if status >= 400 else "application/json"
        route.fulfill(status=status, content_type=kind, body=json.dumps(body))

    def refuse(self, rest: str, status: int, detail: str, field: str | None = None) -> None:
        self.answers[rest] = (status, {"title": "Refused", "status": status, "detail": detail, "field": field})


@pytest.fixture(scope="module")
def office(browser: Browser) -> Iterator[Office]:
    """An installation without applications, into which somebody has signed in once."""
    with desk() as found:
        page = browser.new_page(base_url=found.url)
        seen = Seen(page, found)
        seen.sign_in()
        cookies = page.context.cookies()
        page.close()
        yield Office(found, cookies)


def opened(look: Look, office: Office, shop: Shop, rest: str = "", **shown: Any) -> Seen:
    """The page of the application, as the administrator."""
    seen: Seen = look(office.desk, **shown)
    seen.page.context.add_cookies(office.cookies)
    seen.page.route("**/api/v1/applications/shop**", shop.answer)
    seen.page.route("**/api/v1/applications/shop/**", shop.answer)
    seen.open(f"/applications/argocd/shop{rest}")
    expect(seen.page.get_by_role("heading", name="shop", exact=True)).to_be_visible(timeout=15_000)
    return seen


def graph(seen: Seen) -> Locator:
    """The graph, once it has its places."""
    found = seen.page.get_by_role("group", name="Resource graph")
    expect(found.locator(".node").first).to_be_visible()
    return found


def node(seen: Seen, name: str) -> Locator:
    return seen.page.locator(".node").filter(has=seen.page.get_by_text(name))


def dialog(seen: Seen, name: str) -> Locator:
    found = seen.page.get_by_role("dialog", name=name)
    expect(found).to_be_visible()
    return found


def toast(seen: Seen, text: str) -> None:
    expect(seen.page.get_by_role("status").filter(has_text=text)).to_be_visible()


@pytest.mark.parametrize(
    ("shape", "value"),
    [("ShownApplication", application_of()), ("ResourceTree", tree_of()), ("LiveResource", changed_of())],
)
def test_the_answers_of_these_tests_are_such_as_the_api_gives(shape: str, value: dict[str, Any]) -> None:
    """GIVEN the application and the tree that these tests show THEN they are of the shapes that the API declares."""
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    jsonschema.validate(value, {"$ref": f"#/components/schemas/{shape}", "components": document["components"]})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_view_is_accessible(look: Look, office: Office, width: int, theme: str) -> None:
    """GIVEN an application WHEN its resources are shown THEN axe finds nothing, and nothing is wider than the window."""
    seen = opened(look, office, Shop(), "?view=graph", width=width, theme=theme)
    for view in ("Graph", "Network", "List"):
        seen.page.get_by_role("button", name=view, exact=True).click()
        shown = seen.page.get_by_role(
            "treegrid" if view == "List" else "group", name="Res" if view != "Network" else view
        )
        expect(shown.locator(".node, [role=row][aria-level]").first).to_be_visible()
        seen.accessible()
        seen.fits()


def test_the_head_says_what_it_is_and_how(look: Look, office: Office) -> None:
    """GIVEN a paused application with an error WHEN it is opened THEN commit, place, pause and error stand above."""
    paused = {"by": "ada", "at": "2026-11-20T09:00:00Z", "why": "incident 7"}
    conditions = [{"type": "SyncError", "message": "admission webhook denied the request"}]
    seen = opened(look, office, Shop(paused=paused, conditions=conditions))
    head = seen.page.locator("header.app-head")
    for text in ("Degraded", "OutOfSync", "Auto-sync paused", "prod-eu", "git.test/team/shop", "4f2a9c1"):
        expect(head).to_contain_text(text)
    expect(head).to_contain_text("Take payments by direct debit as well (#418)")
    expect(head).to_contain_text("Ada Lovelace")
    notes = seen.page.get_by_role("list", name="What to know")
    expect(notes).to_contain_text("paused by ada")
    expect(notes).to_contain_text("incident 7")
    expect(notes).to_contain_text("admission webhook denied the request")
    seen.accessible()


def test_a_sync_of_some_objects_is_asked_for_by_keys_and_clicks(look: Look, office: Office) -> None:
    """GIVEN the dialog opened by `s` WHEN what is out of sync is chosen and synced THEN that alone is asked for."""
    shop = Shop()
    shop.answers["/sync"] = (202, {"operation": {"id": "01JC"}})
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.keyboard.press("s")
    box = dialog(seen, "Sync shop")
    box.get_by_label("Some of them").check()
    expect(box.get_by_role("button", name="Sync", exact=True)).to_be_disabled()
    box.get_by_label("Search objects").fill("secret")
    expect(box.get_by_role("listitem")).to_have_count(1)
    seen.accessible()
    box.get_by_role("button", name="Out of sync (1)").click()
    box.get_by_role("button", name="Sync", exact=True).click()
    expect(box).not_to_be_visible()
    chosen = [{"group": "", "kind": "Secret", "namespace": "shop", "name": "payments"}]
    assert [("POST", "/sync", {"namespace": ["argocd"]}, {"resources": chosen})] == shop.asked
    expect(seen.page.get_by_role("button", name="Asked for")).to_be_disabled()
    shop.application["status"]["operationState"] = running("01JC")
    expect(seen.page.get_by_role("button", name="Sync", exact=True)).to_be_enabled()


def running(ident: str, phase: str = "Running", **more: Any) -> dict[str, Any]:
    usual = {"message": "", "startedAt": "2026-11-21T09:00:00Z", "operation": {}, "syncResult": {}, "retryCount": 0}
    return {**usual, "phase": phase, "id": ident, "kind": "sync", "requests": 3, "cost": {}, **more}


def test_a_dry_run_shows_what_it_would_do(look: Look, office: Office) -> None:
    """GIVEN a dry run of another revision WHEN it has been tried THEN its differences stand in the dialog."""
    shop = Shop()
    shop.answers["/sync"] = (202, {"operation": {"id": "01JD"}})
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.get_by_role("button", name="Sync", exact=True).click()
    box = dialog(seen, "Sync shop")
    box.get_by_role("textbox", name="Revision").fill("v2")
    box.get_by_role("checkbox", name="Prune").uncheck()
    box.get_by_role("checkbox", name="Dry run").check()
    box.get_by_role("button", name="Try").click()
    expect(box.get_by_role("status").filter(has_text="Trying every change")).to_be_visible()
    assert {"prune": False, "dryRun": True, "revision": "v2"} == shop.asked[0][3]
    result = {"version": "v1", "group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web-0"}
    result |= {"status": "Synced", "message": "configured", "diff": "-  replicas: 3\n+  replicas: 4"}
    shop.application["status"]["operationState"] = running(
        "01JD", "Succeeded", kind="dry run", syncResult={"resources": [result]}, finishedAt="2026-11-21T09:00:02Z"
    )
    outcome = box.get_by_role("region", name="Dry run")
    expect(outcome).to_contain_text("+  replicas: 4")
    seen.accessible()


def test_a_refusal_names_the_field_and_the_next_step(look: Look, office: Office) -> None:
    """GIVEN an API that refuses WHEN a sync is asked for THEN field, reason and next step stand in the dialog."""
    shop = Shop()
    shop.refuse("/sync", 400, "Cannot sync to v2: auto-sync currently set to main", "revision")
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.keyboard.press("s")
    box = dialog(seen, "Sync shop")
    box.get_by_role("textbox", name="Revision").fill("v2")
    seen.page.keyboard.press("Enter")
    alert = box.get_by_role("alert")
    expect(alert).to_contain_text("revision Cannot sync to v2")
    expect(alert).to_contain_text("Change what is named, then try again.")
    seen.accessible()
    seen.forgive("/sync")


def test_pause_and_resume_show_at_once(look: Look, office: Office) -> None:
    """GIVEN automated sync WHEN it is paused with a reason THEN the page says so before the API's document does."""
    shop = Shop()
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.keyboard.press("P")
    box = dialog(seen, "Pause automated sync of shop")
    box.get_by_label("Why").fill("incident 7")
    shop.application["status"]["paused"] = {"by": "admin", "at": "2026-11-21T09:00:00Z", "why": "incident 7"}
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_text("Auto-sync paused")).to_be_visible()
    assert ("POST", "/pause", {"namespace": ["argocd"]}, {"why": "incident 7"}) == shop.asked[0]
    expect(box).not_to_be_visible()
    shop.application["status"].pop("paused")
    seen.page.get_by_role("button", name="Resume").click()
    expect(seen.page.get_by_text("Auto-sync paused")).not_to_be_visible()
    assert "/resume" == shop.asked[1][1]


def test_what_is_refused_is_taken_back(look: Look, office: Office) -> None:
    """GIVEN a pause that may not be ended WHEN resume is pressed THEN the page says why, and is as before."""
    shop = Shop(paused={"by": "ada", "at": "2026-11-20T09:00:00Z", "why": ""})
    shop.refuse("/resume", 403, "needs applications, update on payments/shop")
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.get_by_role("button", name="Resume").click()
    toast(seen, "needs applications, update on payments/shop")
    expect(seen.page.get_by_text("Auto-sync paused")).to_be_visible()
    seen.forgive("/resume")


def test_refresh_terminate_and_confirm_are_asked_for(look: Look, office: Office) -> None:
    """GIVEN an operation under way and a deletion that waits WHEN keys and buttons are pressed THEN each is asked for."""
    waits = {"type": "DeletionConfirmationRequired", "message": "deleting ConfigMap old has to be confirmed"}
    shop = Shop(conditions=[waits], operationState=running("01JB"))
    seen = opened(look, office, shop)
    graph(seen)
    seen.page.keyboard.press("r")
    toast(seen, "Git and the cluster are looked at now")
    seen.page.keyboard.press("R")
    toast(seen, "rendered anew")
    seen.page.keyboard.press("T")
    toast(seen, "The operation is being ended")
    expect(seen.page.get_by_role("list", name="What to know")).to_contain_text("deleting ConfigMap old")
    seen.page.get_by_role("button", name="Confirm deletion").click()
    toast(seen, "Confirmed")
    wanted = [("POST", "/refresh"), ("POST", "/refresh"), ("DELETE", "/operation"), ("POST", "/confirm")]
    assert wanted == [each[:2] for each in shop.asked]
    assert {"namespace": ["argocd"], "hard": ["true"]} == shop.asked[1][2]


def test_a_deletion_wants_the_name_typed(look: Look, office: Office) -> None:
    """GIVEN the dialog WHEN the name is typed and its objects are to go THEN the deletion is asked for with cascade."""
    shop = Shop()
    seen = opened(look, office, shop, width=390, theme="dark")
    seen.page.get_by_role("button", name="More").click()
    seen.page.get_by_role("menuitem", name="Delete").click()
    box = dialog(seen, "Delete shop")
    seen.accessible()
    box.get_by_label("Go with it").check()
    box.get_by_label("Type shop to delete it").fill("shop2")
    expect(box.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    box.get_by_label("Type shop to delete it").fill("shop")
    box.get_by_role("button", name="Delete", exact=True).click()
    seen.page.wait_for_url("**/applications")
    assert [("DELETE", "", {"namespace": ["argocd"], "cascade": ["true"]}, None)] == shop.asked


def test_who_may_not_is_told_why(look: Look, office: Office) -> None:
    """GIVEN somebody who may look but not sync WHEN the page is shown THEN the button says what is missing."""
    shop = Shop()
    seen = look(office.desk)
    asked: list[str] = []

    def session(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        if answer.status == 200:
            body |= {"means": "session", "can": {**body["can"], "applications": ["get", "sync"]}}
        route.fulfill(response=answer, body=json.dumps(body))

    def may(route: Route) -> None:
        asked.append(urlsplit(route.request.url).query)
        route.fulfill(status=200, body=json.dumps({"value": "no" if "action=sync" in asked[-1] else "yes"}))

    seen.page.route("**/api/v1/session", session)
    seen.page.route("**/api/v1/account/can-i**", may)
    seen.page.route("**/api/v1/applications/shop**", shop.answer)
    seen.page.route("**/api/v1/applications/shop/**", shop.answer)
    seen.page.context.add_cookies(office.cookies)
    seen.open("/applications/argocd/shop")
    button = seen.page.get_by_role("button", name="Sync", exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute(
        "title", "You may not: it needs applications, sync on payments/shop (argocd-rbac-cm)"
    )
    graph(seen)
    seen.page.keyboard.press("s")
    toast(seen, "it needs applications, sync on payments/shop")
    seen.page.keyboard.press("P")
    toast(seen, "it needs applications, update on payments/shop")
    assert any("object=payments%2Fshop" in each for each in asked)
    assert [] == shop.asked
    seen.accessible()


def test_the_graph_by_pointer(look: Look, office: Office) -> None:
    """GIVEN a stack at the edge WHEN it is pressed THEN its pods come into the window; an object's box opens that."""
    seen = opened(look, office, Shop(tree_of(2, 37)))
    found = graph(seen)
    stack = found.get_by_role("button", name="37 Pods, 1 Degraded, 36 Healthy")
    expect(stack).to_have_attribute("aria-expanded", "false")
    before = stack.bounding_box()
    stack.click()
    expect(stack).to_have_attribute("aria-expanded", "true")
    pod, frame = found.get_by_role("button", name="Pod web-1-7d9f-0018, ").bounding_box(), found.bounding_box()
    after = stack.bounding_box()
    assert before and after and pod and frame
    assert pytest.approx(before["y"], abs=1) == after["y"]
    assert after["x"] + after["width"] < pod["x"] < frame["x"] + frame["width"] - pod["width"]
    stack.click()
    expect(found.get_by_role("button", name="Pod web-1-7d9f-0018, ")).to_have_count(0)
    found.get_by_role("button", name="Deployment web-1").click()
    seen.page.wait_for_url("**resource=apps%2FDeployment%2Fshop%2Fweb-1**")
    expect(found.get_by_role("button", name="Deployment web-1")).to_have_attribute("aria-current", "true")
    seen.forgive("503")


def test_the_graph_by_keys(look: Look, office: Office) -> None:
    """GIVEN hands that stay on the keyboard WHEN they walk by arrows THEN they come to a pod and open it."""
    seen = opened(look, office, Shop(tree_of(1, 20, 0)))
    graph(seen)
    seen.page.keyboard.press("j")
    expect(node(seen, "Application shop")).to_be_focused()
    assert 1 == seen.page.locator(".node[tabindex='0']").count()
    seen.page.keyboard.press("ArrowRight")
    seen.page.keyboard.press("Home")
    expect(node(seen, "Ingress shop")).to_be_focused()
    for _ in range(2):
        seen.page.keyboard.press("ArrowDown")
    expect(node(seen, "Deployment web-0")).to_be_focused()
    seen.page.keyboard.press("ArrowRight")
    expect(node(seen, "ReplicaSet web-0-7d9f")).to_be_focused()
    seen.page.keyboard.press("ArrowRight")
    expect(node(seen, "20 Pods")).to_be_focused()
    seen.page.keyboard.press("ArrowRight")
    expect(node(seen, "20 Pods")).to_have_attribute("aria-expanded", "true")
    expect(seen.page.locator(".node[data-box^='/Pod/']").first).to_be_visible()
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.locator(".node[data-box^='/Pod/']:focus")).to_have_count(1)
    seen.page.keyboard.press("End")
    expect(node(seen, "Pod web-0-7d9f-0019")).to_be_focused()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**resource=%2FPod%2Fshop%2Fweb-0-7d9f-0019**")
    seen.forgive("503")


def test_boxes_stay_where_they_are_while_things_change(look: Look, office: Office) -> None:
    """GIVEN the graph WHEN a pod gets well and the tree is read again THEN it says so, and no box has moved."""
    shop = Shop()
    seen = opened(look, office, shop)
    found = graph(seen)
    boxes = "[...document.querySelectorAll('.react-flow__node')].map((each) => each.dataset.id + each.style.transform)"
    expect(found.get_by_role("button", name="Pod web-1-7d9f-0002, Degraded")).to_have_count(1)
    before = seen.page.evaluate(boxes)
    shop.tree = tree_of()
    pod = next(each for each in shop.tree["nodes"] if each["name"] == "web-1-7d9f-0002")
    pod["health"] = {"status": "Healthy"}
    seen.page.keyboard.press("r")
    expect(found.get_by_role("button", name="Pod web-1-7d9f-0002, Healthy")).to_have_count(1)
    assert before == seen.page.evaluate(boxes)


def test_filters_leave_what_fits_and_what_it_hangs_on(look: Look, office: Office) -> None:
    """GIVEN filters WHEN degraded pods are asked for THEN they are shown below their owners, also in a new window."""
    seen = opened(look, office, Shop(tree_of(3, 37)))
    found = graph(seen)
    seen.page.get_by_role("button", name="Filter by health").click()
    seen.page.get_by_role("menuitemcheckbox", name="Degraded").click()
    seen.page.keyboard.press("Escape")
    seen.page.get_by_label("Search resources").fill("pod")
    expect(found.get_by_role("button", name="Pod web-1-7d9f-0036, Degraded")).to_be_visible()
    expect(found.locator(".node")).to_have_count(4)
    expect(seen.page.get_by_text("1 of ")).to_be_visible()
    seen.page.reload()
    expect(graph(seen).locator(".node")).to_have_count(4)
    seen.page.get_by_label("Search resources").fill("nothing has this")
    expect(seen.page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    seen.page.get_by_role("button", name="Show all").click()
    expect(graph(seen).get_by_role("button", name="Deployment web-0")).to_be_visible()


def test_the_list_by_keys(look: Look, office: Office) -> None:
    """GIVEN the list WHEN arrows are pressed THEN rows close, open and are walked through, as in any tree grid."""
    seen = opened(look, office, Shop(tree_of(1, 3, 0)), "?view=list")
    rows = seen.page.locator("[role=row][aria-level]")
    expect(seen.page.get_by_role("row", name="Pod web-0-7d9f-0002")).to_be_visible()
    count = rows.count()
    seen.page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("ArrowDown")
    row = seen.page.get_by_role("row", name="Deployment web-0")
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-expanded", "true")
    seen.page.keyboard.press("ArrowLeft")
    expect(row).to_have_attribute("aria-expanded", "false")
    expect(rows).to_have_count(count - 6)
    seen.page.keyboard.press("ArrowRight")
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.get_by_role("row", name="ReplicaSet web-0-7d9f")).to_be_focused()
    seen.page.keyboard.press("ArrowLeft")
    seen.page.keyboard.press("ArrowLeft")
    expect(row).to_be_focused()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**resource=apps%2FDeployment%2Fshop%2Fweb-0**")
    seen.forgive("503")


def test_thousands_of_objects_are_a_handful_of_boxes(look: Look, office: Office) -> None:
    """GIVEN five thousand objects WHEN they are shown THEN few boxes and few rows exist, and none is lost."""
    seen = opened(look, office, Shop(tree_of(100, 43, 300)))
    found = graph(seen)
    expect(seen.page.get_by_text("5,103 objects")).to_be_visible()
    expect(found.get_by_role("button", name="100 Deployments, 1 Degraded, 99 Healthy")).to_be_visible()
    assert found.locator(".node").count() < 20
    seen.page.get_by_role("button", name="List").click()
    rows = seen.page.locator("[role=row][aria-level]")
    expect(rows.first).to_be_visible()
    assert rows.count() < 60
    assert "504" == seen.page.get_by_role("treegrid").get_attribute("aria-rowcount")


def test_without_the_cluster_what_is_remembered_is_shown(look: Look, office: Office) -> None:
    """GIVEN a cluster that does not answer WHEN the page is opened THEN it says so, above what the last sync left."""
    shop = Shop()
    shop.refuse("/resource-tree", 403, "the cluster prod-eu refuses the login")
    seen = opened(look, office, shop)
    expect(seen.page.get_by_role("alert")).to_contain_text("the cluster prod-eu refuses the login")
    expect(graph(seen).get_by_role("button", name="Deployment web-0, Healthy, Synced")).to_be_visible()
    seen.accessible()
    shop.answers.clear()
    seen.page.get_by_role("button", name="Look again").click()
    expect(graph(seen).get_by_role("button", name="Pod web-0-7d9f-0000")).to_be_visible()
    expect(seen.page.get_by_role("alert")).to_have_count(0)
    seen.forgive("/resource-tree")


def test_tabs_have_addresses_and_keys(look: Look, office: Office) -> None:
    """GIVEN the page WHEN an unknown part of it is opened THEN it says so; digits lead to the tabs; `?` lists keys."""
    seen = opened(look, office, Shop(), "/nonsense")
    expect(seen.page.get_by_role("heading", name="There is no such part of an application")).to_be_visible()
    seen.page.keyboard.press("1")
    graph(seen)
    seen.page.keyboard.press("?")
    keys = dialog(seen, "Keys")
    for text in ("Sync…", "Refresh", "Pause automated sync…", "Fit the graph into the window", "Show resources"):
        expect(keys).to_contain_text(text)


def test_the_palette_does_what_the_page_can(look: Look, office: Office) -> None:
    """GIVEN an application WHEN a part of an action's name is typed after Ctrl+K THEN Enter does it, and typing goes on."""
    seen = opened(look, office, Shop())
    graph(seen)
    seen.page.keyboard.press("Control+k")
    seen.page.keyboard.type("pause auto")
    expect(seen.page.get_by_role("option").first).to_contain_text("Pause automated sync")
    seen.page.keyboard.press("Enter")
    pausing = dialog(seen, "Pause automated sync of shop")
    expect(pausing.get_by_label("Why")).to_be_focused()


def test_the_open_tab_is_in_sight_on_a_phone(look: Look, office: Office) -> None:
    """GIVEN more tabs than a phone has room for WHEN the last is opened by its address THEN it is in sight."""
    shop = Shop()
    shop.answers["/secrets"] = (200, {"items": [], "nextRefresh": None, "sealing": None})
    seen = opened(look, office, shop, "/secrets", width=390)
    expect(seen.page.get_by_role("link", name="Secrets")).to_be_in_viewport(ratio=0.95)
    seen.fits()
