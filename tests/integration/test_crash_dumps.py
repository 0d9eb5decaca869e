"""What a function leaves behind that dies while it holds a secret, in the forms that Lambda's own runtime client writes.

The client (awslambdaric) is what runs in Lambda and what the local runner starts: it logs an exception's words and
trace, answers them, and puts them into a trace segment.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
import traceback
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from local.runner.functions import read_function
from local.runner.instance import Instance
from local.runner.invocations import Ledger
from local.runner.sandbox import open_sandbox
from mooring.events.messages import AppMessage, Cause
from mooring.invocation import CrashError
from mooring.model.application import AppKey
from tests.doubles.canaries import leaks

ROOT = Path(__file__).parents[2]
CANARY = "canary-of-a-crash-0c51aa"
MESSAGE = AppMessage(AppKey("argocd", "shop"), Cause("person", "1"))
BATCH = {"Records": [{"messageId": "1", "body": "{}"}]}
QUESTION = {
    "requestContext": {"http": {"method": "POST"}},
    "rawPath": "/v1/verify",
    "headers": {"authorization": "Bearer x"},
    "body": CANARY,
}


class Client:
    """Keeps what the runtime would be told."""

    marshaller = LambdaMarshaller()

    def __init__(self) -> None:
        self.told: list[str] = []

    def post_invocation_error(self, *told: Any) -> None:
        self.told += [str(each) for each in told]

    def post_invocation_result(self, *told: Any) -> None:
        raise AssertionError(told)


def function(name: str) -> ModuleType:
    """A function's module, fresh."""
    spec = importlib.util.spec_from_file_location(f"crashing_{name}", ROOT / "functions" / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dumped(handler: Any, event: dict[str, Any]) -> dict[str, bytes]:
    """All that Lambda's client makes of a crash: log, answer and trace segment."""
    client, log = Client(), io.StringIO()

    class Sink:
        def log_error(self, lines: list[str]) -> None:
            log.write("\n".join(lines))

    bootstrap.handle_event_request(
        client, handler, "request", json.dumps(event), "application/json", None, None, "arn", 0, None, Sink()
    )
    return {"log": log.getvalue().encode(), "answer and segment": "\n".join(client.told).encode()}


def die(form: str) -> Any:
    """Dies as libraries do, with the value in the exception's words, one way or another."""
    held = {"password": CANARY}
    if form == "plain":
        return int(held["password"])
    if form == "encoded":
        raise ValueError(base64.b64encode(CANARY.encode()))
    if form == "compressed":
        raise RuntimeError(zlib.compress(CANARY.encode()))
    if form == "noted":
        error = KeyError("password")
        error.__notes__ = [CANARY]
        raise error
    try:
        return int(held["password"])
    except ValueError as error:
        raise LookupError("another error on the way") from error


@pytest.mark.parametrize("form", ["plain", "encoded", "compressed", "noted", "chained"])
@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("audit", QUESTION),
        ("render", BATCH),
        ("sync", BATCH),
        ("sync", QUESTION),
        ("sync", {"renew": "sealed-secrets"}),
        ("watch", {"watch": "in-cluster"}),
        ("webhook", QUESTION),
    ],
)
def test_a_crash_tells_where_and_not_what(
    monkeypatch: pytest.MonkeyPatch, name: str, event: dict[str, Any], form: str
) -> None:
    """GIVEN a function that holds a secret WHEN it dies THEN log, answer and trace segment say where, and no value."""
    module = function(name)
    for opens in {"_composition", "_ports"} & vars(module).keys():
        monkeypatch.setattr(module, opens, lambda: die(form))
    for parses in {"parse_render", "parse_sync"} & vars(module).keys():
        monkeypatch.setattr(module, parses, lambda body: MESSAGE)

    found = dumped(module.handler, event)

    assert b"CrashError" in found["log"]
    assert b"in die" in found["log"]
    assert b"functions/" in found["answer and segment"]
    assert [] == leaks(found, [CANARY])
    # AND Python's own trace, chain and all, has none either
    with pytest.raises(CrashError) as caught:
        module.handler(event, type("Context", (), {"aws_request_id": "1", "get_remaining_time_in_millis": int})())
    written = "".join(traceback.format_exception(caught.value))
    assert [] == leaks({"trace": written.encode()}, [CANARY])
    assert "die" in written


def test_every_function_leaves_words_out() -> None:
    """Bodies hold what strangers wrote, and functions hold credentials: no handler lets an exception's words out."""
    sources = {path.parent.name: path.read_text() for path in (ROOT / "functions").glob("*/app.py")}
    assert [] == [name for name, source in sources.items() if "\n@wordless\ndef handler(" not in source]


GUARDED = """
from mooring.invocation import wordless

@wordless
def handler(event, context):
    held = {"password": event["password"]}
    if event["ends"]:
        import os
        os.abort()
    return int(held["password"])
"""


@pytest.mark.parametrize("ends", [False, True])
def test_the_runner_keeps_no_dump_either(tmp_path: Path, ends: bool) -> None:
    """GIVEN a function under the local runner WHEN it dies by an exception, or as a whole process, with a secret in its
    hands THEN neither the answer nor anything that the runner keeps holds the value.
    """
    code = tmp_path / "function"
    code.mkdir()
    (code / "app.py").write_text(GUARDED)
    properties = {"CodeUri": str(code), "Handler": "app.handler", "LoggingConfig": {"LogFormat": "JSON"}, "Timeout": 30}
    made = read_function("DyingFunction", "stack", properties, ROOT, None)
    kept = tmp_path / "kept"
    sandbox = open_sandbox(kept, "http://127.0.0.1:9", "eu-central-1", [ROOT / "shared"], [], [made], {})
    instance = Instance(made, sandbox, Ledger(kept), "one")
    try:
        outcome = instance.invoke("request-1", json.dumps({"password": CANARY, "ends": ends}).encode())
    finally:
        left = {str(each): each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
        instance.end()
        sandbox.starter.shutdown()
    assert ("Runtime.ExitError" if ends else "CrashError") == outcome.error
    assert any(b"request-1" in content for content in left.values())
    assert [] == leaks({**left, "answer": outcome.payload}, [CANARY])


def test_without_it_a_crash_would_tell() -> None:
    """GIVEN the same death in a function that is not guarded THEN Lambda's client writes the value in three places."""
    found = dumped(lambda event, context: die("plain"), {})
    assert {"log", "answer and segment"} == {each.partition(":")[0] for each in leaks(found, [CANARY])}


def test_one_module_makes_trace_segments() -> None:
    """WHEN the functions are deployed THEN Lambda traces none of them until it is asked to, and what is sent then comes
    from one module, which takes names and ids (tests/unit/metrics/test_traces.py): no library sends what it sees.
    """
    parameter = (ROOT / "template.yaml").read_text().partition("\n  Tracing:\n")[2]
    assert parameter.startswith("    Type: String\n    Default: PassThrough\n")
    shipped = "".join(each.read_text() for each in ROOT.glob("layers/python/requirements*"))
    assert "aws-lambda-powertools" in shipped
    assert "aws-xray-sdk" not in shipped
    written = [*ROOT.glob("functions/*/*.py"), *(ROOT / "shared").rglob("*.py")]
    senders = re.compile(r"\bTracer\b|xray|XRAY|opentelemetry")
    assert ["traces.py"] == [each.name for each in written if senders.search(each.read_text())]
