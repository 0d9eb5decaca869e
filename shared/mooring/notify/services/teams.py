"""Microsoft Teams through a workflow's webhook: an Adaptive Card.

Pages: Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams" and "Rate limiting" (28 KB a message);
Argo CD's notifications, "Teams Workflows" (`recipientUrls`, `rawCardPayload`; fields `adaptiveCard`, `title`, `text`,
`facts`). Workflows answer 202 and no receipt: nothing can be rewritten. The type `teams` is served the same way, since
the connectors that it stood for are gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, Summary, shortened
from mooring.notify.services.places import url_of

__all__ = ["SERVICE", "card_of"]

_LARGEST: Final = 28 * 1024 - 512  # bytes; the rest is for the envelope
_FACTS, _URL = 20, 2000
_COLOURS: Final = {"good": "Good", "bad": "Attention", "running": "Accent", "info": "Default"}


def card_of(rendered: Rendered) -> dict[str, Any]:
    """The card of a message, small enough to be taken. Raises `ConfigurationError` for a template that is no JSON."""
    own = {**rendered.section("teams"), **rendered.section("teams-workflows")}
    if own.get("adaptiveCard"):
        return dict(_json(own["adaptiveCard"], "adaptiveCard", dict))
    title, text = rendered.summary.title, rendered.summary.text
    facts: list[dict[str, str]] = [{"title": name, "value": value} for name, value in rendered.summary.facts]
    if rendered.sections:
        title, text = str(own.get("title") or ""), str(own.get("text") or rendered.message)
        named = _json(own["facts"], "facts", list) if own.get("facts") else []
        facts = [{"title": str(each["name"]), "value": str(each["value"])} for each in named]
    most = 8000
    while True:
        card = _card(rendered.summary, shortened(title, 300), shortened(text, most), _cut(facts, most // 16))
        if len(json.dumps(card, ensure_ascii=False).encode()) <= _LARGEST or most < 100:
            return card
        most //= 2


def _cut(facts: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    return [{name: shortened(text, most) for name, text in each.items()} for each in facts[:_FACTS]]


def _card(summary: Summary, title: str, text: str, facts: list[dict[str, str]]) -> dict[str, Any]:
    body: list[dict[str, Any]] = []
    if title:
        colour = _COLOURS[summary.tone]
        heading = {"type": "TextBlock", "text": title, "size": "Large", "weight": "Bolder", "wrap": True}
        body.append({**heading, "color": colour})
    if text:
        body.append({"type": "TextBlock", "text": text.replace("\n", "\n\n"), "wrap": True})
    if facts:
        body.append({"type": "FactSet", "facts": facts})
    actions = [
        {"type": "Action.OpenUrl", "title": label, "url": url} for label, url in summary.links if len(url) <= _URL
    ]
    schema = "http://adaptivecards.io/schemas/adaptive-card.json"
    return {"type": "AdaptiveCard", "$schema": schema, "version": "1.4", "body": body, "actions": actions}


def _json(text: Any, name: str, kind: type) -> Any:
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise BrokenTemplateError("must be JSON once it is rendered", field=f"teams-workflows.{name}")
    return value


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    card = card_of(rendered)
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    body = card if config.get("rawCardPayload") else {"type": "message", "attachments": [attachment]}
    sending.poster.send("POST", url_of(config, sending.recipient), body)


SERVICE: Final = Service(_deliver)
