"""The way in: a token typed on a stack of one machine, and what stands there where nobody gets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen
from tests.doubles.deployed import API_TOKEN

Look = Callable[..., Seen]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_way_in_is_accessible(look: Look, fleet: Desk, width: int, theme: str) -> None:
    """GIVEN nobody is signed in WHEN a page is opened THEN the way in stands there, for everybody, and nothing overflows."""
    seen = look(fleet, width=width, theme=theme)
    seen.open("/applications")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.accessible()
    seen.fits()
    seen.forgive("/api/v1/session")


def test_a_wrong_token_is_refused_and_said(look: Look, fleet: Desk) -> None:
    """GIVEN the way in WHEN a wrong token is typed THEN the page says so where it was typed, and lets nobody in."""
    seen = look(fleet)
    seen.open("/applications")
    seen.page.get_by_label("Token of this stack").fill("wrong")
    seen.page.get_by_role("button", name="Sign in").click()
    expect(seen.page.get_by_role("alert")).not_to_be_empty()
    assert seen.page.url.endswith("/sign-in?next=%2Fapplications")
    seen.forgive("/api/v1/session", "/api/v1/login/token")


def test_signing_in_leads_to_where_somebody_wanted_to_go(look: Look, fleet: Desk) -> None:
    """GIVEN an address with filters WHEN somebody signs in on the way THEN they arrive there; signed out they are out."""
    seen = look(fleet)
    seen.sign_in_by_hand("/applications?health=Degraded")
    expect(seen.page.get_by_role("row")).to_have_count(1 + 3)
    cookie: dict[str, Any] = next(
        dict(each) for each in seen.page.context.cookies() if each["name"] == "__Host-mooring"
    )
    assert (True, True, "Lax") == (cookie["httpOnly"], cookie["secure"], cookie["sameSite"])
    seen.page.get_by_role("button", name="Account and appearance").click()
    seen.page.get_by_role("menuitem", name="Sign out").click()
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.open("/applications")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.forgive("/api/v1/session")


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(look: Look, fleet: Desk, elsewhere: str) -> None:
    """GIVEN an address that asks to be left for another place WHEN somebody signs in there THEN they stay here."""
    seen = look(fleet)
    seen.page.goto(f"{fleet.url}/sign-in")
    seen.page.evaluate("(to) => history.replaceState(null, '', '/sign-in?next=' + encodeURIComponent(to))", elsewhere)
    seen.page.reload()
    seen.page.get_by_label("Token of this stack").fill(API_TOKEN)
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/applications")


def test_a_callback_that_nobody_asked_for_is_refused(look: Look, fleet: Desk) -> None:
    """GIVEN no sign-in under way WHEN an issuer's answer is opened THEN the page says so and how to begin anew."""
    seen = look(fleet)
    seen.open("/auth/callback?code=stolen&state=guessed")
    expect(seen.page.get_by_role("alert")).to_be_visible()
    seen.page.get_by_role("link", name="Begin anew").click()
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.forgive("/api/v1/login/exchange")
