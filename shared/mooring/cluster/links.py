"""One way of reaching an API server: who we are there, and how its connections are made.

A link never changes. Where the API server stops accepting a login, the client takes the cluster's credentials as they
are registered now and makes another link of them.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPSConnection

from mooring.cluster.auth import BasicLogin, BearerToken, Connection, Credentials, EksLogin
from mooring.cluster.tls import ssl_context

__all__ = ["Link", "open_link"]


@dataclass(frozen=True, slots=True)
class Link:
    """`login` gives the header `Authorization`, called with whether a fresh token is needed, which helps only where
    the link `mints` its tokens; `new_pool` makes an empty pool of connections.
    """

    connection: Connection
    login: Callable[[bool], str]
    mints: bool
    new_pool: Callable[[], urllib3.HTTPConnectionPool]


def open_link(connection: Connection, pool_size: int) -> Link:
    """The link for a connection; nothing is sent. Raises `ConfigurationError` where TLS can't work."""
    credentials = connection.credentials
    return Link(connection, _login(credentials), isinstance(credentials, EksLogin), _pools(connection, pool_size))


def _login(credentials: Credentials) -> Callable[[bool], str]:
    """What to send as `Authorization`, computed for each request; called with whether a fresh token is needed."""
    match credentials:
        case BearerToken(token):
            return lambda _fresh: f"Bearer {token}"
        case BasicLogin(username, password):
            encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
            return lambda _fresh: f"Basic {encoded}"
        case EksLogin():
            from mooring.cluster.eks import EksTokens

            tokens = EksTokens(credentials)
            return lambda fresh: f"Bearer {tokens.token(fresh=fresh)}"
        case None:
            return lambda _fresh: ""


class _UncheckedConnection(HTTPSConnection):
    """For `insecure`: whoever registered the cluster chose it, so urllib3 needn't warn at every request."""

    def connect(self) -> None:
        super().connect()
        self.is_verified = True


class _UncheckedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _UncheckedConnection


def _pools(connection: Connection, size: int) -> Callable[[], urllib3.HTTPConnectionPool]:
    """How to make a pool of connections, again and again, with one TLS context for all."""
    parts = urlsplit(connection.server)
    host = parts.hostname or ""
    if parts.scheme == "http":
        port = parts.port or 80
        return lambda: urllib3.HTTPConnectionPool(host, port, maxsize=size, block=True)
    tls = connection.tls
    context: ssl.SSLContext = ssl_context(tls)
    kind = _UncheckedPool if tls.insecure else urllib3.HTTPSConnectionPool
    options: dict[str, Any] = {"cert_reqs": "CERT_NONE", "assert_hostname": False} if tls.insecure else {}
    if tls.server_name:
        options["server_hostname"] = tls.server_name
    return lambda: kind(host, parts.port or 443, maxsize=size, block=True, ssl_context=context, **options)
