"""HTTP to one API server: warm connections, bounded waits, answers as values or as Mooring's errors.

Raw `urllib3` and `orjson`, because an apply costs under a millisecond of our CPU this way, and a client generated
from the API's schema costs several and a quarter of a second to import. Synchronous and thread-safe: a flow calls it
from a few threads at once.

A function is frozen between invocations, for minutes, while servers, load balancers and NAT gateways forget its
connections. A connection that was closed properly is noticed by urllib3; one that was idle for long is not trusted
(idle connections are dropped and made anew); and a request that meets a dead connection all the same is sent once
more, if sending it twice does no harm. It never follows redirects and never retries what the server has answered.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ClosedPoolError, HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as NoAnswerError

from mooring import __version__
from mooring.cluster.answers import error_for, read_status
from mooring.cluster.auth import BasicLogin, BearerToken, Connection, Credentials, EksLogin
from mooring.cluster.tls import ssl_context
from mooring.errors import ConfigurationError, UnreachableError

__all__ = ["Answer", "ApiServer"]

CONNECT_SECONDS = 5.0
# Well under what is known to forget silently: 350 s for AWS network load balancers and NAT gateways.
TRUSTED_IDLE_SECONDS = 60.0
HARMLESS_TWICE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 300, or one of two that callers expect: 404 to GET and DELETE, 410 to GET (a list has expired).

    `body` is the JSON value; `None` for a 404, the `Status` for a 410. `warnings` are the API server's own.
    """

    status: int
    body: Any
    warnings: tuple[str, ...] = ()


class ApiServer:
    """One API server. `timeout` bounds each wait for an answer in seconds, `pool_size` the connections kept and used.

    `requests`, `bytes_sent` and `bytes_received` count what was asked of the server since the start.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 30.0,
        pool_size: int = 8,
        user_agent: str = f"mooring/{__version__}",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.server = connection.server
        self.requests = 0
        self.bytes_sent = 0
        self.bytes_received = 0
        self._prefix = urlsplit(connection.server).path.rstrip("/")
        self._authorization = authorization(connection.credentials)
        self._renewable = isinstance(connection.credentials, EksLogin)
        self._new_pool = _pools(connection, timeout, pool_size)
        self._pool = self._new_pool()
        self._user_agent = user_agent
        self._now = now
        self._last_used = now()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the idle connections; the next request opens new ones."""
        with self._lock:
            old, self._pool = self._pool, self._new_pool()
        old.close()

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
        """Send one request and read the whole answer.

        `body` is sent as JSON. Raises `ForbiddenError`, `RejectedError`, `ConflictError`, `ThrottledError`,
        `UnreachableError`, or `ConfigurationError` where TLS can't work; `subject` names the object in them.
        """
        target = f"{self._prefix}{path}?{urlencode(query)}" if query else self._prefix + path
        payload = None if body is None else orjson.dumps(body)
        response = self._send(method, target, payload, headers, subject, fresh=False)
        if response.status == 401 and self._renewable:
            response = self._send(method, target, payload, headers, subject, fresh=True)
        content = response.data
        if response.status == 404 and method in {"GET", "DELETE"}:
            return Answer(404, None)
        if response.status == 410 and method == "GET":
            return Answer(410, read_status(content) or {})
        if response.status >= 300:
            raise error_for(response.status, response.headers, content, subject=subject)
        try:
            value = orjson.loads(content) if content else None
        except orjson.JSONDecodeError:
            raise UnreachableError(
                f"{self.server} answered with something that is not JSON; is it an API server?", subject=subject
            ) from None
        return Answer(response.status, value, _warnings(response.headers))

    def _send(
        self,
        method: str,
        target: str,
        payload: bytes | None,
        headers: Mapping[str, str] | None,
        subject: str | None,
        *,
        fresh: bool,
    ) -> urllib3.BaseHTTPResponse:
        every = {"Accept": "application/json", "User-Agent": self._user_agent}
        if payload is not None:
            every["Content-Type"] = "application/json"
        if login := self._authorization(fresh):
            every["Authorization"] = login
        if headers:
            every.update(headers)
        try:
            response = self._send_once_or_twice(method, target, payload, every)
        except SSLError as error:
            raise _tls_error(error, self.server) from error
        except HTTPError as error:
            raise _unreachable(error, self.server, subject) from error
        with self._lock:
            self.requests += 1
            self.bytes_sent += len(payload or b"")
            self.bytes_received += len(response.data)
        return response

    def _send_once_or_twice(
        self, method: str, target: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        pool = self._trusted_pool()
        try:
            return pool.urlopen(method, target, payload, headers, retries=False, redirect=False)
        except ClosedPoolError:
            # Another thread has replaced the pool in between; nothing was sent.
            pass
        except (ProtocolError, SSLError) as error:
            if method not in HARMLESS_TWICE or not _died(error):
                raise
            # urllib3 has dropped the dead connection; the rest of the pool is no better.
            self.close()
        return self._pool.urlopen(method, target, payload, headers, retries=False, redirect=False)

    def _trusted_pool(self) -> urllib3.HTTPConnectionPool:
        now = self._now()
        with self._lock:
            idle, self._last_used = now - self._last_used, now
        if idle > TRUSTED_IDLE_SECONDS:
            self.close()
        return self._pool


def authorization(credentials: Credentials) -> Callable[[bool], str]:
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


def _pools(connection: Connection, timeout: float, size: int) -> Callable[[], urllib3.HTTPConnectionPool]:
    """How to make a pool of connections, again and again, with one TLS context for all."""
    parts = urlsplit(connection.server)
    host = parts.hostname or ""
    waits = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
    if parts.scheme == "http":
        port = parts.port or 80
        return lambda: urllib3.HTTPConnectionPool(host, port, timeout=waits, maxsize=size, block=True)
    tls = connection.tls
    context: ssl.SSLContext = ssl_context(tls)
    kind = _UncheckedPool if tls.insecure else urllib3.HTTPSConnectionPool
    options: dict[str, Any] = {"cert_reqs": "CERT_NONE", "assert_hostname": False} if tls.insecure else {}
    if tls.server_name:
        options["server_hostname"] = tls.server_name
    return lambda: kind(
        host, parts.port or 443, timeout=waits, maxsize=size, block=True, ssl_context=context, **options
    )


def _died(error: ProtocolError | SSLError) -> bool:
    """Whether the connection broke, rather than never having been made."""
    return isinstance(error, ProtocolError) or isinstance(error.args[0], ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _unreachable(error: HTTPError, server: str, subject: str | None) -> UnreachableError:
    # urllib3 counts a refused connection and an unknown host among the timeouts.
    late = isinstance(error, NoAnswerError) and not isinstance(error, NewConnectionError)
    what = "did not answer in time" if late else f"can't be reached ({type(error).__name__})"
    return UnreachableError(f"{server} {what}; it is tried again", subject=subject)


def _tls_error(error: SSLError, server: str) -> ConfigurationError | UnreachableError:
    if isinstance(error.args[0], ssl.SSLCertVerificationError):
        return ConfigurationError(
            f"{server} shows a certificate that caData and serverName don't vouch for; copy the cluster's current ones",
            field="config.tlsClientConfig",
        )
    return UnreachableError(f"{server} broke off the TLS handshake; it is tried again")


def _warnings(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The texts of `Warning: 299 - "…"` headers (Kubernetes enhancement proposal 1693)."""
    value = headers.get("Warning")
    if not value:
        return ()
    texts = [part.rpartition('"')[0] or part for part in value.split('299 - "')[1:]]
    return tuple(text.replace('\\"', '"') for text in texts)
