"""A sample system under the local runner: every kind of event, and what Lambda does to a process."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import aws
from local.processes import Process, Processes, free_port, wait_for_http, wait_until

ROOT = Path(__file__).resolve().parents[2]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: {Type: String, Default: hello}
  Wait: {Type: Number, Default: 2}
Conditions:
  Never: !Equals [!Ref Greeting, goodbye]
Globals:
  Function:
    Handler: app.handler
    MemorySize: 256
    Timeout: 10
    Environment: {Variables: {GREETING: !Ref Greeting}}
Resources:
  Api: {Type: AWS::Serverless::HttpApi}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  JobsQueue:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      VisibilityTimeout: !Ref Wait
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadQueue.Arn, maxReceiveCount: 2}
  DeadQueue: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  LaterQueue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 2}}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"user": "me"}', GenerateStringKey: token, ExcludePunctuation: true}
  Gone: {Type: AWS::SQS::Queue, Condition: Never}
  Role: {Type: AWS::IAM::Role}
  ProbeFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/probe/
      Role: !GetAtt Role.Arn
      Timeout: 2
      Environment: {Variables: {QUEUE: !Ref JobsQueue}}
      Events:
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: ANY, Path: "/probe/{what}"}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: "/files/{name}/{path+}"}}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/worker/
      Events:
        Jobs:
          Type: SQS
          Properties:
            Queue: !GetAtt JobsQueue.Arn
            BatchSize: 3
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {MaximumConcurrency: 5}
        Later: {Type: SQS, Properties: {Queue: !GetAtt LaterQueue.Arn, MaximumBatchingWindowInSeconds: 1}}
  TickFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/worker/
      Events: {Tick: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}}
  ChangeFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/worker/
      Events:
        Change:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}
"""

PROBE = """
import json, os, pathlib, signal, subprocess, sys, threading, time

COUNT = 0
TICKS = []

def tick():
    while True:
        TICKS.append(time.monotonic())
        time.sleep(0.02)

def handler(event, context):
    global COUNT
    COUNT += 1
    what = event["pathParameters"].get("what")
    if what == "sandbox":
        found = {}
        for place in (os.path.dirname(__file__), "/usr", os.environ["HOME"], "/tmp"):
            try:
                pathlib.Path(place, "left-behind").write_text("x")
                found[place] = "written"
            except OSError as error:
                found[place] = error.strerror
        found["seen"] = sorted(os.listdir("/tmp"))
        return found
    if what == "environment":
        return dict(os.environ) | {"left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn}
    if what == "count":
        return {"count": COUNT, "pid": os.getpid()}
    if what == "watch":
        if not TICKS:
            threading.Thread(target=tick, daemon=True).start()
        time.sleep(0.1)
        return {"gap": max(b - a for a, b in zip(TICKS, TICKS[1:]))}
    if what == "sleep":
        subprocess.Popen(["sleep", "1000"])
        time.sleep(60)
    if what == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raise":
        raise RuntimeError("on purpose")
    if what == "long":
        return {"statusCode": 200, "body": "x" * int(event["body"])}
    if what == "odd":
        return {"statusCode": 418, "headers": {"X-Kind": "teapot"}, "cookies": ["a=1", "b=2"],
                "body": "AAE=", "isBase64Encoded": True}
    return event
"""

