"""What every page beside applications looks like: held to pictures as in `test_pictures`, with what moves masked.

The page's clock stands at the moment for which the installation was furnished, so what was a while ago stays that long
ago. Dates are as long on every day, and letters are blocks; times, days of the week and their bars are what moves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.furnishing import furnish
from tests.doubles.pictures import NARROW, WIDE

Look = Callable[..., Seen]
Alike = Callable[[Seen, str], None]

PAGES = {
    "clusters": "/clusters",
    "cluster": "/clusters/far",
    "projects": "/projects",
    "project": "/projects/shop",
    "applicationsets": "/applicationsets",
    "applicationset": "/applicationsets/argocd/fleet",
    "repositories": "/repositories",
    "webhooks": "/webhooks",
    "costs": "/costs",
    "images": "/images",
    "promotions": "/promotions",
    "promotion": "/promotions/argocd/to-prod",
    "settings": "/settings/session",
    "tokens": "/settings/tokens",
    "policy": "/settings/access",
    "notifications": "/settings/notifications",
}
MOVES = "time, .costs-days, .projects-timeline, .projects-days, .projects-windows p.small"


@pytest.fixture(scope="module")
def furnished() -> Iterator[tuple[Desk, float]]:
    """An installation with something of everything, and since when."""
    with desk() as found:
        now = time.time()
        furnish(found)
        yield found, now


def show_page(look: Look, furnished: tuple[Desk, float], path: str, width: int, theme: str) -> Seen:
    """A page as it is once it has everything, without what moves."""
    at, now = furnished
    seen = look(at, width=width, theme=theme)
    seen.page.clock.set_fixed_time(now + 30)
    seen.sign_in(path)
    expect(seen.page.locator("main h1").first).to_be_visible()
    expect(seen.page.locator("[aria-label=Loading], .bone")).to_have_count(0)
    seen.page.evaluate(
        "(moves) => { for (const each of document.querySelectorAll(moves)) each.style.visibility = 'hidden' }", MOVES
    )
    return seen


@pytest.mark.parametrize(("width", "theme"), [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page(look: Look, furnished: tuple[Desk, float], alike: Alike, name: str, width: int, theme: str) -> None:
    """GIVEN something of everything WHEN a page of it is shown THEN it looks as it did."""
    alike(show_page(look, furnished, PAGES[name], width, theme), f"{name}-{width}-{theme}")
