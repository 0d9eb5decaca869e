"""People are told what happened: once each, in order, and whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.events.messages import NoteMessage
from mooring.flows.asked.notifications import retry_note
from mooring.flows.telling.delivering import Received, deliver
from mooring.flows.telling.noticing import notice
from mooring.flows.telling.ports import Breaker, NotifyPorts
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.notify.posting import Poster
from mooring.plan.driftrecords import Suspect
from mooring.source.gokit import GoKit
from mooring.state.clusters import Outage
from mooring.state.happenings import Happenings
from mooring.state.notes import Note, Notes
from mooring.state.stream import Change
from mooring.state.records import Deleting
from mooring.state.table import delete, put
from tests.doubles.installation import Crash, World, config_map, deployment, installation
from tests.doubles.tellingworld import WEB, Telling, subscribed, synced, well
from tests.doubles.listeners import TOKEN, Listeners, listeners

HEALING: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        yield Telling(make_world(), heard, str(tools["gokit"]))


def test_one_message_tells_of_a_deployment(telling: Telling) -> None:
    """GIVEN three triggers of a deployment WHEN it goes through THEN the channel has one message, which was rewritten."""
    synced(telling, "on-sync-running", "on-sync-succeeded", "on-deployed")
    assert ["shop is deployed"] == [text.removeprefix("argocd/") for text in telling.tell()]
    assert telling.heard.calls.count("POST /api/chat.postMessage") == 1
    assert "POST /api/chat.update" in telling.heard.calls


def test_what_is_told_twice_by_the_stream_is_told_once(telling: Telling) -> None:
    """The same records again, in one batch or in parts, and the same messages again: nothing is said again."""
    synced(telling, "on-created", "on-sync-succeeded", "on-deployed")
    changes = telling.changes()
    notice(telling.ports, changes)
    messages = list(telling.queue.waiting)
    telling.deliver()
    said = telling.heard.said()
    notice(telling.ports, changes)
    for change in changes:
        notice(telling.ports, [change])
    telling.queue.waiting += messages
    telling.deliver(2)
    assert said == telling.heard.said()
    assert 2 == len(said)


def test_a_crash_anywhere_neither_loses_nor_repeats(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a function that dies at its n-th write WHEN the stream tells again THEN everybody is told once."""
    synced(telling, "on-created", "on-deployed")
    changes = telling.changes()
    write = telling.world.table.write
    for point in range(12):
        left = point

        def dying(*operations: Any) -> None:
            nonlocal left
            if left == 0:
                raise Crash
            left -= 1
            write(*operations)

        monkeypatch.setattr(telling.world.table, "write", dying)
        try:
            notice(telling.ports, changes)
        except Crash:
            pass
    monkeypatch.setattr(telling.world.table, "write", write)
    notice(telling.ports, changes)
    telling.deliver()
    assert ["argocd/shop is deployed", "argocd/shop was created"] == sorted(telling.heard.said())


def test_who_deleted_it_is_told_when_it_is_healthy_again(telling: Telling) -> None:
    """GIVEN a Deployment that somebody deletes WHEN it is restored THEN "is Healthy" comes, and says who it was."""
    key = synced(telling, "on-drift-found", "on-health-restored", objects=[deployment("web")], **HEALING)
    well(telling.world)
    telling.tell()
    telling.world.now += 60
    telling.world.cluster.objects.pop(WEB)
    telling.world.sweep()
    (record,) = telling.world.applications.drifts.of_app(key, 10)
    told = (("agent", "kubectl/v1.36"),)
    telling.world.applications.drifts.accuse(
        record, [Suspect("alice@example.com", telling.world.now, "delete", True, told=told)]
    )
    well(telling.world)
    said = telling.tell()
    assert ["argocd/shop was changed beside git", "↳ argocd/shop is Healthy"] == said
    shown = str([each["attachments"] for each in telling.heard.slack.values()])
    assert 2 == shown.count("Deployment web was deleted by alice@example.com (kubectl/v1.36)")


def test_a_subscription_tells_nothing_of_what_has_long_been_so(telling: Telling) -> None:
    """Somebody who subscribes to a healthy application hears of the next deployment, not of the last one."""
    world = telling.world
    key = world.declare()
    world.push(key, config_map("settings", level="info"))
    world.request(key)
    world.sync(key)
    telling.tell()
    world.declare(annotations=subscribed("on-deployed"))
    assert [] == telling.tell()
    world.push(key, config_map("settings", level="warn"))
    world.now += 60
    world.request(key)
    world.sync(key)
    assert ["argocd/shop is deployed"] == telling.tell()