WORKER = """
import json, time

def handler(event, context):
    if "Records" not in event:
        print("SAW " + json.dumps(event), flush=True)
        return
    failed = []
    for record in event["Records"]:
        begun = time.time()
        text = record.get("body", "")
        if text.startswith("slow"):
            time.sleep(0.3)
        print("SAW " + json.dumps({"record": record, "begun": begun, "ended": time.time()}), flush=True)
        if text.startswith("raise"):
            raise RuntimeError(text)
        if text.startswith("refuse"):
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


@dataclass(frozen=True, slots=True)
class World:
    """A running system and how to look at it."""

    directory: Path
    endpoint: str
    url: str
    resources: Mapping[str, str]
    runner: Process

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="eu-central-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def saw(self, label: str, wanted: Callable[[list[Any]], bool], timeout: float = 20.0) -> list[Any]:
        """Everything that a function printed, once it is what we wait for."""
        path = self.directory / "logs" / f"{label}.log"

        def printed() -> list[Any]:
            lines = path.read_text().splitlines() if path.exists() else []
            return [json.loads(line[4:]) for line in lines if line.startswith("SAW ")]

        wait_until(lambda: wanted(printed()), f"{label}: {wanted}", timeout=timeout)
        return printed()

    def reports(self, label: str) -> list[Any]:
        lines = (self.directory / "invocations.jsonl").read_text().splitlines()
        return [entry for entry in map(json.loads, lines) if entry["function"] == label]

    def descendants(self) -> set[int]:
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                stat = (folder / "stat").read_text()
                parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
        found = {self.runner.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.runner.pid}


@contextlib.contextmanager
def running(directory: Path, *options: str) -> Iterator[World]:
    for name, code in (("probe", PROBE), ("worker", WORKER)):
        folder = directory / "functions" / name
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(code)
    (directory / "template.yaml").write_text(TEMPLATE)
    state = directory / "state"
    with Processes(directory / "processes") as processes:
        port = free_port()
        served = processes.start("aws", aws.command(port), cwd=ROOT)
        endpoint = f"http://127.0.0.1:{port}"
        wait_for_http(f"{endpoint}/moto-api/", "AWS", watch=[served])
        command: list[str | Path] = [sys.executable, "-m", "local.runner", "--template", directory / "template.yaml"]
        command += ["--directory", state, "--endpoint", endpoint, *options]
        runner = processes.start("runner", command, cwd=ROOT)
        ready = state / "runner.json"
        wait_until(ready.exists, "the runner", timeout=30, watch=[runner])
        told = json.loads(ready.read_text())
        yield World(state, endpoint, told["url"], told["resources"], runner)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("runner"), "--sweep", "1", "--parameter", "Greeting=good day") as world:
        yield world


def test_an_http_event_has_payload_format_two(world: World) -> None:
    """A function gets what API Gateway would have sent it."""
    headers = {"X-Thing": "Value", "Cookie": "k=v; l=w", "User-Agent": "test"}
    status, event = world.ask("/files/a%20b/c/d?x=1&x=2&y=", None, **headers)

    assert 200 == status
    assert "GET /files/{name}/{path+}" == event["routeKey"] == event["requestContext"]["routeKey"]
    assert "/files/a b/c/d" == event["rawPath"]
    assert "x=1&x=2&y=" == event["rawQueryString"]
    assert {"x": "1,2", "y": ""} == event["queryStringParameters"]
    assert {"name": "a b", "path": "c/d"} == event["pathParameters"]
    assert ["k=v", "l=w"] == event["cookies"]
    assert "Value" == event["headers"]["x-thing"]
    assert "cookie" not in event["headers"]
    assert ("GET", "127.0.0.1", "test") == tuple(
        event["requestContext"]["http"][key] for key in ("method", "sourceIp", "userAgent")
    )
    assert event["isBase64Encoded"] is False


def test_a_body_is_text_or_base64(world: World) -> None:
    """JSON arrives as text, anything else as base64."""
    _, text = world.ask("/probe/echo", b'{"a": 1}', **{"Content-Type": "application/json"})
    _, binary = world.ask("/probe/echo", b"\xff\x00", **{"Content-Type": "application/octet-stream"})

    assert (False, '{"a": 1}') == (text["isBase64Encoded"], text["body"])
    assert (True, b"\xff\x00") == (binary["isBase64Encoded"], base64.b64decode(binary["body"]))


def test_an_answer_keeps_status_headers_cookies_and_bytes(world: World) -> None:
    """What a function returns is what the client gets, over one connection that stays open."""
    connection = http.client.HTTPConnection(world.url.removeprefix("http://"), timeout=10)
    for _ in range(2):
        connection.request("PUT", "/probe/odd", body=b"1")
        answer = connection.getresponse()
        assert (418, b"\x00\x01") == (answer.status, answer.read())
        assert "teapot" == answer.headers["X-Kind"]
        assert ["a=1", "b=2"] == answer.headers.get_all("Set-Cookie")
    connection.close()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nowhere", None, 404),
        ("/probe/raise", None, 500),
        ("/probe/crash", None, 500),
        ("/probe/sleep", None, 500),
        ("/probe/long", b"7000000", 500),
        ("/probe/echo", b"x" * 6_300_000, 413),
        ("/probe/echo", b"x" * 11_000_000, 413),
    ],
)
def test_what_a_function_cannot_answer_is_answered_for_it(
    world: World, path: str, body: bytes | None, status: int
) -> None:
    """No route, a failure, a crash, a timeout and a body that is too long have the status that API Gateway gives."""
    answered, message = world.ask(path, body, **{"Content-Type": "text/plain"})

    assert status == answered
    assert ["message"] == list(message)
    assert "good day" == world.ask("/probe/environment")[1]["GREETING"]


def test_a_timeout_kills_everything_that_the_function_started(world: World) -> None:
    """At its timeout a function's whole process group is gone, and its report says why."""
    before = world.descendants()
    world.ask("/probe/sleep")

    wait_until(lambda: not any("sleep" in _command(pid) for pid in world.descendants() - before), "sleep", timeout=5)
    last = world.reports("probe")[-1]
    assert "Sandbox.Timedout" == last["error"]
    assert 2000 <= last["duration_ms"]


