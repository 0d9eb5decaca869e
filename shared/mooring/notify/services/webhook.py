"""Any address: what a template says, or the message as JSON.

As Argo CD's page "Webhook": `url`, `headers`, `basicAuth`, `insecureSkipVerify`; a template's `webhook.<name>` has
`method`, `path` and `body`. Every request carries `Idempotency-Key` with the id of the message, the same each time that
it is tried (IETF, "The Idempotency-Key HTTP Header Field"), so that a receiver can tell what it has seen.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.message import Receipt, Rendered, Sending, Service

__all__ = ["SERVICE"]

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    url = str(config.get("url") or "")
    if not url:
        raise ConfigurationError("must be an address", field="url")
    own = rendered.section("webhook").get(sending.name)
    headers = {str(each["name"]): str(each["value"]) for each in config.get("headers") or () if "name" in each}
    headers |= {"Idempotency-Key": sending.id} | _authorization(config)
    insecure = bool(config.get("insecureSkipVerify"))
    if not isinstance(own, Mapping):
        sending.poster.send("POST", url, _body(rendered, sending), headers, insecure=insecure)
        return
    method = str(own.get("method") or "GET").upper()
    if method not in _METHODS:
        raise ConfigurationError(f"must be one of {', '.join(_METHODS)}", field=f"webhook.{sending.name}.method")
    path = str(own.get("path") or "").strip()
    target = f"{url.rstrip('/')}/{path.lstrip('/')}" if path else url
    sending.poster.send(method, target, str(own.get("body") or "") or None, headers, insecure=insecure)


def _body(rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """What is sent where no template says anything: the summary, field by field."""
    summary = rendered.summary
    return {
        "id": sending.id,
        "trigger": summary.trigger,
        "application": summary.application,
        "title": summary.title,
        "text": summary.text,
        "tone": summary.tone,
        "facts": dict(summary.facts),
        "links": dict(summary.links),
        "message": rendered.message,
    }


def _authorization(config: Mapping[str, Any]) -> dict[str, str]:
    basic = config.get("basicAuth")
    if not isinstance(basic, Mapping):
        return {}
    pair = f"{basic.get('username', '')}:{basic.get('password', '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


SERVICE: Final = Service(_deliver, idempotent=True)
