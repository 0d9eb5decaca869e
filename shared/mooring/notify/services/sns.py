"""Amazon SNS: a topic, for whoever subscribes there.

Page: Amazon SNS, "Publish" (262,144 bytes a message; a subject of at most 100 printable ASCII characters on one line;
on a FIFO topic a second message under the same `MessageDeduplicationId` is not delivered for five minutes). Argo CD has
no such service (its `awssqs` is a queue, which can subscribe to a topic). Settings: `topics` by recipient, or `topic`;
`message: json` for the summary in place of text. A template may have `sns.subject` and `sns.message`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.message import Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.aws import asked

__all__ = ["SERVICE", "message_of"]

_SUBJECT: Final = 100
_LARGEST: Final = 256 * 1024 - 1024  # bytes; the rest is for attributes
_ARN = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):\d{12}:[A-Za-z0-9_-]+(?:\.fifo)?")
_HINT: Final = "name the topic in the stack's parameter NotificationTopicArns"


def message_of(config: Mapping[str, Any], rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """What `Publish` is asked. Raises `ConfigurationError` without a topic."""
    named = config.get("topics")
    topic = str((named.get(sending.recipient) if isinstance(named, Mapping) else None) or config.get("topic") or "")
    if not _ARN.fullmatch(topic):
        raise ConfigurationError(f"must hold the ARN of a topic for {sending.recipient!r}", field="topics")
    own, summary = rendered.section("sns"), rendered.summary
    subject = " ".join(str(own.get("subject") or summary.title).encode("ascii", "replace").decode().split())
    text = str(
        own.get("message") or (_json(rendered, sending) if config.get("message") == "json" else rendered.message)
    )
    while len(text.encode()) > _LARGEST:
        text = shortened(text, len(text) - max(1, (len(text.encode()) - _LARGEST) // 4))
    attributes = {
        "id": sending.id,
        "trigger": summary.trigger,
        "application": summary.application,
        "tone": summary.tone,
    }
    asked_: dict[str, Any] = {
        "TopicArn": topic,
        "Subject": shortened(subject, _SUBJECT - 2).replace("…", "...") or "Mooring",
        "Message": text or summary.title,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        },
    }
    if topic.endswith(".fifo"):
        asked_ |= {"MessageGroupId": summary.application[:128] or "mooring", "MessageDeduplicationId": sending.id}
    return asked_


def _json(rendered: Rendered, sending: Sending) -> str:
    told = rendered.summary.to_json()
    shown = {name: told[name] for name in ("title", "text", "tone", "application", "trigger", "revision", "repository")}
    pairs = {"facts": dict(rendered.summary.facts), "links": dict(rendered.summary.links)}
    return json.dumps({"id": sending.id, **shown, **pairs}, ensure_ascii=False)


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    message = message_of(config, rendered, sending)
    match = _ARN.fullmatch(message["TopicArn"])
    assert match is not None
    client = sending.aws("sns", match["region"])
    asked("SNS", _HINT, lambda: client.publish(**message))


SERVICE: Final = Service(_deliver)
