"""Who claims to have sent a delivery, by its headers alone, and what it says once that is proven.

Forges that descend from others send their ancestors' headers too (Gitea those of Gogs and GitHub), so the youngest name
is looked for first. Argo CD tells providers apart the same way at the same path, so a hook made for it only changes its
host. Claiming to be somebody else helps nobody: each provider has its own secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from mooring.errors import ConfigurationError
from mooring.events.forges.azuredevops import AZURE_DEVOPS
from mooring.events.forges.bitbucket import BITBUCKET
from mooring.events.forges.bitbucketserver import BITBUCKET_SERVER
from mooring.events.forges.generic import GENERIC
from mooring.events.forges.gitea import FORGEJO, GITEA, GOGS
from mooring.events.forges.github import GITHUB
from mooring.events.forges.gitlab import GITLAB
from mooring.events.forges.happenings import Delivery, Push
from mooring.events.forges.payloads import parse_body, text
from mooring.events.forges.provider import Provider
from mooring.events.forges.verifying import Request, Trust

__all__ = ["PROVIDERS", "read", "recognise"]

_BY_HEADER = (
    ("x-mooring-signature", GENERIC),
    ("x-mooring-timestamp", GENERIC),
    ("x-vss-activityid", AZURE_DEVOPS),
    ("x-vss-subscriptionid", AZURE_DEVOPS),
    ("x-forgejo-event", FORGEJO),
    ("x-gitea-event", GITEA),
    ("x-gogs-event", GOGS),
    ("x-github-event", GITHUB),
    ("x-gitlab-event", GITLAB),
    ("x-hook-uuid", BITBUCKET),
    ("x-event-key", BITBUCKET_SERVER),
    ("x-hub-signature-256", GITHUB),
)

_LONGEST = 200  # characters of what a delivery calls itself

PROVIDERS = tuple(dict.fromkeys(provider.name for _, provider in _BY_HEADER))
"""The names of all providers that send webhooks."""


def recognise(headers: Mapping[str, str]) -> Provider:
    """The provider that the headers name. Raises `ConfigurationError` where they name none."""
    for header, provider in _BY_HEADER:
        if header in headers:
            return provider
    raise ConfigurationError(
        "name no forge that is known here; for anything else there is the generic form (docs/webhooks.md)",
        field="headers",
    )


def read(provider: Provider, request: Request, trust: Trust) -> Delivery:
    """Verifies a delivery and says what it tells.

    Raises `ForbiddenError` where it isn't proven whose it is, `ConfigurationError` naming the field that can't be read.
    """
    proven = provider.verify(request, trust)
    payload = parse_body(request.headers, request.body)
    event = request.headers.get(provider.event_header, "") or text(payload, provider.event_field)
    happened = provider.parse(event, payload)
    content = hashlib.sha256(request.body).hexdigest()
    # A push without a commit says nothing that would tell it from a later one (a branch deleted twice).
    tells = any(not isinstance(each, Push) or not each.deleted for each in happened)
    twin = content if tells and not provider.signs_id else ""
    named = next((found for each in provider.id_headers if (found := request.headers.get(each))), "")
    ident = named or text(payload, provider.id_field) or content
    return Delivery(provider.name, event[:_LONGEST] or "push", ident[:_LONGEST], twin, happened, proven)
