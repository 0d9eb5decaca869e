"""Opsgenie by its Alert API: what is wrong opens an alert under an alias, the end of it closes that alias.

Pages: Opsgenie, "Alert API" (Create Alert with its fields' limits, Close Alert by `identifierType=alias`); Argo CD's
notifications, "Opsgenie" (`apiUrl`, `apiKeys` by team; fields `description`, `priority`). An alias that is open already
is counted there and not opened again. What is no alarm is told with priority P5, which by default wakes nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from mooring.notify.message import BrokenTemplateError, Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.places import key_of
from mooring.notify.services.refusals import refusal

__all__ = ["SERVICE", "alert_of"]

_API: Final = "api.opsgenie.com"
_PRIORITIES: Final = ("P1", "P2", "P3", "P4", "P5")
_MESSAGE, _ALIAS, _DESCRIPTION, _TAG, _ENTITY, _DETAILS, _NOTE = 130, 512, 15_000, 50, 512, 8000, 25_000
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def alert_of(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """The alert that is to be created. Raises `BrokenTemplateError` for a priority that is none."""
    own, summary = rendered.section("opsgenie"), rendered.summary
    priority = str(own.get("priority") or ("P3" if summary.tone == "bad" or rendered.sections else "P5")).strip()
    if priority not in _PRIORITIES:
        raise BrokenTemplateError(f"must be one of {', '.join(_PRIORITIES)}", field="opsgenie.priority")
    lines = [summary.text, *(f"{label}: {url}" for label, url in summary.links)]
    team = sending.recipient
    return {
        "message": shortened(rendered.message if rendered.sections else summary.title, _MESSAGE),
        "alias": _alias(rendered, sending),
        "description": shortened(str(own.get("description") or "\n".join(filter(None, lines))), _DESCRIPTION),
        "responders": [{"type": "team", ("id" if _IDENTIFIER.fullmatch(team) else "name"): team}] if team else [],
        "tags": [shortened(tag, _TAG) for tag in ("mooring", summary.trigger) if tag],
        "details": _details(summary.facts),
        "entity": shortened(summary.application, _ENTITY),
        "source": "Mooring",
        "priority": priority,
    }


def _details(facts: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """As many facts as fit into what all details may weigh together."""
    left, details = _DETAILS, {}
    for name, value in facts:
        left -= len(name) + len(value)
        if left < 0:
            break
        details[name] = value
    return details


def _alias(rendered: Rendered, sending: Sending) -> str:
    return shortened(f"mooring {rendered.summary.alarm or sending.id}", _ALIAS)


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    key = key_of(config, "apiKeys", sending.recipient)
    host = str(config.get("apiUrl") or _API).rstrip("/")
    url = f"{host if '://' in host else f'https://{host}'}/v2/alerts"
    headers = {"Authorization": f"GenieKey {key}"}
    if rendered.summary.over:
        address = f"{url}/{quote(_alias(rendered, sending), safe='')}/close?identifierType=alias"
        said = {"source": "Mooring", "note": shortened(rendered.summary.title, _NOTE)}
        reply = sending.poster.send("POST", address, said, headers, accept=(400, 404, 422))  # 404: closed by somebody
    else:
        reply = sending.poster.send("POST", url, alert_of(rendered, sending), headers, accept=(400, 422))
    if reply.status in (400, 422):
        raise refusal("Opsgenie", reply, ("message", "errors"), [key])


SERVICE: Final = Service(_deliver, idempotent=True)