def test_code_is_read_only_and_tmp_is_its_own(world: World) -> None:
    """A function can write to its own /tmp and nowhere else, and finds nothing of the machine's /tmp there."""
    if "no namespaces" in world.runner.tail():
        pytest.skip("this machine allows no namespaces, and the runner said so")
    _, found = world.ask("/probe/sandbox")

    assert "written" == found["/tmp"]
    assert not Path("/tmp/left-behind").exists()
    assert "Read-only file system" == found["/usr"]
    assert {"Read-only file system"} == {
        what for place, what in found.items() if isinstance(what, str) and place.endswith("/functions/probe")
    }
    assert set(found["seen"]) <= {"left-behind", "pytest-of-" + (os.environ.get("USER") or "root")} | _tmp_roots()


def test_the_environment_is_lambdas(world: World) -> None:
    """A function sees Lambda's variables, its own, and none of the shell that started the stack."""
    _, seen = world.ask("/probe/environment")

    assert "mooring-ProbeFunction" == seen["AWS_LAMBDA_FUNCTION_NAME"]
    assert ("256", "app.handler") == (seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], seen["_HANDLER"])
    assert world.endpoint == seen["AWS_ENDPOINT_URL"]
    assert world.resources["JobsQueue"] == seen["QUEUE"]
    assert "PYTEST_CURRENT_TEST" not in seen
    assert 0 < seen["left"] <= 2000
    assert seen["arn"].endswith(":function:mooring-ProbeFunction")


def test_an_instance_is_kept_and_replaced_when_it_is_killed(world: World) -> None:
    """Two invocations share a process; after SIGKILL from outside the next one has a new process."""
    _, first = world.ask("/probe/count")
    _, second = world.ask("/probe/count")
    assert (first["pid"], first["count"] + 1) == (second["pid"], second["count"])

    os.kill(first["pid"], signal.SIGKILL)
    wait_until(lambda: _state(first["pid"]) in ("", "Z"), "the kill", timeout=5)
    status, third = world.ask("/probe/count")

    assert 200 == status
    assert first["pid"] != third["pid"]


def test_an_instance_is_frozen_between_invocations(world: World) -> None:
    """A thread that a function left running stands still until the next invocation."""
    world.ask("/probe/watch")
    time.sleep(0.6)
    _, seen = world.ask("/probe/watch")

    _, count = world.ask("/probe/count")
    assert 0.5 < seen["gap"]
    wait_until(lambda: _state(count["pid"]) == "T", "the freeze", timeout=5)


def test_every_descendant_of_the_runner_is_an_instance(world: World) -> None:
    """Whoever watches the runner's process tree sees functions and nothing else."""
    world.ask("/probe/count")

    assert {True} == {"awslambdaric" in _command(pid) for pid in world.descendants()}


def test_each_invocation_is_reported(world: World) -> None:
    """A report says how long, how cold, how much memory and so what it would cost."""
    world.ask("/probe/crash")
    world.ask("/probe/count")
    world.ask("/probe/count")

    cold, warm = world.reports("probe")[-2:]
    assert (True, False) == (cold["cold"], warm["cold"])
    assert 0 < cold["init_ms"] <= cold["billed_ms"]
    assert warm["init_ms"] is None
    assert 256 == warm["memory_mb"]
    assert 5 < warm["peak_mb"] < 200
    assert 0 < cold["cpu_s"] < 10
    assert pytest.approx(cold["billed_ms"] / 1000 * 256 / 1024) == cold["gb_s"]
    log = (world.directory / "logs" / "probe.log").read_text()
    assert f"REPORT RequestId: {warm['request_id']}\tFunction: probe\tDuration: " in log


