"""The generic form, for whatever has no module of its own: a script, a mirror, a forge that we don't know.

    X-Mooring-Timestamp: 1767225600
    X-Mooring-Signature: v1=<hexadecimal HMAC-SHA256 of "1767225600." and the body>

    {"repository": "https://git.example.com/acme/shop.git", "ref": "refs/heads/main", "after": "<commit>",
     "files": ["k8s/web.yaml"], "by": "ada", "defaultBranch": "main"}

Only `repository` (a text or a list of them) and `ref` (or a list `refs`) are needed. Without `files` the repository is
looked at; with `"deleted": true` the reference is gone. `"event": "ping"` tries the connection, and `"pullRequest"`
with `action` (opened, updated, closed, merged) and `number` tells of a request. docs/webhooks.md shows it in a shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from mooring.errors import ConfigurationError
from mooring.events.forges.happenings import Action, Happening, Ping, PullRequest, Push
from mooring.events.forges.payloads import addresses, reference, text, texts
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest, check_time

__all__ = ["GENERIC"]

_SIGNATURE, _TIMESTAMP = "x-mooring-signature", "x-mooring-timestamp"
_MOST = 50  # addresses, or references, in one delivery


def _verify(request: Request, trust: Trust) -> bool:
    keys = trust.needed("generic", "webhook.generic.secret")
    if keys:
        at = request.headers.get(_TIMESTAMP, "")
        given = request.headers.get(_SIGNATURE, "")
        signed = given.removeprefix("v1=") if given.startswith("v1=") else given and "-"
        check_digest(signed, at.encode() + b"." + request.body, keys, header="X-Mooring-Signature")
        check_time(at, trust.now, header="X-Mooring-Timestamp")
    return bool(keys)


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "ping":
        return (Ping(),)
    if event not in ("", "push", "pullRequest"):
        raise ConfigurationError("must be push, pullRequest or ping", field="event")
    repository = payload.get("repository")
    urls = addresses("repository", texts(repository) if isinstance(repository, list) else [repository])
    refs = texts(payload.get("refs"))
    for field, values in (("repository", urls), ("refs", refs)):
        if len(values) > _MOST:
            raise ConfigurationError(f"must not name more than {_MOST}; send several deliveries", field=field)
    by = text(payload, "by")
    if event == "pullRequest":
        actions: dict[str, Action] = {each: each for each in get_args(Action)}
        action = actions.get(text(payload, "action"))
        if action is None:
            raise ConfigurationError("must be opened, updated, closed or merged", field="action")
        return (PullRequest(urls, (), text(payload, "number"), action, by, refs=tuple(refs)),)
    refs = refs or [reference(payload)]
    after = "" if payload.get("deleted") is True else text(payload, "after") or "unknown"
    files = payload.get("files")
    known = frozenset(texts(files)) if isinstance(files, list) and len(refs) == 1 and files else None
    return tuple(Push(urls, ref, after, by, known, text(payload, "defaultBranch")) for ref in refs)


GENERIC = Provider(
    "generic",
    "the generic form",
    _verify,
    _parse,
    event_field="event",
    # The time is signed, so the signature tells deliveries apart, and nobody can make another of the same.
    id_headers=(_SIGNATURE,),
    signs_id=True,
)
