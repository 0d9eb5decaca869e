"""One object of an application in a browser, over a whole stack: what differs, its manifest, events and logs, and what is
done to it. The cluster is real, and so are its controllers; what containers write is a stand-in's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Options, Stack
from mooring.cluster.client import ApiServer
from mooring.cluster.kubeconfig import from_kubeconfig
from tests.doubles.browsing import Desk, Seen
from tests.doubles.canaries import spellings
from tests.e2e.ground import Case, Ground, until

Look = Callable[..., Seen]
CANARY = "a-password-that-nobody-sees"
MERGE = {"Content-Type": "application/merge-patch+json"}
PANES = ("summary", "diff", "manifest", "events", "logs", "fields")


def deployment() -> dict[str, Any]:
    labels = {"app": "web"}
    containers = [{"name": "web", "image": "shop:1.4"}, {"name": "side", "image": "proxy:2"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def config_map(name: str, lines: int) -> dict[str, Any]:
    data = {f"key-{number:04}": f"value {number}" for number in range(lines)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@dataclass(frozen=True, slots=True)
class Shop:
    """An application that is synced by hand and has drifted, and where to look at it."""

    desk: Desk
    case: Case

    def path(self, group: str, kind: str, name: str, pane: str = "", **more: str) -> str:
        """The address of one of its objects."""
        asked = "".join(f"&{key.replace('_', '.')}={value}" for key, value in more.items())
        pane = f"&pane={pane}" if pane else ""
        return f"{self.tab()}?resource={group}/{kind}/{self.case.name}/{name}{pane}{asked}"

    def tab(self, name: str = "") -> str:
        """The address of one of its tabs."""
        return f"/applications/argocd/{self.case.name}{name and f'/{name}'}"

    def pods(self) -> list[str]:
        path = f"/api/v1/namespaces/{self.case.name}/pods"
        _, answer = self.case.ground.stack.cluster.client("GET", path)
        return sorted(each["metadata"]["name"] for each in answer["items"])

    def write(self, pod: str, *texts: str, previous: bool = False) -> None:
        """Lines of a pod's container `web`, a moment apart."""
        logs, now = self.case.ground.stack.cluster.logs, time.time()
        assert logs is not None
        lines = [(now + number / 1000, text) for number, text in enumerate(texts)]
        logs.write(self.case.name, pod, "web", *lines, previous=previous)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack with a Deployment, a Secret and two ConfigMaps, each changed by hand since git was synced."""
    options = Options(directory=tmp_path_factory.mktemp("objects") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        ground = Ground(stack)
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"pass": CANARY}}
        manifests = (deployment(), secret, config_map("settings", 60), config_map("large", 4000))
        case = ground.new("shop", *manifests, automated=False)
        found = Shop(Desk(stack.mooring.url, None, stack.mooring.secret), case)  # type: ignore[arg-type]
        until(lambda: len(found.pods()) == 2, found.pods)
        for pod in found.pods():
            found.write(pod, *(f"{pod} said {number}" for number in range(150)))
        server = ApiServer(from_kubeconfig(stack.cluster.kubeconfig))
        core, by = f"/api/v1/namespaces/{case.name}", {"fieldManager": "kubectl-edit"}
        server.request("PATCH", f"{core}/configmaps/settings", by, {"data": {"key-0030": "by hand"}}, MERGE)
        server.request("PATCH", f"{core}/configmaps/settings", by, {"data": {"key-0050": "by hand"}}, MERGE)
        server.request("PATCH", f"{core}/configmaps/large", by, {"data": {"key-3900": "far below"}}, MERGE)
        server.request("PATCH", f"{core}/secrets/token", by, {"stringData": {"pass": "typed-by-somebody"}}, MERGE)
        server.close()
        assert 202 == ground.ask("POST", f"applications/{case.name}/refresh").status
        case.until(lambda app: 3 == [each["status"] for each in app["status"]["resources"]].count("OutOfSync"))
        yield found
        ground.http.clear()


def drawer(seen: Seen) -> Locator:
    return seen.page.get_by_role("complementary")


def status_of(seen: Seen) -> Locator:
    return drawer(seen).get_by_role("status").first


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_pane_is_accessible(look: Look, shop: Shop, width: int, theme: str) -> None:
    """GIVEN an object WHEN each of its panes is shown THEN axe finds nothing, and no part is wider than the window."""
    seen = look(shop.desk, width=width, theme=theme)
    seen.sign_in(shop.path("apps", "Deployment", "web"))
    shown = {"summary": ".facts", "diff": ".notice", "manifest": ".yaml-row", "events": ".event-list",
             "logs": ".log-line", "fields": ".field-row"}  # fmt: skip
    for pane in PANES:
        seen.turn_to(shop.path("apps", "Deployment", "web", "" if pane == "summary" else pane))
        expect(drawer(seen).locator(shown[pane]).first).to_be_visible()
        seen.accessible()
        seen.fits()
    seen.turn_to(shop.path("", "ConfigMap", "settings", "diff"))
    expect(drawer(seen).locator(".diff-row").first).to_be_visible()
    seen.accessible()
    for tab, part in (("changes", ".changes-head"), ("events", ".event-list")):
        seen.turn_to(shop.tab(tab))
        expect(seen.page.locator(part).first).to_be_visible()
        seen.accessible()
        seen.fits()


def test_an_object_opens_beside_its_application_and_closes_by_escape(look: Look, shop: Shop) -> None:
    """GIVEN the changes WHEN one is opened by keys THEN the focus is in it; Escape closes it and gives the focus back."""
    seen = look(shop.desk)
    seen.sign_in(shop.tab("changes"))
    opening = seen.page.get_by_role("button", name="Open ConfigMap settings")
    opening.focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("heading", name="settings")).to_be_focused()
    assert "pane=diff" in seen.page.url
    drawer(seen).get_by_role("link", name="Manifest").click()
    expect(drawer(seen).locator(".yaml-row").first).to_be_visible()
    seen.page.go_back()
    expect(drawer(seen).locator(".diff-row").first).to_be_visible()
    seen.page.keyboard.press("Escape")
    expect(drawer(seen)).to_have_count(0)
    assert seen.page.url.endswith("/changes")
    expect(opening).to_be_focused()


def test_changes_are_gone_through_by_keys(look: Look, shop: Shop) -> None:
    """GIVEN two changed fields WHEN n and p are pressed THEN each is reached, its words are marked, its owner is named."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("", "ConfigMap", "settings", "diff"))
    expect(status_of(seen)).to_have_text("2 changes")
    expect(drawer(seen).locator(".res-fields > li").first).to_contain_text("set by kubectl-edit")
    current = drawer(seen).locator(".diff-row[data-current]")
    seen.page.keyboard.press("n")
    expect(current).to_contain_text("key-0030")
    assert ["by hand", "value 30"] == current.locator("mark").all_inner_texts()
    seen.page.keyboard.press("n")
    expect(current).to_contain_text("key-0050")
    seen.page.keyboard.press("n")
    expect(current).to_contain_text("key-0030")
    seen.page.keyboard.press("p")
    expect(status_of(seen)).to_have_text("2 of 2")
    # THEN what stays the same is folded, and comes back where it is asked for
    expect(drawer(seen).get_by_text("key-0010")).to_have_count(0)
    drawer(seen).get_by_role("button", name="unchanged lines").first.click()
    expect(drawer(seen).get_by_text("key-0010").first).to_be_visible()
    drawer(seen).get_by_role("button", name="Inline").click()
    expect(drawer(seen).locator(".diff-row[data-view=inline]").first).to_be_visible()


