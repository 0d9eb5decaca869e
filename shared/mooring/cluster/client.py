"""HTTP to one API server: warm connections, bounded waits, answers as values or as Mooring's errors.

Raw `urllib3` and `orjson`, because an apply costs under a millisecond of our CPU this way, and a client generated
from the API's schema costs several and a quarter of a second to import. Synchronous and thread-safe: a flow calls it
from a few threads at once.

A function is frozen between invocations, for minutes, while servers, load balancers and NAT gateways forget its
connections. A connection that was closed properly is noticed by urllib3; one that was idle for long is not trusted
(idle connections are dropped and made anew); and a request that meets a dead connection all the same is sent again,
if sending it twice does no harm (`trying`). So is what the server was too busy for, at a pace that all requests to this
server share (`pace`). Redirects are never followed.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.exceptions import ClosedPoolError, HTTPError, ProtocolError, SSLError

from mooring import __version__
from mooring.cluster.answers import error_for, read_status
from mooring.cluster.auth import Connection
from mooring.cluster.links import Link, open_link
from mooring.cluster.pace import Pace
from mooring.cluster.troubles import connection_error, tls_error
from mooring.cluster.trying import APPLY, DEFAULT_WAITS, Waits, pause_before, repeats_after_answer, tries_without_answer
from mooring.errors import ConfigurationError, MooringError, ThrottledError, TransientError, UnreachableError

__all__ = ["Answer", "ApiServer"]

# Well under what is known to forget silently: 350 s for AWS network load balancers and NAT gateways.
TRUSTED_IDLE_SECONDS = 60.0
# How long a login that was refused isn't asked for anew: thousands of requests may be refused in a row.
RENEWAL_SECONDS = 10.0
# The least that is left of a request's time for another try to make sense, in seconds.
LEAST_SECONDS = 0.05
# Answers that callers expect: it isn't there, and a list has expired.
EXPECTED = frozenset({(404, "GET"), (404, "DELETE"), (410, "GET")})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 300, or one of two that callers expect: 404 to GET and DELETE, 410 to GET (a list has expired).

    `body` is the JSON value; `None` for a 404, the `Status` for a 410. `warnings` are the API server's own,
    `date` is its clock.
    """

    status: int
    body: Any
    warnings: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, however often it is sent. `ends` is on the monotonic clock, `heard` counts answers."""

    method: str
    target: str
    payload: bytes | None
    headers: dict[str, str]
    subject: str | None
    ends: float
    heard: int

    def seconds_left(self) -> float:
        """What is left of its time."""
        return self.ends - time.monotonic()


class ApiServer:
    """One API server. `waits` bound each request, `pool_size` the connections kept and used, `per_second` the requests
    that are begun (0 for as many as it takes).

    `renew` brings the connection as it is registered now; it is asked where the server does not accept our login, and
    the request is sent once more if it brings another one. It may raise the errors of `mooring.errors`.

    `requests`, `bytes_sent` and `bytes_received` count what the server has answered since the start, `answer_seconds`
    how long it took; `unserved` counts the answers that a path means nothing to it: whoever remembers what it serves
    should ask again (`discovery`).
    """

    def __init__(
        self,
        connection: Connection,
        *,
        waits: Waits = DEFAULT_WAITS,
        pool_size: int = 8,
        user_agent: str = f"mooring/{__version__}",
        renew: Callable[[], Connection] | None = None,
        per_second: float = 0.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = connection.server
        self.requests = 0
        self.answer_seconds = 0.0
        self.unserved = 0
        self.bytes_sent = 0
        self.bytes_received = 0
        self._prefix = urlsplit(connection.server).path.rstrip("/")
        self._pool_size = pool_size
        self._link = open_link(connection, pool_size)
        self._renew = renew
        self._renewed_at = float("-inf")
        self._waits = waits
        self._sleep = sleep
        self._pace = Pace(pool_size, per_second=per_second, now=now, sleep=sleep)
        self._pool = self._link.new_pool()
        self._user_agent = user_agent
        self._now = now
        self._last_used = now()
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._distrusted = False

    @property
    def is_silent(self) -> bool:
        """Whether the last request met nobody, and nothing has been heard since."""
        return self._pace.is_silent

    @property
    def is_distrusted(self) -> bool:
        """Whether the last handshake failed for good: what answers isn't whom the registration vouches for."""
        return self._distrusted

    def close(self) -> None:
        """Close the idle connections; the next request opens new ones."""
        with self._lock:
            old, self._pool = self._pool, self._link.new_pool()
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
        `UnreachableError`, or `ConfigurationError` where TLS can't work; `subject` names the object in them. What
        may pass by itself was tried again by then, as often as is harmless and fits into `Waits.whole` seconds.
        """
        return self._read(*self._exchange(method, path, query, body, headers, subject))

    def text(self, path: str, query: Mapping[str, str] | None = None, *, subject: str | None = None) -> str | None:
        """Reads what is no JSON, a container's log; None where it isn't there. Raises as `request` does.

        What is no UTF-8 in it is shown as replacement characters.
        """
        response, _ = self._exchange("GET", path, query, None, {"Accept": "*/*"}, subject)
        return None if response.status == 404 else response.data.decode(errors="replace")

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: Mapping[str, str] | None,
        subject: str | None,
    ) -> tuple[urllib3.BaseHTTPResponse, _Call]:
        """An answer below 300, or one that is expected, and the call that it belongs to."""
        target = f"{self._prefix}{path}?{urlencode(query)}" if query else self._prefix + path
        payload = None if body is None else orjson.dumps(body)
        every = {"Accept": "application/json", "User-Agent": self._user_agent}
        if payload is not None:
            every["Content-Type"] = "application/json"
        every.update(headers or {})
        call = _Call(method, target, payload, every, subject, time.monotonic() + self._waits.whole, self._pace.answers)
        # An apply that names the version it has seen, or none that exists, asks for the conflict.
        applies = every.get("Content-Type") == APPLY and "resourceVersion" not in (body.get("metadata") or ())
        attempt = 0
        while True:
            attempt += 1
            response = self._answer(call, attempt)
            if response.status < 300 or (response.status, method) in EXPECTED:
                return response, call
            error = error_for(response.status, response.headers, response.data, subject=subject)
            wait = pause_before(attempt, error.retry_after if isinstance(error, TransientError) else None)
            if isinstance(error, ThrottledError):
                self._pace.throttled(wait)
            again = repeats_after_answer(method, response.status, error, applies=applies)
            if not again or attempt >= self._waits.tries or wait + LEAST_SECONDS > call.seconds_left():
                raise error
            self._sleep(wait)

    def _read(self, response: urllib3.BaseHTTPResponse, call: _Call) -> Answer:
        content = response.data
        if response.status == 404:
            return Answer(404, None)
        if response.status == 410:
            return Answer(410, read_status(content) or {})
        try:
            value = orjson.loads(content) if content else None
        except orjson.JSONDecodeError:
            raise UnreachableError(
                f"{self.server} answered with something that is not JSON; is it an API server?", subject=call.subject
            ) from None
        return Answer(response.status, value, _warnings(response.headers), response.headers.get("Date", ""))

    def _answer(self, call: _Call, attempt: int) -> urllib3.BaseHTTPResponse:
        """Any answer at all, after as many tries as it takes and is harmless."""
        fresh = renewed = False
        while True:
            link = self._link
            try:
                with self._pace.turn(call.seconds_left(), call.subject):
                    began = time.monotonic()
                    response = self._send(call, link, fresh=fresh)
            except HTTPError as error:
                self._try_again_or_raise(error, call, attempt)
                attempt += 1
                continue
            if response.status != 429:
                self._pace.answered()
            with self._lock:
                self.requests += 1
                self.answer_seconds += time.monotonic() - began
                self.bytes_sent += len(call.payload or b"")
                self.bytes_received += len(response.data)
                if response.status == 404 and read_status(response.data) is None:
                    self.unserved += 1
            if response.status != 401:
                return response
            if link.mints and not fresh:
                fresh = True
            elif not renewed and self._renewed(link):
                fresh, renewed = False, True
            else:
                return response

    def _renewed(self, refused: Link) -> bool:
        """Whether there is another login to try than the one that was refused."""
        with self._renewing:
            if self._link is not refused:
                return True  # another thread has found it
            if self._renew is None or self._now() - self._renewed_at < RENEWAL_SECONDS:
                return False
            self._renewed_at = self._now()
            connection = self._renew()
            if connection == refused.connection:
                return False
            self._link = open_link(connection, self._pool_size)
        self.close()
        return True

    def _try_again_or_raise(self, error: HTTPError, call: _Call, attempt: int) -> None:
        broken = _broke(error)
        if broken:
            # urllib3 has dropped the dead connection; the rest of the pool is no better.
            self.close()
        told: MooringError
        if isinstance(error, SSLError) and not broken:
            told = tls_error(error, self.server)
            self._distrusted = isinstance(told, ConfigurationError)
            allowed = 1
        else:
            told = connection_error(error, self.server, call.subject)
            allowed = tries_without_answer(call.method, error, self._waits)
        # The first connection that died was perhaps only old.
        wait = 0.0 if broken and attempt == 1 else pause_before(attempt)
        if attempt >= allowed or wait + LEAST_SECONDS > call.seconds_left():
            if isinstance(told, UnreachableError):
                self._pace.silent(call.heard, told.message)
            raise told from error
        self._sleep(wait)

    def _send(self, call: _Call, link: Link, *, fresh: bool) -> urllib3.BaseHTTPResponse:
        headers = call.headers
        if login := link.login(fresh):
            headers = {**headers, "Authorization": login}
        left = max(LEAST_SECONDS, call.seconds_left())
        waits = urllib3.Timeout(connect=min(self._waits.connect, left), read=min(self._waits.answer, left))
        pool = self._trusted_pool()
        try:
            return pool.urlopen(
                call.method, call.target, call.payload, headers, retries=False, redirect=False, timeout=waits
            )
        except ClosedPoolError:
            # Another thread has replaced the pool in between; nothing was sent.
            return self._pool.urlopen(
                call.method, call.target, call.payload, headers, retries=False, redirect=False, timeout=waits
            )

    def _trusted_pool(self) -> urllib3.HTTPConnectionPool:
        now = self._now()
        with self._lock:
            idle, self._last_used = now - self._last_used, now
        if idle > TRUSTED_IDLE_SECONDS:
            self.close()
        return self._pool


def _broke(error: HTTPError) -> bool:
    """Whether the connection broke, rather than never having been made."""
    if isinstance(error, SSLError):
        return bool(error.args) and isinstance(error.args[0], ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return isinstance(error, ProtocolError)


def _warnings(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The texts of `Warning: 299 - "…"` headers (Kubernetes enhancement proposal 1693)."""
    value = headers.get("Warning")
    if not value:
        return ()
    texts = [part.rpartition('"')[0] or part for part in value.split('299 - "')[1:]]
    return tuple(text.replace('\\"', '"') for text in texts)