def test_a_broken_service_delays_nobody_else(telling: Telling) -> None:
    """GIVEN Slack out of order WHEN two services are told THEN the other hears at once, and Slack once it is back."""
    telling.heard.faults["/api/"] = [(500, {}, {}) for _ in range(2)]
    world = telling.world
    world.declare(annotations=subscribed("on-created") | subscribed("on-created", service="ci", recipient=""))
    telling.notice()
    telling.deliver()
    assert [1, 0] == [len(telling.heard.hooks), len(telling.heard.slack)]
    assert 1 == len(telling.queue.waiting)
    telling.deliver(2)
    assert ["argocd/shop was created"] == telling.heard.said()


def test_messages_of_one_lane_keep_their_order(telling: Telling) -> None:
    """What comes after a message that fails waits with it, as long as the service asks; other lanes go on."""
    telling.heard.faults["/api/"] = [(429, {"Retry-After": "42"}, {"ok": False, "error": "ratelimited"})]
    synced(telling, "on-created", "on-sync-succeeded")
    telling.notice()
    telling.deliver()
    assert [] == telling.heard.said()
    assert {"0": 42.0, "1": 42.0} == telling.queue.hidden
    telling.deliver()
    assert ["argocd/shop was created", "argocd/shop was synced"] == telling.heard.said()


def test_what_can_not_be_told_is_listed_and_can_be_tried_again(telling: Telling) -> None:
    """GIVEN a channel that is not there WHEN it is told THEN it is given up at once, with the reason, until a retry."""
    key = telling.world.declare(annotations=subscribed("on-created", recipient="nowhere"))
    telling.notice()
    telling.deliver()
    ((_, note),) = telling.told.failed()
    assert ("failed", 1) == (note.state, note.attempts)
    assert "invite the bot" in note.error
    assert [note.id] == [message.note for message in telling.queue.dead]
    retry_note(telling.told, telling.queue, str(key), note.id)  # type: ignore[arg-type]
    telling.deliver()
    assert 2 == len(telling.queue.dead)


def test_a_service_that_stays_away_is_given_up_in_the_end(telling: Telling) -> None:
    """Ten tries, each later than the one before; then it is a dead letter and no longer tried."""
    telling.heard.faults["/api/"] = [(503, {}, {}) for _ in range(20)]
    telling.world.declare(annotations=subscribed("on-created"))
    telling.notice()
    waits = []
    for _ in range(12):
        object.__setattr__(telling.ports, "breaker", Breaker())
        telling.deliver()
        waits.append(telling.queue.hidden.pop("0", 0.0))
    assert waits[:4] == sorted(waits[:4])
    assert [0.0, 0.0, 0.0] == waits[9:]
    assert 10 == len([call for call in telling.heard.calls if "chat.postMessage" in call])
    assert ["failed"] == [note.state for _, note in telling.told.failed()]


def test_a_service_that_fails_again_and_again_is_left_alone(telling: Telling) -> None:
    """After three failures in a row nobody waits for its time-outs, and no try is counted."""
    telling.heard.faults["/api/"] = [(500, {}, {}) for _ in range(9)]
    for index in range(6):
        telling.world.declare(f"shop-{index}", annotations=subscribed("on-created"))
    telling.notice()
    messages = list(telling.queue.waiting)
    for message in messages:
        telling.queue.waiting = [message]
        telling.deliver()
    assert 3 == len(telling.heard.calls)
    assert [1, 1, 1, 0, 0, 0] == [(telling.told.read(m.of, m.note) or note_of(m)).attempts for m in messages]


def note_of(message: NoteMessage) -> Note:
    raise AssertionError(f"{message} has no note")


