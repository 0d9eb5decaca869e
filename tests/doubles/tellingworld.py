"""An installation whose stream is read by `notify`, with the services of `listeners` and a queue in memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mooring.events.messages import NoteMessage
from mooring.flows.telling.delivering import Received, deliver
from mooring.flows.telling.noticing import notice
from mooring.flows.telling.ports import NotifyPorts
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey
from mooring.notify.posting import Poster
from mooring.source.gokit import GoKit
from mooring.state.notes import Notes
from mooring.state.stream import Change
from tests.doubles.installation import World, config_map
from tests.doubles.listeners import TOKEN, Listeners

__all__ = ["WEB", "Queue", "Telling", "subscribed", "synced", "well"]

WEB = ObjectKey("apps", "Deployment", "shop", "web")


@dataclass
class Queue:
    """The notes' queue in memory: lanes in order, a message hidden until it is due. Named a double: no SQS."""

    waiting: list[NoteMessage] = field(default_factory=list)
    hidden: dict[str, float] = field(default_factory=dict)
    later: list[tuple[Any, float]] = field(default_factory=list)
    dead: list[NoteMessage] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    on_removal: Callable[[], object] = lambda: None

    def send(self, to: str, messages: Any, *, alone: bool = False) -> None:
        assert to == "notes"
        self.waiting += messages

    def send_later(self, messages: Any) -> None:
        self.later += messages

    def give_up(self, message: NoteMessage) -> None:
        self.dead.append(message)

    def hide(self, queue: str, handle: str, seconds: float) -> None:
        self.hidden[handle] = seconds

    def remove(self, queue: str, handle: str) -> None:
        self.removed.append(handle)
        self.on_removal()


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
            lambda url: None, lambda service, region: None, lambda: world.now, self.troubles.append,
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
                    number = 10**25 + len(self._records)  # beyond 64 bits, as those of AWS are
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
            batch = list(self.queue.waiting)
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
