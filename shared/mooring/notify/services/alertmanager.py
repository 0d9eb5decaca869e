"""Prometheus Alertmanager: each message is an alert, deduplicated there by its labels.

Pages: Prometheus, "Alerts API" (`POST /api/v2/alerts`); Argo CD's notifications, "Alertmanager" (`targets`, `scheme`,
`apiPath`, `basicAuth`, `bearerToken`; fields `labels`, `annotations`, `generatorURL`). Every target is told, since
members of a cluster don't pass alerts on; one that answers is enough.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from mooring.errors import ConfigurationError, MooringError
from mooring.notify.message import Receipt, Rendered, Sending, Service

__all__ = ["SERVICE", "alert_of"]


def alert_of(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """The alert of a message; labels of the template come on top of ours."""
    own, summary = rendered.section("alertmanager"), rendered.summary
    labels = {
        "alertname": summary.trigger or "mooring",
        "application": summary.application,
        "severity": {"bad": "warning"}.get(summary.tone, "info"),
        "recipient": sending.recipient,
    }
    given = own.get("labels")
    labels |= {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
    annotations = {"summary": summary.title, "description": summary.text} if not rendered.sections else {}
    if rendered.sections:
        annotations["message"] = rendered.message
    given = own.get("annotations")
    annotations |= {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
    alert: dict[str, Any] = {
        "labels": {key: value for key, value in labels.items() if value},
        "annotations": {key: value for key, value in annotations.items() if value},
        "startsAt": datetime.fromtimestamp(sending.at, UTC).isoformat(),
    }
    source = own.get("generatorURL") or next((url for _, url in summary.links), summary.repository)
    return alert | ({"generatorURL": source} if str(source).startswith(("http://", "https://")) else {})


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    targets = config.get("targets")
    if not isinstance(targets, list) or not targets:
        raise ConfigurationError("must be a list of host:port", field="targets")
    troubles: list[MooringError] = []
    for target in targets:
        url = f"{config.get('scheme') or 'http'}://{target}{config.get('apiPath') or '/api/v2/alerts'}"
        try:
            sending.poster.send(
                "POST", url, [alert_of(rendered, sending)], _authorization(config),
                insecure=bool(config.get("insecureSkipVerify")),
            )  # fmt: skip
        except MooringError as error:
            troubles.append(error)
    if len(troubles) == len(targets):
        raise troubles[0]


def _authorization(config: Mapping[str, Any]) -> dict[str, str]:
    basic = config.get("basicAuth")
    if isinstance(basic, Mapping):
        pair = f"{basic.get('username', '')}:{basic.get('password', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    token = config.get("bearerToken")
    return {"Authorization": f"Bearer {token}"} if token else {}


SERVICE: Final = Service(_deliver, idempotent=True)
