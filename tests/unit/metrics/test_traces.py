"""Facts are subsegments of X-Ray's where it traces the invocation, and nothing is sent where it does not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from mooring.metrics import tell
from mooring.metrics.names import RENDER, SYNC_ENDED

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What stands in the place of X-Ray's daemon: it keeps what arrives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(5.0)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{line.getsockname()[1]}")
        yield line


def test_a_traced_fact_arrives_at_the_daemon(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an invocation that is sampled WHEN a fact is told THEN a subsegment of it arrives, with names and ids."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"{TRACE}1;Lineage=1:a87bd80c:0")
    tell(
        SYNC_ENDED,
        {"SyncsSucceeded": 1},
        cause="delivery-1",
        seconds=2.0,
        application="argocd/shop",
        cluster="prod",
        result="done",
        error="",
    )
    header, _, body = daemon.recv(65536).partition(b"\n")
    segment = json.loads(body)
    assert {"format": "json", "version": 1} == json.loads(header)
    assert ("subsegment", "sync ended", "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8") == tuple(
        segment[each] for each in ("type", "name", "trace_id", "parent_id")
    )
    assert pytest.approx(2.0) == segment["end_time"] - segment["start_time"]
    assert {"correlation_id": "delivery-1", "application": "argocd/shop", "cluster": "prod"} == segment["annotations"]
    assert 16 == len(bytes.fromhex(segment["id"]).hex())


@pytest.mark.parametrize("trace", ["", f"{TRACE}0", "Sampled=1"])
def test_what_is_not_sampled_is_not_sent(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch, trace: str) -> None:
    """GIVEN an invocation without a trace, or one that X-Ray left out WHEN a fact is told THEN nothing is sent."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    tell(RENDER, {"Renders": 1}, seconds=2.0, outcome="rendered")
    daemon.setblocking(False)
    with pytest.raises(BlockingIOError):
        daemon.recv(65536)


def test_what_took_no_time_is_no_piece_of_a_trace(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a fact without a duration WHEN told in a trace THEN nothing is sent."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"{TRACE}1")
    tell(RENDER, {"Renders": 1}, outcome="cached")
    daemon.setblocking(False)
    with pytest.raises(BlockingIOError):
        daemon.recv(65536)


def test_a_daemon_that_is_not_there_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an address that nobody listens at, or none WHEN a fact is told THEN the work goes on."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"{TRACE}1")
    for address in ("127.0.0.1:1", "", "not an address", "999.999.999.999:2000"):
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
        tell(RENDER, {"Renders": 1}, seconds=1.0, outcome="rendered")
