"""Events of Secrets Manager and Parameter Store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.events.secretchanges import SecretChange, is_secret_event, names_of, parse_secret_change

_EVENTS = Path(__file__).parents[3] / "events"


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_EVENTS / name).read_text())
    return loaded


@pytest.mark.parametrize(
    ("name", "service", "names"),
    [
        ("sweep-secret.json", "SecretsManager", ("shop/db",)),
        ("sweep-rotation.json", "SecretsManager", ("shop/db-a1B2c3", "shop/db")),
        ("sweep-parameter.json", "ParameterStore", ("/shop/key",)),
    ],
)
def test_samples_name_their_secret(name: str, service: str, names: tuple[str, ...]) -> None:
    """GIVEN AWS's events WHEN read THEN they name the secret by every name that an ExternalSecret may use."""
    event = sample(name)
    assert is_secret_event(event)
    assert SecretChange(event["id"], service, "eu-central-1", names, False) == parse_secret_change(event)


def test_what_comes_or_goes_is_told() -> None:
    """GIVEN a new secret and a deleted parameter WHEN read THEN they count for whoever looks through all secrets."""
    created = sample("sweep-secret.json")
    created["detail"] |= {"eventName": "CreateSecret", "requestParameters": {"name": "new"}}
    deleted = sample("sweep-parameter.json")
    deleted["detail"]["operation"] = "Delete"
    for event in (created, deleted):
        change = parse_secret_change(event)
        assert change is not None
        assert change.comes_or_goes


def test_attempts_and_oddities_mean_nothing() -> None:
    """GIVEN a call that was refused, or an event without a name WHEN read THEN there is no change."""
    refused = sample("sweep-secret.json")
    refused["detail"]["errorCode"] = "AccessDenied"
    nameless = sample("sweep-secret.json")
    nameless["detail"] |= {"requestParameters": None, "responseElements": None}
    for event in (refused, nameless, {"source": "aws.ssm"}, {"source": "aws.ssm", "detail": {"name": 1}}):
        assert parse_secret_change(event) is None
    assert not is_secret_event(sample("sweep-schedule.json"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop/db", ["shop/db"]),
        ("arn:aws:secretsmanager:eu-central-1:1:secret:shop/db-a1B2c3", ["shop/db-a1B2c3", "shop/db"]),
        ("arn:aws:secretsmanager:eu-central-1:1:secret:shop/db", ["shop/db"]),
        ("arn:aws-cn:ssm:cn-north-1:1:parameter/shop/key", ["/shop/key"]),
    ],
)
def test_names_of_arns(name: str, expected: list[str]) -> None:
    """GIVEN a name or an ARN, whole or partial WHEN listed THEN an event about the same secret meets it."""
    assert expected == names_of(name)
