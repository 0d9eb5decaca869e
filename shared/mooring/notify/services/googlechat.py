"""Google Chat by a space's webhook: a thread for each deployment, and each message once.

Pages: Google Chat, "Build a Google Chat app as a webhook" and "spaces.messages.create" (`requestId`: a second request
under it returns the first one's message; `threadKey`; 32,000 bytes a message); Argo CD's notifications, "Google Chat"
(`webhooks` by recipient; fields `cardsV2`, `cards`, `threadKey`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from mooring.notify.config import load_yaml
from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.places import url_of

__all__ = ["SERVICE"]

_LONGEST: Final = 4096


def _message(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    own, summary = rendered.section("googlechat"), rendered.summary
    cards: dict[str, Any] = {}
    for name in ("cardsV2", "cards"):
        if own.get(name):
            found = load_yaml(str(own[name]), f"googlechat.{name}")
            if not isinstance(found, list):
                raise BrokenTemplateError("must be a list of cards once it is rendered", field=f"googlechat.{name}")
            numbered = [{"cardId": f"{sending.id}-{index}", "card": card} for index, card in enumerate(found)]
            cards[name] = numbered if name == "cardsV2" else found
    if cards or rendered.sections:
        return cards or {"text": shortened(rendered.message, _LONGEST)}
    links = [f"<{url}|{label}>" for label, url in summary.links]
    facts = [f"{name}: {value}" for name, value in summary.facts]
    return {"text": shortened("\n".join(filter(None, (f"*{summary.title}*", summary.text, *links, *facts))), _LONGEST)}


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    url = url_of({"recipientUrls": config.get("webhooks")}, sending.recipient, "webhooks")
    group = rendered.summary.group and f"{rendered.summary.application} {rendered.summary.group}"
    thread = str(rendered.section("googlechat").get("threadKey") or "").strip() or group
    asked = {"requestId": sending.id}
    if thread:
        key = hashlib.sha256(thread.encode()).hexdigest()[:32]
        asked |= {"threadKey": key, "messageReplyOption": "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"}
    address = f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"
    sending.poster.send("POST", address, _message(rendered, sending), insecure=bool(config.get("insecureSkipVerify")))


SERVICE: Final = Service(_deliver, idempotent=True)