def test_a_message_arrives_in_lambdas_shape_and_is_deleted(world: World) -> None:
    """An SQS event has every field that Lambda gives it, and a message that was dealt with does not come back."""
    sqs = world.client("sqs")
    sent = sqs.send_message(
        QueueUrl=world.resources["JobsQueue"],
        MessageBody="plain",
        MessageGroupId="shape",
        MessageDeduplicationId="shape-1",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "test"}},
    )

    seen = world.saw("worker", lambda all_: any(entry["record"].get("body") == "plain" for entry in all_))
    record = next(entry["record"] for entry in seen if entry["record"]["body"] == "plain")
    assert sent["MessageId"] == record["messageId"]
    assert sent["MD5OfMessageBody"] == record["md5OfBody"]
    assert ("shape", "shape-1", "1") == tuple(
        record["attributes"][key] for key in ("MessageGroupId", "MessageDeduplicationId", "ApproximateReceiveCount")
    )
    assert record["attributes"]["SequenceNumber"].isdigit()
    assert "test" == record["messageAttributes"]["kind"]["stringValue"]
    assert "aws:sqs" == record["eventSource"]
    assert record["eventSourceARN"].endswith(":mooring-JobsQueue.fifo")
    wait_until(lambda: _waiting(sqs, world.resources["JobsQueue"]) == 0, "deletion", timeout=10)


def test_one_group_is_worked_on_in_order_and_never_twice_at_once(world: World) -> None:
    """Messages of a group follow each other; different groups run side by side."""
    sqs = world.client("sqs")
    for number in range(5):
        for group in ("left", "right"):
            name = f"slow {group} {number}"
            sqs.send_message(
                QueueUrl=world.resources["JobsQueue"],
                MessageBody=name,
                MessageGroupId=group,
                MessageDeduplicationId=name,
            )

    def of(seen: list[Any], group: str) -> list[Any]:
        return [entry for entry in seen if entry["record"]["body"].startswith(f"slow {group}")]

    seen = world.saw("worker", lambda all_: len(of(all_, "left")) == len(of(all_, "right")) == 5)
    for group in ("left", "right"):
        entries = of(seen, group)
        assert [f"slow {group} {number}" for number in range(5)] == [entry["record"]["body"] for entry in entries]
        assert all(before["ended"] <= after["begun"] for before, after in pairwise(entries))


def test_a_partial_failure_brings_back_what_it_names(world: World) -> None:
    """Of a batch, only the named message comes back after its visibility timeout, and at last it is a dead letter."""
    sqs = world.client("sqs")
    url = world.resources["JobsQueue"]
    for body in ("fine one", "refuse this", "fine two"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[-3:], MessageDeduplicationId=body)

    def counts(seen: list[Any]) -> list[int]:
        bodies = [entry["record"]["body"] for entry in seen]
        return [bodies.count(body) for body in ("fine one", "refuse this", "fine two")]

    world.saw("worker", lambda seen: counts(seen) == [1, 2, 1])
    dead = world.resources["DeadQueue"]
    wait_until(lambda: _waiting(sqs, dead) >= 1, "the dead letter", timeout=20)
    bodies = [m["Body"] for m in sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]]
    assert "refuse this" in bodies


def test_an_invocation_that_fails_brings_back_the_whole_batch(world: World) -> None:
    """A raised error deletes nothing, and counts as one more receive."""
    sqs = world.client("sqs")
    sqs.send_message(
        QueueUrl=world.resources["JobsQueue"],
        MessageBody="raise",
        MessageGroupId="raising",
        MessageDeduplicationId="raise",
    )

    seen = world.saw("worker", lambda all_: [e["record"]["body"] for e in all_].count("raise") == 2)
    received = [e["record"]["attributes"]["ApproximateReceiveCount"] for e in seen if e["record"]["body"] == "raise"]
    assert ["1", "2"] == received
    assert "RuntimeError" in {entry["error"] for entry in world.reports("worker")}


