"""Where each kind of host has its API, and how it wants to be shown a token.

One table for everybody who asks: generators of ApplicationSets, who name host and secret themselves, and whatever asks
with a repository's registered credential.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

__all__ = ["KINDS", "api_of", "shown_password", "shown_token"]

KINDS: Final = ("github", "gitlab", "gitea", "bitbucket", "bitbucketServer", "azureDevOps", "awsCodeCommit")
"""The kinds of hosts by the names of Argo CD's generators; Forgejo is a `gitea`."""


def api_of(kind: str, address: str) -> str:
    """The address below which a host's API lies; `address` is the host's own, or empty for the public one.

    GitHub Enterprise has its API at `/api/v3` (GitHub, "Getting started with the REST API"), GitLab at `/api/v4`, Gitea
    at `/api/v1`, Bitbucket Data Center at `/rest/api/1.0`.
    """
    match kind:
        case "github":
            return _github(address)
        case "gitlab":
            return f"{(address or 'https://gitlab.com').removesuffix('/api/v4')}/api/v4"
        case "gitea":
            return f"{address.removesuffix('/api/v1')}/api/v1"
        case "bitbucket":
            return address or "https://api.bitbucket.org/2.0"
        case "bitbucketServer":
            return f"{address.removesuffix('/rest')}/rest/api/1.0"
        case _:
            return address or "https://dev.azure.com"


def _github(address: str) -> str:
    if not address:
        return "https://api.github.com"
    host = address.split("//", 1)[-1].split("/", 1)[0]
    known = address.endswith("/api/v3") or host.startswith("api.") or ".api." in host
    return address if known else f"{address}/api/v3"


def shown_token(kind: str, token: str) -> Mapping[str, str]:
    """The headers that show an access token to a host."""
    match kind:
        case "azureDevOps":
            return shown_password("", token)
        case "gitlab":
            return {"PRIVATE-TOKEN": token}
        case "gitea":
            return {"Authorization": f"token {token}"}
        case _:
            return {"Authorization": f"Bearer {token}"}


def shown_password(user: str, password: str) -> Mapping[str, str]:
    """The headers of basic authentication (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
