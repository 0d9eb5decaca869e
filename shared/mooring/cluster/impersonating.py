"""Sending requests as somebody else: the same connections, one header more.

What an impersonated service account may do is decided by the API server (Kubernetes documentation, "Authenticating",
User impersonation): our own user needs the verb `impersonate` on it and nothing else. Only what is written is sent so;
what is only looked at is looked at as ourselves, as Argo CD does ("Application Sync using impersonation").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mooring.cluster.client import Answer, ApiServer

__all__ = ["ActingAs", "Requests"]


class Requests(Protocol):
    """Whatever sends requests as `ApiServer.request` does."""

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        subject: str | None = None,
    ) -> Answer:
        """Send one request and read the whole answer."""


@dataclass(frozen=True, slots=True)
class ActingAs:
    """An API server that takes us for the user `user` (`system:serviceaccount:<namespace>:<name>`)."""

    server: ApiServer
    user: str

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        subject: str | None = None,
    ) -> Answer:
        """As `ApiServer.request`, which says what is raised."""
        every = {**(headers or {}), "Impersonate-User": self.user}
        return self.server.request(method, path, query, body, every, subject=subject)
