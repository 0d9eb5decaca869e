"""The queues between the functions, as a place to send messages to.

FIFO queues order messages by group: a group is an application, so its renders (and its syncs) follow one another while
those of others run at the same time. What the sweep sends goes into a group of its own each time: should a function die
with a message in hand, the queue holds that message's group back until the visibility timeout has passed, and the sweep
is what finds the work meanwhile. Leases and conditional writes make both ways safe at once.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mooring.errors import PermanentError, UnreachableError
from mooring.events.bodies import to_body
from mooring.events.messages import (
    ApplicationSetMessage,
    AppMessage,
    ClusterMessage,
    CommitMessage,
    ImagesMessage,
    Later,
    Message,
    NoteMessage,
    ObjectMessage,
    PromotionMessage,
    Target,
)
from mooring.metrics.chain import current_chain

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

__all__ = ["Queues"]

_BATCH = 10  # messages a request (Amazon SQS, "Message quotas")
_LONGEST_DELAY = 900  # seconds (the same page)
_LONGEST_HIDDEN = 43_000  # seconds (the same page: twelve hours)
_LONGEST_GROUP = 100  # characters; SQS takes 128


class Queues:
    """Sends messages; `urls` maps `renders`, `syncs`, `images`, `notes` and `later` to the queues that this function
    may use.
    """

    def __init__(self, client: SQSClient, urls: dict[str, str]) -> None:
        self._client = client
        self._urls = urls

    def send(self, to: Target | Literal["notes-dead"], messages: Sequence[Message], *, alone: bool = False) -> None:
        """Sends messages in their order; `alone` puts each into a group that nothing else can hold back.

        Raises `UnreachableError` where some could not be sent: sending all of them again does no harm.
        """
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": to_body(_chained(message)),
                "MessageGroupId": uuid.uuid4().hex if alone else _group(message),
                "MessageDeduplicationId": uuid.uuid4().hex,
            }
            for index, message in enumerate(messages)
        ]
        self._send(to, entries)

    def send_later(self, messages: Sequence[tuple[Later | CommitMessage, float]]) -> None:
        """Sends messages that come back after a number of seconds (at most 900; the receiver looks again then)."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": to_body(message),
                "DelaySeconds": max(0, min(_LONGEST_DELAY, round(delay))),
            }
            for index, (message, delay) in enumerate(messages)
        ]
        self._send("later", entries)

    def give_up(self, message: NoteMessage) -> None:
        """Puts a note that can't be delivered where an alarm shows it. Raises as `send`."""
        self.send("notes-dead", [message])

    def hide(self, queue: Target, receipt: str, seconds: float) -> None:
        """Has a message that was received come back after so many seconds (at most twelve hours), not before.

        Raises `UnreachableError`; the message comes back by itself then.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        hidden = max(0, min(_LONGEST_HIDDEN, round(seconds)))
        try:
            self._client.change_message_visibility(
                QueueUrl=self._urls[queue], ReceiptHandle=receipt, VisibilityTimeout=hidden
            )
        except (BotoCoreError, ClientError) as error:
            raise UnreachableError(f"SQS can't hide a message: {type(error).__name__}") from error

    def remove(self, queue: Target, receipt: str) -> None:
        """Removes a message that was received, ahead of whoever removes the batch that it came with.

        Raises `UnreachableError`; it is removed with its batch then.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.delete_message(QueueUrl=self._urls[queue], ReceiptHandle=receipt)
        except (BotoCoreError, ClientError) as error:
            raise UnreachableError(f"SQS can't remove a message: {type(error).__name__}") from error

    def _send(self, to: str, entries: Sequence[SendMessageBatchRequestEntryTypeDef]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        for start in range(0, len(entries), _BATCH):
            try:
                answer = self._client.send_message_batch(
                    QueueUrl=self._urls[to], Entries=entries[start : start + _BATCH]
                )
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                raise PermanentError(f"SQS refuses messages for the queue {to}: {code}") from error
            except BotoCoreError as error:
                raise UnreachableError(f"SQS can't be reached: {type(error).__name__}") from error
            if answer.get("Failed"):
                raise UnreachableError(f"SQS did not take {len(answer['Failed'])} messages for the queue {to}")


def _chained(message: Message) -> Message:
    """The message with the id of what began it, where it has none of its own."""
    chain = current_chain()
    if chain is None or isinstance(message, NoteMessage):
        return message
    return replace(message, cause=replace(message.cause, id=chain.join(message.cause.id)))


def _group(message: Message) -> str:
    match message:
        case AppMessage():
            name = f"app:{message.app}"
        case ApplicationSetMessage():
            name = f"preview:{message.preview}" if message.preview else f"set:{message.set}"
        case PromotionMessage():
            name = f"promotion:{message.promotion}"
        case ObjectMessage():
            name = f"app:{message.app}" if message.app else f"cluster:{message.cluster}"
        case ClusterMessage():
            name = f"cluster:{message.cluster}"
        case ImagesMessage():
            name = f"images:{message.plan or message.repository or ''}"
        case NoteMessage():
            name = f"lane:{message.lane}"
        case _:
            name = f"repository:{message.repository}"
    return name if len(name) <= _LONGEST_GROUP else hashlib.sha256(name.encode()).hexdigest()
