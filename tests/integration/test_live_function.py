"""The function `live` as it is deployed: events of Lambda in, what comes again out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.access.rbac import ADMINISTRATOR
from mooring.access.sessions import Session, csrf_token, derived_key, write_session
from mooring.state.connections import Connections
from tests.doubles.deployed import API_TOKEN, Deployed, deployed

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


def _ask(csrf: str, cookie: str = "", authorization: str = "") -> dict[str, Any]:
    """A page's request for a ticket, as payload format 2.0 has it."""
    context = {
        "http": {"method": "POST", "path": "/api/v1/stream", "sourceIp": "192.0.2.7"},
        "domainName": "mooring.test", "stage": "$default", "requestId": "1",
    }  # fmt: skip
    headers = {"x-mooring-csrf": csrf, "authorization": authorization}
    return {
        "version": "2.0", "routeKey": "ANY /api/v1/{proxy+}", "rawPath": "/api/v1/stream", "rawQueryString": "",
        "requestContext": context,
        "headers": {name: value for name, value in headers.items() if value}, "cookies": [cookie] if cookie else [],
        "body": "{}", "isBase64Encoded": False,
    }  # fmt: skip


def test_a_connection_ends_with_its_session() -> None:
    """GIVEN somebody who signed in WHEN their page asks for a ticket THEN its connection is theirs, and ends with it."""
    now = time.time()
    session = Session("1", "ann", "Ann", ("payments",), "session", int(now) + 600, "")
    key = derived_key(API_TOKEN, "sessions")
    cookie, csrf = f"__Host-mooring={write_session(session, key)}", csrf_token(session, key)
    settings = {"SECRET_PREFIX": "m", "LIVE_URL": "wss://live.test/live"}
    with deployed("api", {"API_TOKEN": {"token": API_TOKEN}}, ("RENDERS", "SYNCS", "NOTES"), settings) as api:
        assert 403 == api.handler(_ask("", cookie), None)["statusCode"]
        answer = api.handler(_ask(csrf, cookie), None)
        assert 200 == answer["statusCode"], answer
        given = json.loads(answer["body"])
        assert "wss://live.test/live" == given["url"]
        connection = Connections(api.table).join("a", given["ticket"], ("drift",), now)
    assert (session.expires, ("ann", "payments")) == (
        connection.until,
        (connection.caller.subject, *connection.caller.groups),
    )


def test_no_ticket_where_pages_are_not_told() -> None:
    """Without an address the answer is 404, whoever asks; a stranger learns not even that."""
    with deployed("api", {"API_TOKEN": {"token": API_TOKEN}}, ("RENDERS", "SYNCS", "NOTES")) as api:
        assert 404 == api.handler(_ask("", authorization=f"Bearer {API_TOKEN}"), None)["statusCode"]
        assert 401 == api.handler(_ask(""), None)["statusCode"]
