"""What is changed in a browser beside applications: declared, registered, examined, confirmed, revoked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from mooring.model.setkey import SetKey
from mooring.state.images import ImageStates
from tests.doubles.browsing import Desk, Seen, desk
from tests.doubles.deployed import API_TOKEN
from tests.doubles.furnishing import furnish, registry_of, tell_api

Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def own() -> Iterator[Desk]:
    """An installation with something of everything; each test changes things of its own there."""
    with desk() as found:
        furnish(found)
        yield found


def say(seen: Seen, text: str) -> None:
    """The page has said so."""
    expect(seen.page.locator(".toast").filter(has_text=text)).to_be_visible()


def test_a_cluster_is_examined_and_removed(own: Desk, look: Look) -> None:
    """GIVEN a cluster WHEN it is examined THEN each step is shown; WHEN its name is typed THEN it is removed."""
    seen = look(own)
    seen.sign_in("/clusters/far")
    expect(seen.page.get_by_text("nobody answers at far.test:443", exact=True)).to_be_visible()
    expect(seen.page.locator("dd", has_text="nobody answers at far.test:443")).to_contain_text("open since")
    with seen.page.expect_response("**/check") as asked:
        seen.page.get_by_role("button", name="Examine now").click()
    check = asked.value.json()["check"]["id"]
    steps = [{"step": "name", "ok": True, "message": "10.0.0.1"}, {"step": "login", "ok": False, "message": "refused"}]
    registry_of(own).put_check("far", check, {"reachable": False, "steps": steps}, now=4_000_000_000.0)
    expect(seen.page.get_by_text("Something is wrong")).to_be_visible()
    expect(seen.page.locator(".clusters-steps li")).to_have_text(["Name10.0.0.1", "Loginrefused"])
    seen.page.get_by_role("button", name="Remove", exact=True).click()
    button = seen.page.get_by_role("button", name="Remove the cluster")
    expect(button).to_be_disabled()
    seen.page.get_by_role("textbox").last.fill("far")
    button.click()
    say(seen, "far is forgotten")
    assert ["lab"] == [each["name"] for each in tell_api(own, "GET", "clusters")["items"]]


def test_a_cluster_of_eks_is_registered(own: Desk, look: Look) -> None:
    """GIVEN a form without secrets WHEN it is sent THEN the cluster is registered; a wrong name is told beside it."""
    seen = look(own)
    seen.sign_in("/clusters")
    seen.page.get_by_role("button", name="Add a cluster").click()
    seen.page.get_by_label("Name", exact=True).fill("Not a name!")
    seen.page.get_by_label("Name of the EKS cluster").fill("shop")
    seen.page.get_by_role("button", name="Register").click()
    expect(seen.page.locator("dialog [role=alert]")).to_contain_text("name")
    seen.forgive("400")
    seen.accessible()
    seen.page.get_by_label("Name", exact=True).fill("shop")
    seen.page.get_by_role("button", name="Register").click()
    seen.page.wait_for_url("**/clusters/shop")


def test_a_cluster_that_is_there_is_replaced_only_knowingly(own: Desk, look: Look) -> None:
    """GIVEN a name that is taken WHEN a cluster is added by it THEN that is said, and it is replaced on a word alone;
    WHEN somebody else changes one that is about to be removed THEN it stays, and that is said.
    """
    seen = look(own)
    seen.sign_in("/clusters")
    tell_api(own, "PUT", "clusters/twin", {"eks": {"clusterName": "first"}})
    seen.page.get_by_role("button", name="Add a cluster").click()
    seen.page.get_by_label("Name", exact=True).fill("twin")
    seen.page.get_by_label("Name of the EKS cluster").fill("second")
    seen.page.get_by_role("button", name="Register").click()
    expect(seen.page.locator("dialog [role=alert]")).to_contain_text("replace what is there")
    before = registry_of(own).known().clusters
    seen.page.get_by_role("button", name="Replace what is registered").click()
    seen.page.wait_for_url("**/clusters/twin")
    assert before != registry_of(own).known().clusters
    seen.page.get_by_role("button", name="Remove", exact=True).click()
    tell_api(own, "PATCH", "clusters/twin", {"labels": {"tier": "one"}})
    seen.page.get_by_role("textbox").last.fill("twin")
    seen.page.get_by_role("button", name="Remove the cluster").click()
    expect(seen.page.locator("dialog [role=alert]")).to_contain_text("Somebody changed it meanwhile")
    seen.forgive("412")
    expect(seen.page.get_by_text("tier=one")).to_have_count(1)  # what it is now, behind the dialog
    tell_api(own, "DELETE", "clusters/twin")


def test_a_project_is_edited_and_nobody_is_overwritten(own: Desk, look: Look) -> None:
    """GIVEN a project WHEN a field is wrong THEN its line is shown; somebody else's change is not overwritten."""
    seen = look(own)
    seen.sign_in("/projects/shop")
    seen.page.get_by_role("button", name="Edit").click()
    text = seen.page.get_by_label("Edit shop, as YAML")
    before = text.input_value()
    text.fill("spec: [")
    seen.page.get_by_role("button", name="Save").click()
    expect(seen.page.get_by_role("alert")).to_contain_text("can't be read")
    text.fill(before.replace("0 8 * * *", "0 88 * * *"))
    seen.page.keyboard.press("Control+s")
    expect(seen.page.get_by_role("alert")).to_contain_text("syncWindows")
    line = before[: before.index("0 8 * * *")].count("\n") + 1
    wrong = seen.page.locator(".editor-lines [data-wrong]")
    assert abs(line - int(wrong.inner_text())) <= 1
    project = tell_api(own, "GET", "projects/shop")
    project["spec"]["description"] = "Somebody was faster"
    tell_api(own, "POST", "projects", {name: project[name] for name in ("apiVersion", "kind", "metadata", "spec")})
    text.fill(before.replace("All of the shop", "None of the shop"))
    seen.page.get_by_role("button", name="Save").click()
    seen.page.get_by_role("button", name="Load the newest").click()
    expect(text).to_have_value(re.compile("Somebody was faster"))
    seen.forgive("400", "412")
    text.fill(text.input_value().replace("Somebody was faster", "Now it is mine"))
    seen.page.get_by_role("button", name="Save").click()
    say(seen, "The project is declared")
    assert "Now it is mine" == tell_api(own, "GET", "projects/shop")["spec"]["description"]


