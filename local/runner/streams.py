"""A table's stream that starts a function: records in order, a batch at a time.

A batch that fails is tried again before anything after it is looked at, because the order of changes is what a stream
is for; with `ReportBatchItemFailures` it goes on from the first record that failed. A stream has no long poll, so an
idle one is asked four times a second, as Lambda does.

Rule: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
"""

from __future__ import annotations

import base64
import datetime
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.runner.filters import passes
from local.runner.functions import Stream
from local.runner.pool import Pool, ThrottledError
from local.runner.queues import failed_items

__all__ = ["StreamMapping"]

_PAUSE = 1.0
_POLL = 0.25
_LONGEST_PAUSE = 60.0


class StreamMapping:
    """Moves records from one stream to one function until `stopped` is set."""

    def __init__(
        self,
        streams: Any,  # a boto3 client of `dynamodbstreams`; it has no stubs here
        stream: Stream,
        pool: Pool,
        stopped: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self._streams = streams
        self._stream = stream
        self._pool = pool
        self._stopped = stopped
        self._say = say

    def start(self) -> None:
        """Start to read every shard, each on a thread that doesn't keep the process alive."""
        shards = self._streams.describe_stream(StreamArn=self._stream.arn)["StreamDescription"]["Shards"]
        for shard in shards:
            answer = self._streams.get_shard_iterator(
                StreamArn=self._stream.arn,
                ShardId=shard["ShardId"],
                ShardIteratorType="LATEST" if self._stream.latest else "TRIM_HORIZON",
            )
            name = f"stream {self._pool.function.label}"
            threading.Thread(target=self._read, args=(answer["ShardIterator"],), name=name, daemon=True).start()

    def _read(self, iterator: str | None) -> None:
        while iterator and not self._stopped.is_set():
            try:
                answer = self._streams.get_records(ShardIterator=iterator, Limit=self._stream.batch)
            except (BotoCoreError, ClientError) as error:
                self._say(f"{self._pool.function.label}: the stream can't be read: {error}")
                self._stopped.wait(_PAUSE)
                continue
            records = answer["Records"]
            if not records:
                # The same place again, not the new name that the answer gives it.
                self._stopped.wait(max(_POLL, self._stream.window))
                continue
            iterator = answer.get("NextShardIterator")
            try:
                self._work(records)
            except ThrottledError:
                return

    def _work(self, records: Sequence[Any]) -> None:
        """Invoke until every record is dealt with, or has been tried as often as the template says."""
        left = [
            {**record, "eventSourceARN": self._stream.arn} for record in records if passes(record, self._stream.filters)
        ]
        failures = 0
        while left and not self._stopped.is_set():
            event = json.dumps({"Records": left}, default=_plain).encode()
            outcome = self._pool.invoke(event)
            numbers = [record["dynamodb"]["SequenceNumber"] for record in left]
            failed = failed_items(outcome, set(numbers), self._stream.partial)
            if not failed:
                return
            first = min(numbers.index(number) for number in failed)
            failures = failures + 1 if first == 0 else 1
            if self._stream.retries is not None and failures > self._stream.retries:
                return
            left = left[first:]
            self._stopped.wait(min(_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE))


def _plain(value: object) -> object:
    """Times as seconds and bytes as base64 text, as the event has them."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no place in an event")
