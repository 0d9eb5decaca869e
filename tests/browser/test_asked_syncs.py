"""A sync with options of its own, and one that waits to be begun: asked for, shown and ended in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_application import Look, Office, Shop, dialog, opened, running, toast
from tests.doubles.browsing import Seen, desk

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def place(browser: Browser) -> Iterator[Office]:
    """An installation without applications, into which somebody has signed in once."""
    with desk() as found:
        page = browser.new_page(base_url=found.url)
        Seen(page, found).sign_in()
        cookies = page.context.cookies()
        page.close()
        yield Office(found, cookies)


def request(**more: Any) -> dict[str, Any]:
    usual = {"id": "01JC", "by": "ada", "at": "2026-11-21T09:00:00Z", "waitsFor": "render", "dryRun": False}
    return {**usual, **more}


@pytest.mark.parametrize("width", [1280, 390])
def test_a_sync_is_told_what_holds_for_it_alone(look: Look, place: Office, width: int) -> None:
    """GIVEN the dialog opened by `s` WHEN options, no hooks and retries are chosen by keys THEN they are asked for, once,
    and axe finds nothing.
    """
    shop = Shop()
    shop.answers["/sync"] = (202, {"operation": {"id": "01JC"}})
    seen = opened(look, place, shop, width=width)
    expect(seen.page.get_by_role("button", name="Sync", exact=True)).to_be_enabled()
    seen.page.keyboard.press("s")
    box = dialog(seen, "Sync shop")
    more = box.locator("summary", has_text="For this sync alone")
    expect(more).to_contain_text("nothing chosen")
    more.focus()
    seen.page.keyboard.press("Enter")
    for option in ("Replace", "Force", "Skip validation", "Without hooks"):
        box.get_by_role("checkbox", name=option).focus()
        seen.page.keyboard.press("Space")
    box.get_by_role("spinbutton", name="Retries").fill("3")
    expect(more).to_contain_text("5 chosen")
    seen.accessible()
    seen.fits()
    box.get_by_role("checkbox", name="Force").uncheck()
    box.get_by_role("button", name="Sync", exact=True).click()
    expect(box).not_to_be_visible()
    body = {
        "syncOptions": ["Replace=true", "Validate=false"],
        "strategy": {"apply": {}},
        "retryStrategy": {"limit": 3},
    }
    assert [("POST", "/sync", {"namespace": ["argocd"]}, body)] == shop.asked


def test_a_request_that_waits_is_shown_and_ended(look: Look, place: Office) -> None:
    """GIVEN a sync to another revision that waits for its render WHEN the page is opened THEN it says who wants it and
    what it waits for; WHEN it is terminated THEN that is asked for, and it is gone.
    """
    waiting = request(revisions=["v1.4.2"], syncOptions=["Force=true"], retry={"limit": 2})
    shop = Shop(requested=waiting)
    shop.application["status"].pop("operationState", None)
    seen = opened(look, place, shop)
    told = seen.page.get_by_role("region", name="Request")
    expect(told).to_contain_text("to v1.4.2, asked for by ada, waits for its render (Force=true, retries: 2)")
    seen.accessible()
    seen.page.keyboard.press("T")
    del shop.application["status"]["requested"]
    toast(seen, "The request is ended")
    expect(told).to_have_count(0)
    assert [("DELETE", "/operation", {"namespace": ["argocd"]}, None)] == shop.asked


def test_a_request_behind_an_operation_says_so(look: Look, place: Office) -> None:
    """GIVEN a dry run behind an operation WHEN the page is opened on a phone THEN both are shown."""
    shop = Shop(requested=request(waitsFor="operation", dryRun=True), operationState=running("01JB"))
    seen = opened(look, place, shop, width=390)
    expect(seen.page.get_by_role("region", name="Request")).to_contain_text("waits for the operation to end")
    expect(seen.page.get_by_role("region", name="Operation")).to_be_visible()
    seen.fits()
