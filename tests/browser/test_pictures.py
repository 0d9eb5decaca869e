"""What pages look like: held to pictures that don't depend on a machine's fonts. `--write-pictures` makes them anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.doubles.browsing import ROOT, Desk, Seen
from tests.doubles.pictures import BESIDE, NARROW, WIDE, difference, show, show_answers, small

Look = Callable[..., Seen]
Alike = Callable[[Seen, str], None]

PLANTED = 1_760_010_000  # a while after the last change of the planted fleet
DOCS = ROOT / "docs/images"
APP = "/applications/argocd/shop"


def show_application(look: Look, at: Desk, view: str, width: int, theme: str) -> Seen:
    """An application whose API answers what a test says."""
    seen = show_answers(look, at, f"{APP}?view={view}", width, theme)
    if "pane=diff" in view:
        expect(seen.page.locator(".diff-row").nth(6)).to_be_visible()
        return seen
    shown = seen.page.get_by_role("treegrid").get_by_role("row") if view == "list" else seen.page.locator(".node")
    expect(shown.nth(6)).to_be_visible()
    return seen


@pytest.mark.parametrize(
    ("view", "width", "theme"),
    [
        ("table", WIDE, "light"), ("table", WIDE, "dark"), ("table", NARROW, "light"),
        ("cards", WIDE, "dark"), ("cards", NARROW, "dark"), ("map", WIDE, "light"), ("map", NARROW, "dark"),
    ],
)  # fmt: skip
def test_a_fleet(look: Look, fleet: Desk, alike: Alike, view: str, width: int, theme: str) -> None:
    """GIVEN 120 applications WHEN they are listed THEN the page looks as it did."""
    seen = show(look, fleet, f"/applications?view={view}", PLANTED, width, theme)
    alike(seen, f"applications-{view}-{width}-{theme}")


@pytest.mark.parametrize(
    ("view", "width", "theme"),
    [("graph", WIDE, "light"), ("graph", WIDE, "dark"), ("network", WIDE, "dark"), ("list", NARROW, "light")],
)
def test_an_application(look: Look, fleet: Desk, alike: Alike, view: str, width: int, theme: str) -> None:
    """GIVEN an application with a degraded pod WHEN its resources are shown THEN the page looks as it did."""
    seen = show_application(look, fleet, view, width, theme)
    alike(seen, f"application-{view}-{width}-{theme}")


@pytest.mark.parametrize(
    ("way", "width", "theme"), [("Side by side", WIDE, "light"), ("Inline", WIDE, "dark"), ("", NARROW, "light")]
)
def test_a_difference(look: Look, fleet: Desk, alike: Alike, way: str, width: int, theme: str) -> None:
    """GIVEN an object that was changed by hand WHEN its differences are shown THEN they look as they did."""
    seen = show_application(look, fleet, "list&resource=apps/Deployment/shop/web-0&pane=diff", width, theme)
    if way:  # a phone has room for one of them
        seen.page.get_by_role("button", name=way, exact=True).click()
    alike(seen, f"difference-{way.lower().replace(' ', '-') or 'phone'}-{width}-{theme}")


def test_pictures_of_the_docs_are_made(look: Look, fleet: Desk, write: bool) -> None:
    """GIVEN the pictures of the docs WHEN they are looked for THEN each is there, is small, and some page shows it."""
    if write:
        fleet_of = (("light", "/applications"), ("dark", "/applications?view=cards&sort=health"))
        for theme, path in fleet_of:
            small(show(look, fleet, path, PLANTED, WIDE, theme), DOCS / f"applications-{theme}.png")
        small(show_application(look, fleet, "graph", WIDE, "dark"), DOCS / "application-graph.png")
    texts = "".join(page.read_text() for page in (ROOT / "README.md", ROOT / "docs/dashboard.md"))
    pictures = sorted(DOCS.glob("*.png"))
    assert 5 == len(pictures)
    assert [] == [
        each.name for each in pictures if each.stat().st_size >= 200_000 or f"images/{each.name}" not in texts
    ]


def test_what_moved_is_seen(tmp_path: Path) -> None:
    """GIVEN a kept picture WHEN a tenth of it is shifted or painted THEN it is told apart, and it is like itself."""
    kept = BESIDE / f"applications-table-{WIDE}-light.png"
    with Image.open(kept) as picture:
        moved = picture.convert("RGB")
    moved.paste(moved.crop((0, 0, 1200, 800)), (12, 0))
    moved.save(tmp_path / "moved.png")
    assert 0.0 == difference(kept, kept)
    assert difference(kept, tmp_path / "moved.png") > 0.01
    assert 1.0 == difference(kept, BESIDE / f"applications-table-{NARROW}-light.png")
