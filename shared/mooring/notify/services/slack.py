"""Slack with a bot's token: messages, threads, and messages that are rewritten in place.

Pages: Slack, "chat.postMessage", "chat.update", "Rate limits". Settings and template fields as Argo CD has them (its
page "Slack"): `token`, `username`, `icon`, `apiURL`; `blocks`, `attachments`, `groupingKey`, `notifyBroadcast`,
`deliveryPolicy`. Slack answers most refusals with 200 and `ok: false`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, RejectedError, UnreachableError
from mooring.notify.message import BrokenTemplateError, Policy, Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.slackblocks import attachment_of, escaped

__all__ = ["SERVICE", "content_of", "group_of"]

_API: Final = "https://slack.com/api"
_PASSING: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"})
_TOKENS: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
_GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_MOST: Final = 4000  # characters of the text beside blocks, which notifications show
_BLOCKS: Final = 50
_POLICIES: Final[Mapping[str, Policy]] = {"Post": "Post", "Update": "Update", "PostAndUpdate": "PostAndUpdate"}


class _GoneError(Exception):
    """The message that was to be rewritten can't be."""


def content_of(rendered: Rendered) -> dict[str, Any]:
    """What a message shows: the user's blocks and attachments, or ours. Raises `ConfigurationError` for no JSON."""
    own = rendered.section("slack")
    theirs = bool(rendered.sections.get("message"))  # a template's links and mentions are Slack's own marks
    content: dict[str, Any] = {"text": shortened(rendered.message if theirs else escaped(rendered.message), _MOST)}
    for name in ("blocks", "attachments"):
        if own.get(name):
            content[name] = _list(own[name], name)
    if not rendered.sections:
        content = {"text": shortened(escaped(rendered.summary.title), _MOST)}
        content["attachments"] = [attachment_of(rendered.summary)]
    return content


def _list(text: Any, name: str) -> list[Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise BrokenTemplateError("must be a JSON list once it is rendered", field=f"slack.{name}")
    if name == "blocks" and len(value) > _BLOCKS:
        raise ConfigurationError(f"has {len(value)} blocks; Slack takes {_BLOCKS}", field="slack.blocks")
    return value


def group_of(rendered: Rendered) -> tuple[str, Policy]:
    """The group of a message and what is done in it: as the user's template says, or ours."""
    own = rendered.section("slack")
    if not rendered.sections:
        return rendered.summary.group, rendered.summary.policy
    policy = _POLICIES.get(str(own.get("deliveryPolicy") or "Post"))
    if policy is None:
        raise ConfigurationError("must be Post, Update or PostAndUpdate", field="slack.deliveryPolicy")
    return str(own.get("groupingKey") or ""), policy


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    content = content_of(rendered)
    _, policy = group_of(rendered)
    for name in ("username", "icon"):
        value = str(rendered.section("slack").get(name) or config.get(name) or "")
        if value and name == "icon":
            content["icon_url" if value.startswith("https://") else "icon_emoji"] = value
        elif value:
            content[name] = value
    receipt = previous
    if previous is not None and policy != "Post":
        try:
            _call(config, sending, "chat.update", {"channel": previous["channel"], "ts": previous["ts"], **content})
        except _GoneError:
            receipt = None
    if receipt is None or policy != "Update":
        thread = {"thread_ts": receipt["ts"]} if receipt is not None else {}
        if thread and str(rendered.section("slack").get("notifyBroadcast", "")).lower() == "true":
            thread["reply_broadcast"] = "true"
        identity = {
            "client_msg_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mooring:{sending.id}")),
            "metadata": {"event_type": "mooring_notification", "event_payload": {"id": sending.id}},
        }
        answer = _call(
            config, sending, "chat.postMessage", {"channel": sending.recipient, **content, **thread, **identity}
        )
        if receipt is None:
            receipt = {"channel": str(answer.get("channel", sending.recipient)), "ts": str(answer.get("ts", ""))}
    return receipt


def _call(config: Mapping[str, Any], sending: Sending, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    token = str(config.get("token") or "")
    if not token:
        raise ConfigurationError("must be the bot's token, as $name of the secret", field="token")
    url = f"{str(config.get('apiURL') or _API).rstrip('/')}/{method}"
    insecure = bool(config.get("insecureSkipVerify"))
    answer = sending.poster.send("POST", url, body, {"Authorization": f"Bearer {token}"}, insecure=insecure).json()
    if isinstance(answer, dict) and answer.get("ok"):
        return answer
    code = str(answer.get("error", "")) if isinstance(answer, dict) else ""
    if code in _GONE:
        raise _GoneError
    raise _error(code, sending.recipient)


def _error(code: str, recipient: str) -> MooringError:
    if code in _PASSING or not code:
        return UnreachableError(f"Slack has a fault of its own ({code or 'no answer'})")
    if code in _TOKENS:
        return ForbiddenError(f"Slack refuses the token ({code}); check it and its scopes (chat:write)")
    if code in ("channel_not_found", "not_in_channel", "is_archived"):
        return ConfigurationError(f"Slack can't post there ({code}); invite the bot", field=f"recipient {recipient}")
    return RejectedError(f"Slack does not take the message ({shortened(code, 60)})")


SERVICE: Final = Service(_deliver, updates=True)
