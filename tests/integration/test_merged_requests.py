"""Who let a commit in: asked once, put on record, and never in anybody's way; over moto's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from mooring.composition import Composition
from mooring.errors import ConfigurationError, ForbiddenError, MooringError, ThrottledError, UnreachableError
from mooring.events.bodies import parse_later, to_body
from mooring.events.messages import AppMessage, Cause, CommitMessage, Later
from mooring.flows.sweeps.merges import MergePorts, look_up
from mooring.flows.sweeps.sweeping import SweepPorts, forward
from mooring.model.application import AppKey
from mooring.model.mergedrequest import MergedRequest, Review
from mooring.state.mergedrequests import MergedRequests
from tests.doubles.installation import World, installation

URL = "https://github.com/acme/shop.git"
NAME = "github.com/acme/shop"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
REQUEST = MergedRequest(
    7, "Ship it", "https://github.com/acme/shop/pull/7", "ada", "bert", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z",
    ("risky",), (Review("cleo", "approved"), Review("dora", "none")),
)  # fmt: skip


@dataclass
class Host:
    """A code host that knows requests by commit, or is in trouble."""

    requests: dict[str, MergedRequest] = field(default_factory=dict)
    trouble: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def merged_request(self, commit: str) -> MergedRequest | None:
        self.asked.append(commit)
        if self.trouble is not None:
            raise self.trouble
        return self.requests.get(commit)


@dataclass
class Ground:
    """An installation that follows one repository."""

    world: World
    host: Host
    requests: MergedRequests
    known: bool = True
    slow: float = 0.0

    def ports(self) -> MergePorts:
        def host(url: str) -> Any:
            return self.host if self.known else None

        return MergePorts(self.requests, host, self.world.queues, self._clock)  # type: ignore[arg-type]

    def _clock(self) -> float:
        self.world.now += self.slow
        return self.world.now

    def look(self, *messages: CommitMessage) -> list[MooringError]:
        self.world.queues.waiting.clear()
        return look_up(self.ports(), messages)

    def on_record(self, sha: str = SHA) -> dict[Any, Any]:
        return self.requests.known([(NAME, sha)])


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def ground(worlds: Callable[[], World]) -> Ground:
    world = worlds()
    return Ground(world, Host({SHA: REQUEST}), MergedRequests(world.table))


def test_an_answer_is_asked_for_once(ground: Ground) -> None:
    """GIVEN two spellings of one commit, now and again, the host is asked once and its answer stands."""
    other = CommitMessage("git@github.com:Acme/Shop", SHA)
    assert [] == ground.look(CommitMessage(URL, SHA), other)
    assert {(NAME, SHA): REQUEST} == ground.on_record()
    ground.host.requests.clear()
    assert [] == ground.look(other)
    assert ([SHA], {(NAME, SHA): REQUEST}) == (ground.host.asked, ground.on_record())


def test_that_nobody_merged_it_is_an_answer_too(ground: Ground) -> None:
    """GIVEN a commit that was pushed, that is on record, and not asked for again."""
    ground.host.requests.clear()
    ground.look(CommitMessage(URL, SHA))
    ground.look(CommitMessage(URL, SHA))
    assert ([SHA], {(NAME, SHA): None}) == (ground.host.asked, ground.on_record())


def test_what_is_on_record_is_never_changed(ground: Ground) -> None:
    """GIVEN two functions that ask at once, the first answer stays."""
    ground.requests.note((NAME, SHA), REQUEST, now=1.0)
    ground.requests.note((NAME, SHA), None, now=2.0)
    assert {(NAME, SHA): REQUEST} == ground.on_record()


@pytest.mark.parametrize(
    ("trouble", "attempt", "pause"),
    [
        (UnreachableError("does not answer"), 0, 30.0),
        (UnreachableError("does not answer"), 2, 480.0),
        (ThrottledError("later", retry_after=200.0), 0, 200.0),
        (ThrottledError("later", retry_after=3600.0), 0, 900.0),
        (UnreachableError("does not answer"), 4, 900.0),
    ],
)
def test_a_host_that_is_not_well_is_asked_later(ground: Ground, trouble: Exception, attempt: int, pause: float) -> None:
    """GIVEN a host without an answer, the look comes back, later each time, and nothing is on record."""
    ground.host.trouble = trouble
    assert [] == ground.look(CommitMessage(URL, SHA, attempt))
    assert [(CommitMessage(URL, SHA, attempt + 1), pause)] == ground.world.queues.waiting
    assert {} == ground.on_record()


def test_nobody_asks_for_ever(ground: Ground) -> None:
    """GIVEN a host that did not answer six times, the look ends with a word in the log; a new one may begin."""
    ground.host.trouble = UnreachableError("does not answer")
    assert [ground.host.trouble] == ground.look(CommitMessage(URL, SHA, 5))
    assert [] == ground.world.queues.waiting
    ground.host.trouble = None
    ground.look(CommitMessage(URL, SHA))
    assert {(NAME, SHA): REQUEST} == ground.on_record()


@pytest.mark.parametrize("trouble", [ForbiddenError("refuses the token"), ConfigurationError("has no such thing")])
def test_what_waiting_does_not_mend_is_told(ground: Ground, trouble: MooringError) -> None:
    """GIVEN a token that may not ask, that is told, other commits are asked for, and nothing comes back."""
    ground.host.trouble = trouble
    assert [trouble] == ground.look(CommitMessage(URL, SHA))
    assert [] == ground.world.queues.waiting


def test_an_answer_of_something_else_is_told(ground: Ground) -> None:
    """GIVEN an answer that lacks what it should have, it is an error and no record."""
    ground.host.trouble = KeyError("number")
    assert ["ConfigurationError"] == [type(each).__name__ for each in ground.look(CommitMessage(URL, SHA))]
    assert {} == ground.on_record()


def test_an_unknown_host_is_not_asked(ground: Ground) -> None:
    """GIVEN a repository whose host is unknown or opens to no credential, nothing happens."""
    ground.known = False
    assert [] == ground.look(CommitMessage(URL, SHA))
    assert ({}, [], []) == (ground.on_record(), ground.host.asked, ground.world.queues.waiting)


def test_slow_hosts_leave_time_for_the_rest(ground: Ground) -> None:
    """GIVEN more commits than there is time for, the rest come back without an attempt counted."""
    ground.slow = 15.0
    shas = [digit * 40 for digit in "0123"]
    ground.look(*(CommitMessage(URL, sha) for sha in shas))
    assert shas[:1] == ground.host.asked
    assert [(CommitMessage(URL, sha), 30.0) for sha in shas[1:]] == ground.world.queues.waiting


def test_what_waited_goes_on_before_any_host_is_asked(ground: Ground) -> None:
    """GIVEN a batch with both, WHEN it is taken, THEN messages are sent before the first host is asked."""
    sync = Later("syncs", AppMessage(AppKey("argocd", "shop"), Cause("retry")))
    sent_when_asked: list[int] = []

    def made() -> MergePorts:
        sent_when_asked.append(len(ground.world.queues.sent))
        return ground.ports()

    world = ground.world
    world.queues.sent.clear()
    with ThreadPoolExecutor(1) as pool:
        ports = SweepPorts(world.applications, world.registry, None, None, world.queues, pool, merges=made)  # type: ignore[arg-type]
        assert [] == forward(ports, [CommitMessage(URL, SHA), sync])
        assert [] == forward(ports, [sync])
    assert ([1], {(NAME, SHA): REQUEST}) == (sent_when_asked, ground.on_record())


def test_a_message_is_read_as_it_was_written() -> None:
    """GIVEN a message of the queue, it survives being sent."""
    for message in (CommitMessage(URL, SHA), CommitMessage(URL, SHA, 3)):
        assert message == parse_later(to_body(message))


def test_the_function_asks_with_what_is_registered(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a registered token and settings that name the host, the function would ask it, were it not inside."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    composition = Composition({"MOORING_TABLE": ground.world.table.name, "MOORING_SECRET_PREFIX": "m"})
    url = "http://127.0.0.1:1/acme/shop.git"
    composition.registry.register_repository("http://127.0.0.1:1", {"token": "s3cret"})
    composition.registry.put_settings({"mooring.forges": "127.0.0.1:1: gitea"})
    ports = composition.sweep_ports().merges
    assert ports is not None
    (trouble,) = look_up(ports(), [CommitMessage(url, SHA)])
    assert "inside of this machine" in str(trouble)
    assert look_up(ports(), [CommitMessage("https://git.example/acme/shop.git", SHA)]) == []
