"""AWS on this machine: the queues that moto gets wrong, and the deployed template made whole."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import aws
from local.processes import Processes, free_port, wait_for_http
from local.runner.documents import read_template
from local.runner.resources import Clients
from local.runner.socketroutes import Sockets
from local.runner.system import Wishes, build_system

ROOT = Path(__file__).resolve().parents[2]

Client = Callable[[str], Any]
Send = Callable[..., str]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Makes boto3 clients of a server of our own."""
    with Processes(tmp_path_factory.mktemp("aws")) as processes:
        port = free_port()
        server = processes.start("aws", aws.command(port), cwd=ROOT)
        url = f"http://127.0.0.1:{port}"
        wait_for_http(f"{url}/moto-api/", "AWS", watch=[server])
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")

        def make(service: Any) -> Any:
            config = Config(retries={"total_max_attempts": 1}, read_timeout=30)
            return session.client(service, endpoint_url=url, config=config)

        yield make


@pytest.fixture
def sqs(client: Client) -> Any:
    """A client of SQS."""
    return client("sqs")


@pytest.fixture
def fifo(sqs: Any, request: pytest.FixtureRequest) -> str:
    """The URL of a FIFO queue with high throughput and a dead-letter queue."""
    name = request.node.name[:60].replace("[", "-").replace("]", "")
    dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {
        "FifoQueue": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
        "VisibilityTimeout": "1",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2}),
    }
    return str(sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"])


@pytest.fixture
def send(sqs: Any, fifo: str) -> Send:
    """Sends a text to a group; the text is its deduplication id."""

    def post(body: str, group: str, unique: str | None = None) -> str:
        answer = sqs.send_message(
            QueueUrl=fifo, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=unique or body
        )
        return str(answer["MessageId"])

    return post


def test_a_poll_that_began_before_a_group_was_taken_respects_it(sqs: Any, fifo: str, send: Send) -> None:
    """Two long polls that wait side by side never get messages of one group at the same time."""
    received: list[list[str]] = []
    polls = [threading.Thread(target=lambda: received.append(_receive(sqs, fifo, wait=3, count=1))) for _ in range(2)]
    for poll in polls:
        poll.start()
    time.sleep(0.3)

    send("one", "g")
    send("two", "g")
    for poll in polls:
        poll.join()

    # The first message comes back to the second poll once its visibility timeout is over; "two" never overtakes it.
    assert ["one"] in received
    assert ["two"] not in received


def test_deleting_a_message_unlocks_its_group_at_once(sqs: Any, fifo: str, send: Send) -> None:
    """A long poll that waits for a locked group gets its next message when the one before is deleted."""
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"VisibilityTimeout": "30"})
    send("one", "g")
    send("two", "g")
    (first,) = sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=1)["Messages"]
    received: list[list[str]] = []
    poll = threading.Thread(target=lambda: received.append(_receive(sqs, fifo, wait=10)))
    poll.start()
    time.sleep(0.3)
    assert [] == received

    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    poll.join()

    assert [["two"]] == received


def test_a_group_keeps_its_order_through_a_failure(sqs: Any, fifo: str, send: Send) -> None:
    """What comes back comes back before what was sent after it, and with a sequence number that grows."""
    send("one", "g")
    send("two", "g")
    assert ["one"] == _receive(sqs, fifo, count=1)
    assert [] == _receive(sqs, fifo)

    answer = sqs.receive_message(
        QueueUrl=fifo, MaxNumberOfMessages=10, WaitTimeSeconds=5, MessageSystemAttributeNames=["All"]
    )
    assert ["one", "two"] == [message["Body"] for message in answer["Messages"]]
    numbers = [int(message["Attributes"]["SequenceNumber"]) for message in answer["Messages"]]
    assert numbers == sorted(set(numbers))
    assert ["2", "1"] == [message["Attributes"]["ApproximateReceiveCount"] for message in answer["Messages"]]


def test_deduplication_outlives_a_message_and_knows_groups(sqs: Any, fifo: str, send: Send) -> None:
    """A deduplication id is remembered after its message is deleted, and only within its group."""
    send("one", "g", unique="same")
    (message,) = sqs.receive_message(QueueUrl=fifo)["Messages"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])

    send("again", "g", unique="same")
    send("elsewhere", "h", unique="same")

    assert ["elsewhere"] == _receive(sqs, fifo)


