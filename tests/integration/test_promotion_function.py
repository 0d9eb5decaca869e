"""The function `render` as Lambda calls it, with a message about a promotion."""

from __future__ import annotations

import importlib.util
import json
import uuid
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from mooring.events.bodies import to_body
from mooring.events.messages import Cause, PromotionMessage
from mooring.flows.asked.declaring import AskPorts
from mooring.flows.promotions.asking import declare_promotion, get_promotion
from mooring.model.promotionkey import PromotionKey
from mooring.state.applications import Applications
from mooring.state.registry import Registry
from tests.doubles.installation import RecordingQueues
from tests.doubles.tables import create_table

ROOT = Path(__file__).parents[2]


def test_render_looks_at_a_promotion(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a promotion of applications that nobody declared, the function says so in its status, and fails nothing."""
    name = f"promotions-{uuid.uuid4().hex}"
    table = create_table(boto3.client("dynamodb"), name)
    registry = Registry(table, cast("Any", None), "mooring")
    asking = AskPorts(Applications(table), cast("Any", RecordingQueues()), lambda: 1.0, registry)
    document = {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop"},
        "spec": {"from": {"application": "staging"}, "to": {"application": "prod"}, "moves": {"images": ["*"]}},
    }
    declare_promotion(asking, document, "ada")
    settings = {"TABLE": name, "BUCKET": "bundles", "KMS_KEY": "k", "DIGEST_SECRET": "d"}
    for key, value in settings.items():
        monkeypatch.setenv(f"MOORING_{key}", value)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "render")
    spec = importlib.util.spec_from_file_location("render_app", ROOT / "functions" / "render" / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    event = json.loads((ROOT / "events" / "render-app.json").read_text())
    event["Records"][0]["body"] = to_body(PromotionMessage("argocd/shop", Cause("render")))

    class Context:
        aws_request_id = "one"

    assert {"batchItemFailures": []} == module.handler(event, Context())
    status = get_promotion(asking, PromotionKey("argocd", "shop"))["status"]
    assert ("Waiting", "argocd/staging is not declared") == (status["phase"], status["message"])
