"""A page's list is asked for while it is found out who asks; whoever is not signed in is asked for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route, expect

from tests.doubles.browsing import Desk, Seen

Look = Callable[..., Seen]
_LIST = "/api/v1/applications?view=summary"


def asked_of(seen: Seen) -> list[str]:
    """What the page asks the API from now on, in order."""
    asked: list[str] = []
    origin = seen.desk.url
    seen.page.on("request", lambda each: asked.append(each.url.removeprefix(origin)) if "/api/" in each.url else None)
    return asked


def test_the_list_does_not_wait_for_who_asks(look: Look, fleet: Desk) -> None:
    """GIVEN somebody who was here before WHEN they open the fleet THEN its list is asked for at once, and once."""
    seen = look(fleet)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    held: list[Route] = []
    seen.page.route("**/api/v1/session", lambda route: held.append(route))
    asked = asked_of(seen)
    with seen.page.expect_response(lambda answer: answer.url.endswith(_LIST)):
        seen.open("/")  # leads to the applications
    assert (1, 0) == (len(held), seen.page.locator(".apps-name").count())
    held[0].continue_()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    assert 1 == asked.count(_LIST)


def test_a_list_that_fails_early_is_asked_for_again(look: Look, fleet: Desk) -> None:
    """GIVEN a list that can't be had before it is known who asks WHEN it can THEN it stands there, without a word."""
    seen = look(fleet)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    held: list[Route] = []
    seen.page.route("**/api/v1/session", lambda route: held.append(route))
    told = {"status": 403, "content_type": "application/problem+json", "body": json.dumps({"status": 403})}
    seen.page.route(f"**{_LIST}", lambda route: route.fulfill(**told), times=1)
    with seen.page.expect_response(lambda answer: answer.url.endswith(_LIST)):
        seen.open("/applications")
    held[0].continue_()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    expect(seen.page.get_by_role("alert")).to_have_count(0)
    seen.forgive(_LIST)


def test_a_session_that_has_ended_leads_to_the_way_in(look: Look, fleet: Desk) -> None:
    """GIVEN a session that ended meanwhile WHEN the fleet is opened THEN the way in stands there, and leads to it."""
    seen = look(fleet)
    seen.sign_in()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.context.clear_cookies()
    seen.open("/applications?health=Degraded")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.page.get_by_label("Token of this stack").fill(fleet.token)
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("row")).to_have_count(1 + 3)
    seen.forgive("/api/v1/session", _LIST)


def test_nobody_asks_for_a_list_who_is_not_signed_in(look: Look, fleet: Desk) -> None:
    """GIVEN nobody, or somebody who signed out WHEN the fleet is opened THEN only who asks is asked for."""
    seen = look(fleet)
    asked = asked_of(seen)
    seen.open("/applications")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    assert _LIST not in asked
    seen.sign_in_by_hand()
    expect(seen.page.locator(".apps-name").first).to_be_visible()
    seen.page.get_by_role("button", name="Account and appearance").click()
    seen.page.get_by_role("menuitem", name="Sign out").click()
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    asked.clear()
    seen.open("/applications")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    assert _LIST not in asked
    kept: dict[str, Any] = seen.page.evaluate("({...localStorage})")
    assert {} == kept
    seen.forgive("/api/v1/session")
