"""The function `live` as it is deployed: events of Lambda in, what comes again out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.access.rbac import ADMINISTRATOR
from mooring.state.connections import Connections
from tests.doubles.deployed import Deployed, deployed

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def live() -> Iterator[Deployed]:
    with deployed("live", {}, (), {"LIVE_URL": "ws://127.0.0.1:9/live"}) as found:
        yield found


def _sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def _listen(live: Deployed) -> Connections:
    connections = Connections(live.table)
    connections.issue("a ticket", ADMINISTRATOR, 1e10)
    connections.join("Nvbx3cPpliACElw=", "a ticket", ("applications",), 1e10)
    return connections


def test_nobody_listens(live: Deployed) -> None:
    """Changes are done with when no page is open."""
    assert {"batchItemFailures": []} == live.handler(_sample("notify-stream"), None)


def test_a_page_leaves(live: Deployed) -> None:
    """GIVEN a page that listens WHEN API Gateway tells that it left THEN it is forgotten."""
    connections = _listen(live)
    assert {"statusCode": 200} == live.handler(_sample("live-disconnect"), None)
    assert [] == connections.all()


def test_what_could_not_be_told_comes_again(live: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a page and an API Gateway that does not answer WHEN something changes THEN the batch comes again."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "http://127.0.0.1:9")
    connections, event = _listen(live), _sample("notify-stream")
    first = event["Records"][0]["dynamodb"]["SequenceNumber"]
    assert {"batchItemFailures": [{"itemIdentifier": first}]} == live.handler(event, None)
    assert 1 == len(connections.all())
