"""Every dialog and menu: opened by keys alone and by thumb, for everybody in both themes, and closed to where one was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from mooring.plan.driftrecords import ChangedField
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.furnishing import furnish
from tests.doubles.hands import Hands, How
from tests.doubles.pasts import Past

Look = Callable[..., Seen]

SHOP = "/applications/argocd/shop/timeline"
SET = "/applicationsets/argocd/fleet"
FOLDED = ("Filters, groups and order", "Open the navigation")  # what holds the rest, where there is little room
INSIDE = "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens at an address: by a button, perhaps by an entry of its menu; `before` is pressed first."""

    path: str
    button: str
    title: str
    entry: str = ""
    before: str = ""


DIALOGS = (
    Opening(SHOP, "Sync", "Sync shop"),
    Opening(SHOP, "More", "Pause automated sync of shop", "Pause automated sync"),
    Opening(SHOP, "More", "Delete shop", "Delete"),
    Opening("/applications/argocd/shop/history", "Roll back to a1a1a1a", "Roll shop back to a1a1a1a"),
    Opening("/drift", "Put it back", "Put", before=".entry-title"),
    Opening("/applications?q=shop", "Saved views", "Save this view", "Save this view"),
    Opening("/clusters", "Add a cluster", "Add a cluster"),
    Opening("/clusters/far", "Remove", "Remove far?"),
    Opening("/projects", "New project", "New project"),
    Opening("/projects/shop", "Edit", "Edit shop"),
    Opening("/projects/shop", "Remove", "Remove"),
    Opening("/projects/shop", "New token", "New token"),
    Opening("/applicationsets", "New ApplicationSet", "New ApplicationSet"),
    Opening(SET, "Edit", "Edit fleet"),
    Opening(SET, "Preview", "What would change now"),
    Opening(SET, "Look at it", "Confirm the removal"),
    Opening(SET, "Delete", "Delete fleet"),
    Opening("/images", "Plan", "What would be written"),
    Opening("/promotions/argocd/to-prod", "Remove", "Remove to-prod?"),
    Opening("/repositories", "Add a repository", "Add a repository"),
    Opening("/repositories", "Remove https://git.test/shop/", "Remove this repository?"),
    Opening("/webhooks", "Install a webhook", "Install a webhook"),
    Opening("/settings/session", "End all sessions", "End"),
    Opening("/settings/tokens", "New token", "New API token"),
    Opening("/settings/general", "Edit", "Edit argocd-cm"),
    Opening("/settings/access", "Edit", "Edit argocd-rbac-cm"),
    Opening("/settings/notifications", "Edit", "Edit argocd-notifications-cm"),
    Opening("/settings/keys", "Import a key", "Import"),
)
MENUS = (
    ("/applications", "Filter by health"),
    ("/applications", "Sort by"),
    ("/applications", "Saved views"),
    ("/applications", "Account and appearance"),
    ("/clusters", "Filter by reach"),
    (SHOP, "More"),
    (SHOP, "Filter by kind"),
)


@pytest.fixture(scope="module")
def house() -> Iterator[Desk]:
    """An installation with something of everything, and one application that was synced twice and changed by hand."""
    with desk() as found:
        furnish(found)
        past, now = Past(found.behind), time.time()
        past.operate(now - 200_000, "a1" * 20, "Begin with one web server")
        past.operate(now - 90_000, "b2" * 20, "Serve more")
        past.drift(now - 4_000, "eve@acme.test", "reported", ChangedField(".spec.replicas", 3, 9, "kubectl", "Update"))
        yield found


@pytest.fixture
def begun(look: Look, house: Desk) -> Callable[[How], Hands]:
    def begin(how: How) -> Hands:
        hands = Hands(look(house, width=390 if how == "thumb" else 1280), how)
        hands.seen.sign_in("/clusters")
        # What a cluster would say of an application; there is none here.
        hands.seen.page.route("**/api/v1/applications/*/resource-tree**", lambda route: route.abort())
        hands.seen.page.route(
            "**/compare?**",
            lambda route: route.fulfill(json={"from": {}, "to": {}, "leftOut": 0, "unchanged": 2, "items": []}),
        )
        return hands

    return begin


