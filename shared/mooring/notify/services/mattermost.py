"""Mattermost with a bot's token: posts, rewritten in place.

Pages: Mattermost API, "Create a post", "Patch a post" (16,383 characters a message); Argo CD's notifications,
"Mattermost" (`apiURL`, `token`, `insecureSkipVerify`; field `attachments`; recipients are ids of channels).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.places import address_of
from mooring.notify.services.slackblocks import COLOURS

__all__ = ["SERVICE"]

_LONGEST: Final = 16_383


def _post(rendered: Rendered) -> dict[str, Any]:
    summary, own = rendered.summary, rendered.section("mattermost")
    attachments: Any = []
    if own.get("attachments"):
        try:
            attachments = json.loads(str(own["attachments"]))
        except ValueError:
            attachments = None
        if not isinstance(attachments, list):
            raise BrokenTemplateError("must be a JSON list once it is rendered", field="mattermost.attachments")
    if rendered.sections:
        return {"message": shortened(rendered.message, _LONGEST), "props": {"attachments": attachments}}
    facts = [{"short": True, "title": name, "value": value} for name, value in summary.facts]
    links = " · ".join(f"[{label}]({url})" for label, url in summary.links)
    told = {"color": COLOURS[summary.tone], "fields": facts, "fallback": summary.title}
    text = shortened("\n".join(filter(None, (summary.text, links))), _LONGEST)
    return {"message": f"**{summary.title}**"[:_LONGEST], "props": {"attachments": [{**told, "text": text}]}}


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    url, post = f"{address_of(config, 'apiURL')}/api/v4/posts", _post(rendered)
    headers, insecure = {"Authorization": f"Bearer {config.get('token') or ''}"}, bool(config.get("insecureSkipVerify"))
    if previous is not None and rendered.summary.policy != "Post":
        address = f"{url}/{previous['id']}/patch"
        if sending.poster.send("PUT", address, post, headers, insecure=insecure, accept=(404,)).status != 404:
            return previous
    answer = sending.poster.send(
        "POST", url, {"channel_id": sending.recipient, **post}, headers, insecure=insecure
    ).json()
    return {"id": str(answer["id"])} if isinstance(answer, dict) and answer.get("id") else None


SERVICE: Final = Service(_deliver, updates=True)
