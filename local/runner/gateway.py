"""The HTTP API on a port of this machine: HTTP/1.1 with connections that stay open, one thread a connection.

Answers as API Gateway does when a function can't: 401 for a token that a route's authorizer refuses, 404 for a path
without a route, 413 for a body that Lambda would not take, 500 for a function that failed or answered nonsense, 503
when no instance is free or none answers in time.
It logs nothing: headers and queries may hold credentials, and what a request cost is in the function's report.

Rule: Amazon API Gateway Developer Guide, "Quotas for configuring and running an HTTP API"; AWS Lambda Developer Guide,
"Lambda quotas" (6 MB for a synchronous invocation).
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.runner.authorizers import JwtAuthorizer
from local.runner.functions import Route
from local.runner.instance import Outcome
from local.runner.pool import Pool, ThrottledError
from local.runner.routes import Answer, Request, event_of, find_route, read_answer

__all__ = ["PAYLOAD_LIMIT", "Gateway"]

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of an event or of a response, at most."""

_BODY_LIMIT = 10 * 1024 * 1024
_INTEGRATION_LIMIT = 29.0
_IDLE = 120.0


class Gateway:
    """A server that is bound at once, so that its address is known, and answers once it is given its routes."""

    def __init__(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, pools: Mapping[str, Pool], authorizers: Mapping[str, JwtAuthorizer]) -> None:
        """Start to answer requests with these functions (by label), behind these authorizers (by name)."""
        self._server.authorizers = authorizers
        self._server.routes = [(route, label) for label, pool in pools.items() for route in pool.function.routes]
        self._server.pools = pools
        # The interval only matters to `shutdown`, which nobody calls: a process that ends closes its sockets.
        threading.Thread(target=self._server.serve_forever, args=(3600.0,), name="gateway", daemon=True).start()

    def close(self) -> None:
        """Give the port back."""
        self._server.socket.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True
    routes: Sequence[tuple[Route, str]] = ()
    pools: Mapping[str, Pool] = {}
    authorizers: Mapping[str, JwtAuthorizer] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""

    def answer(self, request: Request) -> Answer:
        """What the system says to a request."""
        match = find_route(self.routes, request.method, request.target)
        if match is None:
            return _say(404, "Not Found")
        claims = None
        if match.route.authorizer:
            given = next((value for name, value in request.headers if name.lower() == "authorization"), "")
            claims = self.authorizers[match.route.authorizer].claims(given)
            if claims is None:
                return _say(401, "Unauthorized")
        event = json.dumps(event_of(request, match, claims)).encode()
        if len(event) > PAYLOAD_LIMIT:
            return _say(413, "Request Entity Too Large")
        try:
            outcome = self._invoke(self.pools[match.function], event)
        except (ThrottledError, FutureTimeoutError):
            return _say(503, "Service Unavailable")
        if outcome.error is not None or len(outcome.payload) > PAYLOAD_LIMIT:
            return _say(500, "Internal Server Error")
        try:
            return read_answer(outcome.payload)
        except (ValueError, TypeError):
            return _say(500, "Internal Server Error")

    def _invoke(self, pool: Pool, event: bytes) -> Outcome:
        if pool.function.timeout <= _INTEGRATION_LIMIT:
            return pool.invoke(event, wait=_INTEGRATION_LIMIT)
        # A function that may outlive the request: the client is answered in time, the function runs on.
        future: Future[Outcome] = Future()
        threading.Thread(target=_run, args=(pool, event, future), daemon=True).start()
        return future.result(_INTEGRATION_LIMIT)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _IDLE
    server: _Server

    def _serve(self) -> None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self._write(_say(411, "Length Required"))
            return
        length = int(self.headers.get("content-length") or 0)
        if length > _BODY_LIMIT:
            self._drop(length)
            self._write(_say(413, "Request Entity Too Large"))
            return
        body = self.rfile.read(length)
        headers = list(self.headers.items())
        self._write(self.server.answer(Request(self.command, self.path, headers, body, self.client_address[0])))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _drop(self, length: int) -> None:
        """Read a body that nobody wants, so that the client gets as far as reading the answer; then hang up."""
        self.close_connection = True
        while length > 0 and (chunk := self.rfile.read(min(length, 1 << 16))):
            length -= len(chunk)

    def _write(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        self.send_header("date", self.date_time_string())
        for name, value in answer.headers:
            if name not in ("content-length", "connection", "transfer-encoding", "date"):
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        with contextlib.suppress(OSError):
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _say(status: int, message: str) -> Answer:
    return Answer(status, [("content-type", "application/json")], json.dumps({"message": message}).encode())


def _run(pool: Pool, event: bytes, future: Future[Outcome]) -> None:
    try:
        future.set_result(pool.invoke(event, wait=_INTEGRATION_LIMIT))
    except ThrottledError as error:
        future.set_exception(error)
