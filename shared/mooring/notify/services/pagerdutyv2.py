"""PagerDuty by its Events API: what is wrong opens an alert, the end of it resolves the same one, the rest is a change.

Pages: PagerDuty, "Trigger Events", "Send an Alert Event" and "Change Events" (developer docs, Events API v2); Argo CD's
notifications, "PagerDuty V2" (`serviceKeys` by recipient; fields `summary`, `severity`, `source`, `component`, `group`,
`class`, `url`). Ours: `apiUrl`, for accounts in Europe. The key of deduplication is that of the alarm, so telling it
twice opens nothing twice, and resolving what is resolved does no harm. Deployments page nobody: they are change events,
unless a template has a section `pagerdutyv2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.places import key_of
from mooring.notify.services.refusals import refusal

__all__ = ["SERVICE", "change_of", "event_of"]

_API: Final = "https://events.pagerduty.com"
_SEVERITIES: Final = ("critical", "error", "warning", "info")
_USUAL: Final = {"bad": "error"}
_SUMMARY, _KEY, _DETAIL, _FIELD = 1024, 255, 8000, 255


def event_of(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """An alert event without its routing key. Raises `BrokenTemplateError` for a severity that is none."""
    own, summary = rendered.section("pagerdutyv2"), rendered.summary
    key = shortened(f"mooring {summary.alarm or sending.id}", _KEY)
    if summary.over:
        return {"event_action": "resolve", "dedup_key": key}
    severity = str(own.get("severity") or _USUAL.get(summary.tone, "info")).strip().lower()
    if severity not in _SEVERITIES:
        raise BrokenTemplateError(f"must be one of {', '.join(_SEVERITIES)}", field="pagerdutyv2.severity")
    text = str(own.get("summary") or (rendered.message if rendered.sections else summary.title))
    payload = {
        **_told(text, str(own.get("source") or summary.application), rendered, sending),
        "severity": severity,
        "class": summary.trigger,
    }
    payload |= {name: shortened(str(own[name]), _FIELD) for name in ("component", "group", "class") if own.get(name)}
    event = {"event_action": "trigger", "dedup_key": key, "payload": payload, "client": "Mooring", **_links(rendered)}
    url = str(own.get("url") or next((url for _, url in summary.links), ""))
    return event | ({"client_url": url} if url.startswith(("https://", "http://")) else {})


def change_of(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """A change event without its routing key."""
    text = rendered.message if rendered.sections else rendered.summary.title
    return {"payload": _told(text, rendered.summary.application, rendered, sending), **_links(rendered)}


def _told(text: str, source: str, rendered: Rendered, sending: Sending) -> dict[str, Any]:
    details = dict(rendered.summary.facts) | ({"message": rendered.summary.text} if rendered.summary.text else {})
    return {
        "summary": shortened(text.strip() or rendered.summary.title, _SUMMARY),
        "source": shortened(source or "mooring", _FIELD),
        "timestamp": datetime.fromtimestamp(sending.at, UTC).isoformat(),
        "custom_details": {name: shortened(value, _DETAIL) for name, value in details.items()},
    }


def _links(rendered: Rendered) -> dict[str, Any]:
    links = [{"href": url, "text": label} for label, url in rendered.summary.links if url.startswith("https://")]
    return {"links": links} if links else {}


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    key = key_of(config, "serviceKeys", sending.recipient)
    pages = rendered.summary.alarm or rendered.section("pagerdutyv2")
    event, path = (event_of, "/v2/enqueue") if pages else (change_of, "/v2/change/enqueue")
    url = f"{str(config.get('apiUrl') or _API).rstrip('/')}{path}"
    reply = sending.poster.send("POST", url, {"routing_key": key, **event(rendered, sending)}, accept=(400,))
    if reply.status == 400:
        raise refusal("PagerDuty", reply, ("message", "errors"), [key])


SERVICE: Final = Service(_deliver, idempotent=True)