def test_many_waiting_messages_are_counted_and_keep_their_order(sqs: Any, fifo: str, send: Send) -> None:
    """GIVEN hundreds of messages of a few groups WHEN they are received and deleted THEN numbers, order, copies hold."""
    names = [f"{index:03}" for index in range(200)]
    for name in names:
        send(name, group=name[-1])
        send(name, group=name[-1])  # a duplicate: it never waits
    counted = "ApproximateNumberOfMessages"
    asked = [counted, f"{counted}NotVisible", f"{counted}Delayed", "ContentBasedDeduplication"]

    def numbers() -> list[str]:
        found = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=asked)["Attributes"]
        return [found[name] for name in asked]

    assert ["200", "0", "0", "false"] == numbers()
    taken = sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10, VisibilityTimeout=60)["Messages"]
    assert ["190", "10", "0", "false"] == numbers()
    seen: dict[str, list[str]] = {}
    while taken:
        for each in taken:
            seen.setdefault(each["Body"][-1], []).append(each["Body"])
            sqs.delete_message(QueueUrl=fifo, ReceiptHandle=each["ReceiptHandle"])
        sqs.delete_message(QueueUrl=fifo, ReceiptHandle=taken[0]["ReceiptHandle"])  # once more does no harm
        taken = sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages")
    assert {last: [name for name in names if name[-1] == last] for last in "0123456789"} == seen
    assert ["0", "0", "0", "false"] == numbers()
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=fifo, ReceiptHandle="never-given-out")


def test_a_message_received_too_often_is_a_dead_letter(sqs: Any, fifo: str, send: Send) -> None:
    """After `maxReceiveCount` receives a message moves, with its id, and its group goes on."""
    sent = send("bad", "g")
    send("good", "g")
    assert ["bad"] == _receive(sqs, fifo, count=1)
    assert ["bad"] == _receive(sqs, fifo, count=1, wait=5)

    assert ["good"] == _receive(sqs, fifo, wait=5)
    (dead,) = sqs.receive_message(QueueUrl=fifo.replace(".fifo", "-dead.fifo"))["Messages"]
    assert (sent, "bad") == (dead["MessageId"], dead["Body"])


def test_visibility_can_be_given_back(sqs: Any, fifo: str, send: Send) -> None:
    """A message whose visibility timeout is set to nothing is there again at once."""
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"VisibilityTimeout": "30"})
    send("one", "g")
    (message,) = sqs.receive_message(QueueUrl=fifo)["Messages"]

    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    assert ["one"] == _receive(sqs, fifo, wait=5)


def test_the_deployed_template_is_whole_here(client: Client) -> None:
    """Every resource of `template.yaml` is made, and every function has what starts it in the cloud."""
    clients = Clients("eu-central-1", *map(client, ("sqs", "dynamodb", "s3", "kms", "secretsmanager")))
    template = read_template(ROOT / "template.yaml")

    wishes = Wishes(every=1.0, visibility=7)
    system = build_system(template, ROOT, "http://127.0.0.1:1", clients, wishes, "ws://127.0.0.1:2")

    functions = system.functions
    assert {"webhook", "sweep", "render", "sync", "api", "audit", "notify", "images", "live", "look"} == set(
        functions
    ) - {"watch"}
    assert ["POST /api/audit/{cluster}"] == [route.key for route in functions["audit"].routes]
    assert Sockets("live", {"$default": "live", "$disconnect": "live"}) == system.sockets
    assert {"ws://127.0.0.1:2/live"} == {functions[name].environment["MOORING_LIVE_URL"] for name in ("api", "live")}
    hooks = {"POST /api/webhook", "POST /api/webhook/registry"}
    assert hooks == {route.key for route in functions["webhook"].routes}
    assert 1.0 in [schedule.every for schedule in functions["sweep"].schedules]
    assert {True} == {
        queue.partial for name in ("render", "sync", "sweep", "images") for queue in functions[name].queues
    }
    assert system.resources["RendersQueue"] == functions["webhook"].environment["MOORING_RENDERS_QUEUE"]
    for name in ("RendersQueue", "SyncsQueue", "LaterQueue"):
        told = clients.sqs.get_queue_attributes(QueueUrl=system.resources[name], AttributeNames=["All"])["Attributes"]
        assert "7" == told["VisibilityTimeout"]
        assert name.removesuffix("Queue").lower() + "-dead" in told["RedrivePolicy"]
    secret = clients.secretsmanager.get_secret_value(SecretId=system.resources["WebhookSecret"])["SecretString"]
    assert ["github"] == list(json.loads(secret))


def test_pages_poll_where_live_updates_are_disabled(client: Client) -> None:
    """Without live updates there is no such function and no such address, and `api` is told so."""
    clients = Clients("eu-central-1", *map(client, ("sqs", "dynamodb", "s3", "kms", "secretsmanager")))
    wishes = Wishes("quiet", {"LiveUpdates": "disabled"})
    system = build_system(read_template(ROOT / "template.yaml"), ROOT, "http://127.0.0.1:1", clients, wishes)
    assert "live" not in system.functions
    assert (None, "") == (system.sockets, system.functions["api"].environment["MOORING_LIVE_URL"])


def _receive(sqs: Any, url: str, *, wait: int = 0, count: int = 10) -> list[str]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, WaitTimeSeconds=wait)
    return [message["Body"] for message in answer.get("Messages", [])]
