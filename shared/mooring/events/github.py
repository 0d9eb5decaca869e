"""What GitHub tells us: verified as GitHub signs it, and reduced to what happened.

A delivery carries `X-Hub-Signature-256: sha256=<HMAC-SHA256 of the body>` and a unique `X-GitHub-Delivery` (GitHub,
"Validating webhook deliveries"). The body is parsed only after its signature was found good. Fields that Mooring does
not use are not read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from mooring.errors import ConfigurationError, ForbiddenError

__all__ = ["Delivery", "Push", "parse_delivery", "parse_push", "verify"]

SIGNATURE_HEADER = "x-hub-signature-256"
DELIVERY_HEADER = "x-github-delivery"
EVENT_HEADER = "x-github-event"

_MAX_LISTED_FILES = 3000  # GitHub, "Webhook events and payloads": longer lists of changed files are cut


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified delivery. `signature` is that of the body, so it names the content."""

    id: str
    event: str
    signature: str


@dataclass(frozen=True, slots=True)
class Push:
    """A branch or tag that moved. `files` are the changed paths, or None where the payload does not list them all."""

    urls: tuple[str, ...]
    ref: str
    after: str
    by: str
    files: frozenset[str] | None

    @property
    def kind(self) -> Literal["branch", "tag", "other"]:
        """What moved."""
        if self.ref.startswith("refs/heads/"):
            return "branch"
        return "tag" if self.ref.startswith("refs/tags/") else "other"

    @property
    def name(self) -> str:
        """The branch or tag without its prefix."""
        return self.ref.split("/", 2)[-1]


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> Delivery:
    """Checks a delivery's signature in constant time. Header names are lower-case.

    Raises `ForbiddenError` naming the header that is missing or wrong, `ConfigurationError` where no secret is set.
    """
    if not secret:
        raise ConfigurationError(
            'no secret is set for GitHub\'s webhooks; put {"github": "…"} into it', field="webhook secret"
        )
    given = headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise ForbiddenError(
            "is missing; set the webhook's secret in GitHub to the one Mooring has", field="X-Hub-Signature-256"
        )
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise ForbiddenError(
            "does not fit the body; compare the webhook's secret in GitHub with the one Mooring has",
            field="X-Hub-Signature-256",
        )
    return Delivery(headers.get(DELIVERY_HEADER) or given, headers.get(EVENT_HEADER, ""), given)


def parse_delivery(body: bytes) -> Mapping[str, Any]:
    """The payload of a verified delivery. Raises `ConfigurationError` for anything but a JSON object."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(
            "is not JSON; set the webhook's content type to application/json", field="body"
        ) from error
    if not isinstance(payload, dict):
        raise ConfigurationError("must be a JSON object", field="body")
    return payload


def parse_push(payload: Mapping[str, Any]) -> Push:
    """Reads the payload of a `push` event. Raises `ConfigurationError` naming the field that is wrong."""
    ref = payload.get("ref")
    if not isinstance(ref, str) or not ref:
        raise ConfigurationError("must be a string like refs/heads/main", field="ref")
    repository = payload.get("repository")
    if not isinstance(repository, dict):
        raise ConfigurationError("must be a mapping", field="repository")
    urls = tuple(
        url
        for name in ("clone_url", "ssh_url", "git_url", "html_url", "url")
        if isinstance(url := repository.get(name), str) and url
    )
    if not urls:
        raise ConfigurationError("must hold the address of the repository", field="repository.clone_url")
    after = payload.get("after")
    pusher = payload.get("pusher")
    by = pusher.get("name") if isinstance(pusher, dict) else None
    return Push(
        urls,
        ref,
        after if isinstance(after, str) else "",
        by if isinstance(by, str) else "",
        _files(payload),
    )


def _files(payload: Mapping[str, Any]) -> frozenset[str] | None:
    commits = payload.get("commits")
    if not isinstance(commits, list) or not commits or payload.get("forced") or payload.get("created"):
        return None
    files: set[str] = set()
    for commit in commits:
        if not isinstance(commit, dict):
            return None
        for name in ("added", "modified", "removed"):
            listed = commit.get(name)
            if not isinstance(listed, list):
                return None
            files.update(path for path in listed if isinstance(path, str))
    return frozenset(files) if files and len(files) < _MAX_LISTED_FILES else None
