"""The sample deliveries in `events/`, and what they are signed with."""

from __future__ import annotations

import base64
import hashlib
import hmac
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
    if not path.stem.startswith(("webhook-codecommit", "webhook-registry"))
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


def signed_again(name: str, body: bytes) -> Request:
    """A sample with another body, proven as its provider would."""
    sent = request(name)
    headers = dict(sent.headers)
    digest = hmac.new(b"a-secret-for-samples", body, hashlib.sha256).hexdigest()
    for header, before in sent.headers.items():
        if header == "x-mooring-signature":
            stamped = f"{headers['x-mooring-timestamp']}.".encode() + body
            headers[header] = "v1=" + hmac.new(b"a-secret-for-samples", stamped, hashlib.sha256).hexdigest()
        elif header == "webhook-signature":
            stamped = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            raw = hmac.new(b"a-signing-token-of-32-bytes-long", stamped, hashlib.sha256).digest()
            headers[header] = "v1," + base64.b64encode(raw).decode()
        elif "signature" in header:
            headers[header] = f"sha256={digest}" if before.startswith("sha256=") else digest
    return Request(headers, body, sent.source)
