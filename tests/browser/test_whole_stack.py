"""A person at work, on real parts: each page is walked, each action is done, and the cluster says whether it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen
from tests.doubles.harbour import Harbour, deployment, harbour
from tests.doubles.walking import walk
from tests.e2e.ground import Case, config_map, text, until

Look = Callable[..., Seen]

STILL = 0.05  # layout shift; half of what is called good (web.dev, "Cumulative Layout Shift")
DONE = 45_000  # milliseconds that the stack has for what it was asked; a machine may be busy
NAVIGATION = ("Applications", "Drift", "Projects", "ApplicationSets", "Images", "Promotions", "Clusters",
              "Repositories", "Webhooks", "Costs", "Record", "Settings")  # fmt: skip
SHOP, CATALOG = "/applications/argocd/shop", "/applications/argocd/catalog"
WEB = f"{SHOP}?resource=apps/Deployment/shop/web"
PRICES = f"{CATALOG}?resource=/ConfigMap/catalog/prices"
ADDRESSES = (
    "/applications", "/applications?view=cards", "/applications?view=map",
    SHOP, f"{SHOP}?view=list", f"{CATALOG}/changes", f"{SHOP}/timeline", f"{SHOP}/history", f"{SHOP}/events",
    WEB, f"{WEB}&pane=manifest", f"{WEB}&pane=events", f"{WEB}&pane=logs", f"{PRICES}&pane=diff", f"{PRICES}&pane=fields",
    "/applications/argocd/ledger", "/applications/argocd/orders", "/applications/argocd/platform",
    "/drift", "/projects", "/projects/shop", "/applicationsets", "/applicationsets/argocd/edge", "/images",
    "/promotions", "/clusters", "/clusters/in-cluster", "/repositories", "/webhooks", "/audit", "/costs",
    "/settings/session", "/settings/tokens", "/settings/general", "/settings/access", "/settings/notifications",
    "/settings/sealing", "/settings/keys",
)  # fmt: skip
MOVES = """window.moved = 0; new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.moved += each.value
}).observe({type: 'layout-shift', buffered: true})"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    with harbour(tmp_path_factory.mktemp("harbour") / "stack") as found:
        yield found


@pytest.fixture
def enter(look: Look, stand: Harbour) -> Callable[..., Seen]:
    """Signs in with the typed token and arrives at an address: `enter("/drift", width=390)`."""

    def entered(path: str = "/applications", **window: Any) -> Seen:
        seen = look(Desk(stand.url, None, stand.ground.stack.mooring.secret), **window)  # type: ignore[arg-type]
        seen.sign_in(path)
        settle(seen)
        return seen

    return entered


def settle(seen: Seen) -> None:
    """Waits until the page shows what it asked for."""
    expect(seen.page.locator("main h1").first).to_be_visible(timeout=DONE)
    expect(seen.page.locator(".bone")).to_have_count(0, timeout=DONE)


def press(seen: Seen, name: str) -> None:
    seen.page.get_by_role("button", name=name, exact=True).click()


def said(seen: Seen, words: str) -> None:
    """A toast says so."""
    expect(seen.page.locator(".toasts").filter(has_text=words)).to_be_visible(timeout=DONE)


def colors(case: Case, **expected: str) -> None:
    """Each ConfigMap of the application comes to have its colour in the cluster."""
    until(lambda: expected == case.colors(), case.colors)


def test_each_page_of_the_navigation_is_reached(enter: Callable[..., Seen]) -> None:
    """GIVEN the first page WHEN each link of the navigation is followed THEN its page stands there, without a reload."""
    seen = enter()
    seen.page.evaluate("window.same = true")
    expect(seen.page.get_by_text("Live", exact=True)).to_be_visible()
    links = seen.page.get_by_role("navigation", name="Mooring").get_by_role("link")
    assert set(NAVIGATION) == set(links.all_inner_texts())
    for name in NAVIGATION:
        links.get_by_text(name, exact=True).click()
        expect(links.get_by_text(name, exact=True)).to_have_attribute("aria-current", "page")
        settle(seen)
    seen.open(SHOP)
    settle(seen)
    seen.page.evaluate("window.same = true")
    for tab in ("Changes", "Timeline", "History", "Events", "Resources"):
        seen.page.get_by_role("navigation", name="shop").get_by_role("link", name=tab).click()
        settle(seen)
    assert seen.page.evaluate("window.same")