def shown(hands: Hands, each: Opening) -> Locator:
    """The button that opens it, once the page is there."""
    page = hands.seen.page
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator("[aria-label=Loading], .bone")).to_have_count(0)
    exact = page.get_by_role("button", name=each.button, exact=True)
    opener = exact.or_(page.get_by_role("button", name=f"{each.button}: ")).first  # what is chosen stands behind it
    for name in FOLDED:
        fold = page.get_by_role("button", name=name)
        if hands.how == "thumb" and not opener.is_visible() and fold.is_visible():
            hands.press(fold)
    return opener


def for_everybody(seen: Seen) -> None:
    """axe finds nothing in either theme, and nothing is wider than the window."""
    for theme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=theme)
        seen.accessible()
    seen.fits()


@pytest.mark.parametrize("how", ["keys", "thumb"])
def test_each_dialog_is_for_everybody(begun: Callable[[How], Hands], how: How) -> None:
    """GIVEN any dialog WHEN opened THEN the focus is in it and stays, axe finds nothing, and Escape leads back."""
    hands = begun(how)
    seen, wrong = hands.seen, []
    for each in DIALOGS:
        seen.open(each.path)
        try:
            if each.before:
                hands.press(seen.page.locator(each.before).first)
            opener = shown(hands, each)
            hands.choose(opener, each.entry) if each.entry else hands.press(opener)
            dialog = seen.page.get_by_role("dialog", name=each.title)
            expect(dialog).to_be_visible()
            for_everybody(seen)
            box, window = dialog.bounding_box(), seen.page.viewport_size
            assert box is not None and window is not None
            assert 0 <= box["x"] and box["x"] + box["width"] <= window["width"], box
            assert 0 <= box["y"] and box["y"] + box["height"] <= window["height"], box
            for _ in range(12):
                assert seen.page.evaluate(INSIDE), "the focus has left the dialog"
                seen.page.keyboard.press("Tab")
            seen.page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
            if how == "keys":
                expect(opener).to_be_focused()
        except AssertionError as error:
            wrong.append((each.path, each.title, str(error)[:700]))
    seen.forgive("resource-tree", "ERR_FAILED")
    assert [] == wrong


@pytest.mark.parametrize("how", ["keys", "thumb"])
def test_each_menu_is_for_everybody(begun: Callable[[How], Hands], how: How) -> None:
    """GIVEN any menu WHEN opened THEN axe finds nothing, it lies in the window, and Escape gives the focus back."""
    hands = begun(how)
    seen, wrong = hands.seen, []
    for path, name in MENUS:
        seen.open(path)
        opener = shown(hands, Opening(path, name, ""))
        try:
            hands.press(opener)
            menu = seen.page.get_by_role("menu")
            expect(menu.locator(".menu-item").first).to_be_focused()
            for_everybody(seen)
            box, window = menu.bounding_box(), seen.page.viewport_size
            assert box is not None and window is not None
            assert 0 <= box["x"] and box["x"] + box["width"] <= window["width"], box
            seen.page.keyboard.press("Escape")
            expect(menu).to_have_count(0)
            expect(opener).to_be_focused()
        except AssertionError as error:
            wrong.append((path, name, str(error)[:700]))
    seen.forgive("resource-tree", "ERR_FAILED")
    assert [] == wrong


def test_the_palette_and_the_keys_are_for_everybody(begun: Callable[[How], Hands]) -> None:
    """GIVEN a page WHEN the palette and the list of keys are opened THEN both are for everybody, and end with Escape."""
    seen = begun("keys").seen
    expect(seen.page.locator(".listing-name").first).to_be_visible()
    for key in ("Control+k", "?"):
        seen.page.keyboard.press(key)
        dialog = seen.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        for_everybody(seen)
        seen.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
