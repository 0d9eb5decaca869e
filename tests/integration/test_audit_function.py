"""The function `audit` as Lambda calls it: the samples of both ways in, and what is refused."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from mooring.errors import ConfigurationError
from mooring.flows.arrivals.audits import LARGEST_BODY
from mooring.state.auditsources import AuditSources
from mooring.state.clusters import Cluster
from mooring.state.registry import Registry
from tests.doubles.tables import create_table

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-samples-of-audit-events"
Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture
def handler(aws: str, monkeypatch: pytest.MonkeyPatch) -> Handler:
    """The handler over a table in which `in-cluster` may send audit events."""
    name = f"audit-{uuid.uuid4().hex}"
    table = create_table(boto3.client("dynamodb"), name)
    Registry(table, None, "mooring").change_cluster(  # type: ignore[arg-type]  # no credentials here
        Cluster("in-cluster", "https://k.test", True, "secret")
    )
    AuditSources(table).admit("in-cluster", TOKEN, user="", now=time.time())
    monkeypatch.setenv("MOORING_TABLE", name)
    monkeypatch.setenv("MOORING_AUDIT_LOG_GROUPS", "/aws/eks/shop/cluster=in-cluster,/aws/eks/other/cluster=other")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "audit")
    spec = importlib.util.spec_from_file_location("audit_app", ROOT / "functions" / "audit" / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"audit-{name}.json").read_text())
    return event


def test_a_batch_of_an_api_server_is_taken(handler: Handler) -> None:
    """GIVEN the sample of a batch WHEN it comes plain or gzipped THEN all its events were taken."""
    event = sample("webhook")
    answer = handler(event, None)
    assert (200, 3) == (answer["statusCode"], json.loads(answer["body"])["events"])
    event["body"] = base64.b64encode(gzip.compress(event["body"].encode())).decode()
    event["isBase64Encoded"] = True
    event["headers"]["content-encoding"] = "gzip"
    assert 200 == handler(event, None)["statusCode"]


def test_a_batch_of_cloudwatch_is_taken(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN the sample of CloudWatch WHEN it comes THEN it is taken; of a log group of no cluster it is an error."""
    assert {} == handler(sample("cloudwatch"), None)
    control = {"messageType": "CONTROL_MESSAGE", "logGroup": "", "logStream": "", "logEvents": []}
    packed = base64.b64encode(gzip.compress(json.dumps(control).encode())).decode()
    assert {} == handler({"awslogs": {"data": packed}}, None)
    unknown = {"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "kube-apiserver-audit-1", "logEvents": []}
    packed = base64.b64encode(gzip.compress(json.dumps(unknown).encode())).decode()
    with pytest.raises(ConfigurationError, match="belongs to no cluster"):
        handler({"awslogs": {"data": packed}}, None)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"headers": {}}, 401, "Authorization"),
        ({"headers": {"authorization": "Bearer wrong"}}, 401, "Authorization"),
        ({"pathParameters": {"cluster": "other"}}, 401, "Authorization"),
        ({"body": "nonsense"}, 400, "body"),
        ({"body": "x" * (LARGEST_BODY + 1)}, 413, "body"),
    ],
    ids=["nothing", "wrong", "another's", "nonsense", "too large"],
)
def test_what_is_wrong_is_refused(handler: Handler, change: dict[str, Any], status: int, field: str) -> None:
    """The answer names the field, and the API server keeps what it had."""
    answer = handler(sample("webhook") | change, None)
    assert (status, field) == (answer["statusCode"], json.loads(answer["body"])["field"])