def test_a_token_of_a_role_is_shown_once_and_revoked(own: Desk, look: Look) -> None:
    """GIVEN a role WHEN a token is made THEN it is shown once; WHEN it is revoked THEN it is gone."""
    seen = look(own)
    seen.sign_in("/projects/shop")
    seen.page.get_by_role("button", name="New token").click()
    seen.page.get_by_label("Name", exact=True).fill("builds")
    seen.page.get_by_label("Lasts").select_option("7")
    seen.page.get_by_role("button", name="Make the token").click()
    expect(seen.page.get_by_text("It is shown this once.")).to_be_visible()
    token = seen.page.locator("dialog .copyable code").inner_text()
    assert token.startswith("mooring_")
    seen.accessible()
    seen.page.get_by_role("button", name="I have it").click()
    assert token not in seen.page.content()
    seen.page.get_by_role("button", name="Revoke builds").click()
    seen.page.get_by_role("button", name="Revoke the token").click()
    say(seen, "builds is revoked")
    assert [] == tell_api(own, "GET", "projects/shop/roles/ci/token")["items"]


def test_a_set_is_previewed_before_it_is_declared(own: Desk, look: Look) -> None:
    """GIVEN a set's text WHEN it is sent THEN what it would change is shown first, and declared on a word."""
    seen = look(own)
    seen.sign_in("/applicationsets/argocd/fleet")
    seen.page.get_by_role("button", name="Edit").click()
    text = seen.page.get_by_label("Edit fleet, as YAML")
    text.fill(text.input_value().replace("name: one", "name: two"))
    with seen.page.expect_response("**/preview") as asked:
        seen.page.get_by_role("button", name="Preview what changes").click()
    found = {
        "generated": 2, "unchanged": 1, "added": [{"name": "fleet-two", "from": "list", "diff": "+kind: Application\n"}],
        "changed": [{"name": "fleet-a", "from": "list", "diff": "-old: 1\n+new: 2\n"}], "removed": [{"name": "fleet-one", "why": "gone"}],
    }  # fmt: skip
    registry_of(own).sets.put_preview(asked.value.json()["preview"]["id"], found, 4_000_000_000.0)
    expect(seen.page.get_by_text("2 generated, 1 unchanged.")).to_be_visible()
    expect(seen.page.get_by_role("region", name="Difference of fleet-a")).to_contain_text("+new: 2")
    seen.accessible()
    seen.page.get_by_role("button", name="Declare it").click()
    say(seen, "The ApplicationSet is declared")
    spec = tell_api(own, "GET", "applicationsets/fleet")["spec"]
    assert [{"name": "two"}] == spec["generators"][0]["list"]["elements"]


