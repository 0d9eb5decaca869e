"""Gitea, Forgejo and Gogs: the hexadecimal HMAC-SHA256 of the body, in a header that each calls after itself.

They descend from each other and send the headers of their ancestors too, which is how Argo CD knows Gitea: as Gogs. So
the secret of an ancestor counts for its descendants. A deleted branch comes as `delete`, a new tag as `create` (Gogs
tells of no push then); both carry the name without `refs/`. Sources: Gitea, "Webhooks"; Forgejo, "Webhooks"; Gogs,
"Webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.events.forges.github import pull_request, repository_urls
from mooring.events.forges.happenings import Happening, Push
from mooring.events.forges.payloads import changed_files, reference, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust, check_digest

__all__ = ["FORGEJO", "GITEA", "GOGS"]

_NAMES = {"forgejo": ("forgejo", "gitea", "gogs"), "gitea": ("gitea", "gogs"), "gogs": ("gogs",)}


def _parse(event: str, payload: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "push":
        return (_push(payload),)
    if event == "delete" or (event == "create" and text(payload, "ref_type") == "tag"):
        lead = "refs/tags/" if text(payload, "ref_type") == "tag" else "refs/heads/"
        ref = lead + reference(payload).removeprefix(lead)
        after = "" if event == "delete" else text(payload, "sha")
        default = text(payload, "repository.default_branch")
        # A tag that came without a commit must not be taken for one that went.
        after = after or ("" if event == "delete" else ref)
        return (Push(repository_urls(payload), ref, after, text(payload, "sender.login"), None, default),)
    return pull_request(payload) if event == "pull_request" else ()


def _push(payload: Mapping[str, Any]) -> Push:
    ref = reference(payload)
    made = not text(payload, "before").strip("0")
    by = text(payload, "pusher.login") or text(payload, "pusher.username")
    files = None if made else changed_files(payload, total="total_commits")
    return Push(
        repository_urls(payload), ref, text(payload, "after"), by, files, text(payload, "repository.default_branch")
    )


def _provider(name: str, title: str) -> Provider:
    header = f"x-{name}-signature"
    keys = [f"webhook.{each}.secret" for each in _NAMES[name]]

    def verify(request: Request, trust: Trust) -> bool:
        if values := trust.needed(name, *keys):
            check_digest(request.headers.get(header, ""), request.body, values, header=f"X-{title}-Signature")
        return bool(values)

    return Provider(
        name,
        title,
        verify,
        _parse,
        event_header=f"x-{name}-event",
        id_headers=(f"x-{name}-delivery",),
    )


FORGEJO = _provider("forgejo", "Forgejo")
GITEA = _provider("gitea", "Gitea")
GOGS = _provider("gogs", "Gogs")