@pytest.mark.parametrize("width", [1280, 390])
def test_each_page_is_for_everybody(enter: Callable[..., Seen], width: int) -> None:
    """GIVEN any page WHEN it is opened THEN axe finds nothing in either theme, nothing overflows, and nothing jumps."""
    seen = enter(width=width)
    seen.page.add_init_script(MOVES)
    wrong = []
    for address in ADDRESSES:
        seen.open(address)
        settle(seen)
        moved = seen.page.evaluate("window.moved")
        checks: list[Callable[[], None]] = [seen.fits, seen.accessible]
        for theme in ("light", "dark"):
            seen.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            for check in checks:
                try:
                    check()
                except AssertionError as error:
                    wrong.append((address, theme, str(error)))
        # An object is opened by a press, and what follows a press is no shift; here it is loaded with the page.
        if "resource=" not in address and moved >= (0.01 if address.startswith("/applications") else STILL):
            wrong.append((address, "moves", f"{moved:.3f}"))
    assert [] == wrong, json.dumps(wrong, indent=1)


def test_each_page_is_walked_by_keys(enter: Callable[..., Seen]) -> None:
    """GIVEN any page WHEN it is gone through with Tab alone THEN all that can be pressed is reached, and shows the focus."""
    seen = enter()
    wrong = []
    for address in ADDRESSES:
        seen.open(address)
        settle(seen)
        wrong += [(address, each) for each in walk(seen.page)]
    assert [] == wrong, json.dumps(wrong, indent=1)


