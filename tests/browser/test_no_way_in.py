"""Installations that offer browsers no way in."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.doubles.browsing import Seen, desk

Look = Callable[..., Seen]


def test_without_any_way_in_the_page_says_what_to_set(look: Look) -> None:
    """GIVEN an installation without an issuer WHEN a page is opened THEN it says which parameters make a way in."""
    with desk({"LOCAL_LOGIN": "false"}) as closed:
        seen = look(closed)
        seen.open("/")
        expect(seen.page.get_by_text("OidcIssuer")).to_be_visible()
        seen.accessible()
        seen.forgive("/api/v1/session")