def test_what_is_secret_is_told_apart_and_never_shown(look: Look, shop: Shop) -> None:
    """GIVEN a Secret that was changed WHEN it is looked at THEN that it changed is seen, and no spelling of a value is."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("", "Secret", "token", "diff"))
    expect(drawer(seen).get_by_text("changed (value hidden)").first).to_be_visible()
    told = seen.page.content()
    for pane in ("manifest", "fields"):
        seen.open(shop.path("", "Secret", "token", pane))
        expect(drawer(seen).locator(".code-hidden, .field-row, .notice").first).to_be_visible()
        told += seen.page.content()
    for value in (CANARY, "typed-by-somebody"):
        assert [] == [name for name, form in spellings(value).items() if form in told.encode()]


def test_the_changes_of_an_application_are_one_list(look: Look, shop: Shop) -> None:
    """GIVEN objects that differ WHEN the tab is opened THEN each has its lines, can be folded, found and compared again."""
    seen = look(shop.desk)
    seen.sign_in(shop.tab("changes"))
    heads = seen.page.locator(".changes-head")
    expect(heads).to_have_count(3)
    seen.page.get_by_role("button", name="Fold all").click()
    expect(seen.page.locator(".diff-row")).to_have_count(0)
    seen.page.get_by_role("button", name="ConfigMap settings").first.click()
    expect(seen.page.get_by_text("key-0030").first).to_be_visible()
    seen.page.get_by_label("Search objects and fields").fill("secret")
    expect(heads).to_have_count(1)
    seen.page.get_by_label("Search objects and fields").fill("nowhere")
    expect(seen.page.get_by_text("No object that differs has these words.")).to_be_visible()


def test_a_long_manifest_is_searched_and_folded(look: Look, shop: Shop) -> None:
    """GIVEN 4,000 lines WHEN searched THEN the place is found and shown, while few lines exist; a fold hides what is below."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("", "ConfigMap", "large", "manifest"))
    rows = drawer(seen).locator(".yaml-row")
    expect(rows.first).to_be_visible()
    assert rows.count() < 150
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("KEY-3456")
    expect(drawer(seen).get_by_role("status")).to_have_text("1 of 1")
    expect(drawer(seen).locator(".yaml-row[data-found] mark")).to_have_text("key-3456")
    seen.page.keyboard.press("Escape")
    drawer(seen).get_by_role("button", name="Git", exact=True).click()
    drawer(seen).get_by_role("button", name="Lines below data:").click()
    expect(drawer(seen).get_by_text("4000 lines")).to_be_visible()
    with seen.page.expect_download() as saving:
        drawer(seen).get_by_role("button", name="Download").click()
    assert "configmap-large-git.yaml" == saving.value.suggested_filename
    assert "key-3999: value 3999\n" in saving.value.path().read_text()


