"""People are told what happened: once each, in order, and whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mooring.events.messages import NoteMessage
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
from tests.doubles.installation import Crash, World, config_map, deployment, installation
from tests.doubles.listeners import TOKEN, Listeners, listeners

WEB = ObjectKey("apps", "Deployment", "shop", "web")
HEALING: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


@dataclass
class Queue:
    """The notes' queue in memory: lanes in order, a message hidden until it is due. Named a double: no SQS."""

    waiting: list[NoteMessage] = field(default_factory=list)
    hidden: dict[str, float] = field(default_factory=dict)
    later: list[tuple[Any, float]] = field(default_factory=list)
    dead: list[NoteMessage] = field(default_factory=list)

    def send(self, to: str, messages: Any, *, alone: bool = False) -> None:
        assert to == "notes"
        self.waiting += messages

    def send_later(self, messages: Any) -> None:
        self.later += messages

    def give_up(self, message: NoteMessage) -> None:
        self.dead.append(message)

    def hide(self, queue: str, handle: str, seconds: float) -> None:
        self.hidden[handle] = seconds


class Telling:
    """An installation whose stream is read by `notify`."""

    def __init__(self, world: World, heard: Listeners, gokit: str) -> None:
        self.world, self.heard, self.queue = world, heard, Queue()
        self._records: list[Change] = []
        self._start = 0
        self._record(world)
        self.troubles: list[str] = []
        self.told = Notes(world.table)
        self.gokit = gokit
        self.ports = NotifyPorts(
            world.applications, world.registry.projects, self.told, self.queue,  # type: ignore[arg-type]
            GoKit(gokit).ask, lambda: {"slack-token": TOKEN, "hook": f"{heard.url}/services/T/B/x"}, Poster(),
            lambda url: None, lambda: world.now, self.troubles.append,
        )  # fmt: skip
        self.settings()

    def settings(self, **more: str) -> None:
        """Declares Slack and a webhook, and more."""
        slack = f"{{token: $slack-token, apiURL: {self.heard.url}/api}}"
        self.told.put_settings(
            {"service.slack": slack, "service.webhook.ci": f"{{url: {self.heard.url}/ci}}"}
            | {name.replace("__", "-").replace("_", "."): text for name, text in more.items()}
        )

    def _record(self, world: World) -> None:
        """A stream of the table: moto has none for tables in this process, so each write is told as it is made."""
        write = world.table.write

        def told(*operations: Any) -> None:
            keys = [_key_of(each) for each in operations]
            before = world.table.get_many(keys)
            write(*operations)
            after = world.table.get_many(keys)
            for key in keys:
                if before.get(key) != after.get(key):
                    number = len(self._records) + 1
                    self._records.append(Change(*key, before.get(key), after.get(key), number, world.now, "stream"))

        world.table.write = told  # type: ignore[method-assign]

    def changes(self) -> list[Change]:
        """What the stream tells since the last time, as `template.yaml` lets it through."""
        found, self._start = self._records[self._start :], len(self._records)
        return [
            each
            for each in found
            if (each.pk.startswith("APP#") and each.sk.startswith(("SPEC", "WANTED", "STATUS", "DRIFT#")))
            or each.pk.startswith("HAPPENED#")
            or (each.pk == "CLUSTERS" and "failing_since" in (each.after or {}))
        ]

    def notice(self) -> None:
        """One batch of the stream."""
        if changes := self.changes():
            notice(self.ports, changes)

    def deliver(self, times: int = 1) -> None:
        """What the queue holds is given to the function; what comes again goes back to where it was."""
        for _ in range(times):
            batch = self.queue.waiting
            received = [Received(str(i), str(i), message) for i, message in enumerate(batch)]
            with ThreadPoolExecutor(4) as pool:
                again = deliver(self.ports, pool, received)
            self.queue.waiting = [each.message for each in received if each.id in again] + self.queue.waiting[
                len(batch) :
            ]

    def tell(self) -> list[str]:
        """Everything that has happened is told; what Slack's channel shows."""
        self.notice()
        self.deliver()
        assert self.heard.refused == []
        return self.heard.said()


def _key_of(operation: dict[str, Any]) -> tuple[str, str]:
    ((_, request),) = operation.items()
    item = request.get("Item") or request["Key"]
    return item["pk"]["S"], item["sk"]["S"]


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def telling(make_world: Callable[[], World], tools: dict[str, Path]) -> Iterator[Telling]:
    with listeners() as heard:
        yield Telling(make_world(), heard, str(tools["gokit"]))


def subscribed(*triggers: str, service: str = "slack", recipient: str = "team") -> dict[str, str]:
    return {f"notifications.argoproj.io/subscribe.{trigger}.{service}": recipient for trigger in triggers}


def synced(telling: Telling, *triggers: str, name: str = "shop", objects: Any = (), **policy: Any) -> AppKey:
    world = telling.world
    key = world.declare(name, annotations=subscribed(*triggers), **policy)
    world.push(key, config_map("settings", level="info"), *objects)
    world.request(key)
    world.sync(key)
    return key


def well(world: World) -> None:
    """The Deployment becomes ready, and somebody looks."""
    live = world.cluster.objects[WEB]
    ready = {name: 2 for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")}
    live["status"] = {"observedGeneration": live["metadata"].get("generation", 1), **ready}
    world.sweep()


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
