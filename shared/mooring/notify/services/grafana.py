"""Grafana's annotations: one for each deployment, a region from its beginning to its end.

Pages: Grafana, "Annotations HTTP API" (Create Annotation, Patch Annotation; times are milliseconds of the epoch);
Argo CD's notifications, "Grafana" (`apiUrl` with `/api`, `apiKey`, `tags`; recipients are tags with bars between; field
`tags`). Argo CD marks a moment for each message; here the next message of a deployment moves the end of its region.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.message import Receipt, Rendered, Sending, Service
from mooring.notify.services.places import address_of

__all__ = ["SERVICE", "annotation_of"]


def annotation_of(config: Mapping[str, Any], rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """The annotation without its times; its text is HTML, which Grafana sanitizes."""
    tags = "|".join(
        (sending.recipient, str(rendered.section("grafana").get("tags") or ""), str(config.get("tags") or ""))
    )
    named, summary = [tag.strip() for tag in tags.split("|")], rendered.summary
    if rendered.sections:
        return {"tags": list(dict.fromkeys(filter(None, named))), "text": rendered.message}
    links = [f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in summary.links]
    ours = dict.fromkeys(filter(None, (*named, summary.application, summary.trigger)))
    return {"tags": list(ours), "text": "\n".join([escape(rendered.message), *links])}


def _deliver(
    config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending
) -> Receipt | None:
    if not config.get("apiKey"):
        raise ConfigurationError("must be the token of a service account, as $name of the secret", field="apiKey")
    url = f"{address_of(config, 'apiUrl')}/annotations"
    headers, insecure = {"Authorization": f"Bearer {config['apiKey']}"}, bool(config.get("insecureSkipVerify"))
    body, moment = annotation_of(config, rendered, sending), round(sending.at * 1000)
    if previous is not None and rendered.summary.policy != "Post":
        region = body | {"time": int(previous["time"]), "timeEnd": max(moment, int(previous["time"]))}
        reply = sending.poster.send(
            "PATCH", f"{url}/{previous['id']}", region, headers, insecure=insecure, accept=(404,)
        )
        if reply.status != 404:
            return previous
    answer = sending.poster.send("POST", url, body | {"time": moment}, headers, insecure=insecure).json()
    found = answer.get("id") if isinstance(answer, dict) else None
    return {"id": str(found), "time": str(moment)} if found else None


SERVICE: Final = Service(_deliver, updates=True)
