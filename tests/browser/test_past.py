"""What happened, in a browser: timeline, history, progress, drift and the record; by keys, wide and narrow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Route, expect

from mooring.plan.driftrecords import ChangedField
from mooring.state.operations import Operation, ResourceResult
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.pasts import DB, MIGRATION, TOKEN, WEB, Past, hook, rows

Look = Callable[..., Seen]
APP = "/applications/argocd/shop"


@dataclass(frozen=True, slots=True)
class World:
    """An installation with one application that has a past."""

    desk: Desk
    past: Past
    first: Operation
    second: Operation
    heal: Operation


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Two syncs, a change by hand that was put back, and one of a Secret that is still there."""
    with desk() as found:
        past, now = Past(found.behind), time.time()
        first = past.operate(now - 200_000, "a1" * 20, "Begin with one web server")
        second = past.operate(now - 90_000, "b2" * 20, "Serve more")
        past.merged("b2" * 20)
        heal = past.operate(now - 5_000, "b2" * 20, "Serve more", kind="heal")
        fields = (ChangedField(".spec.replicas", 3, 9, "kubectl-edit", "Update"),)
        past.drift(now - 5_003, "bob@acme.test", "reverted", *fields, operation=heal.id)
        secret = ChangedField(
            ".data.password", "(hmac:12345678, 12 bytes)", "(hmac:87654321, 14 bytes)", "kubectl-patch"
        )
        past.drift(now - 4_000, "", "reported", secret, key=TOKEN)
        yield World(found, past, first, second, heal)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", [f"{APP}/timeline", f"{APP}/history", "/drift", "/audit"])
def test_every_page_is_accessible(look: Look, world: World, path: str, width: int) -> None:
    """GIVEN a past WHEN a page of it is shown and opened THEN axe finds nothing, and no part is wider than the window."""
    seen = look(world.desk, width=width)
    seen.sign_in(path)
    expect(seen.page.locator(".entry, .history-row, .table tbody tr").first).to_be_visible()
    titles = seen.page.locator(".entry-title")
    if titles.count():
        titles.first.focus()
        seen.page.keyboard.press("Enter")
        expect(seen.page.locator(".entry-body")).to_be_visible()
    for theme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=theme)
        seen.accessible()
    seen.fits()


def test_the_timeline_says_what_was_put_back_and_whose_change_it_was(look: Look, world: World) -> None:
    """GIVEN a change by hand that was put back WHEN its operation is opened by its address THEN both are told, and linked."""
    seen = look(world.desk)
    seen.sign_in(f"{APP}/timeline")
    seen.open(f"{APP}/timeline/{world.heal.id}")
    body = seen.page.locator(".entry[data-open]")
    expect(body).to_contain_text("put back what bob@acme.test changed")
    expect(body.locator(".entry-body")).to_contain_text("Wave 1")
    expect(body.get_by_role("link", name="commit")).to_have_attribute(
        "href", f"https://github.com/acme/shop/commit/{'b2' * 20}"
    )
    expect(body).to_contain_text("merged by grace")
    expect(body).to_contain_text("reviewed by linus")
    body.get_by_role("link", name="bob@acme.test").click()
    opened = seen.page.locator(".entry[data-open]")
    expect(opened).to_contain_text("203.0.113.7")
    expect(opened).to_contain_text("kubectl/v1.35.0")


def test_the_timeline_is_filtered_in_the_address(look: Look, world: World) -> None:
    """GIVEN the timeline WHEN only changes by hand are chosen THEN only they are there, also after the page is loaded anew."""
    seen = look(world.desk)
    seen.sign_in(f"{APP}/timeline")
    expect(seen.page.locator(".entry")).to_have_count(5)
    seen.page.get_by_role("button", name="Filter by kind").click()
    seen.page.get_by_role("menuitemcheckbox", name="Change by hand").click()
    seen.page.keyboard.press("Escape")
    expect(seen.page.locator(".entry")).to_have_count(2)
    seen.page.reload()
    expect(seen.page.locator(".entry")).to_have_count(2)


def test_which_fields_changed_is_told_by_one_request(look: Look, world: World) -> None:
    """GIVEN an operation WHEN its fields are asked for THEN that is one request, and both values are shown; what did not
    fit is said; a failure can be tried again.
    """
    seen = look(world.desk)
    seen.sign_in(f"{APP}/timeline")
    fields = [{"path": ".spec.replicas", "before": 1, "after": 3}]
    objects = [
        {"object": "apps/Deployment/shop/web", "result": "configured", "fields": fields},
        {"object": "/ConfigMap/shop/large", "result": "configured", "fields": [], "cut": True},
    ]
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.method)
        if len(asked) == 1:
            told = {"title": "Not Found", "status": 404, "detail": "no operation has the id", "field": None}
            route.fulfill(status=404, json=told, content_type="application/problem+json")
        else:
            route.fulfill(json={"operation": world.second.id, "objects": objects, "leftOut": 2})

    seen.page.route("**/changes?**", answer)
    seen.open(f"{APP}/timeline/{world.second.id}")
    seen.page.get_by_role("button", name="Which fields changed").click()
    expect(seen.page.get_by_text("no operation has the id")).to_be_visible()
    seen.page.get_by_role("button", name="Try again").click()
    shown = seen.page.get_by_label("Fields that changed")
    expect(shown).to_contain_text(".spec.replicas")
    expect(shown).to_contain_text("Its fields don't fit here")
    expect(shown).to_contain_text("and 2 more objects")
    assert ["GET", "GET"] == asked
    seen.forgive("/changes")


