"""A WebSocket API under the local runner: real connections, the events of API Gateway, and its management API."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local import aws
from local.processes import Processes, free_port, wait_for_http, wait_until

ROOT = Path(__file__).resolve().parents[2]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Live:
    Type: AWS::ApiGatewayV2::Api
    Properties: {ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Live, StageName: now, AutoDeploy: true}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      IntegrationUri: !Sub arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${EchoFunction.Arn}/invocations
  Connect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Live, RouteKey: $connect, Target: !Sub "integrations/${Integration}"}
  Default:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Live, RouteKey: $default, Target: !Sub "integrations/${Integration}"}
  Disconnect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Live, RouteKey: $disconnect, Target: !Sub "integrations/${Integration}"}
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/echo/
      Handler: app.handler
      Timeout: 10
      Environment: {Variables: {URL: !Sub "${Live.ApiEndpoint}/now"}}
"""

ECHO = """
import json, os, tempfile, boto3

def handler(event, context):
    about = event["requestContext"]
    with open(f"{tempfile.gettempdir()}/seen.jsonl", "a") as seen:
        seen.write(json.dumps(event) + "\\n")
    if about["eventType"] == "CONNECT":
        return {"statusCode": 401 if event["headers"].get("X-Refuse") else 200}
    if about["eventType"] == "MESSAGE":
        if event["body"] == "fail":
            raise ValueError("as asked")
        client = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"])
        if event["body"] == "end":
            client.delete_connection(ConnectionId=about["connectionId"])
            return {"statusCode": 200}
        since = client.get_connection(ConnectionId=about["connectionId"])["ConnectedAt"].year
        try:
            client.post_to_connection(ConnectionId="nobody=", Data=b"x")
        except client.exceptions.GoneException:
            answer = {"echo": event["body"], "url": os.environ["URL"], "since": since > 2000}
        client.post_to_connection(ConnectionId=about["connectionId"], Data=json.dumps(answer).encode())
    return {"statusCode": 200}
"""


class Live:
    """The runner's WebSocket API, and the events that its function saw."""

    def __init__(self, url: str, seen: Path) -> None:
        self.url, self._seen = url, seen

    def events(self) -> list[dict[str, Any]]:
        """What the function was started with."""
        return [json.loads(line) for line in self._seen.read_text().splitlines()] if self._seen.exists() else []


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("sockets")
    code = folder / "functions" / "echo"
    code.mkdir(parents=True)
    (code / "app.py").write_text(ECHO)
    (folder / "template.yaml").write_text(TEMPLATE)
    with Processes(folder / "processes") as processes:
        port = free_port()
        processes.start("aws", aws.command(port), cwd=ROOT)
        wait_for_http(f"http://127.0.0.1:{port}/moto-api/", "AWS", watch=processes)
        command: list[str | Path] = [sys.executable, "-m", "local.runner", "--directory", folder / "run"]
        command += ["--template", folder / "template.yaml", "--endpoint", f"http://127.0.0.1:{port}"]
        command += ["--concurrency", "1"]
        processes.start("runner", command, cwd=ROOT)
        ready = folder / "run" / "runner.json"
        wait_until(ready.exists, "the runner", timeout=30, watch=processes)
        url = json.loads(ready.read_text())["sockets"]
        yield Live(url, folder / "run" / "tmp" / "echo-1" / "seen.jsonl")


@pytest.fixture
def page(live: Live) -> Iterator[Callable[..., ClientConnection]]:
    with contextlib.ExitStack() as opened:
        yield lambda **more: opened.enter_context(connect(live.url, proxy=None, **more))


def test_a_message_comes_back_through_the_management_api(live: Live, page: Callable[..., ClientConnection]) -> None:
    """GIVEN an open connection WHEN it says something THEN its function hears it as API Gateway tells it, and answers."""
    connection = page()
    connection.send('{"hello": 1}')
    answer = json.loads(connection.recv(timeout=20))
    assert {"echo": '{"hello": 1}', "url": live.url, "since": True} == answer
    connect_event, message = live.events()[-2:]
    for event, route, kind in ((connect_event, "$connect", "CONNECT"), (message, "$default", "MESSAGE")):
        about = event["requestContext"]
        assert (route, kind, "now") == (about["routeKey"], about["eventType"], about["stage"])
        assert about["connectionId"] == message["requestContext"]["connectionId"]
        assert f"ws://{about['domainName']}/now" == live.url


def test_who_leaves_is_told_of(live: Live, page: Callable[..., ClientConnection]) -> None:
    """The function hears of the end of a connection, with its code."""
    page().close(1000)
    wait_until(lambda: bool(_ends(live)), "$disconnect", timeout=20)
    assert 1000 == _ends(live)[-1]["requestContext"]["disconnectStatusCode"]


def _ends(live: Live) -> list[dict[str, Any]]:
    return [each for each in live.events() if each["requestContext"]["eventType"] == "DISCONNECT"]


def test_a_function_may_refuse_and_end_connections(page: Callable[..., ClientConnection]) -> None:
    """What `$connect` refuses is never open; what is deleted is closed."""
    with pytest.raises(InvalidStatus) as refused:
        page(additional_headers={"X-Refuse": "1"})
    assert 401 == refused.value.response.status_code
    connection = page()
    connection.send("end")
    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=20)


def test_a_function_that_fails_is_told_of(page: Callable[..., ClientConnection]) -> None:
    """The connection stays open, with API Gateway's words."""
    connection = page()
    connection.send("fail")
    assert "Internal server error" == json.loads(connection.recv(timeout=20))["message"]
    connection.send("again")
    assert "again" == json.loads(connection.recv(timeout=20))["echo"]


def test_another_stage_is_refused(live: Live) -> None:
    """Only the stage of the template answers."""
    with pytest.raises(InvalidStatus) as refused, connect(live.url.replace("/now", "/other"), proxy=None):
        pass
    assert 403 == refused.value.response.status_code
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(live.url.replace("ws:", "http:").replace("/now", "/"), timeout=10)
