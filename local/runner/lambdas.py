"""Lambda's own API, as far as functions use it: one starts another (Invoke), and waits for its answer or does not.

An invocation of the type Event that fails is tried again, as Lambda does with asynchronous ones, only sooner. What is
asked for while the runner ends is forgotten. One of the type RequestResponse is answered with what the function said.

Rule: AWS Lambda Developer Guide, "Invoking a function asynchronously" and "Invoke a Lambda function synchronously"; AWS
Lambda API Reference, "Invoke".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from local.runner.gateway import PAYLOAD_LIMIT
from local.runner.pool import Pool, ThrottledError

__all__ = ["LambdaApi"]

_PREFIX = "/2015-03-31/functions/"
_PATIENCE = 1.0  # seconds that somebody who waits for an answer waits for a free instance
_RETRY_AFTER = (2.0, 4.0)  # seconds; Lambda takes one minute and two


class LambdaApi:
    """A server that is bound at once, so that functions can be told of it, and answers once it is given functions."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, pools: Mapping[str, Pool], stopped: threading.Event) -> None:
        """Start to take invocations of these functions, until `stopped` is set."""
        self._server.pools = {pool.function.name: pool for pool in pools.values()}
        self._server.stopped = stopped
        threading.Thread(target=self._server.serve_forever, args=(3600.0,), name="lambda", daemon=True).start()

    def close(self) -> None:
        """Give the port back."""
        self._server.socket.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pools: Mapping[str, Pool] = {}
    stopped = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that was killed while it asked is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30.0
    server: _Server

    def do_POST(self) -> None:
        event = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = unquote(self.path.removeprefix(_PREFIX).partition("/")[0]).rpartition(":")[2]
        pool = self.server.pools.get(name)
        if pool is None:
            self._say(404, "ResourceNotFoundException", f"Function not found: {name}")
        elif (kind := self.headers.get("x-amz-invocation-type")) == "RequestResponse":
            self._answer(pool, event)
        elif kind != "Event":
            told = "the local runner knows the invocation types Event and RequestResponse only"
            self._say(400, "InvalidParameterValueException", told)
        else:
            threading.Thread(target=_run, args=(pool, event, self.server.stopped), daemon=True).start()
            self._say(202, "", "")

    def _answer(self, pool: Pool, event: bytes) -> None:
        try:
            outcome = pool.invoke(event or b"{}", wait=_PATIENCE)
        except ThrottledError:
            self._say(429, "TooManyRequestsException", "Rate Exceeded.")
            return
        if len(outcome.payload) > PAYLOAD_LIMIT:
            self._say(413, "RequestTooLargeException", "the answer is larger than 6 MB")
            return
        self.send_response_only(200)
        if outcome.error is not None:
            self.send_header("x-amz-function-error", "Unhandled")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(outcome.payload)))
        self.end_headers()
        self.wfile.write(outcome.payload)

    def _say(self, status: int, kind: str, message: str) -> None:
        body = json.dumps({"Type": "User", "Message": message}).encode() if kind else b""
        self.send_response_only(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _run(pool: Pool, event: bytes, stopped: threading.Event) -> None:
    for pause in (*_RETRY_AFTER, None):
        try:
            if pool.invoke(event or b"{}").error is None:
                return
        except ThrottledError:
            return
        if pause is None or stopped.wait(pause):
            return
