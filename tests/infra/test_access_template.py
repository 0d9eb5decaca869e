"""Who may, as the template holds it: which functions can make tokens and policies, and who finds out what is changed."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from local.runner.filters import passes, read_filters
from mooring.flows.asked.ulid import new_ulid
from mooring.metrics.names import RECORD_ALTERED


def statements(template: dict[str, Any], name: str) -> list[dict[str, Any]]:
    policies = template["Resources"][f"{name}Role"]["Properties"]["Policies"]
    given = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in given]


def test_nobody_but_the_api_says_who_may(transformed: dict[str, Any]) -> None:
    """What renders what strangers wrote, and what talks to clusters, can make no token, no session and no policy."""
    writing = {f"dynamodb:{verb}" for verb in ("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")}
    keys = ("ENDED", "SESSIONS", "SETTINGS", "TOKENS")
    for name, kept in (("Render", set[tuple[str, str]]()), ("Sync", {("dynamodb:DeleteItem", "TOKENS")})):
        allowed, denied = set[str](), set[tuple[str, str]]()
        for each in statements(transformed, name):
            actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
            if each["Effect"] == "Allow":
                allowed |= writing & set(actions)
            else:
                found = each["Condition"]["ForAnyValue:StringEquals"]["dynamodb:LeadingKeys"]
                denied |= {(action, key) for action in actions for key in found}
        assert kept == {(action, key) for action in allowed for key in keys} - denied, name
    for name in ("Images", "Notify", "Live", "Watch", "Webhook", "Audit", "Look"):
        granted = [each for each in statements(transformed, name) if writing & set(each["Action"])]
        assert all("ForAllValues:StringLike" in each["Condition"] for each in granted), name
        patterns = [
            key for each in granted for key in each["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        ]
        assert [] == [key for key in keys if any(fnmatch(key, pattern) for pattern in patterns)], name


def test_a_record_that_is_changed_starts_somebody_else(transformed: dict[str, Any]) -> None:
    """IAM can't tell putting from putting over; so whoever puts over an action is told of by a function that only reads
    the stream, while new actions, and the end of their chain that moves on, start nobody.
    """
    mapping = transformed["Resources"]["NotifyFunctionChanged"]["Properties"]
    filters = read_filters(mapping["FilterCriteria"], "NotifyFunctionChanged")
    assert 5 == len(filters)  # as many as a mapping takes (AWS Lambda, "Lambda quotas")

    def starts(event: str, sk: str) -> bool:
        keys = {"pk": {"S": "ACTIONS"}, "sk": {"S": sk}}
        return passes({"eventName": event, "dynamodb": {"Keys": keys, "NewImage": {}}}, filters)

    action = f"{new_ulid(1_795_000_000.0)}#000000001"
    assert [False, True, True] == [starts(event, action) for event in ("INSERT", "MODIFY", "REMOVE")]
    assert [False, False] == [starts(event, "HEAD") for event in ("INSERT", "MODIFY")]
    alarm = transformed["Resources"]["RecordAlteredAlarm"]["Properties"]
    counted = transformed["Resources"]["RecordAlteredCount"]["Properties"]
    assert ({"Ref": "NotifyLogs"}, f'{{ $.message = "{RECORD_ALTERED.message}" }}') == (
        counted["LogGroupName"],
        counted["FilterPattern"],
    )
    (made,) = counted["MetricTransformations"]
    assert (made["MetricNamespace"], made["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