def test_a_crash_between_telling_and_writing_is_told_under_the_same_name(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a function that dies after Slack took a message WHEN it comes again THEN it bears the same id, and Slack, as
    the double does, shows it once.
    """
    telling.world.declare(annotations=subscribed("on-created"))
    telling.notice()

    def dying(*arguments: Any, **named: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(telling.told, "end", dying)
        messages = list(telling.queue.waiting)
        with pytest.raises(Crash):
            telling.deliver()
    telling.queue.waiting = messages
    telling.deliver()
    assert telling.queue.hidden, "it may still be under way"
    telling.world.now += 61
    telling.deliver()
    assert ["argocd/shop was created"] == telling.heard.said()
    assert 2 == telling.heard.calls.count("POST /api/chat.postMessage")
    (note,) = telling.told.of("argocd/shop")
    assert ("sent", 2) == (note.state, note.attempts)


def test_quiet_hours_end_with_one_message(telling: Telling) -> None:
    """GIVEN quiet hours WHEN three things happen THEN nothing is said until they are over, and then one message is."""
    world = telling.world
    world.now = 1_700_000_000.0  # a Tuesday, 22:13 UTC
    quiet = {"notifications.mooring.dev/quiet": "22:00-07:00"}
    for name in ("one", "two", "three"):
        world.declare(name, annotations=subscribed("on-created") | quiet)
    assert [] == telling.tell()
    assert 1 == len(telling.queue.later)
    ((later, _),) = telling.queue.later
    telling.queue.waiting = [later.message]
    telling.deliver()
    assert 2 == len(telling.queue.later), "it is too early, so it waits on"
    world.now = later.message.due
    telling.queue.waiting = [later.message, later.message]
    telling.deliver(2)
    assert ["3 things happened"] == telling.heard.said()
    telling.deliver(2)
    assert 1 == len(telling.heard.slack)


def test_an_outage_is_told_once_to_each_who_has_something_there(telling: Telling) -> None:
    """Ten applications of one team on a cluster: one message that it is out of reach, one below it that it is back."""
    world = telling.world
    world.registry.register_cluster = None  # type: ignore[assignment]  # it would store credentials
    world.table.write(
        put({"pk": "CLUSTERS", "sk": "in-cluster", "server": "https://c", "is_default": True, "secret": "s"})
    )
    for index in range(10):
        world.declare(f"shop-{index}", annotations=subscribed("on-cluster-unreachable", "on-cluster-back"))
    telling.tell()
    (cluster,) = world.registry.clusters()
    outage = Outage(world.now, "connection refused", world.now + 60)
    world.registry.note_outage(cluster, outage)
    (cluster,) = world.registry.clusters()
    world.registry.note_outage(cluster, Outage(outage.since, "connection refused", world.now + 120))
    assert ["Cluster in-cluster is out of reach"] == telling.tell()
    (cluster,) = world.registry.clusters()
    world.registry.note_outage(cluster, None)
    said = telling.tell()
    assert ["Cluster in-cluster is back", "↳ Cluster in-cluster is back"] == said


def test_other_parts_tell_in_their_own_words(telling: Telling) -> None:
    """An image that was updated is told once, however often it is put on record."""
    key = telling.world.declare(annotations=subscribed("on-image-updated"))
    happenings = Happenings(telling.world.table)
    for _ in range(2):
        happenings.tell(
            key, "image-updated", "v1.3.0", {"title": "shop runs v1.3.0", "text": "was v1.2.0"}, now=telling.world.now
        )
    assert ["shop runs v1.3.0"] == telling.tell()


def test_triggers_and_templates_of_argo_cd_are_taken_as_they_are(telling: Telling) -> None:
    """A ConfigMap as Argo CD's catalog has it: `when` with functions, `oncePer`, Go templates, attachments, a webhook."""
    telling.settings(
        trigger_on__deployed="""
- when: app.status.operationState != nil and app.status.operationState.phase in ['Succeeded'] and
    app.status.health.status == 'Healthy' and
    !time.Parse(app.status.health.lastTransitionTime).Before(time.Parse(app.status.operationState.finishedAt))
  oncePer: app.status.operationState?.syncResult?.revision
  send: [mine]
""",
        template_mine="""
message: "{{if eq .serviceType \\"slack\\"}}:white_check_mark:{{end}} {{.app.metadata.name}} on {{.context.where}}"
slack:
  attachments: |
    [{"title": "{{ .app.metadata.name }}", "color": "#18be52"}]
  groupingKey: "{{.app.status.sync.revision}}"
webhook:
  ci:
    method: PUT
    path: /repos/{{call .repo.FullNameByRepoURL .app.spec.source.repoURL}}
    body: '{"who": {{ (call .repo.GetCommitMetadata .app.status.sync.revision).Author | quote }}}'
""",
        context="where: staging",
        subscriptions="[{recipients: ['slack:team', 'ci'], triggers: [on-deployed]}]",
    )
    world = telling.world
    key = synced(telling)
    assert [":white_check_mark: shop on staging"] == telling.tell()
    ((method, path, _, body),) = telling.heard.hooks
    assert ("PUT", "/ci/repos/acme/shop", '{"who": "Ada <ada@test>"}') == (method, path, body)
    world.request(key)
    world.sync(key)
    assert 1 == len(telling.tell()), "the same revision is deployed again"
    assert [] == telling.troubles


def test_a_template_that_breaks_keeps_nobody_from_being_told(telling: Telling) -> None:
    """Our own words take its place, and the log says what is wrong with it."""
    telling.settings(
        trigger_on__created="[{when: 'true', oncePer: app.metadata.name, send: [bad]}]",
        template_bad='message: "{{ .app.metadata.name.nothing }}"',
    )
    telling.world.declare(annotations=subscribed("on-created"))
    assert ["argocd/shop: on-created"] == telling.tell()
    assert "can't be rendered" in telling.troubles[0]


def test_a_template_that_makes_no_json_keeps_nobody_from_being_told(telling: Telling) -> None:
    """As Argo CD's catalog does it, a condition's message is put between quotes: one with a quote in it is told by our
    own words, and nothing is given up.
    """
    telling.settings(
        trigger_on__created="[{when: 'true', oncePer: app.metadata.name, send: [bad]}]",
        template_bad='{message: here, slack: {attachments: \'[{"title": "no field "spec""}]\'}}',
    )
    telling.world.declare(annotations=subscribed("on-created"))
    assert ["argocd/shop: on-created"] == telling.tell()
    assert "slack.attachments" in telling.troubles[0]
    assert [] == list(telling.told.failed())


def test_secrets_that_are_not_there_are_named(telling: Telling) -> None:
    """A name of a secret without a value is told to whoever lists what failed; the value of none ever is."""
    telling.settings(service_discord="url: $discord-url")
    telling.world.declare(annotations=subscribed("on-created", service="discord"))
    telling.notice()
    telling.deliver()
    ((_, note),) = telling.told.failed()
    assert "'discord-url'" in note.error


def test_a_deletion_is_told_once_and_a_new_application_of_the_name_is_new(telling: Telling) -> None:
    """GIVEN an application that goes WHEN one of its name comes THEN both are told, though `oncePer` is the same."""
    telling.settings(trigger_on__created="[{when: 'true', oncePer: app.metadata.name, send: [app-created]}]")
    world = telling.world
    key = world.declare(annotations=subscribed("on-created", "on-deleted"))
    spec = world.record(key).spec
    assert spec is not None
    world.applications.replace_spec(replace(spec, deleting=Deleting(True, "ada", world.now), generation=2), spec)
    telling.tell()
    world.table.write(delete(("APP#argocd/shop", "SPEC")))
    assert ["argocd/shop is being deleted", "argocd/shop was created"] == sorted(telling.tell())
    world.declare(annotations=subscribed("on-created", "on-deleted"))
    assert 2 == telling.tell().count("argocd/shop was created")


def test_without_services_nothing_is_looked_at(telling: Telling) -> None:
    """A stack that tells nobody makes one request for a batch of changes, and writes nothing."""
    telling.told.put_settings({})
    synced(telling, "on-created", "on-deployed")
    changes = telling.changes()
    notice(telling.ports, changes)
    assert [] == telling.told.of("argocd/shop")
    assert [] == telling.changes()


def test_an_application_that_is_not_understood_holds_up_no_other(telling: Telling) -> None:
    """Changes of an item that no code can read are named, and everybody else is told."""
    telling.world.declare("bad", annotations=subscribed("on-created"))
    telling.world.declare("good", annotations=subscribed("on-created"))
    first, *others = telling.changes()
    notice(telling.ports, [replace(first, after={**(first.after or {}), "body": b"nonsense"}), *others])
    telling.deliver()
    assert ["argocd/good was created"] == telling.heard.said()
    assert "argocd/bad" in telling.troubles[0]


def test_a_service_that_knows_what_it_was_told_is_asked_again_at_once(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a crash after a webhook was called WHEN the message comes again THEN it bears the same key, without a wait."""
    telling.world.declare(annotations=subscribed("on-created", service="ci", recipient=""))
    telling.notice()

    def dying(*arguments: Any, **named: Any) -> None:
        raise Crash

    messages = list(telling.queue.waiting)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(telling.told, "end", dying)
        telling.deliver()
    telling.queue.waiting = messages
    telling.deliver()
    keys = [headers["idempotency-key"] for _, _, headers, _ in telling.heard.hooks]
    assert (2, 1) == (len(keys), len(set(keys)))
    assert {} == telling.queue.hidden
