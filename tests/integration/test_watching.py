"""Watches of a real API server: what is changed by hand goes back at once, whoever watches at that moment.

The table and the bundles are moto's, watchers are threads here; `tests/e2e/test_watching.py` kills real functions.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.cluster import Cluster
from mooring.cluster.auth import BearerToken, Connection
from mooring.cluster.client import ApiServer
from mooring.cluster.discovery import Discovery, Resource
from mooring.cluster.kubeconfig import from_kubeconfig
from mooring.cluster.watching import KindWatch
from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause, ObjectMessage
from mooring.flows.clusters.live import Target
from mooring.flows.sweeps.watching import WatchPorts, watch
from mooring.flows.syncs.sync import handle_syncs
from mooring.health import STANDARD
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.state.registry import Cluster as Registered
from mooring.state.watchers import Watchers
from tests.doubles.installation import OneCluster, World, config_map, installation

AUTO = {"automated": {"prune": True, "selfHeal": True}}
PATIENCE = 30.0
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def make_world() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


class Watchable(OneCluster):
    """One real cluster, in the mode `watch` until somebody says otherwise."""

    def __init__(self, target: Target, declared: Any, connection: Connection) -> None:
        super().__init__(target, declared)  # type: ignore[arg-type]
        self.upstream = connection

    def opened(self, cluster: Any) -> Any:
        return self.live

    def connection(self, cluster: Any, *, fresh: bool = False) -> Connection:
        return self.upstream


class Fleet:
    """Watchers as threads, and a function `sync` that takes what they send."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self.world, self.cluster = world, cluster
        self.namespace = f"watch-{next(_numbers)}"
        status, answer = cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        assert status == 201, answer
        connection = from_kubeconfig(cluster.kubeconfig)
        self.server = ApiServer(connection)
        named = Registered("in-cluster", self.server.server, True, "secret", annotations={"mooring.dev/drift": "watch"})
        self.target = Target(named, self.server, Discovery(self.server), STANDARD)
        world.targets = Watchable(self.target, world.targets.declared, connection)  # type: ignore[assignment]
        world.now = time.time()
        self.pool = ThreadPoolExecutor(4)
        self.watchers = Watchers(world.table)
        self.threads: list[threading.Thread] = []
        self.ended: list[str] = []
        self.started: list[dict[str, str]] = []
        self.told: list[ObjectMessage] = []
        self.lasts = 600.0
        self.stopped = threading.Event()
        self.worker = threading.Thread(target=self._work)
        self.worker.start()

    def start(self, cluster: str, versions: Any) -> None:
        self.started.append(dict(versions))
        thread = threading.Thread(target=self._watch, args=(cluster, dict(versions)), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _watch(self, cluster: str, versions: dict[str, str]) -> None:
        self.ended.append(watch(self.ports(), cluster, versions))

    def ports(self) -> WatchPorts:
        now = time.time()
        return WatchPorts(
            self.world.applications, self.world.targets, self.watchers, self.world.queues, self.start,  # type: ignore[arg-type]
            f"watcher-{len(self.threads)}", now + self.lasts, self.lasts, look_around=1.0,
        )  # fmt: skip

    def run(self, *messages: Any) -> None:
        ports = replace(self.world.ports(), clock=time.time, deadline=time.time() + 1000, pool=self.pool)
        assert [] == handle_syncs(ports, messages)

    def _work(self) -> None:
        due: list[tuple[float, ObjectMessage]] = []
        while not self.stopped.wait(0.01):
            now = time.monotonic()
            waiting, self.world.queues.waiting = self.world.queues.waiting, []
            sent, self.world.queues.sent = self.world.queues.sent, []
            messages = [m for _, m in sent if isinstance(m, ObjectMessage)]
            self.told += messages
            due += [(now + after, each.message) for each, after in waiting if isinstance(each.message, ObjectMessage)]
            messages += [message for at, message in due if at <= now]
            due = [each for each in due if each[0] > now]
            if messages:
                self.run(*messages)

    def deploy(self, *objects: Manifest, name: str = "shop") -> AppKey:
        self.world.now = time.time()
        key = self.world.declare(f"{name}-{self.namespace}", namespace=self.namespace, **AUTO)
        self.world.push(key, *objects)
        self.run(AppMessage(key, Cause("render")))
        return key

    def path(self, name: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{name}"

    def patch(self, name: str, body: dict[str, Any]) -> None:
        status, answer = self.cluster.client(
            "PATCH", self.path(name), body, content_type="application/merge-patch+json"
        )
        assert status == 200, answer

    def get(self, name: str) -> dict[str, Any] | None:
        status, answer = self.cluster.client("GET", self.path(name))
        return answer if status == 200 else None

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, (self.ended, self.told[-3:], self.watchers.seat("in-cluster"))
            time.sleep(0.02)

    def watched(self) -> None:
        """Waits until somebody watches with open watches."""
        self.start("in-cluster", {})
        self.until(lambda: self.watchers.seat("in-cluster").is_watched(time.time()))
        time.sleep(0.5)

    def close(self) -> None:
        self.target.cluster.annotations["mooring.dev/drift"] = "sweep"  # type: ignore[index]
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()
        self.stopped.set()
        self.worker.join(20)
        self.pool.shutdown()
        self.server.close()


@pytest.fixture
def fleet(make_world: Callable[[], World], cluster: Cluster) -> Iterator[Fleet]:
    fleet = Fleet(make_world(), cluster)
    yield fleet
    fleet.close()


def _is(fleet: Fleet, name: str, value: str) -> Callable[[], bool]:
    return lambda: ((fleet.get(name) or {}).get("data") or {}).get("x") == value


def test_a_change_goes_back_and_starts_no_loop(fleet: Fleet) -> None:
    """WHEN somebody edits, deletes or unlabels an object THEN it is as before at once, and silence follows."""
    fleet.deploy(config_map("a", x="1"), config_map("b", x="1"))
    fleet.watched()
    assert [] == fleet.told
    fleet.patch("a", {"data": {"x": "2"}})
    fleet.until(_is(fleet, "a", "1"))
    fleet.cluster.client("DELETE", fleet.path("a"))
    fleet.until(_is(fleet, "a", "1"))
    fleet.patch("b", {"metadata": {"labels": {"mooring.dev/app": None}}})
    fleet.until(lambda: bool((fleet.get("b") or {})["metadata"].get("labels")))
    time.sleep(2)
    assert 3 <= len(fleet.told) <= 6
    before = len(fleet.told)
    time.sleep(2)
    assert before == len(fleet.told)


def test_own_syncs_are_no_drift(fleet: Fleet) -> None:
    """WHEN new revisions are synced, with prunes, THEN no watcher tells of them."""
    key = fleet.deploy(config_map("a", x="1"), config_map("b", x="1"))
    fleet.watched()
    for n in range(5):
        fleet.world.now = time.time()
        fleet.world.push(key, config_map("a", x=str(n)), *(config_map(f"c{n}-{m}", x="1") for m in range(10)))
        fleet.run(AppMessage(key, Cause("render")))
    time.sleep(2)
    assert [] == fleet.told
    # AND what they made is watched
    fleet.patch("c4-3", {"data": {"x": "2"}})
    fleet.until(_is(fleet, "c4-3", "1"))


def test_edits_all_through_hand_overs(fleet: Fleet) -> None:
    """GIVEN watchers that live for four seconds each WHEN somebody edits all the time THEN no edit stays, and each
    watcher went on from where the one before it had read.
    """
    names = [f"m{n}" for n in range(60)]  # each is edited a few times: more often would be a fight
    fleet.deploy(*(config_map(name, x="1") for name in names))
    fleet.lasts = 4.0
    fleet.watched()
    deadline = time.monotonic() + 20
    for name in itertools.cycle(names):
        if time.monotonic() > deadline:
            break
        fleet.patch(name, {"data": {"x": f"edited {time.monotonic()}"}})
        time.sleep(0.1)
    fleet.lasts = 600.0
    for name in names:
        fleet.until(_is(fleet, name, "1"))
    assert 4 <= len(fleet.started)
    assert fleet.ended.count("another one has taken over") >= 3
    assert any(versions for versions in fleet.started)


def test_a_third_is_refused(fleet: Fleet) -> None:
    """GIVEN one who watches and one who is about to WHEN a third comes THEN it ends at once."""
    fleet.deploy(config_map("a", x="1"))
    fleet.watched()
    seat = fleet.watchers.enter("in-cluster", "heir", now=time.time(), ttl=60)
    assert seat is not None and "heir" == seat.heir
    assert "is watched already, and about to be handed over" == watch(fleet.ports(), "in-cluster", {})
    fleet.watchers.leave("in-cluster", "heir")


def test_a_forgotten_version_is_listed_anew(fleet: Fleet) -> None:
    """GIVEN a version that the server has forgotten WHEN a watch goes on from it THEN what changed meanwhile goes back."""
    fleet.deploy(config_map("a", x="1"), config_map("b", x="1"))
    fleet.patch("a", {"data": {"x": "2"}})
    fleet.cluster.client("DELETE", fleet.path("b"))
    fleet.start("in-cluster", {"/ConfigMap": "1"})
    fleet.until(_is(fleet, "a", "1"))
    fleet.until(_is(fleet, "b", "1"))


def test_new_applications_and_kinds_are_picked_up(fleet: Fleet) -> None:
    """GIVEN a watch WHEN an application comes with a kind of its own THEN that is watched as well."""
    fleet.deploy(config_map("a", x="1"))
    fleet.watched()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "labels": {"team": "a"}}}
    fleet.deploy(account, config_map("new", x="1"), name="other")
    time.sleep(3)
    path = f"/api/v1/namespaces/{fleet.namespace}/serviceaccounts/robot"
    fleet.cluster.client(
        "PATCH", path, {"metadata": {"labels": {"team": "b"}}}, content_type="application/merge-patch+json"
    )
    fleet.until(lambda: "a" == fleet.cluster.client("GET", path)[1]["metadata"]["labels"]["team"])
    fleet.patch("new", {"data": {"x": "2"}})
    fleet.until(_is(fleet, "new", "1"))


