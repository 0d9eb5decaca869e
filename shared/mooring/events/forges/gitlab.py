"""GitLab: a secret token in `X-Gitlab-Token`, or the newer signed form.

A signing token (`whsec_…`) makes GitLab sign id, time and body as "Standard Webhooks" has it; where one is set and the
delivery is signed, the signature decides and the token does not. At most twenty commits of a push are listed, and
`total_commits_count` says how many there were. Sources: GitLab, "Webhooks", "Webhook events", and its merge request
230944 ("Add webhook HMAC signing token").
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.events.forges.happenings import Action, Happening, PullRequest, Push
from mooring.events.forges.payloads import addresses, changed_files, inner, reference, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest, check_time, check_word

__all__ = ["GITLAB"]

_KEY = "webhook.gitlab.secret"
_SIGNING = "whsec_"
_ACTIONS: Mapping[str, Action] = {
    "open": "opened",
    "reopen": "opened",
    "update": "updated",
    "close": "closed",
    "merge": "merged",
}


def _verify(request: Request, trust: Trust) -> bool:
    values = trust.needed("gitlab", _KEY)
    if not values:
        return False
    signing = [value for value in values if value.startswith(_SIGNING)]
    tokens = [value for value in values if not value.startswith(_SIGNING)]
    signatures = request.headers.get("webhook-signature", "")
    if signing and (signatures or not tokens):
        _check_signature(request, signatures, signing, trust.now)
    else:
        check_word(request.headers.get("x-gitlab-token", ""), tokens, header="X-Gitlab-Token")
    return True


def _check_signature(request: Request, signatures: str, signing: list[str], now: float) -> None:
    at = request.headers.get("webhook-timestamp", "")
    signed = b".".join((request.headers.get("webhook-id", "").encode(), at.encode(), request.body))
    given = next((each[3:] for each in signatures.split() if each.startswith("v1,")), "")
    check_digest(given, signed, map(_raw_key, signing), header="webhook-signature", encoding="base64")
    check_time(at, now, header="webhook-timestamp")


def _raw_key(value: str) -> bytes:
    try:
        return base64.b64decode(value.removeprefix(_SIGNING), validate=True)
    except binascii.Error as error:
        raise ConfigurationError(
            "holds a signing token that is no whsec_ and base64; copy the whole of it from GitLab", field=_KEY
        ) from error


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    kind = text(payload, "object_kind") or text(payload, "event_name")
    if kind in ("push", "tag_push"):
        return (_push(payload),)
    return _merge_request(payload) if kind == "merge_request" else ()


def _push(payload: Mapping[str, Any]) -> Push:
    ref = reference(payload)
    made = not text(payload, "before").strip("0")
    return Push(
        _urls(payload, "project"),
        ref,
        text(payload, "after"),
        text(payload, "user_username") or text(payload, "user_name"),
        None if made else changed_files(payload, total="total_commits_count"),
        text(payload, "project.default_branch"),
    )


def _urls(payload: Mapping[str, Any], path: str) -> tuple[str, ...]:
    project = inner(payload, path)
    return addresses(f"{path}.git_http_url", [project.get(n) for n in ("git_http_url", "git_ssh_url", "web_url")])


def _merge_request(payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    request = inner(payload, "object_attributes")
    action = _ACTIONS.get(text(request, "action"))
    if action is None:
        return ()
    number = text(request, "iid")
    return (
        PullRequest(
            _urls(payload, "project"),
            (text(payload, "project.path_with_namespace"), text(payload, "project.id")),
            number,
            action,
            text(payload, "user.username"),
            text(request, "source_branch"),
            text(request, "target_branch"),
            tuple(f"{lead}merge-requests/{number}/{end}" for lead in ("refs/", "") for end in ("head", "merge")),
        ),
    )


GITLAB = Provider(
    "gitlab",
    "GitLab",
    _verify,
    _parse,
    event_header="x-gitlab-event",
    id_headers=("webhook-id", "idempotency-key", "x-gitlab-event-uuid"),
    # A token is no signature: who has captured a delivery has the token too, and the same content may be meant twice.
    signs_id=True,
)
