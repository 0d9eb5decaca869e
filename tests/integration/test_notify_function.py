"""The function `notify` as it is deployed: events of Lambda in, what comes again out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.model.application import parse_application
from mooring.state import codec
from mooring.state.notes import Notes
from mooring.state.packing import unpack
from mooring.state.records import Spec
from mooring.state.stream import change_from
from mooring.state.table import Table
from tests.doubles.deployed import REGION, Handler, deployed
from tests.doubles.listeners import TOKEN, Listeners, listeners

ROOT = Path(__file__).parents[2]


class Notify:
    """The handler, the table behind it, its queue, and the services that are told."""

    def __init__(self, handler: Handler, table: Table, sqs: Any, url: str, heard: Listeners) -> None:
        self.handler, self.table, self.heard = handler, table, heard
        self._sqs, self._url = sqs, url

    def queued(self) -> list[dict[str, Any]]:
        """What the queue gives out, as Lambda hands it over."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        return [
            {
                "messageId": m["MessageId"],
                "receiptHandle": m["ReceiptHandle"],
                "body": m["Body"],
                "eventSource": "aws:sqs",
            }
            for m in answer.get("Messages", ())
        ]


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch, tools: dict[str, Path]) -> Iterator[Notify]:
    monkeypatch.setenv("PATH", f"{tools['gokit'].parent}:/usr/bin:/bin")
    secrets = {"NOTIFICATIONS": {"slack-token": TOKEN}}
    with listeners() as heard, deployed("notify", secrets, ("NOTES", "NOTES_DEAD", "LATER")) as found:
        Notes(found.table).put_settings(
            {
                "service.slack": f"{{token: $slack-token, apiURL: {heard.url}/api}}",
                "subscriptions": "- {recipients: ['slack:team'], triggers: [on-created]}",
            }
        )
        yield Notify(found.handler, found.table, found.sqs, found.queues["notes"], heard)


def test_the_sample_of_the_stream_becomes_a_message(notify: Notify) -> None:
    """GIVEN a record as DynamoDB tells it WHEN it comes twice THEN one note is made, and one message is delivered."""
    event = json.loads((ROOT / "events" / "notify-stream.json").read_text())
    assert {"batchItemFailures": []} == notify.handler(event, None)
    assert {"batchItemFailures": []} == notify.handler(event, None)
    messages = notify.queued()
    assert {"batchItemFailures": []} == notify.handler({"Records": messages}, None)
    assert ["argocd/shop was created"] == notify.heard.said()


def test_what_fails_comes_again(notify: Notify) -> None:
    """A service out of order has its message named; one that nobody can read, too."""
    notify.heard.faults["/api/"] = [(500, {}, {})]
    notify.handler(json.loads((ROOT / "events" / "notify-stream.json").read_text()), None)
    (message,) = notify.queued()
    broken = {**message, "messageId": "other", "body": "{}"}
    again = notify.handler({"Records": [message, broken]}, None)
    assert {"other", message["messageId"]} == {each["itemIdentifier"] for each in again["batchItemFailures"]}


def sample() -> dict[str, Any]:
    """The sample, made anew: an application that is declared."""
    import base64

    parsed = parse_application(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "shop"},
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://git.example.com/acme/shop.git", "path": "k8s"},
                "destination": {"name": "in-cluster", "namespace": "shop"},
            },
        }
    )
    item = codec.spec_item("APP#argocd/shop", Spec(parsed.application, 1, (), by="ada"))
    image = {
        "pk": {"S": item["pk"]}, "sk": {"S": "SPEC"}, "generation": {"N": "1"},
        "body": {"B": base64.b64encode(item["body"]).decode()},
    }  # fmt: skip
    record = {
        "eventID": "7de3041dd709b024af6f29e4fa13d34c",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1_763_726_400,
            "Keys": {"pk": image["pk"], "sk": image["sk"]},
            "NewImage": image,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:123456789012:table/mooring/stream/2026-11-21T00:00:00.000",
    }
    return {"Records": [record]}


def test_the_sample_is_what_the_table_holds() -> None:
    """It changes with the item's form, and is written anew then."""
    kept = json.loads((ROOT / "events" / "notify-stream.json").read_text())
    read, made = (change_from(each["Records"][0]).after or {} for each in (kept, sample()))
    assert unpack(made.pop("body")) == unpack(read.pop("body"))
    assert made == read