def test_a_held_removal_is_confirmed_with_the_sets_name(own: Desk, look: Look) -> None:
    """GIVEN a removal that waits WHEN the set's name is typed THEN the API is given the token of that removal."""
    seen = look(own)
    seen.sign_in("/applicationsets/argocd/fleet")
    expect(seen.page.get_by_text("waits for somebody's word")).to_be_visible()
    seen.page.get_by_role("button", name="Look at it").click()
    seen.page.get_by_role("textbox").last.fill("fleet")
    seen.page.get_by_role("button", name="Remove 1 application").click()
    say(seen, "Removed: fleet-old")
    key = SetKey.parse("argocd/fleet")
    assert "token-of-the-removal" == registry_of(own).sets.load([key])[key].confirmed


def test_a_repository_is_registered_and_forgotten(own: Desk, look: Look) -> None:
    """GIVEN an address and a password WHEN it is registered THEN it is listed, and the password is nowhere on the page."""
    seen = look(own)
    seen.sign_in("/repositories")
    expect(seen.page.get_by_text("Delivers")).to_be_visible()
    seen.page.get_by_role("button", name="Add a repository").click()
    seen.page.get_by_label("Address, or what many").fill("https://git.test/private")
    seen.page.get_by_label("User name").fill("bot")
    seen.page.get_by_label("Password or access token").fill("hush-hush")
    seen.page.get_by_role("button", name="Register").click()
    say(seen, "https://git.test/private is registered")
    assert "hush-hush" not in seen.page.content()
    seen.page.get_by_role("button", name="Remove https://git.test/private").click()
    seen.page.get_by_role("button", name="Remove the registration").click()
    say(seen, "is forgotten")
    urls = [each["url"] for each in tell_api(own, "GET", "repositories")["items"]]
    assert "https://git.test/private" not in urls


def test_images_are_planned(own: Desk, look: Look) -> None:
    """GIVEN a held image WHEN a plan is asked for THEN what would be written is shown once it is known."""
    seen = look(own)
    seen.sign_in("/images")
    expect(seen.page.get_by_text("Held")).to_be_visible()
    with seen.page.expect_response("**/images/plan") as asked:
        seen.page.get_by_role("button", name="Plan").click()
    update = {
        "application": "argocd/web-dev", "alias": "web", "image": "registry.test/shop/web", "from": "1.4.1", "to": "1.4.2",
        "why": "newest", "held": False, "method": "git", "repository": "r", "branch": "main", "path": "p",
    }  # fmt: skip
    found = {"updates": [update], "notes": [], "current": 1, "requests": 2}
    ImageStates(own.behind.table).put_plan(asked.value.json()["plan"]["id"], found, 4_000_000_000.0)
    expect(seen.page.get_by_role("cell", name="1.4.2")).to_be_visible()


def test_lanes_lead_to_promotions_that_can_be_suspended(own: Desk, look: Look) -> None:
    """GIVEN two promotions in a row WHEN one is opened and suspended THEN it is so; the lane showed both in order."""
    seen = look(own)
    seen.sign_in("/promotions")
    expect(seen.page.locator(".promotions-app .listing-name")).to_have_text(["web-dev", "web-staging", "web-prod"])
    seen.page.get_by_role("link", name="to-prod").click()
    seen.page.get_by_role("button", name="Suspend").click()
    say(seen, "It is suspended")
    expect(seen.page.get_by_role("button", name="Resume")).to_be_visible()


