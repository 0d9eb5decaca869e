"""Every action on applications and their objects, over a whole stack: by pointer, by keys alone, and by thumb at 390 pixels.

The cluster says whether it was done. Each hand has applications of its own, so that none finds what another left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Options, Stack
from tests.doubles.browsing import Desk, Seen
from tests.doubles.hands import DONE, HANDS, WIDTHS, Hands, How, button, enter, said
from tests.doubles.harbour import deployment
from tests.e2e.ground import Case, Ground, config_map, text, until

Look = Callable[..., Seen]

_PRESERVED = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_SCHEMA = {"openAPIV3Schema": {"type": "object", "properties": {"spec": _PRESERVED, "status": _PRESERVED}}}
ROLLOUTS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rollouts.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"kind": "Rollout", "plural": "rollouts", "singular": "rollout"},
        "versions": [
            {"name": "v1alpha1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": _SCHEMA}
        ],
    },
}
PAINT = """
discovery.lua: return {paint = {}}
definitions:
- name: paint
  action.lua: obj.data.color = 'gold' return obj
"""


def job() -> dict[str, Any]:
    """What ends as soon as it has begun."""
    containers = [{"name": "once", "image": "shop:1"}]
    return {"template": {"spec": {"restartPolicy": "Never", "containers": containers}}}


def objects() -> list[dict[str, Any]]:
    """One of each kind that something can be done with."""
    cron = {"schedule": "0 3 * * *", "jobTemplate": {"spec": job()}}
    return [
        deployment("web", 1),
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": cron},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "import"}, "spec": job()},
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "front"}, "spec": {"replicas": 1}},
        config_map("settings"),
        config_map("extra"),
    ]  # fmt: skip


@dataclass(slots=True)
class Yard:
    """The stack, and the applications of each hand by name."""

    ground: Ground
    cases: dict[str, Case] = field(default_factory=dict)

    def case(self, name: str, *manifests: object, automated: bool = False) -> Case:
        if name not in self.cases:
            self.cases[name] = self.ground.new(name, *manifests, automated=automated)
        return self.cases[name]

    def object(self, case: Case, path: str) -> dict[str, Any]:
        """An object of the application's namespace; empty if there is none."""
        prefix, _, rest = path.rpartition(":")
        status, answer = self.ground.stack.cluster.client("GET", f"{prefix}/namespaces/{case.name}/{rest}")
        return dict(answer) if status == 200 else {}


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    options = Options(directory=tmp_path_factory.mktemp("yard") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        ground = Ground(stack)
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        assert 201 == stack.cluster.client("POST", path, ROLLOUTS)[0]
        until(
            lambda: 200 == stack.cluster.client("GET", "/apis/argoproj.io/v1alpha1/rollouts")[0], lambda: "no Rollouts"
        )
        settings = {"data": {"resource.customizations.actions.ConfigMap": PAINT}}
        assert 200 == ground.ask("PUT", "settings", settings).status
        yield Yard(ground)
        ground.http.clear()


@pytest.fixture(params=HANDS)
def hands(request: pytest.FixtureRequest, look: Look, yard: Yard) -> Hands:
    """Somebody who has signed in, at a window of their own."""
    how: How = request.param
    stack = yard.ground.stack
    url = stack.mooring.url.replace("127.0.0.1", "localhost")
    return Hands(look(Desk(url, None, stack.mooring.secret), width=WIDTHS[how]), how)  # type: ignore[arg-type]


def marks(hands: Hands) -> Locator:
    return hands.seen.page.locator(".app-marks")


def test_a_sync_is_tried_narrowed_done_and_undone(hands: Hands, yard: Yard) -> None:
    """GIVEN a commit that waits WHEN it is tried, synced for one object, pruned, and an older one synced THEN each is so."""
    case = yard.case(f"sync-{hands.how}", config_map("settings"), config_map("extra"), config_map("other"))
    old = case.get()["status"]["sync"]["revision"]
    case.push({"k8s/settings.yaml": text(config_map("settings", "green"), config_map("other", "green"))})
    case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    enter(hands, f"/applications/argocd/{case.name}")
    expect(marks(hands)).to_contain_text("OutOfSync")
    dialog = hands.seen.page.get_by_role("dialog", name=f"Sync {case.name}")
    hands.press(button(hands, "Sync"))
    hands.tick(dialog.get_by_role("checkbox", name="Dry run"))
    hands.press(button(hands, "Try", dialog))
    expect(dialog.get_by_role("region", name="Dry run")).to_contain_text("settings", timeout=DONE)
    hands.tick(dialog.get_by_role("checkbox", name="Dry run"))
    hands.tick(dialog.get_by_role("radio", name="Some of them"))
    hands.tick(dialog.get_by_role("checkbox", name="ConfigMap settings"))
    hands.press(button(hands, "Sync", dialog))
    expect(dialog).to_have_count(0)
    wanted = {"settings": "green", "other": "blue", "extra": "blue"}
    until(lambda: wanted == case.colors(), case.colors)
    expect(button(hands, "Sync")).to_be_enabled(timeout=DONE)
    hands.press(button(hands, "Sync"))
    hands.tick(dialog.get_by_role("checkbox", name="Prune"))
    hands.press(button(hands, "Sync", dialog))
    until(lambda: {"settings": "green", "other": "green"} == case.colors(), case.colors)
    case.until(lambda app: app["status"]["sync"]["status"] == "Synced")
    expect(button(hands, "Sync")).to_be_enabled(timeout=DONE)
    hands.press(button(hands, "Sync"))
    hands.write(dialog.get_by_label("Revision"), old)
    hands.press(button(hands, "Sync", dialog))
    until(lambda: {"blue"} == set(case.colors().values()), case.colors)


def test_automated_sync_is_rolled_back_resumed_paused_and_refreshed(hands: Hands, yard: Yard) -> None:
    """GIVEN automated sync WHEN it is rolled back, resumed and paused THEN page, API and cluster say so each time."""
    case = yard.case(f"tide-{hands.how}", config_map("settings"), automated=True)
    case.push({"k8s/settings.yaml": text(config_map("settings", "green"))})
    case.until(lambda app: 2 == len(app["status"]["history"]))
    enter(hands, f"/applications/argocd/{case.name}/history")
    dialog = hands.seen.page.get_by_role("dialog")
    hands.press(hands.seen.page.get_by_role("button", name="Roll back to").first)
    expect(dialog.get_by_role("region", name="What it changes")).to_contain_text("settings", timeout=DONE)
    hands.press(button(hands, "Roll back", dialog))
    expect(marks(hands)).to_contain_text("Auto-sync paused", timeout=DONE)
    until(lambda: {"settings": "blue"} == case.colors(), case.colors)
    hands.press(button(hands, "Resume"))
    expect(marks(hands).get_by_text("Auto-sync paused")).to_have_count(0, timeout=DONE)
    until(lambda: {"settings": "green"} == case.colors(), case.colors)
    hands.choose(button(hands, "More"), "Pause automated sync")
    hands.write(dialog.get_by_label("Why"), "incident 7")
    hands.press(button(hands, "Pause", dialog))
    expect(marks(hands)).to_contain_text("Auto-sync paused", timeout=DONE)
    paused = case.until(lambda app: "paused" in app["status"])["status"]["paused"]
    assert ("admin", "incident 7") == (paused["by"], paused["why"])
    revision = case.commit({"k8s/settings.yaml": text(config_map("settings", "red"))})  # and nobody is told
    hands.press(button(hands, "Refresh"))
    said(hands, "Git and the cluster are looked at now")
    case.until(
        lambda app: (revision, "OutOfSync") == (app["status"]["sync"]["revision"], app["status"]["sync"]["status"])
    )
    assert {"settings": "green"} == case.colors()
    hands.choose(button(hands, "More"), "Hard refresh")
    said(hands, "rendered anew")


def test_what_waits_is_terminated(hands: Hands, yard: Yard) -> None:
    """GIVEN a sync that waits for a Deployment WHEN it is terminated THEN it ends as failed."""
    case = yard.case(f"gate-{hands.how}", config_map("settings"))
    stuck = deployment("pilot", 1, nodeSelector={"disk": "none-has-it"})
    later = config_map("settings", "green", annotations={"argocd.argoproj.io/sync-wave": "1"})
    case.push({"k8s/settings.yaml": text(stuck, later)})
    case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    enter(hands, f"/applications/argocd/{case.name}")
    hands.press(button(hands, "Sync"))
    hands.press(button(hands, "Sync", hands.seen.page.get_by_role("dialog")))
    expect(hands.seen.page.get_by_text("waiting for Deployment pilot")).to_be_visible(timeout=DONE)
    hands.choose(button(hands, "More"), "Terminate")
    said(hands, "The operation is being ended")
    case.until(lambda app: "Failed" == app["status"]["operationState"]["phase"])
    assert {"settings": "blue"} == case.colors()


def test_what_waits_for_a_word_is_confirmed_and_the_application_deleted(hands: Hands, yard: Yard) -> None:
    """GIVEN a pruning that waits WHEN it is confirmed, and the application deleted by its name THEN both are gone."""
    careful = config_map("archive", annotations={"argocd.argoproj.io/sync-options": "Prune=confirm"})
    case = yard.case(f"keep-{hands.how}", config_map("settings"), careful, automated=True)
    case.push({"k8s/settings.yaml": text(config_map("settings", "green"))})
    case.condition("DeletionConfirmationRequired")
    enter(hands, f"/applications/argocd/{case.name}")
    hands.press(button(hands, "Confirm deletion"))
    until(lambda: {"settings": "green"} == case.colors(), case.colors)
    hands.choose(button(hands, "More"), "Delete")
    dialog = hands.seen.page.get_by_role("dialog", name=f"Delete {case.name}")
    expect(button(hands, "Delete", dialog)).to_be_disabled()
    hands.tick(dialog.get_by_role("radio", name="Go with it"))
    hands.write(dialog.get_by_label(f"Type {case.name}"), case.name)
    hands.press(button(hands, "Delete", dialog))
    hands.seen.page.wait_for_url("**/applications")
    until(lambda: {} == case.colors(), case.colors)


def _do(hands: Hands, case: Case, where: str, action: str, fields: dict[str, str] | None = None) -> None:
    """Has an action of an object done from its drawer, waits for what came of it, and closes the dialog."""
    path = f"/applications/argocd/{case.name}?resource={where.replace('@', case.name)}"
    if hands.seen.page.url == "about:blank":
        enter(hands, path)
    hands.seen.turn_to(path)
    _, kind, _, name = where.split("/")
    drawer = hands.seen.page.get_by_role("complementary", name=f"{kind} {name}")
    dialog = hands.seen.page.get_by_role("dialog")
    hands.choose(button(hands, "Actions", drawer), action)
    for label, value in (fields or {}).items():
        hands.write(dialog.get_by_label(label), value)
    hands.press(button(hands, action.rstrip("…"), dialog))
    expect(dialog).to_contain_text("Done", timeout=DONE)
    expect(dialog).to_contain_text("It is on record with your name")
    hands.press(button(hands, "Close", dialog).last)
    expect(dialog).to_have_count(0)


def test_objects_are_acted_on(hands: Hands, yard: Yard) -> None:
    """GIVEN one of each kind WHEN each action is chosen in its drawer THEN the cluster has it so, and the dialog ends."""
    case = yard.case(f"yard-{hands.how}", *objects())

    def spec(path: str) -> dict[str, Any]:
        return dict(yard.object(case, path).get("spec", {}))

    web = "/apis/apps/v1:deployments/web"
    _do(hands, case, "apps/Deployment/@/web", "Restart")
    assert "restartedAt" in str(spec(web)["template"]["metadata"])
    _do(hands, case, "apps/Deployment/@/web", "Scale", {"replicas": "2"})
    assert 2 == spec(web)["replicas"]
    _do(hands, case, "apps/Deployment/@/web", "Pause")
    assert spec(web)["paused"]
    _do(hands, case, "batch/CronJob/@/nightly", "Suspend")
    assert spec("/apis/batch/v1:cronjobs/nightly")["suspend"]
    once = "/apis/batch/v1:jobs/import"
    until(lambda: "Complete" in str(yard.object(case, once)["status"]), lambda: yard.object(case, once))
    before = yard.object(case, once)["metadata"]["uid"]
    _do(hands, case, "batch/Job/@/import", "Retry")
    until(
        lambda: yard.object(case, once).get("metadata", {}).get("uid") not in (None, before),
        lambda: yard.object(case, once),
    )
    front = "/apis/argoproj.io/v1alpha1:rollouts/front"
    _do(hands, case, "argoproj.io/Rollout/@/front", "Promote full")
    assert yard.object(case, front)["status"]["promoteFull"]
    _do(hands, case, "argoproj.io/Rollout/@/front", "Abort")
    assert yard.object(case, front)["status"]["abort"]
    _do(hands, case, "/ConfigMap/@/settings", "Paint")  # an action of the users' own, in Lua
    assert "gold" == case.colors()["settings"]
    _do(hands, case, "apps/Deployment/@/web", "Resume")
    assert not spec(web).get("paused")
    _do(hands, case, "/ConfigMap/@/extra", "Delete…", {"Type extra to confirm": "extra"})
    until(lambda: {"settings": "gold"} == case.colors(), case.colors)
    expect(hands.seen.page.get_by_text("A sync makes it")).to_be_visible(timeout=DONE)
    hands.seen.open("/applications")
    hands.seen.forgive("/resource")  # what is gone was looked for once more


def test_the_chosen_are_synced_together(hands: Hands, yard: Yard) -> None:
    """GIVEN two applications that are behind WHEN both are chosen in the list and synced THEN both are what git wants."""
    pair = [yard.case(f"pair{each}-{hands.how}", config_map("settings")) for each in ("a", "b")]
    for case in pair:
        case.push({"k8s/settings.yaml": text(config_map("settings", "green"))})
    for case in pair:
        case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    enter(hands, "/applications?q=pair")
    for case in pair:
        hands.tick(hands.seen.page.get_by_role("checkbox", name=f"Choose {case.name}"))
    hands.press(button(hands, "Sync", hands.seen.page.get_by_role("region", name="Chosen applications")))
    said(hands, "Sync is asked for: 2 applications")
    for case in pair:
        until(lambda case=case: {"settings": "green"} == case.colors(), case.colors)  # type: ignore[misc]
