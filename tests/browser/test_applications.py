"""The fleet in a browser: found, filtered, chosen and acted on, by pointer and by keys, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen

Look = Callable[..., Seen]


def names(seen: Seen) -> list[str]:
    """What stands in the list, in its order."""
    return seen.page.locator(".apps-name").all_inner_texts()


def focused(seen: Seen) -> str:
    return str(seen.page.evaluate("document.activeElement.textContent || document.activeElement.ariaLabel"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("view", ["table", "cards", "map"])
def test_every_view_is_accessible(look: Look, fleet: Desk, view: str, width: int, theme: str) -> None:
    """GIVEN a fleet WHEN it is shown THEN axe finds nothing, and no part is wider than the window."""
    seen = look(fleet, width=width, theme=theme)
    seen.sign_in(f"/applications?view={view}&group=cluster")
    expect(seen.page.get_by_role("heading", name="Applications")).to_be_visible()
    expect(seen.page.locator(".apps-line").first).to_be_visible()
    seen.accessible()
    seen.fits()


def test_keys_alone_find_an_application_and_open_it(look: Look, fleet: Desk) -> None:
    """GIVEN hands that stay on the keyboard WHEN they search, go down and press Enter THEN they are at the application."""
    seen = look(fleet)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("ledger prod-eu")
    expect(seen.page.locator(".apps-name")).to_have_count(2)
    found = names(seen)
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".apps-name").first).to_be_focused()
    seen.page.keyboard.press("j")
    expect(seen.page.locator(".apps-name").nth(1)).to_be_focused()
    seen.page.keyboard.press("k")
    expect(seen.page.locator(".apps-name").first).to_be_focused()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url(f"**/applications/argocd/{found[0]}")
    seen.page.go_back()
    expect(seen.page.get_by_label("Search applications")).to_have_value("ledger prod-eu")


def test_arrows_go_through_the_map(look: Look, fleet: Desk) -> None:
    """GIVEN the map WHEN arrows are pressed THEN the focus goes to the neighbours, and one tile alone is a stop of Tab."""
    seen = look(fleet)
    seen.sign_in("/applications?view=map")
    tiles = seen.page.locator(".tile[data-place]")
    expect(tiles.first).to_be_visible()
    assert 1 == seen.page.locator('.tile[data-place][tabindex="0"]').count()
    seen.page.keyboard.press("j")
    expect(seen.page.locator('[data-place="0"]')).to_be_focused()
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.locator('[data-place="1"]')).to_be_focused()
    seen.page.keyboard.press("ArrowDown")
    beside = seen.page.locator(".apps-line").first.locator(".tile").count()
    assert beside > 10
    expect(seen.page.locator(f'[data-place="{1 + beside}"]')).to_be_focused()
    seen.page.keyboard.press("ArrowUp")
    expect(seen.page.locator('[data-place="1"]')).to_be_focused()


def test_filters_stand_in_the_address(look: Look, fleet: Desk) -> None:
    """GIVEN filters chosen in their menus WHEN the address is opened anew THEN the same applications are shown."""
    seen = look(fleet)
    seen.sign_in()
    seen.page.get_by_role("button", name="Filter by health").click()
    seen.page.get_by_role("menuitemcheckbox", name="Degraded").click()
    seen.page.get_by_role("menuitemcheckbox", name="Missing").click()
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("button", name="Sort by").click()
    seen.page.get_by_role("menuitemcheckbox", name="Health, worst first").click()
    expect(seen.page.locator(".apps-name")).to_have_count(6)
    assert "health=Degraded%2CMissing&sort=health" == urlsplit(seen.page.url).query
    before = names(seen)
    seen.page.reload()
    expect(seen.page.locator(".apps-name")).to_have_count(6)
    assert before == names(seen)
    seen.page.get_by_role("button", name="Take away the filter Health: Missing").click()
    expect(seen.page.locator(".apps-name")).to_have_count(3)


def test_views_are_saved_under_a_name(look: Look, fleet: Desk) -> None:
    """GIVEN a view WHEN it is saved THEN it is among the saved ones after the page was loaded anew, and leads there."""
    seen = look(fleet)
    seen.sign_in("/applications?sync=OutOfSync")
    seen.page.get_by_role("button", name="Saved views").click()
    seen.page.get_by_role("menuitem", name="Save this view").click()
    seen.page.get_by_label("Name", exact=True).fill("Behind git")
    seen.page.keyboard.press("Enter")
    seen.open("/applications")
    seen.page.get_by_role("button", name="Saved views").click()
    seen.page.get_by_role("menuitemcheckbox", name="Behind git").click()
    seen.page.wait_for_url("**/applications?sync=OutOfSync")


def test_the_chosen_are_synced_together(look: Look, fleet: Desk) -> None:
    """GIVEN two applications chosen by keys WHEN a sync is pressed THEN each is asked for once, with the session's proof."""
    seen = look(fleet)
    seen.sign_in("/applications?health=Degraded")
    asked: list[tuple[str, str]] = []

    def answer(route: object) -> None:
        request = route.request  # type: ignore[attr-defined]
        asked.append((urlsplit(request.url).path, request.headers.get("x-mooring-csrf", "")))
        route.fulfill(status=202, body=json.dumps({"operation": {"id": "x"}}))  # type: ignore[attr-defined]

    seen.page.route("**/api/v1/applications/*/sync?**", answer)
    expect(seen.page.locator(".apps-name")).to_have_count(3)
    chosen = names(seen)[:2]
    for key in ("j", "x", "j", "x"):
        seen.page.keyboard.press(key)
    bar = seen.page.get_by_role("region", name="Chosen applications")
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Sync").click()
    expect(seen.page.get_by_role("status").filter(has_text="Sync is asked for: 2 applications")).to_be_visible()
    expect(bar).not_to_be_visible()
    assert sorted(f"/api/v1/applications/{name}/sync" for name in chosen) == sorted(path for path, _ in asked)
    assert all(proof for _, proof in asked)


