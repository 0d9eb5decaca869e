"""The way in that anybody may knock at, as the template has it."""

from __future__ import annotations

import json
from typing import Any


def test_the_webhook_has_a_limit_of_its_own(transformed: dict[str, Any]) -> None:
    """A flood of deliveries is throttled at its route, which leaves the API alone."""
    (stage,) = [
        each["Properties"] for each in transformed["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Stage"
    ]
    assert {"POST /api/webhook": {"ThrottlingBurstLimit": 200, "ThrottlingRateLimit": 100}} == stage["RouteSettings"]


def test_codecommit_reaches_the_webhook(transformed: dict[str, Any]) -> None:
    """A rule of the default bus sends CodeCommit's events to the function, and may start it; nobody else's do."""
    rules = {
        name: each["Properties"]
        for name, each in transformed["Resources"].items()
        if each["Type"] == "AWS::Events::Rule" and '"WebhookFunction"' in json.dumps(each)
    }
    ((name, rule),) = rules.items()
    assert ["aws.codecommit"] == rule["EventPattern"]["source"]
    assert "EventBusName" not in rule
    permitted = [
        each["Properties"]
        for each in transformed["Resources"].values()
        if each["Type"] == "AWS::Lambda::Permission" and f'"{name}"' in json.dumps(each)
    ]
    assert ["events.amazonaws.com"] == [each["Principal"] for each in permitted]


def test_the_webhook_has_few_rights(transformed: dict[str, Any]) -> None:
    """What strangers can start has these rights to the table and no others."""
    policies = transformed["Resources"]["WebhookRole"]["Properties"]["Policies"]
    actions = {
        action
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
        if action.startswith("dynamodb:")
    }
    assert {f"dynamodb:{name}" for name in ("BatchGetItem", "BatchWriteItem", "PutItem", "Query")} == actions