def test_a_rollback_says_what_it_pauses(look: Look, world: World) -> None:
    """GIVEN automated sync WHEN a rollback is asked for THEN it says that it pauses, how git does it, and is sent once."""
    seen = look(world.desk)
    seen.sign_in(f"{APP}/history")
    compared = {
        "from": {}, "to": {}, "leftOut": 0, "unchanged": 2,
        "items": [{
            "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web",
            "kindOfChange": "changed", "text": "--- a\n+++ b\n@@ -1,2 +1,2 @@\n spec:\n-  replicas: 3\n+  replicas: 1\n",
            "changes": [{"path": ".spec.replicas", "before": 3, "after": 1, "kind": "changed"}],
        }],
    }  # fmt: skip
    seen.page.route("**/compare?**", lambda route: route.fulfill(json=compared))
    asked: list[object] = []

    def roll(route: object) -> None:
        asked.append(route.request.post_data_json)  # type: ignore[attr-defined]
        paused = {"by": "admin", "at": "", "why": ""}
        route.fulfill(status=202, json={"operation": {"id": "1"}, "to": {}, "paused": paused})  # type: ignore[attr-defined]

    seen.page.route("**/rollback?**", roll)
    seen.page.get_by_role("button", name="Roll back to a1a1a1a").click()
    dialog = seen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Automated sync and self-heal are paused by this")
    expect(dialog).to_contain_text("1 object differs: 1 changed; 2 the same")
    expect(dialog).to_contain_text(f"git revert --no-edit {'a1' * 6}..{'b2' * 6}")
    dialog.get_by_role("button", name="Roll back").click()
    expect(seen.page.get_by_text("automated sync is paused until it is resumed")).to_be_visible()
    assert [{"operation": world.first.id}] == asked
    # AND any two are compared, by keys alone
    for name in ("Compare a1a1a1a", "Compare b2b2b2b"):
        seen.page.get_by_label(name).focus()
        seen.page.keyboard.press("Space")
    seen.page.get_by_role("button", name="changed Deployment web").focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".diff-frame")).to_contain_text("replicas: 3")


def test_drift_is_found_by_person_and_put_back(look: Look, world: World) -> None:
    """GIVEN drift WHEN it is looked for by person, and what is left is put back THEN that object alone is synced."""
    seen = look(world.desk)
    seen.sign_in("/drift")
    expect(seen.page.locator(".entry")).to_have_count(2)
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("bob")
    expect(seen.page.locator(".entry")).to_have_count(1)
    seen.page.keyboard.press("Escape")
    seen.page.get_by_role("button", name="Still there").click()
    expect(seen.page.locator(".entry")).to_have_count(1)
    seen.page.locator(".entry-title").click()
    expect(seen.page.locator(".entry-body")).to_contain_text("hidden, 14 bytes")
    asked: list[object] = []

    def sync(route: object) -> None:
        asked.append(route.request.post_data_json)  # type: ignore[attr-defined]
        route.fulfill(status=202, json={"operation": {"id": "1"}})  # type: ignore[attr-defined]

    seen.page.route("**/applications/shop/sync?**", sync)
    seen.page.get_by_role("button", name="Put it back").click()
    seen.page.get_by_role("dialog").get_by_role("button", name="Put it back").click()
    expect(seen.page.get_by_text("Secret token is being put back")).to_be_visible()
    assert [{"resources": [{"group": "", "kind": "Secret", "namespace": "shop", "name": "token"}]}] == asked


def test_the_record_is_searched(look: Look, world: World) -> None:
    """GIVEN that somebody signed in WHEN the record is searched for it THEN it is there with address and program."""
    seen = look(world.desk)
    seen.sign_in("/audit")
    expect(seen.page.locator("tbody tr").first).to_contain_text("sign in")
    expect(seen.page.locator("tbody tr").first).to_contain_text("127.0.0.1")
    seen.page.get_by_label("Search actions").fill("nothing of the kind")
    expect(seen.page.get_by_text("Nothing is on record")).to_be_visible()
    expect(seen.page.get_by_text("mooring audit verify")).to_be_visible()


def test_progress_is_followed_to_its_end(look: Look, world: World) -> None:
    """GIVEN a sync that runs WHEN it goes on and fails while somebody looks THEN waves, objects and the end are told."""
    past, now = Past(world.desk.behind, "bakery"), time.time()
    begun = past.operate(
        now - 40, "b2" * 20, "Serve more", phase="Running", finished_at=0.0, message="waiting for Deployment web",
        hooks=(hook(MIGRATION, "PreSync", "Succeeded"),),
    )  # fmt: skip
    done = (ResourceResult(DB, "v1", "configured"), ResourceResult(MIGRATION, "v1", "succeeded", phase="PreSync"))
    web = ResourceResult(WEB, "v1", "configured")
    past.run(replace(begun, results=(*done, web)), *rows("Synced", "Progressing"))
    seen = look(world.desk, width=390)
    seen.sign_in("/applications/argocd/bakery/timeline")
    strip = seen.page.get_by_label("Phases and waves")
    expect(strip.get_by_role("listitem")).to_have_count(3)
    expect(strip.locator("[aria-current=step]")).to_contain_text("Wave 1")
    expect(seen.page.get_by_label("Under way")).to_contain_text("Deployment web")
    seen.accessible()
    seen.fits()
    refused = replace(web, status="failed", message="must not be negative")
    ended = replace(begun, phase="Failed", message="one failed", finished_at=now, results=(*done, refused))
    past.run(ended, *rows("OutOfSync", "Healthy"))
    expect(seen.page.get_by_label("Failed objects")).to_contain_text("must not be negative")
    seen.page.get_by_role("button", name="Dismiss what came of the operation").click()
    expect(strip).to_have_count(0)
