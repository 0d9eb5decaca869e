"""What the way in, the panes of an object, an application's secrets and its dialogs look like: held to pictures, as in
`test_pictures`."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest
from playwright.sync_api import expect

from tests.doubles.browsing import ROOT, Desk, Seen
from tests.doubles.pictures import NARROW, WIDE, show_answers
from tests.doubles.trees import EVENTS, LOGS, changed_of

Look = Callable[..., Seen]
Alike = Callable[[Seen, str], None]

APP = "/applications/argocd/shop"
WINDOWS = pytest.mark.parametrize(
    ("width", "theme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
)
PANES = {
    "summary": ".facts",
    "diff": ".diff-row",
    "manifest": ".yaml-row",
    "events": ".event-list",
    "logs": ".log-line",
}


@WINDOWS
def test_the_way_in(look: Look, fleet: Desk, alike: Alike, width: int, theme: str) -> None:
    """GIVEN nobody is signed in WHEN a page is opened THEN the way in looks as it did."""
    seen = look(fleet, width=width, theme=theme)
    seen.open("/applications")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    alike(seen, f"sign-in-{width}-{theme}")
    seen.forgive("/api/v1/session")


@WINDOWS
@pytest.mark.parametrize("pane", PANES)
def test_a_pane(look: Look, fleet: Desk, alike: Alike, pane: str, width: int, theme: str) -> None:
    """GIVEN an object that was changed by hand WHEN it is opened THEN its panes look as they did."""
    path = f"{APP}?view=list&resource=apps/Deployment/shop/web-0{'' if pane == 'summary' else f'&pane={pane}'}"
    seen = show_answers(look, fleet, path, width, theme)
    expect(seen.page.get_by_role("complementary").locator(PANES[pane]).first).to_be_visible()
    alike(seen, f"pane-{pane}-{width}-{theme}")


@WINDOWS
def test_the_secrets(look: Look, fleet: Desk, alike: Alike, width: int, theme: str) -> None:
    """GIVEN secrets of three origins WHEN they are shown THEN the page looks as it did."""
    seen = show_answers(look, fleet, f"{APP}/secrets", width, theme)
    expect(seen.page.locator(".secrets-list > li")).to_have_count(3)
    alike(seen, f"secrets-{width}-{theme}")


@WINDOWS
def test_a_dialog(look: Look, fleet: Desk, alike: Alike, width: int, theme: str) -> None:
    """GIVEN an application WHEN a sync is about to be asked for THEN the dialog looks as it did."""
    seen = show_answers(look, fleet, f"{APP}?view=list", width, theme)
    expect(seen.page.get_by_role("treegrid").get_by_role("row").nth(6)).to_be_visible()
    seen.page.keyboard.press("s")
    expect(seen.page.get_by_role("dialog").get_by_role("button", name="Sync")).to_be_visible()
    seen.page.get_by_label("Some of them").click()
    expect(seen.page.locator(".act-object")).to_have_count(3)
    alike(seen, f"dialog-sync-{width}-{theme}")


@pytest.mark.parametrize(("shown", "shape"), [(EVENTS, "Events"), (LOGS, "Logs"), (changed_of(), "LiveResource")])
def test_what_is_shown_is_what_the_api_gives(shown: object, shape: str) -> None:
    """GIVEN the answers that these pages are given THEN they are of the shapes that the API declares."""
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    jsonschema.validate(shown, {"$ref": f"#/components/schemas/{shape}", "components": document["components"]})
