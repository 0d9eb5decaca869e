"""A summary as Slack's blocks, within Slack's limits. Pure.

Limits: Slack, "Reference: blocks" and "Composition objects": 50 blocks a message, 150 characters a header, 3,000 a
text, ten fields of 2,000 a section, 75 a button's text, 3,000 an address. In `mrkdwn` three characters are escaped
("Formatting text for app surfaces").
"""

from __future__ import annotations

from typing import Any, Final

from mooring.notify.message import Summary, shortened

__all__ = ["COLOURS", "MOST_TEXT", "attachment_of", "escaped"]

MOST_TEXT: Final = 3000
_HEADER, _FIELD, _FIELDS, _BUTTON = 150, 2000, 10, 75
COLOURS: Final = {"good": "#2eb67d", "bad": "#e01e5a", "running": "#36c5f0", "info": "#8d8d8d"}


def escaped(text: str) -> str:
    """Text that Slack shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped_to(text: str, most: int) -> str:
    """As `escaped`, with no more than so many characters afterwards."""
    cut = shortened(text, most)
    while len(escaped(cut)) > most:
        cut = shortened(text, len(cut) - max(1, (len(escaped(cut)) - most) // 4))
    return escaped(cut)


def attachment_of(summary: Summary) -> dict[str, Any]:
    """One attachment with the summary's colour, its text, facts and links."""
    title = {"type": "plain_text", "text": shortened(summary.title, _HEADER), "emoji": True}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": title}]
    if summary.text:
        text = {"type": "mrkdwn", "text": _escaped_to(summary.text, MOST_TEXT)}
        blocks.append({"type": "section", "text": text})
    fields = [
        {"type": "mrkdwn", "text": f"*{escaped(name)}*\n{_escaped_to(value, _FIELD - 100)}"}
        for name, value in summary.facts[:_FIELDS]
    ]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": shortened(label, _BUTTON)}, "url": url}
        for label, url in summary.links
        if len(url) <= MOST_TEXT
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons[:5]})
    return {"color": COLOURS[summary.tone], "fallback": shortened(summary.title, _HEADER), "blocks": blocks}
