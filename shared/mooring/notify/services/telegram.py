"""Telegram by a bot: messages, rewritten in place.

Pages: Telegram Bot API, "sendMessage" (4,096 characters), "editMessageText", "Making requests" (how long to wait is in
the answer, `parameters.retry_after`); Argo CD's notifications, "Telegram" (`token`; a recipient that begins with `-` is
a chat's number, another a public channel; users' templates are Markdown). The token is a part of the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError, ThrottledError
from mooring.notify.message import Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.refusals import refusal

__all__ = ["SERVICE"]

_API: Final = "https://api.telegram.org"
_LONGEST: Final = 4096
_SAME: Final = "message is not modified"


def _text(rendered: Rendered) -> dict[str, Any]:
    if rendered.sections:
        return {"text": shortened(rendered.message, _LONGEST), "parse_mode": "Markdown"}
    pairs = (*rendered.summary.facts, *rendered.summary.links)
    lines = [rendered.message, "", *(f"{name}: {value}" for name, value in pairs)]
    return {"text": shortened("\n".join(lines).strip(), _LONGEST)}


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    to = sending.recipient if sending.recipient.startswith(("-", "@")) else f"@{sending.recipient}"
    if previous is not None and rendered.summary.policy != "Post":
        body = {"chat_id": to, "message_id": int(previous["id"]), **_text(rendered)}
        if _call(config, sending, "editMessageText", body, gone=True) is not None:
            return previous
    sent = _call(config, sending, "sendMessage", {"chat_id": to, **_text(rendered)}) or {}
    return {"id": str(sent["message_id"])} if "message_id" in sent else None


def _call(
    config: Mapping[str, Any], sending: Sending, method: str, body: Mapping[str, Any], *, gone: bool = False
) -> Mapping[str, Any] | None:
    """The answer's result; None where the message is `gone` that was to be rewritten."""
    token = str(config.get("token") or "")
    if not token:
        raise ConfigurationError("must be the bot's token, as $name of the secret", field="token")
    url = f"{str(config.get('apiUrl') or _API).rstrip('/')}/bot{token}/{method}"
    reply = sending.poster.send("POST", url, body, accept=(400, 429))
    answer = reply.json() if isinstance(reply.json(), dict) else {}
    if reply.status == 429:
        wait = (answer.get("parameters") or {}).get("retry_after") or reply.headers.get("retry-after") or 0
        raise ThrottledError("Telegram asks to be left alone for a while", retry_after=float(wait) or None)
    if reply.status == 400 and gone:
        return {} if _SAME in str(answer.get("description", "")) else None
    if reply.status == 400:
        raise refusal("Telegram", reply, ("description",), [token])
    return answer.get("result") if isinstance(answer.get("result"), dict) else {}


SERVICE: Final = Service(_deliver, updates=True)
