"""Open pages on real parts: a page hears of what happens over a real WebSocket, and of nothing that it may not get."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from local.demo.instances import instances
from local.stack import Options, Stack
from tests.e2e.ground import Ground, config_map, text

PATIENCE = 40.0


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A stack without workloads and, for the length of these tests, without sweeps."""
    options = Options(directory=tmp_path_factory.mktemp("live") / "stack", workloads=False, sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


class Page:
    """An open connection, and everything that it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[dict[str, Any]] = []

    def say(self, message: object) -> Any:
        """Says something; the answer to it."""
        self.connection.send(json.dumps(message))
        while True:
            answer = json.loads(self.connection.recv(timeout=PATIENCE))
            if "changed" not in answer:
                return answer
            self.told += answer["changed"]

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first thing that it was told of which something holds."""
        while True:
            for each in self.told:
                if holds(each):
                    return each
            self.told += json.loads(self.connection.recv(timeout=PATIENCE))["changed"]

    def names(self) -> set[str]:
        """What it heard of, some time after the last word."""
        with contextlib.suppress(TimeoutError):
            while True:
                self.told += json.loads(self.connection.recv(timeout=3))["changed"]
        return {each["name"] for each in self.told}


def _ticket(ground: Ground, token: str | None = None) -> dict[str, Any]:
    answer = ground.ask("POST", "stream", {}, token=token)
    assert 200 == answer.status, answer
    found: dict[str, Any] = answer.body
    return found


@pytest.fixture
def open_page(ground: Ground) -> Iterator[Callable[..., Page]]:
    with contextlib.ExitStack() as opened:

        def page(*topics: str, token: str | None = None) -> Page:
            ticket = _ticket(ground, token)
            made = Page(opened.enter_context(connect(ticket["url"], proxy=None)))
            listening = made.say({"ticket": ticket["ticket"], "topics": list(topics)})
            assert list(topics) == listening["listening"]
            return made

        yield page


def test_a_sync_reaches_an_open_page(ground: Ground, open_page: Callable[..., Page]) -> None:
    """GIVEN an open page WHEN somebody pushes THEN it hears of the revision and of the sync, and what it asks is new."""
    case = ground.new("seen")
    page = open_page("applications")
    revision = case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    mine = f"argocd/{case.name}"
    page.until(lambda each: each["name"] == mine and "revision" in each["what"])
    page.until(lambda each: each["name"] == mine and "operations" in each["what"])
    done = {"status": "Synced", "revision": revision}  # while it is under way, it is OutOfSync at this revision
    case.until(lambda app: done.items() <= app["status"]["sync"].items())
    heard = [each for each in page.told if each["name"] == mine]
    assert all({"kind", "name", "what", "version"} == each.keys() for each in heard)


def test_two_callers_hear_what_each_may_get(ground: Ground, open_page: Callable[..., Page]) -> None:
    """GIVEN a token for one application and the administrator's WHEN two change THEN the one hears of one, by its name."""
    mine, other = ground.new("mine"), ground.new("other")
    asked = {"name": "narrow", "scope": [f"applications, get, default/{mine.name}"], "expiresIn": 3600}
    made = ground.ask("POST", "tokens", asked)
    assert made.status in (200, 201), made
    narrow, wide = open_page("applications", "clusters", token=made.body["token"]), open_page("applications")
    for case in (other, mine):
        case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    for case in (other, mine):
        wide.until(lambda each, case=case: each["name"] == f"argocd/{case.name}" and "operations" in each["what"])
    narrow.until(lambda each: "operations" in each["what"])
    assert {f"argocd/{mine.name}"} == narrow.names()
    assert {f"argocd/{mine.name}", f"argocd/{other.name}"} <= wide.names()


def test_a_page_that_comes_back(ground: Ground, open_page: Callable[..., Page]) -> None:
    """GIVEN a page whose connection broke WHEN it comes back with another ticket THEN it hears again, once."""
    case = ground.new("back")
    broken = open_page(f"application:argocd/{case.name}")
    broken.connection.socket.close()
    page = open_page(f"application:argocd/{case.name}")
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    heard = page.until(lambda each: "operations" in each["what"])
    assert ("application", f"argocd/{case.name}") == (heard["kind"], heard["name"])
    assert {"pong": 1} == page.say({"ping": 1})


def test_a_ticket_is_good_once_and_forged_ones_never(ground: Ground) -> None:
    """Who shows a used or a made-up ticket, or none, is told so and sent away."""
    used = _ticket(ground)
    with connect(used["url"], proxy=None) as connection:
        Page(connection).say({"ticket": used["ticket"], "topics": []})
        for said in ({"ticket": used["ticket"], "topics": []}, {"ticket": "made-up", "topics": []}, {"topics": []}):
            with connect(used["url"], proxy=None) as stranger:
                assert "ticket" == Page(stranger).say(said)["error"]["field"]
                with pytest.raises(ConnectionClosed):
                    stranger.recv(timeout=PATIENCE)
    assert 401 == ground.ask("POST", "stream", {}, token="wrong").status


def test_a_function_that_dies_loses_nothing(ground: Ground, open_page: Callable[..., Page]) -> None:
    """GIVEN a `live` that is killed again and again WHEN something changes THEN the stream tells it again."""
    case = ground.new("dying")
    page = open_page("applications")
    case.push({"k8s/settings.yaml": text(config_map(color="green"))})
    ended = time.monotonic() + 3
    while time.monotonic() < ended:
        _kill(instances(ground.stack.pids["runner"], "live"))
        time.sleep(0.05)
    page.until(lambda each: each["name"] == f"argocd/{case.name}" and "operations" in each["what"])


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_nothing_is_kept_of_who_has_left(ground: Ground, open_page: Callable[..., Page]) -> None:
    """A connection that is over is not in the table any more."""
    page = open_page("applications")
    table = ground.stack.client("dynamodb")
    keys = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "LIVE"}}}

    def listening() -> int:
        return int(table.query(TableName=ground.stack.resources["Table"], **keys)["Count"])

    before = listening()
    page.connection.close()
    deadline = time.monotonic() + PATIENCE
    while listening() >= before:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_address_is_no_secret(ground: Ground) -> None:
    """Where pages connect says nothing of who asks, and answers nothing but WebSockets."""
    told = _ticket(ground)
    assert told["ticket"] not in told["url"]
    assert told["url"].startswith("ws://127.0.0.1:")
    answer = urllib3.request("GET", told["url"].replace("ws:", "http:"), retries=False, timeout=10)
    assert 426 == answer.status
