"""What the stream or the queue tells a second time, at the worst moment, is still told to people once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mooring.errors import MooringError, UnreachableError
from mooring.flows.telling.evaluating import ask_apart
from mooring.flows.telling.noticing import notice
from mooring.notify.message import Service
from mooring.notify.services import TYPES, webhook
from mooring.source.gokit import GoKit
from mooring.state.records import Deleting
from mooring.state.table import delete
from tests.doubles.installation import Crash, World, config_map, installation
from tests.doubles.listeners import listeners
from tests.doubles.oncall import BOT_TOKEN, GENIE_KEY, GRAFANA_TOKEN, ROUTING_KEY
from tests.doubles.tellingworld import Telling, subscribed, synced

CREATED = "[{when: 'true', oncePer: app.metadata.name, send: [app-created]}]"


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        yield Telling(make_world(), heard, str(tools["gokit"]))


def test_a_deletion_that_is_told_again_after_it_was_done_with_is_told_once(telling: Telling) -> None:
    """GIVEN a batch with an application's end, wholly noticed WHEN the stream tells it again, because another function's
    write came between THEN nobody hears of it twice; and an application of the same name is a new one.
    """
    key = synced(telling, "on-created", "on-deployed", "on-deleted")
    telling.tell()
    spec = telling.world.record(key).spec
    assert spec is not None
    again = replace(spec, deleting=Deleting(True, "ada", telling.world.now), generation=9)
    telling.world.applications.replace_spec(again, spec)
    telling.world.table.write(delete(("APP#argocd/shop", "SPEC")))
    changes = telling.changes()
    notice(telling.ports, changes)
    telling.deliver()
    said = telling.heard.said()
    assert 1 == said.count("argocd/shop is being deleted")
    for _ in range(2):
        notice(telling.ports, changes)
        for change in changes:
            notice(telling.ports, [change])
        telling.deliver()
    assert said == telling.heard.said()
    telling.world.declare(annotations=subscribed("on-created"))
    assert 2 == telling.tell().count("argocd/shop was created")


def test_a_note_that_was_written_is_sent_though_the_world_has_moved_on(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a function that dies between a note and its message WHEN meanwhile the application is another THEN the note
    still goes out.
    """
    world = telling.world
    key = synced(telling, "on-sync-succeeded", "on-created")
    changes = telling.changes()

    def dying(*arguments: Any, **named: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(telling.queue, "send", dying)
        with pytest.raises(Crash):
            notice(telling.ports, changes)
    world.now += 60
    world.push(key, config_map("settings", level="warn"))
    world.declare(annotations=subscribed("on-deployed"))
    notice(telling.ports, changes)
    telling.deliver()
    assert {"argocd/shop was created", "argocd/shop was synced"} == set(telling.heard.said())
    assert {"sent"} == {note.state for note in telling.told.of(str(key))}


def services(telling: Telling) -> dict[str, str]:
    """Settings of every service that talks to an address of ours."""
    url = telling.heard.url
    return {
        "alertmanager": f"targets: ['{url.removeprefix('http://')}']",
        "discord": f"url: {url}/api/webhooks/1/s3cret",
        "googlechat": f"webhooks: {{team: '{url}/v1/spaces/A/messages?key=k&token=s3cret'}}",
        "grafana": f"{{apiUrl: {url}/grafana/api, apiKey: {GRAFANA_TOKEN}}}",
        "mattermost": f"{{apiURL: {url}/mattermost, token: {BOT_TOKEN}}}",
        "opsgenie": f"{{apiUrl: {url}, apiKeys: {{team: {GENIE_KEY}}}}}",
        "pagerdutyv2": f"{{apiUrl: {url}, serviceKeys: {{team: {ROUTING_KEY}}}}}",
        "slack": f"{{token: $slack-token, apiURL: {url}/api}}",
        "slack-webhook": "url: $hook",
        "teams": f"url: {url}/powerautomate/x",
        "teams-workflows": f"url: {url}/powerautomate/x",
        "telegram": f"{{token: {BOT_TOKEN}, apiUrl: {url}}}",
        "webhook": f"url: {url}/ci",
    }


def shown(telling: Telling) -> int:
    """How many messages a person sees, of whichever service; a webhook's receiver goes by its key."""
    heard, on_call = telling.heard, telling.heard.oncall
    kept = (heard.slack, heard.discord, on_call.incidents, on_call.genie, on_call.annotations, on_call.posts)
    keys = {headers["idempotency-key"] for _, _, headers, _ in heard.hooks if "idempotency-key" in headers}
    alerts = {str(sorted(alert["labels"].items())) for alert in heard.alerts}
    unkeyed = [each for each in heard.hooks if "idempotency-key" not in each[2]]
    return sum(map(len, (*kept, on_call.spaces, on_call.telegrams, heard.teams, keys, alerts, unkeyed)))


TELLS_ITSELF = ("alertmanager", "googlechat", "opsgenie", "pagerdutyv2", "slack", "webhook")
"""Services that can tell a repetition, or (Slack, as the double behaves) do; the others show it twice (ADR 0101)."""


def test_every_service_is_tried(telling: Telling) -> None:
    """Those of code hosts look first (`tests/unit/notify/test_services.py`), mail and topics are AWS's."""
    assert set(TYPES) - {"email", "github", "gitlab", "sns"} == set(services(telling))


@pytest.mark.parametrize("type_", sorted(set(TYPES) - {"email", "github", "gitlab", "sns"}))
def test_each_service_is_told_once_whatever_is_told_again(
    telling: Telling, type_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN one thing that happened WHEN stream and queue tell it again THEN one message is seen; WHEN the function dies
    after the service took it THEN one where the service can tell, and never more than two.
    """
    telling.told.put_settings({f"service.{type_}": services(telling)[type_], "trigger.on-created": CREATED})
    telling.world.now = 1_700_000_000.0
    telling.world.declare(annotations=subscribed("on-created", service=type_))
    changes = telling.changes()

    def dying(*arguments: Any, **named: Any) -> None:
        raise Crash

    notice(telling.ports, changes)
    messages = list(telling.queue.waiting)
    with monkeypatch.context() as patch:
        patch.setattr(telling.told, "end", dying)
        with pytest.raises(Crash):
            telling.deliver()
    assert 1 == shown(telling)
    telling.world.now += 61
    for _ in range(3):
        notice(telling.ports, changes)
        telling.queue.waiting = [*messages, *telling.queue.waiting]
        telling.deliver()
    assert ([], 1 if type_ in TELLS_ITSELF else 2) == (telling.heard.refused, shown(telling))
    assert ["sent"] == [note.state for note in telling.told.of("argocd/shop")]


def test_a_slow_service_delays_nobody_else(telling: Telling) -> None:
    """GIVEN a service that takes its time WHEN others of its batch are told THEN their messages are done with before it
    answers, so that what follows for them can come.
    """
    go = Event()
    telling.heard.waits["/ci"] = go
    telling.queue.on_removal = go.set
    telling.world.declare(annotations=subscribed("on-created") | subscribed("on-created", service="ci", recipient=""))
    telling.notice()
    slack = [index for index, each in enumerate(telling.queue.waiting) if "|slack|" in each.lane]
    telling.deliver()
    assert [str(index) for index in slack] == telling.queue.removed
    assert (1, 1) == (len(telling.heard.slack), len(telling.heard.hooks))


def test_a_message_that_breaks_us_is_given_up_alone(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a fault of our own in one service WHEN a batch is told THEN the others hear, and the fault is listed."""

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(webhook, "SERVICE", Service(broken))
    telling.world.declare(annotations=subscribed("on-created") | subscribed("on-created", service="ci", recipient=""))
    assert ["argocd/shop was created"] == telling.tell()
    ((_, note),) = telling.told.failed()
    assert ("ci", "a fault of ours (ZeroDivisionError)") == (note.service, note.error)
    assert 1 == len(telling.queue.dead)


def test_words_that_do_not_fit_hold_up_nobody(telling: Telling) -> None:
    """GIVEN a trigger that sends the words of drift where there was none WHEN it fires THEN plain words are told."""
    telling.settings(trigger_on__created="[{when: 'true', oncePer: app.metadata.name, send: [drift-found]}]")
    telling.world.declare(annotations=subscribed("on-created"))
    assert ["argocd/shop: on-created"] == telling.tell()
    assert "does not fit" in telling.troubles[0]


def test_settings_of_another_version_lose_nothing(telling: Telling) -> None:
    """GIVEN settings that this version can't read WHEN messages wait THEN they wait on until somebody mends them."""
    telling.world.declare(annotations=subscribed("on-created"))
    telling.notice()
    telling.told.put_settings({"service.carrier-pigeon": "{}"})
    telling.deliver()
    assert ({"0": 300.0}, 1) == (telling.queue.hidden, len(telling.queue.waiting))
    telling.world.declare("other", annotations=subscribed("on-created"))
    telling.notice()
    telling.settings()
    assert ["argocd/shop was created"] == telling.tell()
    assert "data[service.carrier-pigeon]" in telling.troubles[0]


def test_a_template_that_takes_all_memory_holds_up_nobody(telling: Telling) -> None:
    """GIVEN a template that never ends for one application WHEN three are told of in one batch THEN all are, that one in
    our own words; and a condition like it is named in the log.
    """
    endless = '{{if eq .app.metadata.name "two"}}{{repeat 2000000000 "x" | repeat 100}}{{end}}{{.app.metadata.name}}'
    telling.settings(trigger_on__created=CREATED, template_app__created=f"message: '{endless}'")
    for name in ("one", "two", "three"):
        telling.world.declare(name, annotations=subscribed("on-created"))
    assert ["argocd/two was created", "one", "three"] == sorted(telling.tell())
    assert any("can't be rendered" in each for each in telling.troubles)


def test_what_gokit_can_not_answer_at_all_is_asked_again(telling: Telling) -> None:
    """GIVEN a gokit that is not there WHEN a batch comes THEN it comes again, and nobody is forgotten."""
    telling.world.declare(annotations=subscribed("on-created"))
    changes = telling.changes()
    broken = replace(telling.ports, ask=GoKit("no-such-gokit").ask)
    with pytest.raises(MooringError):
        notice(broken, changes)
    notice(telling.ports, changes)
    telling.deliver()
    assert ["argocd/shop was created"] == telling.heard.said()


@pytest.mark.parametrize("bad", [{0}, {6}, {2, 3}, set(range(7))])
def test_only_what_can_not_be_answered_has_no_answer(bad: set[int]) -> None:
    """GIVEN questions of which some bring down whoever is asked WHEN all are asked THEN the others are answered."""

    def ask(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        if bad.intersection(question.get("number", -1) for question in questions):
            raise UnreachableError("gokit failed: TimeoutExpired")
        return [{"number": question.get("number")} for question in questions]

    answers = ask_apart(ask, [{"number": number} for number in range(7)])
    gone = {"error": "gokit failed: TimeoutExpired"}
    assert [gone if number in bad else {"number": number} for number in range(7)] == answers
