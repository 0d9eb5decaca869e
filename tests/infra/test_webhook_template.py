"""The way in that anybody may knock at, as the template has it."""

from __future__ import annotations

import json
from typing import Any


def test_the_webhook_has_a_limit_of_its_own(transformed: dict[str, Any]) -> None:
    """A flood of deliveries is throttled at its route, which leaves the API alone; and so are guesses at sessions."""
    (stage,) = [
        each["Properties"]
        for each in transformed["Resources"].values()
        if each["Type"] == "AWS::ApiGatewayV2::Stage" and {"Ref": "HttpApi"} == each["Properties"]["ApiId"]
    ]
    limit = {"ThrottlingBurstLimit": 200, "ThrottlingRateLimit": 100}
    seldom = {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}
    limits = {"POST /api/webhook": limit, "POST /api/webhook/registry": limit, "POST /api/v1/session": seldom}
    assert limits == stage["RouteSettings"]


def test_amazons_own_hosts_reach_the_webhook(transformed: dict[str, Any]) -> None:
    """Rules of the default bus send CodeCommit's events, and pushes to ECR, to the function; nobody else's do."""
    rules = {
        name: each["Properties"]
        for name, each in transformed["Resources"].items()
        if each["Type"] == "AWS::Events::Rule" and '"WebhookFunction"' in json.dumps(each)
    }
    assert [["aws.codecommit"], ["aws.ecr"]] == sorted(
        (rule["EventPattern"]["source"] for rule in rules.values()), reverse=True, key=lambda each: len(each[0])
    )
    assert not any("EventBusName" in rule for rule in rules.values())
    permitted = [
        each["Properties"]
        for each in transformed["Resources"].values()
        if each["Type"] == "AWS::Lambda::Permission" and any(f'"{name}"' in json.dumps(each) for name in rules)
    ]
    assert ["events.amazonaws.com"] * 2 == [each["Principal"] for each in permitted]


def test_the_webhook_has_few_rights(transformed: dict[str, Any]) -> None:
    """What strangers can start has these rights to the table and no others."""
    actions = {
        action
        for statement in _statements(transformed, "Webhook")
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
        if action.startswith("dynamodb:")
    }
    assert {f"dynamodb:{name}" for name in ("BatchGetItem", "BatchWriteItem", "PutItem", "Query")} == actions


def test_strangers_can_have_nothing_written_but_deliveries(transformed: dict[str, Any]) -> None:
    """Whatever the webhook were brought to do, it can write no application and no record of anything else."""
    writing = [each for each in _statements(transformed, "Webhook") if "dynamodb:PutItem" in each["Action"]]
    keys = [each["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] for each in writing]
    assert [["DELIVERY#*", "DELIVERIES", "DELIVERIES#*"]] == keys


def test_images_write_what_they_found_and_what_is_told(transformed: dict[str, Any]) -> None:
    """What is remembered of images goes on record together with what people are told: both keys are permitted."""
    writing = [each for each in _statements(transformed, "Images") if "dynamodb:PutItem" in each["Action"]]
    (keys,) = [each["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] for each in writing]
    assert {"APP#*", "HAPPENED#*"} <= set(keys)


def test_actions_on_record_are_only_added_to(transformed: dict[str, Any]) -> None:
    """The roles that may write all of the table may not change what people did: api adds to it, the others do nothing."""
    denied = {
        name: set(each["Action"])
        for name in ("Api", "Images", "Notify", "Render", "Sweep", "Sync", "Watch", "Webhook", "Audit")
        for each in _statements(transformed, name)
        if each["Effect"] == "Deny"
        and {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["ACTIONS"]}} == each["Condition"]
    }
    for name in ("Api", "Images", "Notify", "Render", "Sweep", "Sync", "Watch", "Webhook", "Audit"):
        writes = {
            action
            for each in _statements(transformed, name)
            if each["Effect"] == "Allow" and "Condition" not in each
            for action in each["Action"]
            if action.startswith("dynamodb:") and action.endswith(("PutItem", "UpdateItem", "DeleteItem", "WriteItem"))
        }
        assert (writes - {"dynamodb:PutItem"} if name == "Api" else writes) == denied.get(name, set())


def _statements(template: dict[str, Any], name: str) -> list[dict[str, Any]]:
    policies = template["Resources"][f"{name}Role"]["Properties"]["Policies"]
    given = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in given]