def test_a_refusal_says_which_and_why(look: Look, fleet: Desk) -> None:
    """GIVEN an application that the list alone knows WHEN it is refreshed THEN the refusal names it and its reason."""
    seen = look(fleet)
    seen.sign_in("/applications?health=Missing")
    expect(seen.page.locator(".apps-name")).to_have_count(3)
    first = names(seen)[0]
    seen.page.get_by_role("checkbox", name=f"Choose {first}").check()
    seen.page.get_by_role("button", name="Refresh").click()
    expect(seen.page.get_by_role("status").filter(has_text=f"1 of 1 refused, {first} first")).to_be_visible()
    seen.forgive("/refresh")


def test_the_palette_goes_anywhere(look: Look, fleet: Desk) -> None:
    """GIVEN any page WHEN Ctrl+K is pressed and part of a name typed THEN Enter leads to it; Escape leads back."""
    seen = look(fleet)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.keyboard.press("Control+k")
    seen.page.keyboard.type("mailer-0004")
    expect(seen.page.get_by_role("option").first).to_be_visible()
    seen.accessible()
    seen.page.keyboard.press("Escape")
    expect(seen.page.get_by_role("dialog")).to_have_count(0)
    seen.page.keyboard.press("?")
    expect(seen.page.get_by_role("dialog", name="Keys")).to_contain_text("Next application")
    seen.accessible()


def test_themes_are_chosen_and_kept(look: Look, fleet: Desk) -> None:
    """GIVEN a light system WHEN dark is chosen THEN the page is dark, also after it was loaded anew."""
    seen = look(fleet)
    seen.sign_in()
    ground = "getComputedStyle(document.body).backgroundColor"
    light = seen.page.evaluate(ground)
    seen.page.get_by_role("button", name="Account and appearance").click()
    seen.page.get_by_role("menuitemcheckbox", name="Dark").click()
    dark = seen.page.evaluate(ground)
    assert light != dark
    seen.page.reload()
    expect(seen.page.get_by_role("heading", name="Applications")).to_be_visible()
    assert dark == seen.page.evaluate(ground)


def test_nothing_moves_while_the_list_loads(look: Look, fleet: Desk) -> None:
    """GIVEN a page that loads WHEN the list arrives THEN nothing that was on the screen has moved (layout shift)."""
    seen = look(fleet)
    seen.sign_in()
    seen.page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const each of list.getEntries()) "
        "if (!each.hadRecentInput) window.moved += each.value }).observe({type: 'layout-shift', buffered: true})"
    )
    seen.page.reload()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.wait_for_timeout(500)
    assert seen.page.evaluate("window.moved") < 0.01


def test_an_empty_fleet_says_how_to_begin(look: Look, fleet: Desk) -> None:
    """GIVEN somebody who sees no application WHEN the list is opened THEN it says what to do, with commands to copy."""
    seen = look(fleet, width=390)
    empty = json.dumps({"items": [], "metadata": {}})
    seen.page.route("**/api/v1/applications?view=summary", lambda route: route.fulfill(status=200, body=empty))
    seen.sign_in()
    expect(seen.page.get_by_role("heading", name="No applications yet")).to_be_visible()
    expect(seen.page.get_by_text("mooring apply -f application.yaml")).to_be_visible()
    seen.accessible()
    seen.fits()


def test_a_list_that_fails_says_what_to_do(look: Look, fleet: Desk) -> None:
    """GIVEN an API that fails WHEN the list is opened THEN the error stands there, with what to do and a button."""
    seen = look(fleet)
    told = json.dumps({"title": "Forbidden", "status": 403, "detail": "needs applications, get"})
    refused = {"status": 403, "content_type": "application/problem+json", "body": told}
    seen.page.route("**/api/v1/applications?view=summary", lambda route: route.fulfill(**refused))
    seen.sign_in()
    alert = seen.page.get_by_role("alert")
    expect(alert).to_contain_text("needs applications, get")
    expect(alert).to_contain_text("argocd-rbac-cm")
    seen.accessible()
    seen.page.unroute_all()
    alert.get_by_role("button", name="Try again").click()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.forgive("/api/v1/applications?view=summary")
