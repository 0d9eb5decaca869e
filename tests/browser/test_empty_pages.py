"""Pages of an installation that has nothing yet: each says what to do first, and fits a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen, desk

Look = Callable[..., Seen]

PAGES = {
    "/applications": "No applications yet",
    "/drift": "Nobody has changed anything beside git",
    "/clusters": "No clusters yet",
    "/applicationsets": "No ApplicationSets yet",
    "/images": "No image is kept up to date",
    "/promotions": "No promotions yet",
    "/repositories": "No repositories registered",
    "/webhooks": "Nothing was delivered yet",
    "/costs": "No operation in these days",
    "/settings/sealing": "No sealing key yet",
}
"""Addresses, and what each says."""


@pytest.fixture(scope="module")
def nothing() -> Iterator[Desk]:
    with desk() as found:
        yield found


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_every_empty_page_says_what_to_do(look: Look, nothing: Desk, width: int, theme: str) -> None:
    """GIVEN nothing at all WHEN each page is shown THEN it says so, axe finds nothing, and nothing can be pushed aside."""
    seen = look(nothing, width=width, theme=theme)
    seen.sign_in("/settings/keys")
    for path, heading in PAGES.items():
        seen.turn_to(path)
        expect(seen.page.get_by_role("heading", name=heading)).to_be_visible()
        seen.accessible()
        seen.fits()


def test_what_is_not_there_leads_back_to_the_list(look: Look, nothing: Desk) -> None:
    """GIVEN the address of a cluster that is not registered WHEN opened THEN there is a way to those that are."""
    seen = look(nothing)
    seen.sign_in("/clusters/gone")
    seen.page.get_by_role("link", name="Back to the list").click()
    seen.page.wait_for_url("**/clusters")
    seen.forgive("/clusters/gone")
