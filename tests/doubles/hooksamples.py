"""The sample deliveries in `events/`, and what they are signed with."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from mooring.events.forges.happenings import Delivery
from mooring.events.forges.recognising import read, recognise
from mooring.events.forges.verifying import Request, Rules, Trust

EVENTS = Path(__file__).parents[2] / "events"
SENT_AT = 1767225600.0
"""When the samples with a signed time were sent."""
SECRETS: dict[str, tuple[str, ...]] = {
    f"webhook.{name}.secret": ("a-secret-for-samples",)
    for name in ("github", "bitbucket", "bitbucketserver", "gogs", "gitea", "forgejo", "generic")
} | {
    "webhook.gitlab.secret": (
        "a-secret-for-samples",
        "whsec_" + base64.b64encode(b"a-signing-token-of-32-bytes-long").decode(),
    ),
    "webhook.azuredevops.username": ("mooring",),
    "webhook.azuredevops.password": ("a-secret-for-samples",),
}
WEBHOOKS = sorted(
    path.stem.removeprefix("webhook-")
    for path in EVENTS.glob("webhook-*.json")
    if not path.stem.startswith("webhook-codecommit")
)
"""The names of all samples that come over HTTP."""


def event(name: str) -> dict[str, Any]:
    """A sample as the function gets it."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"webhook-{name}.json").read_text())
    return loaded


def request(name: str, **headers: str) -> Request:
    """A sample as a request, with some headers replaced (an empty one is left out)."""
    sample = event(name)
    replaced = {header.replace("_", "-"): value for header, value in headers.items()}
    kept = {header: value for header, value in (sample["headers"] | replaced).items() if value}
    return Request(kept, sample["body"].encode(), sample["requestContext"]["http"]["sourceIp"])


def trust(**changed: Any) -> Trust:
    """What the samples are measured by."""
    return replace(Trust(SECRETS, Rules, SENT_AT), **changed)


def received(name: str) -> Delivery:
    """What a sample tells."""
    sent = request(name)
    return read(recognise(sent.headers), sent, trust())