def test_a_push_shows_by_itself(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN an open application WHEN somebody pushes THEN a message of the WebSocket has the page show the new revision."""
    case = stand.cases["mailer"]
    told: list[str] = []
    seen = enter()
    seen.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    seen.open("/applications/argocd/mailer")
    expect(seen.page.get_by_text("Live", exact=True)).to_be_visible()
    seen.page.evaluate("window.same = true")
    revision = case.push({"k8s/app.yaml": text(config_map("settings", "green"))})
    expect(seen.page.locator(".app-head").get_by_text(revision[:7])).to_be_visible(timeout=DONE)
    assert any("argocd/mailer" in each for each in told)
    assert seen.page.evaluate("window.same")
    colors(case, settings="green")


def test_a_sync_is_tried_narrowed_and_done(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN a commit that waits WHEN a sync is tried, done for one object, and for all THEN the cluster follows each."""
    case = stand.cases["search"]
    seen = enter("/applications/argocd/search")
    expect(seen.page.locator(".app-marks").get_by_text("OutOfSync")).to_be_visible()
    press(seen, "Sync")
    dialog = seen.page.get_by_role("dialog", name="Sync search")
    dialog.get_by_role("checkbox", name="Dry run").check()
    dialog.get_by_role("button", name="Try", exact=True).click()
    expect(dialog.get_by_role("region", name="Dry run")).to_contain_text("settings", timeout=DONE)
    assert {"settings": "blue", "synonyms": "blue"} == case.colors()
    seen.accessible()
    dialog.get_by_role("checkbox", name="Dry run").uncheck()
    dialog.get_by_role("radio", name="Some of them").check()
    dialog.get_by_role("checkbox", name="ConfigMap synonyms").check()
    dialog.get_by_role("button", name="Sync", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(seen.page.get_by_role("button", name="Asked for")).to_have_count(0, timeout=DONE)
    assert {"settings": "blue", "synonyms": "blue"} == case.colors()
    press(seen, "Sync")
    dialog.get_by_role("button", name="Sync", exact=True).click()
    expect(seen.page.locator(".app-marks").get_by_text("Synced")).to_be_visible(timeout=DONE)
    colors(case, settings="green", synonyms="blue")


def test_a_wrong_revision_is_said_where_it_was_typed(enter: Callable[..., Seen]) -> None:
    """GIVEN the dialog of a sync WHEN what is typed can't be a revision THEN it says which field is wrong, and stays."""
    seen = enter("/applications/argocd/ledger")
    press(seen, "Sync")
    dialog = seen.page.get_by_role("dialog", name="Sync ledger")
    dialog.get_by_label("Revision").fill("--upload-pack=x")
    dialog.get_by_role("button", name="Sync", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("revision", timeout=DONE)
    seen.forgive("/sync")


def test_a_rollback_pauses_and_is_resumed(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN automated sync WHEN somebody rolls back THEN the page says that it is paused, until they resume."""
    case = stand.cases["shop"]
    seen = enter(f"{SHOP}/history")
    seen.page.get_by_role("button", name="Roll back to").first.click()
    dialog = seen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("paused by this")
    expect(dialog.get_by_role("region", name="What it changes")).to_contain_text("settings", timeout=DONE)
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    expect(seen.page.locator(".app-marks").get_by_text("Auto-sync paused")).to_be_visible(timeout=DONE)
    colors(case, settings="blue")
    press(seen, "Resume")
    expect(seen.page.locator(".app-marks").get_by_text("Auto-sync paused")).to_have_count(0, timeout=DONE)
    colors(case, settings="green")


def test_an_operation_that_waits_is_terminated(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN a sync that waits for a Deployment WHEN somebody terminates it THEN it ends, and the page says so."""
    case = stand.cases["pilot"]
    seen = enter("/applications/argocd/pilot")
    press(seen, "Sync")
    seen.page.get_by_role("dialog").get_by_role("button", name="Sync", exact=True).click()
    expect(seen.page.get_by_text("waiting for Deployment pilot")).to_be_visible(timeout=DONE)
    press(seen, "More")
    seen.page.get_by_role("menuitem", name="Terminate").click()
    said(seen, "The operation is being ended")
    expect(seen.page.get_by_text("waiting for Deployment pilot")).to_have_count(0, timeout=DONE)
    case.until(lambda app: app["status"]["operationState"]["phase"] == "Failed")


def test_objects_are_restarted_scaled_and_deleted(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN a Deployment's drawer WHEN it is restarted and scaled, and a ConfigMap deleted THEN the cluster has it so."""
    seen = enter("/applications/argocd/stock?resource=apps/Deployment/stock/web")
    drawer = seen.page.get_by_role("complementary", name="Deployment web")
    dialog = seen.page.get_by_role("dialog")
    before = stand.pods("stock")
    drawer.get_by_role("button", name="Actions").click()
    seen.page.get_by_role("menuitem", name="Restart").click()
    dialog.get_by_role("button", name="Restart").click()
    expect(dialog).to_contain_text("Done", timeout=DONE)
    dialog.get_by_text("Close", exact=True).click()
    until(lambda: not before.keys() & stand.pods("stock").keys(), lambda: stand.pods("stock"))
    drawer.get_by_role("button", name="Actions").click()
    seen.page.get_by_role("menuitem", name="Scale").click()
    dialog.get_by_label("replicas").fill("3")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog).to_contain_text("git says otherwise of .spec.replicas", timeout=DONE)
    dialog.get_by_text("Close", exact=True).click()
    until(lambda: 3 == len(stand.pods("stock")), lambda: stand.pods("stock"))
    seen.open("/applications/argocd/stock?resource=/ConfigMap/stock/settings")
    drawer = seen.page.get_by_role("complementary", name="ConfigMap settings")
    drawer.get_by_role("button", name="Actions").click()
    seen.page.get_by_role("menuitem", name="Delete").click()
    dialog.get_by_label("Type settings to confirm").fill("settings")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("Done", timeout=DONE)
    until(lambda: {} == stand.cases["stock"].colors(), stand.cases["stock"].live)


def test_logs_follow(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN an open log WHEN a container writes THEN the line stands there, without a reload."""
    pod = min(stand.pods("shop"))
    seen = enter(f"{SHOP}?resource=/Pod/shop/{pod}&pane=logs")
    log = seen.page.get_by_role("log")
    expect(log).to_contain_text("listening on :8080", timeout=DONE)
    logs = stand.ground.stack.cluster.logs
    assert logs is not None
    logs.write("shop", pod, "web", (time.time() + 1, "an order came in"))
    expect(log).to_contain_text("an order came in", timeout=DONE)


def test_what_waits_for_a_confirmation_is_let_go(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN an object whose pruning waits WHEN somebody confirms it on the page THEN it is deleted."""
    seen = enter("/applications/argocd/orders")
    expect(seen.page.get_by_role("list", name="What to know")).to_contain_text("archive")
    press(seen, "Confirm deletion")
    colors(stand.cases["orders"], settings="green")
    expect(seen.page.get_by_role("button", name="Confirm deletion")).to_have_count(0, timeout=DONE)


def test_a_set_is_previewed(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN a set WHEN one more element is typed into it THEN what it would add is shown, and nothing happens."""
    seen = enter("/applicationsets/argocd/edge")
    press(seen, "Edit")
    dialog = seen.page.get_by_role("dialog")
    area = dialog.get_by_role("textbox")
    area.fill(area.input_value().replace("- name: south", "- name: south\n          - name: west"))
    dialog.get_by_role("button", name="Preview what changes").click()
    expect(dialog.get_by_role("region", name="Added")).to_contain_text("edge-west", timeout=DONE)
    assert 404 == stand.ground.ask("GET", "applications/edge-west").status


def test_a_token_is_made_used_and_revoked(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN the tokens WHEN one is made, wrongly and rightly, and revoked THEN it is good until then and not after."""
    seen = enter("/settings/tokens")
    press(seen, "New token")
    dialog = seen.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nightly")
    dialog.get_by_label("And only this").fill("nonsense")
    dialog.get_by_role("button", name="Make the token").click()
    expect(dialog.get_by_role("alert")).to_contain_text("scope", timeout=DONE)
    seen.forgive("/api/v1/tokens")
    dialog.get_by_label("And only this").fill("applications, get, shop/*")
    dialog.get_by_role("button", name="Make the token").click()
    expect(dialog).to_contain_text("It is shown this once", timeout=DONE)
    token = dialog.locator("code").first.inner_text()
    assert 200 == stand.ground.ask("GET", "applications/shop", token=token).status
    assert 403 == stand.ground.ask("POST", "applications/shop/sync", {}, token=token).status
    press(seen, "I have it")
    seen.page.get_by_role("button", name="Revoke nightly").click()
    press(seen, "Revoke the token")
    said(seen, "nightly is revoked")
    assert 401 == stand.ground.ask("GET", "applications/shop", token=token).status


def test_keys_alone_lead_from_the_search_to_a_sync(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN no pointer, on a telephone's width WHEN keys search, open and sync THEN the hand's edit is undone."""
    case = stand.cases["catalog"]
    assert {"prices": "red", "settings": "blue"} == case.colors()
    seen = enter(width=390)
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("catalog")
    expect(seen.page.locator(".apps-name")).to_have_count(1)
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".apps-name").first).to_be_focused()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url(f"**{CATALOG}")
    expect(seen.page.get_by_role("button", name="Sync", exact=True)).to_be_visible()
    seen.page.keyboard.press("s")
    dialog = seen.page.get_by_role("dialog", name="Sync catalog")
    expect(dialog).to_be_visible()
    seen.fits()
    dialog.get_by_label("Revision").focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".app-marks").get_by_text("Synced")).to_be_visible(timeout=DONE)
    colors(case, prices="blue", settings="blue")


def test_an_application_is_deleted_with_its_objects(enter: Callable[..., Seen], stand: Harbour) -> None:
    """GIVEN an application WHEN its name is typed and Delete pressed THEN it and its objects are gone, also from the list."""
    seen = enter("/applications/argocd/stock")
    press(seen, "More")
    seen.page.get_by_role("menuitem", name="Delete").click()
    dialog = seen.page.get_by_role("dialog", name="Delete stock")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    dialog.get_by_role("radio", name="Go with it").check()
    dialog.get_by_label("Type stock").fill("stock")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    seen.page.wait_for_url("**/applications")
    expect(seen.page.locator(".apps-name").get_by_text("stock", exact=True)).to_have_count(0, timeout=DONE)
    until(lambda: [] == stand.listed("/apis/apps/v1/namespaces/stock/deployments"), lambda: "still there")
    until(lambda: 404 == stand.ground.ask("GET", "applications/stock").status, stand.cases["stock"].get)