def test_logs_of_all_pods_come_as_they_are_written(look: Look, shop: Shop) -> None:
    """GIVEN two pods WHEN their workload's log is followed THEN new lines come by themselves, and not while one reads above."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("apps", "Deployment", "web", "logs"))
    one, two = shop.pods()
    log = drawer(seen).get_by_role("log")
    expect(log.get_by_text("said 149").first).to_be_visible()
    expect(status_of(seen)).to_have_text("Following")
    shop.write(one, "\u001b[31mfirst news\u001b[0m")
    expect(log.get_by_text("first news", exact=True)).to_be_visible()
    expect(log.locator(".log-line", has_text="first news").locator(".log-pod")).to_have_text(one[-5:])
    log.hover()
    seen.page.mouse.wheel(0, -2000)
    expect(status_of(seen)).to_contain_text("Paused")
    shop.write(two, "second news")
    seen.page.wait_for_timeout(2500)
    expect(log.get_by_text("second news")).to_have_count(0)
    drawer(seen).get_by_role("button", name="Follow").click()
    expect(log.get_by_text("second news")).to_be_visible()
    # THEN what is asked for stands in the address
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("second")
    expect(log.locator(".log-line")).to_have_count(1)
    seen.page.wait_for_url("**log.filter=second**")
    seen.page.reload()
    expect(log.locator(".log-line mark")).to_have_text("second")


def test_a_log_can_be_had_as_a_file_and_by_its_container(look: Look, shop: Shop) -> None:
    """GIVEN a pod with two containers WHEN all are chosen THEN lines name theirs, and the file has what the page shows."""
    seen = look(shop.desk, width=390)
    pod = shop.pods()[0]
    seen.sign_in(shop.path("", "Pod", pod, "logs"))
    log = drawer(seen).get_by_role("log")
    expect(log.get_by_text("said 149").first).to_be_visible()
    seen.page.get_by_role("button", name="Container").click()
    seen.page.get_by_role("menuitemcheckbox", name="All containers").click()
    expect(log.locator(".log-pod", has_text="/web").first).to_be_visible()
    seen.page.get_by_role("button", name="How it is shown").click()
    seen.page.get_by_role("menuitemcheckbox", name="Before the last restart").click()
    seen.page.keyboard.press("Escape")
    expect(drawer(seen).get_by_text("not found").first).to_be_visible()
    seen.open(shop.path("", "Pod", pod, "logs", log_filter="said", log_times="true"))
    expect(log.locator(".log-time").first).to_have_text(re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))
    with seen.page.expect_download() as saving:
        seen.page.get_by_role("button", name="Download what is here").click()
    assert f"{pod} said 149" in saving.value.path().read_text()


def test_events_are_searched_and_lead_to_their_objects(look: Look, shop: Shop) -> None:
    """GIVEN a rollout WHEN the application's events are shown THEN they can be searched, and an object's name opens it."""
    seen = look(shop.desk)
    seen.sign_in(shop.tab("events"))
    expect(seen.page.locator(".event-list > li").first).to_be_visible()
    seen.page.get_by_label("Search events").fill("scaled up")
    expect(seen.page.locator(".event-list > li")).to_have_count(1)
    seen.page.get_by_role("button", name="Deployment web").click()
    expect(drawer(seen).get_by_role("heading", name="web")).to_be_focused()
    drawer(seen).get_by_role("link", name="Events").click()
    expect(drawer(seen).get_by_text("ScalingReplicaSet").first).to_be_visible()
    drawer(seen).get_by_role("button", name=re.compile("Warnings")).click()
    expect(drawer(seen).get_by_text("No warnings")).to_be_visible()


def test_a_workload_is_scaled_by_keys_alone(look: Look, shop: Shop) -> None:
    """GIVEN a Deployment WHEN scaled in its menu by keys THEN pods come, and the outcome says what git makes of it."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("apps", "Deployment", "web"))
    menu = drawer(seen).get_by_role("button", name="Actions")
    menu.focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("menuitem", name="Scale")).to_be_visible()
    expect(seen.page.get_by_role("menuitem", name="Resume")).to_have_attribute("aria-disabled", "true")
    seen.page.keyboard.press("End")
    seen.page.keyboard.press("ArrowUp")
    seen.page.keyboard.press("ArrowUp")
    expect(seen.page.get_by_role("menuitem", name="Scale")).to_be_focused()
    seen.page.keyboard.press("Enter")
    dialog = seen.page.get_by_role("dialog")
    field = dialog.get_by_label("replicas")
    expect(field).to_have_value("2")
    seen.accessible()
    field.fill("3")
    seen.page.keyboard.press("Enter")
    expect(dialog.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    expect(dialog).to_contain_text("git says otherwise of .spec.replicas")
    until(lambda: len(shop.pods()) == 3, shop.pods)
    dialog.get_by_role("button", name="Close").last.click()
    expect(drawer(seen).get_by_role("button", name="1 field differs")).to_be_visible(timeout=30_000)


def test_deleting_asks_for_the_name(look: Look, shop: Shop) -> None:
    """GIVEN a pod WHEN it is deleted THEN not before its name is typed, and another one takes its place."""
    seen = look(shop.desk, width=390, theme="dark")
    pod = shop.pods()[0]
    seen.sign_in(shop.path("", "Pod", pod))
    drawer(seen).get_by_role("button", name="Actions").click()
    seen.page.get_by_role("menuitem", name="Delete…").click()
    dialog = seen.page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Delete", exact=True)
    expect(button).to_be_disabled()
    seen.accessible()
    seen.fits()
    dialog.get_by_label(f"Type {pod} to confirm").fill(pod)
    button.click()
    expect(dialog.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    until(lambda: pod not in shop.pods(), shop.pods)
    dialog.get_by_role("button", name="Close").last.click()
    expect(drawer(seen).get_by_text("It is not there any more")).to_be_visible(timeout=30_000)
    seen.forgive("/resource")


def test_commits_and_people_are_found_on_demand(look: Look, shop: Shop) -> None:
    """GIVEN a field that git set WHEN its commit is looked for THEN who wrote it stands beside it."""
    seen = look(shop.desk)
    seen.sign_in(shop.path("", "ConfigMap", "settings", "fields"))
    row = drawer(seen).locator(".field-row", has_text="key-0030")
    expect(row).to_contain_text("kubectl-edit")
    drawer(seen).get_by_role("button", name="Find commits and people").click()
    expect(drawer(seen).get_by_text("With commits and people")).to_be_visible(timeout=60_000)
    drawer(seen).get_by_label("Search fields").fill("key-0001")
    expect(drawer(seen).locator(".field-row").first).to_contain_text("or earlier")