def test_a_delayed_message_comes_later(world: World) -> None:
    """`DelaySeconds` holds one message back and not the next."""
    sqs = world.client("sqs")
    begun = time.time()
    url = world.resources["LaterQueue"]
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=2)
    sqs.send_message(QueueUrl=url, MessageBody="at once")

    seen = world.saw("worker", lambda all_: {"delayed", "at once"} <= {e["record"]["body"] for e in all_})
    entries = {entry["record"]["body"]: entry for entry in seen}
    assert 2.0 <= entries["delayed"]["begun"] - begun
    assert entries["at once"]["begun"] < entries["delayed"]["begun"]


def test_a_schedule_ticks_at_the_pace_that_was_asked_for(world: World) -> None:
    """The override decides, and an event without input is EventBridge's own."""
    seen = world.saw("tick", lambda ticks: len(ticks) >= 2)

    assert ("aws.events", "Scheduled Event") == (seen[0]["source"], seen[0]["detail-type"])
    assert seen[0]["id"] != seen[1]["id"]


def test_a_tables_changes_arrive_in_order(world: World) -> None:
    """Every change of the table reaches the function, in the order in which it was made."""
    dynamodb = world.client("dynamodb")
    for number in range(3):
        dynamodb.put_item(TableName=world.resources["Table"], Item={"pk": {"S": "one"}, "n": {"N": str(number)}})

    seen = world.saw("change", lambda all_: len(all_) == 3)
    images = [entry["record"]["dynamodb"]["NewImage"]["n"]["N"] for entry in seen]
    assert ["0", "1", "2"] == images
    assert {"aws:dynamodb"} == {entry["record"]["eventSource"] for entry in seen}
    assert ["INSERT", "MODIFY", "MODIFY"] == [entry["record"]["eventName"] for entry in seen]


def test_a_secret_is_generated_and_a_condition_obeyed(world: World) -> None:
    """A secret has the generated key beside what its template holds; a resource under a false condition is absent."""
    secret = json.loads(
        world.client("secretsmanager").get_secret_value(SecretId=world.resources["Secret"])["SecretString"]
    )

    assert ("me", 32, True) == (secret["user"], len(secret["token"]), secret["token"].isalnum())
    assert "Gone" not in world.resources


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_instance_outlives_the_runner(tmp_path: Path, number: signal.Signals) -> None:
    """However the runner ends, its instances end with it and its port is free."""
    with running(tmp_path) as world:
        world.ask("/probe/watch")
        instances = world.descendants()
        assert instances

        os.kill(world.runner.pid, number)
        wait_until(lambda: not world.runner.alive(), "the end", timeout=10)

        wait_until(lambda: not any(_state(pid) not in ("", "Z") for pid in instances), "instances", timeout=10)
        with pytest.raises(urllib.error.URLError):
            world.ask("/probe/count")


def test_an_idle_instance_ends(tmp_path: Path) -> None:
    """After its idle time an instance's process and its private folder are gone."""
    with running(tmp_path, "--idle", "0.5") as world:
        world.ask("/probe/count")
        private = world.directory / "tmp"
        assert list(private.glob("probe-*"))

        wait_until(lambda: not world.descendants(), "idle", timeout=10)
        # The folder goes when the process has ended, a moment later.
        wait_until(lambda: not list(private.glob("probe-*")), "its folder is gone", timeout=10)


def test_a_template_that_cannot_be_run_is_refused_by_name(tmp_path: Path) -> None:
    """An unknown resource type ends the runner with an error that names the resource."""
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Odd: {Type: AWS::Odd::Thing}}")
    with Processes(tmp_path / "processes") as processes:
        command: list[str | Path] = [sys.executable, "-m", "local.runner", "--template", template]
        command += ["--directory", tmp_path / "state", "--endpoint", "http://127.0.0.1:9"]
        runner = processes.start("runner", command, cwd=ROOT)

        wait_until(lambda: not runner.alive(), "the end", timeout=20)
        assert "Resources.Odd.Type: AWS::Odd::Thing is not known to the local runner" in runner.tail()


def _waiting(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in attributes.values())


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _tmp_roots() -> set[str]:
    """First folders below /tmp of what a function needs on this machine."""
    needed = [ROOT, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()]
    return {path.parts[2] for path in needed if path.parts[:2] == ("/", "tmp")}
