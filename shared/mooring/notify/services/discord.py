"""Discord by a channel's webhook: embeds, rewritten in place.

Page: Discord, "Webhook Resource" (Execute Webhook with `wait=true` answers with the message; Edit Webhook Message),
with the limits of "Message Resource": 2,000 characters of content, embeds of 6,000 together (title 256, description
4,096, 25 fields of 256 and 1,024). Settings: `url`, or `recipientUrls`. A template may have `discord.content` or
`discord.embeds` (JSON).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, Summary, shortened
from mooring.notify.services.places import url_of

__all__ = ["SERVICE", "content_of"]

_CONTENT, _TITLE, _TEXT, _VALUE, _FIELDS, _TOGETHER = 2000, 256, 4096, 1024, 25, 6000
_COLOURS: Final = {"good": 0x2EB67D, "bad": 0xE01E5A, "running": 0x36C5F0, "info": 0x8D8D8D}


def content_of(rendered: Rendered) -> dict[str, Any]:
    """The body of a message. Raises `ConfigurationError` for embeds that are no JSON list."""
    own = rendered.section("discord")
    quiet: dict[str, Any] = {"allowed_mentions": {"parse": []}}
    if own.get("embeds"):
        try:
            embeds = json.loads(own["embeds"])
        except (TypeError, ValueError):
            embeds = None
        if not isinstance(embeds, list):
            raise BrokenTemplateError("must be a JSON list once it is rendered", field="discord.embeds")
        return {"content": shortened(str(own.get("content") or ""), _CONTENT), "embeds": embeds[:10], **quiet}
    if rendered.sections:
        return {"content": shortened(str(own.get("content") or rendered.message), _CONTENT), **quiet}
    return {"content": "", "embeds": [_embed(rendered.summary)], **quiet}


def _embed(summary: Summary) -> dict[str, Any]:
    title = shortened(summary.title, _TITLE)
    embed: dict[str, Any] = {"title": title, "color": _COLOURS[summary.tone]}
    if summary.links:
        embed["url"] = summary.links[0][1]
    left = _TOGETHER - len(title)
    if summary.text:
        embed["description"] = shortened(summary.text, min(_TEXT, left - 2000))
        left -= len(embed["description"])
    fields = []
    for name, value in (*summary.facts, *((label, url) for label, url in summary.links[1:]))[:_FIELDS]:
        field = {"name": shortened(name, _TITLE), "value": shortened(value, _VALUE), "inline": True}
        left -= len(name) + len(value)
        if left < 0:
            break
        fields.append(field)
    return {**embed, "fields": fields}


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    url, body = url_of(config, sending.recipient), content_of(rendered)
    if previous is not None and rendered.summary.policy != "Post":
        reply = sending.poster.send("PATCH", _below(url, f"/messages/{previous['id']}"), body, accept=(404,))
        if reply.status != 404:
            return previous
    answer = sending.poster.send("POST", _below(url, "", "wait=true"), body).json()
    return {"id": str(answer["id"])} if isinstance(answer, dict) and answer.get("id") else None


def _below(url: str, path: str, query: str = "") -> str:
    parts = urlsplit(url)
    asked = "&".join(filter(None, (parts.query, query)))
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, query=asked))


SERVICE: Final = Service(_deliver, updates=True)
