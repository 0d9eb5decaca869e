"""Tasks of `bench.working` for a crowd of applications: declaring, pushing, and emptying queues as functions would.

A drained queue is worked off by one warm instance, ten messages at a time; in the cloud several share that work.
"""

from __future__ import annotations

import cProfile
import hashlib
import hmac
import json
import os
import pstats
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.crowd import declared
from bench.metering import Meter
from local.demo.forge import push_payload
from mooring.composition import Composition
from mooring.events.bodies import parse_later, parse_render, parse_sync
from mooring.events.forges.verifying import Request
from mooring.events.messages import ApplicationSetMessage, Cause, RepositoryMessage
from mooring.flows.arrivals.deliveries import handle_delivery
from mooring.flows.renders import rendering
from mooring.flows.sweeps.sweeping import forward, sweep
from mooring.flows.syncs.sync import handle_syncs
from mooring.model.application import parse_application
from mooring.source import normalise
from mooring.state.records import Spec

__all__ = ["TASKS"]

_SECRET = "bench"


def _declare(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Declares applications: `first`, `count`, the repositories' `urls` in turn, the clusters' `servers` in turn."""
    urls, servers = task["urls"], task["servers"]
    for number in range(task["first"], task["first"] + task["count"]):
        url, server = urls[number % len(urls)], servers[number // len(urls) % len(servers)]
        document = declared(number, url, server=server, plain=task["plain"])
        parsed = parse_application(document).application
        ours.applications.declare(Spec(parsed, 1, ()), previous=None, follows={normalise(url): ["main"]})
    return {}


def _first(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """The first render of everything in some repositories, by one warm instance."""
    meter, builds = Meter(ours), _counted_builds()
    queue = _Queue()
    with _profiled(task), meter.part() as cost:
        ours.queues.send("renders", [RepositoryMessage(normalise(url), Cause("spec")) for url in task["urls"]])
        queue.drain("renders", lambda bodies: _render(ours, bodies))
    if not task.get("keep"):
        queue.drop("syncs")
    return {"cost": cost | {"builds": builds[0]}}


def _push(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """One push: what its delivery, the render of what it touches and the news for all the others cost."""
    meter, builds = Meter(ours), _counted_builds()
    queue = _Queue()
    if task["warm"]:
        ours.repositories.latest(task["url"], [task["before"]])
        ours.registry.known()
    parts: dict[str, Any] = {}
    pushed = time.monotonic()
    with _profiled(task):
        with meter.part() as parts["webhook"]:
            _deliver(task, ours)
        with meter.part() as parts["render"]:
            queue.drain("renders", lambda bodies: _render(ours, bodies))
        bundle, rendered = time.monotonic() - pushed, builds[0]
        if queue.there("later") or task["waits"]:
            bodies = queue.wait("later")
            with meter.part() as parts["forward"]:
                forward(ours.sweep_ports(), [parse_later(body) for body in bodies])
            with meter.part() as parts["carry"]:
                queue.drain("renders", lambda bodies: _render(ours, bodies))
    everybody = time.monotonic() - pushed
    synced = queue.drop("syncs")
    stale = [key for key, wanted in ours.applications.wanted(
        each.key for each in ours.applications.registered()
    ).items() if all(each.revision != task["sha"] for each in wanted.rendering.inputs)]  # fmt: skip
    assert len(stale) == task["elsewhere"], f"{len(stale)} applications do not know the commit"
    return {
        "parts": parts, "bundle": bundle, "everybody": everybody, "builds": rendered,
        "more_builds": builds[0] - rendered, "syncs": synced,
    }  # fmt: skip


def _deliver(task: dict[str, Any], ours: Composition) -> None:
    changed = {"added": [], "modified": task["files"], "removed": []}
    body = json.dumps(push_payload("bench", task["url"], task["sha"], changed)).encode()
    signature = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": str(uuid.uuid4()),
        "x-hub-signature-256": f"sha256={signature}",
    }
    assert handle_delivery(ours.delivery_ports(), Request(headers, body)).outcome == "queued"


def _sync_crowd(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """Works off the queue of syncs: the first syncs of a crowd, or what a sweep sent."""
    meter, queue = Meter(ours), _Queue()
    troubles: list[Any] = []

    def handle(bodies: list[str]) -> None:
        troubles.extend(handle_syncs(ours.sync_ports("bench", 900), [parse_sync(body) for body in bodies]))

    with _profiled(task), meter.part() as cost:
        taken = queue.drain("syncs", handle, at_once=task.get("at_once", 10))
    assert not troubles, troubles
    queue.drop("later")
    return {"cost": cost, "messages": taken}


def _sweep_crowd(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """One invocation of `sweep`; what it sends stays in the queues."""
    meter = Meter(ours)
    with _profiled(task), meter.part() as cost:
        troubles = sweep(ours.sweep_ports())
    assert not troubles, troubles
    return {"cost": cost}


def _states(task: dict[str, Any], ours: Composition) -> dict[str, Any]:
    """How many applications are in which state."""
    keys = [each.key for each in ours.applications.registered()]
    found: dict[str, int] = {}
    for record in ours.applications.load(keys).values():
        found[record.status.sync] = found.get(record.status.sync, 0) + 1
    return {"states": found}


def _render(ours: Composition, bodies: list[str]) -> None:
    messages = [parsed for body in bodies if not isinstance(parsed := parse_render(body), ApplicationSetMessage)]
    rendering.handle_renders(ours.render_ports(), messages)


def _counted_builds() -> list[int]:
    """A number that grows with every render of an application."""
    count = [0]
    build = rendering.build  # type: ignore[attr-defined]

    def counting(*given: Any, **named: Any) -> Any:
        count[0] += 1
        return build(*given, **named)

    rendering.build = counting  # type: ignore[attr-defined]
    return count


class _Queue:
    """The queues as the runner sees them; its own requests are not counted among the functions'."""

    def __init__(self) -> None:
        import boto3

        self._client: Any = boto3.client("sqs")
        self._urls = {name: os.environ[f"MOORING_{name.upper()}_QUEUE"] for name in ("renders", "syncs", "later")}

    def drain(self, name: str, handle: Callable[[list[str]], None], at_once: int = 10) -> int:
        """Hands out everything, ten messages at a time, until nothing is left; how many that were."""
        taken = 0
        while bodies := self._take(name, at_once):
            taken += len(bodies)
            handle(bodies)
        return taken

    def drop(self, name: str) -> int:
        """Throws away what is there; how many that were."""
        return self.drain(name, lambda _: None)

    def there(self, name: str) -> bool:
        """Whether something is there, or will be."""
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        told = self._client.get_queue_attributes(QueueUrl=self._urls[name], AttributeNames=asked)["Attributes"]
        return any(int(each) for each in told.values())

    def wait(self, name: str) -> list[str]:
        """The next messages, as soon as they are due."""
        return self._take(name, 10, seconds=15)

    def _take(self, name: str, most: int, seconds: int = 0) -> list[str]:
        answer = self._client.receive_message(
            QueueUrl=self._urls[name], MaxNumberOfMessages=most, WaitTimeSeconds=seconds
        )
        messages = answer.get("Messages", [])
        if messages:
            entries = [{"Id": str(i), "ReceiptHandle": each["ReceiptHandle"]} for i, each in enumerate(messages)]
            self._client.delete_message_batch(QueueUrl=self._urls[name], Entries=entries)
        return [each["Body"] for each in messages]


@contextmanager
def _profiled(task: dict[str, Any]) -> Iterator[None]:
    if not task.get("profile"):
        yield
        return
    with cProfile.Profile() as profile:
        yield
    pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(60)


TASKS: dict[str, Callable[[dict[str, Any], Composition], dict[str, Any]]] = {
    "declare": _declare,
    "first": _first,
    "push": _push,
    "sync_crowd": _sync_crowd,
    "sweep_crowd": _sweep_crowd,
    "states": _states,
}
