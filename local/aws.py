"""AWS on this machine: moto's server in a process of its own, with SQS made to behave like SQS.

moto's queues are good enough for tests that send and receive, and not for a system that runs on them: a FIFO group is
locked only against polls that began after it was taken, a long poll spins while it waits for a locked group,
deduplication forgets a message as soon as it is deleted and doesn't know message groups, a delayed message is noticed
up to a second late, and each send and each deletion goes through all messages that wait, several times.
`python -m local.aws` replaces those few methods before it serves (and those of tables, see `local.moto_tables`), and
keeps connections open between requests, which halves what a call costs. Everything else is moto's.

State is in memory and ends with the process. Nothing is checked against IAM.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from local.moto_tables import correct_tables

__all__ = ["command", "main"]

_DEDUPLICATION = 300.0
_LONGEST_WAIT = 20.0


def command(port: int) -> list[str]:
    """The command that serves AWS on this port of 127.0.0.1; run it at the checkout's root."""
    return [sys.executable, "-m", "local.aws", "--port", str(port)]


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.aws", description="Serve AWS by moto on loopback.")
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args(arguments).port
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Handler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            """Say at once that a body may come: botocore waits a second for it, and the writer is buffered."""
            going_on = super().handle_expect_100()
            self.wfile.flush()
            return going_on

        def log(self, type: str, message: str, *args: object) -> None:
            """Say nothing of requests: that would be most of the work."""

    _correct_queues()
    correct_tables()
    _look_up_services_once()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.serve_forever()
    return 0


def _look_up_services_once() -> None:
    """Moto lists its own folder for every request, to learn which services there are."""
    from moto import backends

    services = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: services


def _correct_queues() -> None:
    """Replace what moto's queues get wrong. Rule: Amazon SQS Developer Guide, "FIFO queue delivery logic"."""
    from moto.sqs import models
    from moto.sqs.exceptions import ReceiptHandleIsInvalid

    numbers = itertools.count(18_000_000_000_000_000_000)

    def add_message(self: Any, message: Any) -> None:
        now = time.monotonic()
        with self._messages_lock:
            if self.fifo_queue and message.deduplication_id:
                message.sequence_number = str(next(numbers))
                scope = message.group_id if self.deduplication_scope == "messageGroup" else None
                seen = self.__dict__.setdefault("_seen", {})
                key = scope, message.deduplication_id
                if now - seen.get(key, -_DEDUPLICATION) < _DEDUPLICATION:
                    return
                seen.pop(key, None)
                seen[key] = now
                # The oldest are in front: a dict keeps the order in which keys came.
                while now - next(iter(seen.values())) > _DEDUPLICATION:
                    del seen[next(iter(seen))]
            self._messages.append(message)
            self._messages_lock.notify_all()

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        queue = self.get_queue(queue_name)
        deadline = time.monotonic() + wait_seconds_timeout
        while True:
            with queue._messages_lock:
                taken, dead = _take(queue, count, visibility_timeout)
                left = deadline - time.monotonic()
                if not taken and not dead and left > 0:
                    queue._messages_lock.wait(min(left, _until_next(queue)))
                    continue
            if dead:
                # Not sent but moved: it keeps its number, and deduplication has no say.
                with queue.dead_letter_queue._messages_lock:
                    queue.dead_letter_queue._messages += dead
                    queue.dead_letter_queue._messages_lock.notify_all()
            if taken or left <= 0:
                break
        for message in taken:
            models._filter_message_attributes(message, message_attribute_names or [])
        return taken

    def delete_message(self: Any, receipt_handle: str) -> None:
        with self._messages_lock:
            if receipt_handle in self.deleted_messages:
                return
            try:
                message = _handed_out(self)[receipt_handle]
                self._messages.remove(message)  # by identity, the oldest first: they are in front
            except (KeyError, ValueError):
                raise ReceiptHandleIsInvalid from None  # never given out, or moved to the dead-letter queue
            for handle in message.all_receipt_handles:
                _handed_out(self).pop(handle, None)
                self.deleted_messages.add(handle)
            # A group may have been unlocked.
            self._messages_lock.notify_all()

    original_attributes = models.SQSBackend.get_queue_attributes

    def get_queue_attributes(self: Any, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        found = original_attributes(self, queue_name, attribute_names)
        return found | {name: count for name, count in _counts(self.get_queue(queue_name)).items() if name in found}

    original_change = models.SQSBackend.change_message_visibility

    def change_message_visibility(self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        queue = self.get_queue(queue_name)
        with queue._messages_lock:
            original_change(self, queue_name, receipt_handle, visibility_timeout)
            queue._messages_lock.notify_all()

    models.Queue.add_message = add_message  # type: ignore[method-assign]
    models.Queue.delete_message = delete_message  # type: ignore[method-assign]
    models.SQSBackend.receive_message = receive_message  # type: ignore[method-assign]
    models.SQSBackend.get_queue_attributes = get_queue_attributes  # type: ignore[method-assign]
    # Moto counts for every look at any attribute, three to four times a send; who asks for numbers gets them above.
    for counted in ("", "_delayed", "_not_visible"):
        setattr(models.Queue, f"approximate_number_of_messages{counted}", 0)
    models.SQSBackend.change_message_visibility = change_message_visibility  # type: ignore[method-assign]


def _take(queue: Any, count: int, visibility: int) -> tuple[list[Any], list[Any]]:
    """Messages to hand out now (copies, marked as received), and those that were received too often (taken out)."""
    now = time.time() * 1000
    taken: list[Any] = []
    dead: list[Any] = []
    held = (message.group_id for message in queue._messages if message.visible_at > now)
    locked = set(held) if queue.fifo_queue else set()
    retained = now - queue.message_retention_period * 1000
    for message in queue._messages:
        if len(taken) == count:
            break
        if message.visible_at > now or message.delayed_until > now or message.sent_timestamp <= retained:
            continue
        if queue.fifo_queue and message.group_id in locked:
            continue
        most = queue.redrive_policy["maxReceiveCount"] if queue.dead_letter_queue and queue.redrive_policy else None
        if most is not None and message.approximate_receive_count >= most:
            dead.append(message)
            continue
        message.mark_received(visibility_timeout=visibility)
        _handed_out(queue)[message.receipt_handle] = message
        taken.append(copy.deepcopy(message))
    if dead:
        queue._messages = [message for message in queue._messages if message not in dead]
    return taken, dead


def _handed_out(queue: Any) -> dict[str, Any]:
    """Messages by the receipt handles that they were received with."""
    handles: dict[str, Any] = queue.__dict__.setdefault("_handles", {})
    return handles


def _counts(queue: Any) -> dict[str, int]:
    """The numbers among a queue's attributes, as they are now."""
    now = time.time() * 1000
    with queue._messages_lock:
        delayed = sum(message.delayed_until > now for message in queue._messages)
        hidden = sum(message.visible_at >= now for message in queue._messages)
        ready = sum(message.visible_at < now and message.delayed_until <= now for message in queue._messages)
    return {
        "ApproximateNumberOfMessages": ready,
        "ApproximateNumberOfMessagesDelayed": delayed,
        "ApproximateNumberOfMessagesNotVisible": hidden,
    }


def _until_next(queue: Any) -> float:
    """Seconds until time alone makes a message available; everything else that could wakes the waiting."""
    now = time.time() * 1000
    waits = (max(message.visible_at, message.delayed_until) - now for message in queue._messages)
    return max(0.001, min((wait / 1000 for wait in waits if wait > 0), default=_LONGEST_WAIT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