class Noting:
    """Who is told by a watch."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.lists = 0

    def seen(self, found: Any, *, gone: bool) -> None:
        self.values.append("gone" if gone else found.resource_version)

    def listed(self, resource: Any, names: set[tuple[str, str]]) -> None:
        self.lists += 1


def test_connections_that_die_lose_nothing(fleet: Fleet) -> None:
    """GIVEN connections that count as dead after a moment of silence WHEN an object changes many times, between them
    and in them, THEN each change is told, in order, and nothing is listed twice.
    """
    fleet.deploy(config_map("a", x="1"))
    noting = Noting()
    connection = from_kubeconfig(fleet.cluster.kubeconfig)
    resource = fleet.target.discovery.resource("", "ConfigMap", "v1")
    watched = KindWatch(fleet.server, lambda fresh: connection, resource, noting, quiet=0.3)
    watched.start()
    fleet.until(watched.ready.is_set)
    wanted = []
    for n in range(20):
        time.sleep(0.5 if n % 3 == 0 else 0.02)
        fleet.patch("a", {"data": {"x": str(n + 2)}})
        wanted.append((fleet.get("a") or {})["metadata"]["resourceVersion"])
    fleet.until(lambda: wanted[-1] in noting.values)
    watched.stop()
    told = [value for value in noting.values if value in wanted]
    assert (wanted, 1) == (told, noting.lists)


def test_a_kind_that_may_not_be_watched_says_so(fleet: Fleet) -> None:
    """GIVEN credentials that the server does not accept WHEN a kind is watched THEN the trouble is told, and no more."""
    connection = replace(from_kubeconfig(fleet.cluster.kubeconfig), credentials=BearerToken("nobody"))
    connection = replace(connection, tls=replace(connection.tls, cert=b"", key=b""))
    resource = fleet.target.discovery.resource("", "ConfigMap", "v1")
    watched = KindWatch(fleet.server, lambda fresh: connection, resource, Noting(), "1")
    watched.start()
    fleet.until(lambda: bool(watched.trouble))
    watched.stop()
    assert "does not accept these credentials" in watched.trouble


def test_a_cluster_that_is_gone_is_watched_no_more(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """WHEN a cluster is removed from the registry THEN its watcher ends, leaves its place, and starts no successor."""
    fleet.deploy(config_map("a", x="1"))
    fleet.watched()

    def gone(name: str) -> Registered:
        raise ConfigurationError("is not registered", field="spec.destination.name")

    monkeypatch.setattr(fleet.world.targets, "named", gone)
    fleet.until(lambda: ["the cluster is not to be watched any more"] == fleet.ended)
    assert not fleet.watchers.seat("in-cluster").is_watched(time.time())
    assert 1 == len(fleet.started)


def test_revoked_credentials_are_told_once(fleet: Fleet) -> None:
    """GIVEN a watcher's credentials that were revoked WHEN it looks around again and again THEN it says so once for each
    kind; WHEN they are good again THEN it watches.
    """
    fleet.deploy(config_map("a", x="1"))
    good, said = fleet.world.targets.live.discovery, []  # type: ignore[attr-defined]
    nobody = Connection(
        fleet.server.server,
        BearerToken("nobody"),
        replace(from_kubeconfig(fleet.cluster.kubeconfig).tls, cert=b"", key=b""),
    )
    revoked = ApiServer(nobody)
    fleet.world.targets.live = replace(fleet.target, server=revoked, discovery=Discovery(revoked))  # type: ignore[attr-defined]
    ports = replace(fleet.ports(), say=said.append, look_around=0.2)
    thread = threading.Thread(target=lambda: fleet.ended.append(watch(ports, "in-cluster", {})))
    fleet.threads.append(thread)
    thread.start()
    time.sleep(2)
    assert 1 == len(said)
    assert "ConfigMap can't be watched now: " in said[0]
    fleet.world.targets.live = fleet.target  # type: ignore[attr-defined]
    assert good is fleet.target.discovery
    fleet.patch("a", {"data": {"x": "2"}})
    fleet.until(_is(fleet, "a", "1"))
    revoked.close()


@contextmanager
def _served(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every list with nothing and every watch with this; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            empty = b'{"metadata": {"resourceVersion": "5"}, "items": []}'
            body = answer if "watch=true" in self.path else empty
            self.send_response(status if "watch=true" in self.path else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


GONE = b'{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}\n'


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (b"", 200, "as soon as it is open"),
        (b"{", 200, "as soon as it is open"),
        (GONE, 200, "as soon as it is listed"),
        (b'{"kind": "Status", "code": 429, "message": "too many requests"}', 429, "too many requests"),
        (b"", 503, "503"),
    ],
)
def test_a_server_that_ends_every_watch_is_not_flooded(answer: bytes, status: int, told: str) -> None:
    """GIVEN an API server, or something before it, that refuses each watch or ends it as soon as it is open, or forgets
    each version, WHEN a kind is watched for a while THEN it is asked less and less often, and the trouble is told.
    """
    with _served(answer, status) as (address, asked):
        connection = Connection(address)
        server = ApiServer(connection)
        resource = Resource("", "v1", "configmaps", "ConfigMap", True, ("list", "watch"))
        watched = KindWatch(server, lambda fresh: connection, resource, Noting())
        watched.start()
        time.sleep(2.5)
        deadline = time.monotonic() + PATIENCE
        while not watched.trouble and time.monotonic() < deadline:
            time.sleep(0.01)
        trouble = watched.trouble
        watched.stop()
        server.close()
    assert told in trouble
    assert 2 <= sum("watch=true" in path for path in asked) <= 6