def test_a_policy_that_cannot_be_meant_is_told_with_its_line(own: Desk, look: Look) -> None:
    """GIVEN a policy WHEN its third line names no resource THEN that line is marked; corrected, it is taken."""
    seen = look(own)
    seen.sign_in("/settings/access")
    seen.page.get_by_role("button", name="Edit").click()
    text = seen.page.get_by_label("Edit argocd-rbac-cm, as YAML")
    text.fill(
        "data:\n  policy.csv: |\n    # who may\n    g, team, role:reader\n    p, role:reader, boats, get, *, allow\n"
    )
    seen.page.get_by_role("button", name="Save").click()
    expect(seen.page.get_by_role("alert")).to_contain_text("names the resource 'boats'")
    seen.forgive("400")
    expect(seen.page.locator(".editor-lines [data-wrong]")).to_have_text("5")
    text.fill(text.input_value().replace("boats", "clusters"))
    seen.page.get_by_role("button", name="Save").click()
    say(seen, "It counts from the next request on")
    assert "clusters" in tell_api(own, "GET", "settings/access")["data"]["policy.csv"]


def test_a_failed_note_is_tried_again(own: Desk, look: Look) -> None:
    """GIVEN a note that was given up WHEN it is tried again THEN it is no longer among those."""
    seen = look(own)
    seen.sign_in("/settings/notifications")
    expect(seen.page.get_by_text("the channel is archived")).to_be_visible()
    seen.page.get_by_role("button", name="Try again").click()
    say(seen, "It is tried again")
    expect(seen.page.get_by_text("Everything that was to be told was told.")).to_be_visible()


def test_who_may_little_is_offered_little(own: Desk, look: Look) -> None:
    """GIVEN a caller who may only read projects WHEN pages are shown THEN no button changes anything."""
    seen = look(own)
    seen.sign_in("/projects")

    def narrow(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        told = answer.json() | {"can": {"projects": ["get"], "applications": ["get"]}}
        route.fulfill(response=answer, json=told)  # type: ignore[attr-defined]

    seen.page.route("**/api/v1/session", narrow)
    seen.open("/projects/shop")
    expect(seen.page.get_by_role("heading", name="Roles")).to_be_visible()
    for name in ("Edit", "Remove", "New token"):
        expect(seen.page.get_by_role("button", name=name)).to_have_count(0)
    seen.open("/settings/access")
    seen.page.wait_for_url("**/settings/session")
    expect(seen.page.get_by_role("link", name="Access")).to_have_count(0)
    expect(seen.page.get_by_role("button", name="End all sessions")).to_have_count(0)


def test_one_session_ends(own: Desk, look: Look) -> None:
    """GIVEN two sessions of one person WHEN they end the other THEN it is over, and theirs goes on."""
    first, seen = look(own), look(own)
    first.sign_in("/settings/session")
    seen.sign_in("/settings/session")
    seen.page.get_by_role("button", name="Show sessions").click()
    rows = seen.page.get_by_role("region", name="List of sessions").get_by_role("row")
    expect(seen.page.get_by_text("this one")).to_be_visible()
    expect(rows.filter(has_text="this one").get_by_role("button")).to_have_count(0)
    before = rows.count()
    rows.get_by_role("button").last.click()
    seen.page.get_by_role("dialog").get_by_role("button", name="End the session").click()
    say(seen, "The session is ended")
    expect(rows).to_have_count(before - 1)
    expect(seen.page.get_by_text("this one")).to_be_visible()


def test_all_sessions_end(own: Desk, look: Look) -> None:
    """GIVEN an administrator WHEN all sessions are ended THEN theirs is over as well."""
    seen = look(own)
    seen.sign_in("/settings/session")
    seen.page.get_by_role("button", name="End all sessions").click()
    seen.page.get_by_role("button", name="End them").click()
    seen.page.wait_for_url("**/sign-in**")
    expect(seen.page.get_by_label("Token of this stack")).to_be_visible()
    seen.forgive("401")
    assert API_TOKEN not in seen.page.content()
