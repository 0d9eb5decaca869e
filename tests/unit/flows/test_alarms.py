"""What was opened because something is wrong is closed when it is over, once, wherever functions die."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.flows.telling.noticing import notice
from mooring.model.application import AppKey
from mooring.state.table import delete
from tests.doubles.installation import Crash, World, deployment, installation
from tests.doubles.listeners import listeners
from tests.doubles.oncall import GENIE_KEY, GRAFANA_TOKEN, ROUTING_KEY
from tests.doubles.tellingworld import WEB, Telling, subscribed, synced, well

DEGRADED = "mooring argocd/shop on-health-degraded"


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        made = Telling(make_world(), heard, str(tools["gokit"]))
        made.settings(
            service_pagerdutyv2=f"{{apiUrl: {heard.url}, serviceKeys: {{shop: {ROUTING_KEY}}}}}",
            service_opsgenie=f"{{apiUrl: {heard.url}, apiKeys: {{shop: {GENIE_KEY}}}}}",
        )
        yield made


def on_call(telling: Telling, *triggers: str, **more: str) -> AppKey:
    """A deployed application whose people are on call, with PagerDuty and with Opsgenie, and listen to Slack."""
    key = synced(telling, *triggers, objects=[deployment("web")])
    to = subscribed(*triggers, service="pagerdutyv2", recipient="shop")
    to |= subscribed(*triggers, service="opsgenie", recipient="shop") | subscribed(*triggers)
    telling.world.declare(annotations=to | more)
    well(telling.world)
    telling.tell()
    return key


def ill(world: World) -> None:
    """The Deployment's rollout fails, and somebody looks."""
    world.now += 60
    failing = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "no image"}
    world.cluster.objects[WEB]["status"]["conditions"] = [failing]
    world.sweep()


def heal(world: World) -> None:
    """It recovers by itself: no operation, no commit."""
    world.now += 60
    world.cluster.objects[WEB]["status"].pop("conditions")
    well(world)


def test_an_incident_ends_when_the_application_is_healthy_again(telling: Telling) -> None:
    """GIVEN pods that fail WHEN they recover without anybody's doing THEN both services close what they opened, and Slack
    is told nothing that it did not ask for.
    """
    on_call(telling, "on-health-degraded")
    ill(telling.world)
    said = telling.tell()
    keeps = telling.heard.oncall
    assert ({DEGRADED}, {DEGRADED}) == (set(keeps.incidents), set(keeps.genie))
    assert ("error", "argocd/shop is Degraded", "argocd/shop") == tuple(
        keeps.incidents[DEGRADED][name] for name in ("severity", "summary", "source")
    )
    assert "P3" == keeps.genie[DEGRADED]["priority"]
    heal(telling.world)
    assert said == telling.tell()
    assert ({}, {}, [DEGRADED, DEGRADED]) == (keeps.incidents, keeps.genie, keeps.closed)


def test_a_second_incident_opens_and_ends_again(telling: Telling) -> None:
    """The same trouble on the next day is told and ended as the first one was."""
    on_call(telling, "on-health-degraded")
    for _ in range(2):
        ill(telling.world)
        telling.tell()
        assert 1 == len(telling.heard.oncall.incidents)
        heal(telling.world)
        telling.tell()
    assert [DEGRADED] * 4 == telling.heard.oncall.closed


def test_trouble_that_came_and_went_in_one_batch_is_opened_and_ended(telling: Telling) -> None:
    """In this order, whatever order the batch is judged in."""
    on_call(telling, "on-health-degraded")
    ill(telling.world)
    heal(telling.world)
    telling.tell()
    assert ({}, [DEGRADED, DEGRADED]) == (telling.heard.oncall.incidents, telling.heard.oncall.closed)


