"""Everything beside applications in a browser: what is declared, who may, what was delivered, and what it cost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from mooring.events.messages import Cause
from mooring.model.application import AppKey
from mooring.state.applications import Applications
from mooring.state.wanted import Commit, Input, Rendering, RenderFailure, WantedState
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.furnishing import furnish

Look = Callable[..., Seen]

PAGES = {
    "/clusters": "Clusters",
    "/clusters/far": "Examination",
    "/projects": "Projects",
    "/projects/shop": "Sync windows",
    "/applicationsets": "ApplicationSets",
    "/applicationsets/argocd/fleet": "Conditions",
    "/repositories": "Repositories",
    "/repositories/registration?url=https://git.test/shop/": "Commits seen",
    "/webhooks": "git.test/shop/deploy",
    "/costs": "By day",
    "/images": "Images",
    "/promotions": "Promotions",
    "/promotions/argocd/to-prod": "Verification",
    "/settings/session": "What you may",
    "/settings/tokens": "API tokens",
    "/settings/general": "argocd-cm",
    "/settings/access": "argocd-rbac-cm",
    "/settings/notifications": "Given up",
    "/settings/sealing": "Sealing certificates",
    "/settings/keys": "GPG keys",
}
"""Addresses, and a heading that each has and the one before it has not."""


@pytest.fixture(scope="module")
def house() -> Iterator[Desk]:
    """An installation with something of everything."""
    with desk() as found:
        furnish(found)
        yield found


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_is_accessible_and_fits(look: Look, house: Desk, width: int, theme: str) -> None:
    """GIVEN something of everything WHEN each page is shown THEN axe finds nothing, and nothing is wider than the window."""
    seen = look(house, width=width, theme=theme)
    seen.sign_in("/clusters")
    for path, heading in PAGES.items():
        seen.turn_to(path)
        expect(seen.page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(seen.page.locator("[aria-label=Loading], .bone")).to_have_count(0)
        seen.accessible()
        seen.fits()


def test_lists_are_searched_and_filtered_in_the_address(look: Look, house: Desk) -> None:
    """GIVEN clusters WHEN they are searched and filtered THEN the address holds it, and opens the same again."""
    seen = look(house)
    seen.sign_in("/clusters")
    expect(seen.page.locator(".listing-name")).to_have_count(2)
    seen.page.get_by_role("button", name="Filter by reach").click()
    seen.page.get_by_role("menuitemcheckbox", name="Out of reach").click()
    seen.page.keyboard.press("Escape")
    expect(seen.page.locator(".listing-name")).to_have_text(["far"])
    seen.page.get_by_label("Search clusters").fill("nothing like it")
    expect(seen.page.get_by_text("Nothing fits")).to_be_visible()
    seen.page.reload()
    expect(seen.page.get_by_label("Search clusters")).to_have_value("nothing like it")
    seen.page.get_by_role("button", name="Show all 2").click()
    expect(seen.page.locator(".listing-name")).to_have_count(2)


def test_keys_alone_open_a_row(look: Look, house: Desk) -> None:
    """GIVEN hands on the keyboard WHEN they go to the clusters, search, go down and press Enter THEN it is opened."""
    seen = look(house)
    seen.sign_in("/projects")
    expect(seen.page.locator(".listing-name").first).to_be_visible()
    seen.page.keyboard.press("g")
    seen.page.keyboard.press("c")
    seen.page.wait_for_url("**/clusters")
    expect(seen.page.locator(".listing-name")).to_have_count(2)
    seen.page.keyboard.press("j")
    expect(seen.page.locator(".listing-name").first).to_be_focused()
    seen.page.keyboard.press("ArrowDown")
    expect(seen.page.locator(".listing-name").nth(1)).to_be_focused()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/clusters/lab")


def test_deliveries_are_filtered_by_what_became_of_them(look: Look, house: Desk) -> None:
    """GIVEN deliveries WHEN those refused are asked for THEN they alone are there, with why, and the address says so."""
    seen = look(house)
    seen.sign_in("/webhooks")
    expect(seen.page.locator(".webhooks-one")).to_have_count(3)
    seen.page.get_by_role("button", name="refused").click()
    expect(seen.page.locator(".webhooks-one")).to_have_count(1)
    expect(seen.page.get_by_text("no secret")).to_be_visible()
    assert seen.page.url.endswith("/webhooks?outcome=refused")
    seen.page.get_by_role("button", name="All", exact=True).click()
    seen.page.get_by_label("Search by repository").fill("shop/deploy")
    expect(seen.page.locator(".webhooks-one")).to_have_count(1)
    expect(seen.page.get_by_text("Concerns 1 application; 1 of them by changed files")).to_be_visible()


def test_costs_add_up_however_they_are_grouped(look: Look, house: Desk) -> None:
    """GIVEN ten days of operations WHEN they are grouped otherwise THEN the sum is the same, and days are a table, too."""
    seen = look(house)
    seen.sign_in("/costs")
    total = seen.page.locator(".costs-total").inner_text()
    assert total.startswith("$0.000")
    for by, first in (("Project", "shop"), ("Cluster", "lab")):
        seen.page.get_by_role("button", name=by, exact=True).click()
        expect(seen.page.locator(".listing .listing-name")).to_have_text([first])
        assert total == seen.page.locator(".costs-total").inner_text()
    expect(seen.page.get_by_text("Prices of eu-central-1")).to_be_visible()
    # A third of what functions took, and little of what the table did.
    renders = re.search(r"\$0\.0\d+ of it", seen.page.locator(".facts").first.inner_text())
    assert renders is not None
    assert 0.16 < float(renders[0][1:-6]) / float(total[1:]) < 0.18
    assert 10 == seen.page.locator(".costs-days tbody tr").count()


def test_a_cluster_says_how_it_is_now(look: Look, house: Desk) -> None:
    """GIVEN clusters WHEN a page is opened THEN somebody has looked: its size, or what is wrong and what to do."""
    seen = look(house)
    seen.sign_in("/clusters/lab")
    now = seen.page.get_by_role("region", name="Now", exact=True)
    expect(now.get_by_role("status")).to_have_text("Answers")
    expect(now.locator(".facts")).to_contain_text(re.compile("v1.36.3.*Nodes3Namespaces9.*closed", re.DOTALL))
    with seen.page.expect_response("**/clusters/lab/health"):
        now.get_by_role("button", name="Look again").click()
    seen.turn_to("/clusters/far")
    expect(now.get_by_role("status")).to_have_text("Does not answer")
    expect(now.get_by_role("alert")).to_contain_text("ask the doctor")
    expect(now.locator(".facts")).to_contain_text(re.compile("open since.*tried again", re.DOTALL))


def test_a_repository_says_what_was_seen_of_it(look: Look, house: Desk) -> None:
    """GIVEN a render, and one that failed WHEN the repository is opened THEN commit, trouble and webhook are there; WHEN
    it is to be asked again THEN its application is refreshed.
    """
    applications = Applications(house.behind.table)
    given = Input("https://git.test/shop/deploy.git", "main", revision="c0ffee" * 6 + "abcd")
    failure = RenderFailure("kustomization.yaml: is missing; add it", False, "c0ffee" * 6, 1, 1_767_268_800.0)
    state = WantedState(
        given.revision, 1, time.time(), Cause("push"), Commit(), "r1", Rendering("", (given,), "", ""), failure=failure
    )
    applications.want([(AppKey("argocd", "web-dev"), state)])
    seen = look(house)
    seen.sign_in("/repositories")
    row = seen.page.get_by_role("row", name="git.test/shop/")
    expect(row).to_contain_text(re.compile("main c0ffeec0.*Delivers.*1 fail", re.DOTALL))
    row.get_by_role("link").first.click()
    expect(seen.page.get_by_role("region", name="Commits seen")).to_contain_text("c0ffeec0ffee")
    expect(seen.page.get_by_role("region", name="Webhook")).to_contain_text("queued")
    trouble = seen.page.get_by_role("alert")
    expect(trouble).to_contain_text("kustomization.yaml: is missing; add it")
    with seen.page.expect_response("**/applications/web-dev/refresh*") as asked:
        trouble.get_by_role("button", name="Ask again now").click()
    assert asked.value.ok
    seen.accessible()
