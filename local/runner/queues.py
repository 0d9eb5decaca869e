"""A queue that starts a function: long polls, batches, and what becomes of the messages afterwards.

A message is deleted when its function has dealt with it and otherwise left alone: it comes back when its visibility
timeout has passed, counts towards the queue's own redrive policy, and ends in the dead-letter queue by SQS's doing and
not by ours. An invocation that failed, or that named items that were not in the batch, leaves the whole batch.

One thread polls for each queue, and only while an instance could take what it would find, so nothing sits here
invisible and waiting. An empty long poll lasts 20 seconds: an idle queue costs three requests a minute.

Rule: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", "Handling errors for an SQS event source".
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.runner.documents import Json
from local.runner.functions import Queue
from local.runner.instance import Outcome
from local.runner.pool import Pool, ThrottledError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["QueueMapping", "failed_items", "records_of"]

_LONG_POLL = 20
_MOST = 10  # messages that one ReceiveMessage returns


class QueueMapping:
    """Moves messages from one queue to one function until `stopped` is set."""

    def __init__(
        self,
        sqs: SQSClient,
        region: str,
        queue: Queue,
        pool: Pool,
        stopped: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self._sqs = sqs
        self._region = region
        self._queue = queue
        self._pool = pool
        self._stopped = stopped
        self._say = say
        self._url = sqs.get_queue_url(QueueName=queue.arn.rsplit(":", 1)[1])["QueueUrl"]
        self._slots = threading.Semaphore(min(queue.concurrency or pool.limit, pool.limit))

    def start(self) -> None:
        """Start to poll, on a thread that doesn't keep the process alive."""
        threading.Thread(target=self._poll, name=f"poll {self._pool.function.label}", daemon=True).start()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            self._slots.acquire()
            try:
                batch = self._receive()
            except (BotoCoreError, ClientError) as error:
                # Whatever is wrong with the endpoint, a poller that gave up would be a queue that nobody reads.
                batch = []
                if not self._stopped.is_set():
                    self._say(f"{self._pool.function.label}: the queue can't be read: {error}")
                    self._stopped.wait(1.0)
            if not batch:
                self._slots.release()
                continue
            threading.Thread(target=self._work, args=(batch,), daemon=True).start()

    def _receive(self) -> list[Any]:
        batch = self._ask(self._queue.batch, _LONG_POLL)
        deadline = time.monotonic() + self._queue.window
        while batch and len(batch) < self._queue.batch and (left := deadline - time.monotonic()) > 0:
            batch += self._ask(self._queue.batch - len(batch), max(1, int(left)))
        return batch

    def _ask(self, count: int, wait: int) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(count, _MOST),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _work(self, batch: Sequence[Any]) -> None:
        try:
            records = records_of(batch, self._queue.arn, self._region)
            outcome = self._pool.invoke(json.dumps({"Records": records}).encode())
            failed = failed_items(outcome, {record["messageId"] for record in records}, self._queue.partial)
            self._delete([message for message in batch if message["MessageId"] not in failed])
        except ThrottledError:
            pass  # the runner is ending; the messages come back
        except (BotoCoreError, ClientError) as error:
            self._say(f"{self._pool.function.label}: messages can't be deleted, they will come back: {error}")
        finally:
            self._slots.release()

    def _delete(self, messages: Sequence[Any]) -> None:
        for start in range(0, len(messages), _MOST):
            chunk = messages[start : start + _MOST]
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(chunk)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


def records_of(messages: Sequence[Mapping[str, Json]], arn: str, region: str) -> list[dict[str, Json]]:
    """Messages as `ReceiveMessage` returns them, in the shape of Lambda's SQS event."""
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {key: str(value) for key, value in message.get("Attributes", {}).items()},
            "messageAttributes": {
                key: _attribute(value) for key, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": region,
        }
        for message in messages
    ]


def failed_items(outcome: Outcome, known: set[str], partial: bool) -> set[str]:
    """The ids, out of all those `known`, of what wasn't dealt with.

    Everything failed if the invocation did, and if `batchItemFailures` can't be understood: it isn't a list, an entry
    has no `itemIdentifier`, or names an item that wasn't in the batch. No answer at all means that all went well.
    """
    if outcome.error is not None:
        return known
    if not partial:
        return set()
    try:
        answer = json.loads(outcome.payload)
    except ValueError:
        return known
    if not isinstance(answer, dict | None):
        return known
    failures = (answer or {}).get("batchItemFailures") or []
    if not isinstance(failures, list):
        return known
    named = {str(entry.get("itemIdentifier")) if isinstance(entry, dict) else "" for entry in failures}
    if not named.issubset(known):
        return known
    return named


def _attribute(value: Mapping[str, Json]) -> dict[str, Json]:
    shaped: dict[str, Json] = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in value:
        shaped["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shaped["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return shaped
