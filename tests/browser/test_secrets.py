"""An application's secrets in a browser: where each comes from, how it is, and no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from playwright.sync_api import Route, expect

from tests.doubles.browsing import ROOT, Desk, Seen, desk
from tests.doubles.trees import SECRETS, application_of

Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def office() -> Iterator[Desk]:
    """An installation without applications."""
    with desk() as found:
        yield found


def opened(look: Look, office: Desk, told: dict[str, Any], **shown: Any) -> Seen:
    """The tab of an application whose secrets are these."""
    seen: Seen = look(office, **shown)
    answers = {"": application_of(), "/secrets": told}

    def answer(route: Route) -> None:
        rest = urlsplit(route.request.url).path.removeprefix("/api/v1/applications/shop")
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answers.get(rest, {})))

    for pattern in ("**/api/v1/applications/shop?**", "**/api/v1/applications/shop/secrets?**"):
        seen.page.route(pattern, answer)
    seen.sign_in("/applications/argocd/shop/secrets")
    expect(seen.page.get_by_role("heading", name="shop", exact=True)).to_be_visible()
    return seen


def test_what_these_tests_show_is_what_the_api_gives() -> None:
    """GIVEN the answer of these tests THEN it is of the shape that the API declares."""
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    shape = {"$ref": "#/components/schemas/SecretsOfApplication", "components": document["components"]}
    jsonschema.validate(SECRETS, shape)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_each_secret_says_where_it_comes_from(look: Look, office: Desk, width: int, theme: str) -> None:
    """GIVEN secrets of three origins WHEN shown THEN each has its state and names, they can be searched, axe finds
    nothing, and nothing is wider than the window.
    """
    seen = opened(look, office, SECRETS, width=width, theme=theme)
    rows = seen.page.locator(".secrets-list > li")
    expect(rows).to_have_count(3)
    for words in ("Failing", "there is no secret shop/db", "aws: SecretsManager, eu-central-1", "shop/db → word",
                  "shop/shop-db (some of its keys)", "every 1h"):  # fmt: skip
        expect(rows.nth(0)).to_contain_text(words)
    expect(rows.nth(1)).to_contain_text("Opened")
    expect(rows.nth(1)).to_contain_text("tls.crt, tls.key")
    expect(rows.nth(2)).to_contain_text("Applied")
    expect(seen.page.get_by_text("SHA256:3J5k")).to_be_visible()
    seen.accessible()
    seen.fits()
    seen.page.get_by_label("Search secrets").fill("rendered")
    expect(rows).to_have_count(1)
    seen.page.get_by_label("Search secrets").fill("nothing like it")
    expect(seen.page.get_by_text("No secret has these words.")).to_be_visible()


def test_no_secrets_are_told_so(look: Look, office: Desk) -> None:
    """GIVEN an application without secrets WHEN shown THEN the page says so."""
    seen = opened(look, office, {"items": [], "nextRefresh": None, "sealing": None})
    expect(seen.page.get_by_role("heading", name="No secrets")).to_be_visible()
    seen.accessible()
