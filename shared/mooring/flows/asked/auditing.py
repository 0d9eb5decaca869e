"""Letting a cluster's API server send its audit events, with a token of its own.

The token is told once and kept nowhere: who has lost it asks for a new one, and the one before stays good for a day.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from mooring.errors import ConfigurationError
from mooring.flows.asked.registering import cluster_named
from mooring.state.auditsources import AuditSources
from mooring.state.registry import Registry

__all__ = ["AuditAccess", "admit_auditing", "end_auditing"]

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{32,512}={0,2}")  # RFC 6750, section 2.1
_MOST = 512  # characters


@dataclass(frozen=True, slots=True)
class AuditAccess:
    """What is needed: the registered clusters, and which of them may send."""

    registry: Registry
    sources: AuditSources


def admit_auditing(access: AuditAccess, name: str, document: object, *, now: float) -> dict[str, str]:
    """Lets the cluster `name` send its audit events; returns the token that it shows, and the path that it sends to.

    The document may hold `user`, who Mooring is in the cluster, and `token`, for those who make their own.
    Raises `UnknownClusterError`, or `ConfigurationError` naming the field.
    """
    cluster = cluster_named(access.registry, name)
    if not isinstance(document, dict):
        raise ConfigurationError("must be a mapping; user and token may be left out", field="body")
    user, token = document.get("user", ""), document.get("token") or secrets.token_urlsafe(32)
    if not isinstance(user, str) or len(user) > _MOST:
        raise ConfigurationError("must be the name of a user of the cluster", field="user")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ConfigurationError("must be 32 to 512 letters, digits and -._~+/=, or left out", field="token")
    access.sources.admit(cluster.name, token, user=user, now=now)
    return {"cluster": cluster.name, "token": token, "path": f"/api/audit/{cluster.name}"}


def end_auditing(access: AuditAccess, name: str) -> None:
    """Takes no more audit events from a cluster. Raises `UnknownClusterError`."""
    access.sources.refuse(cluster_named(access.registry, name).name)
