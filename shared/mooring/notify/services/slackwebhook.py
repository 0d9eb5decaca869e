"""Slack's incoming webhooks: one channel, no threads, nothing rewritten.

Page: Slack, "Sending messages using incoming webhooks". Settings: `url` (a secret), or `recipientUrls` by the name that
recipients use. The answer is the word `ok`, so there is no receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.notify.message import Receipt, Rendered, Sending, Service
from mooring.notify.services.places import url_of
from mooring.notify.services.slack import content_of

__all__ = ["SERVICE"]


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    sending.poster.send("POST", url_of(config, sending.recipient), content_of(rendered))


SERVICE: Final = Service(_deliver)