def test_an_end_is_told_once_wherever_a_function_dies(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a function that dies at its n-th write WHEN the stream tells again THEN there is one end for each service."""
    key = on_call(telling, "on-health-degraded")
    ill(telling.world)
    telling.tell()
    heal(telling.world)
    changes = telling.changes()
    write = telling.world.table.write
    for point in range(8):
        left = point

        def dying(*operations: object) -> None:
            nonlocal left
            if left == 0:
                raise Crash
            left -= 1
            write(*operations)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(telling.world.table, "write", dying)
            try:
                notice(telling.ports, changes)
            except Crash:
                pass
    notice(telling.ports, changes)
    for change in changes:
        notice(telling.ports, [change])
    telling.deliver()
    assert [DEGRADED, DEGRADED] == telling.heard.oncall.closed
    ends = [note for note in telling.told.of(str(key)) if note.body["summary"]["tone"] == "good"]
    assert ["opsgenie", "pagerdutyv2"] == sorted(note.service for note in ends)


def test_whoever_was_told_is_told_of_the_end(telling: Telling) -> None:
    """GIVEN an open incident WHEN the subscription is taken away THEN its end is told all the same."""
    on_call(telling, "on-health-degraded")
    ill(telling.world)
    telling.tell()
    telling.world.declare()
    heal(telling.world)
    telling.tell()
    assert {} == telling.heard.oncall.incidents


def test_an_application_that_is_gone_has_no_incidents(telling: Telling) -> None:
    """GIVEN an open incident WHEN the application is deleted THEN it is closed."""
    on_call(telling, "on-health-degraded")
    ill(telling.world)
    telling.tell()
    telling.world.table.write(delete(("APP#argocd/shop", "SPEC")))
    telling.tell()
    assert ({}, {}) == (telling.heard.oncall.incidents, telling.heard.oncall.genie)


def test_what_goes_well_wakes_nobody(telling: Telling) -> None:
    """A deployment is a change in PagerDuty, and P5 in Opsgenie."""
    on_call(telling, "on-deployed")
    world = telling.world
    world.now += 60
    world.request(AppKey("argocd", "shop"))
    world.push(AppKey("argocd", "shop"), deployment("web", replicas=2))
    world.sync(AppKey("argocd", "shop"))
    well(world)
    telling.tell()
    keeps = telling.heard.oncall
    assert ({}, ["argocd/shop is deployed"]) == (
        keeps.incidents,
        [each["payload"]["summary"] for each in keeps.changes],
    )
    assert ["P5"] == [alert["priority"] for alert in keeps.genie.values()]


def morning(telling: Telling) -> None:
    """The quiet hours are over: what was held comes back."""
    (later, _), *_ = telling.queue.later
    telling.world.now = later.message.due
    telling.queue.waiting = [each.message for each, _ in telling.queue.later] * 2
    telling.deliver(3)


QUIET = {"notifications.mooring.dev/quiet": "22:00-07:00"}
EVENING = 1_700_000_000.0  # a Tuesday, 22:13 UTC


def test_trouble_that_passed_by_itself_in_quiet_hours_wakes_nobody(telling: Telling) -> None:
    """GIVEN quiet hours WHEN something is wrong and well again THEN no incident is opened, and a digest says so."""
    telling.world.now = EVENING - 3600
    on_call(telling, "on-health-degraded", **QUIET)
    telling.world.now = EVENING
    ill(telling.world)
    heal(telling.world)
    telling.tell()
    morning(telling)
    keeps = telling.heard.oncall
    assert ({}, [], ["2 things happened"]) == (
        keeps.incidents, keeps.closed, [each["payload"]["summary"] for each in keeps.changes],
    )  # fmt: skip


def test_trouble_that_lasts_is_opened_when_quiet_hours_end(telling: Telling) -> None:
    """And closed when it is over, as ever."""
    telling.world.now = EVENING - 3600
    on_call(telling, "on-health-degraded", **QUIET)
    telling.world.now = EVENING
    ill(telling.world)
    telling.tell()
    assert {} == telling.heard.oncall.incidents
    morning(telling)
    assert [(DEGRADED, 1)] == [(key, each["times"]) for key, each in telling.heard.oncall.incidents.items()]
    heal(telling.world)
    telling.tell()
    assert ({}, {}) == (telling.heard.oncall.incidents, telling.heard.oncall.genie)


def test_an_incident_of_the_evening_that_ends_at_night_is_closed_in_the_morning(telling: Telling) -> None:
    """Its end is not lost in a digest."""
    telling.world.now = EVENING - 3600
    on_call(telling, "on-health-degraded", **QUIET)
    ill(telling.world)
    telling.tell()
    assert [DEGRADED] == list(telling.heard.oncall.incidents)
    telling.world.now = EVENING
    heal(telling.world)
    telling.tell()
    morning(telling)
    assert ({}, {}) == (telling.heard.oncall.incidents, telling.heard.oncall.genie)


def test_a_deployment_is_one_region_with_templates_of_argo_cd_too(telling: Telling) -> None:
    """GIVEN templates that know nothing of groups WHEN a deployment goes through THEN Grafana has one annotation."""
    telling.settings(
        service_grafana=f"{{apiUrl: {telling.heard.url}/grafana/api, apiKey: {GRAFANA_TOKEN}}}",
        template_app__sync__running="message: Sync runs.",
        template_app__deployed="{message: Deployed., grafana: {tags: mine}}",
    )
    telling.world.now = EVENING
    triggers = subscribed("on-sync-running", "on-deployed", service="grafana", recipient="shop")
    key = telling.world.declare(annotations=triggers)
    telling.world.push(key, deployment("web"))
    telling.world.request(key)
    telling.world.sync(key)
    telling.tell()
    telling.world.now += 60
    well(telling.world)
    telling.world.sync(key)
    telling.tell()
    (region,) = telling.heard.oncall.annotations.values()
    assert ("Deployed.", ["shop", "mine"], 60_000) == (
        region["text"], region["tags"], region["timeEnd"] - region["time"],
    )  # fmt: skip
