"""The WebSocket API on a port of this machine, and its management API (`@connections`) on another.

Connections are real WebSockets, one thread each. A message goes to the function that its route names, as the events
that API Gateway sends: `$connect` before the connection is open, where the template has that route, then `$default`,
and `$disconnect` when it is over. What a function answers is not sent back, because no route here has a response; a
function that fails is told of in API Gateway's words.

Only the routes `$connect`, `$disconnect` and `$default` are known: another one is an error when the template is read.

Rule: Amazon API Gateway Developer Guide, "Integration requests for WebSocket APIs", "Use @connections commands in your
backend service" and "Quotas for configuring and running a WebSocket API".
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local.runner.pool import Pool, ThrottledError

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

__all__ = ["SocketGateway"]

_INTEGRATION_LIMIT = 29.0
_LARGEST = 128 * 1024
_PATH = "/@connections/"


class SocketGateway:
    """Both servers are bound at once, so that their addresses are known; they answer once they are given routes.

    `url` begins with `ws://`, and a stage's name comes behind it; `management` is where functions post.
    """

    def __init__(self) -> None:
        from websockets.sync.server import serve

        self._routes: Mapping[str, Pool] = {}
        self._stage = ""
        self._open: dict[str, tuple[ServerConnection, float]] = {}
        self._server = serve(
            self._talk, "127.0.0.1", 0, process_request=self._admit, max_size=_LARGEST, ping_interval=None
        )
        self._posts = _Posts(("127.0.0.1", 0), _Handler)
        self._posts.gateway = self
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self.management = f"http://127.0.0.1:{self._posts.server_address[1]}"

    def serve(self, routes: Mapping[str, Pool], stage: str) -> None:
        """Start to take connections to a stage, with these functions by route key."""
        self._routes, self._stage = routes, stage
        for name, run in (("sockets", self._server.serve_forever), ("@connections", self._posts.serve_forever)):
            threading.Thread(target=run, name=name, daemon=True).start()

    def close(self) -> None:
        """Give the ports back."""
        self._server.socket.close()
        self._posts.socket.close()

    # -- the management API ----------------------------------------------------------------------------------------

    def post(self, connection: str, data: bytes) -> int:
        """Sends a message to a connection; the status that API Gateway would answer with."""
        from websockets.exceptions import ConnectionClosed

        if len(data) > _LARGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        known = self._open.get(connection)
        if known is None:
            return HTTPStatus.GONE
        try:
            known[0].send(data.decode())
        except ConnectionClosed:
            return HTTPStatus.GONE
        return HTTPStatus.OK

    def look(self, connection: str) -> dict[str, str] | None:
        """Since when a connection is there; None where it is not."""
        known = self._open.get(connection)
        if known is None:
            return None
        connected = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known[1]))
        return {"connectedAt": connected, "lastActiveAt": connected}

    def end(self, connection: str) -> int:
        """Closes a connection."""
        known = self._open.get(connection)
        if known is None:
            return HTTPStatus.GONE
        # Its own thread may be waiting for the function that asks for this.
        threading.Thread(target=known[0].close, daemon=True).start()
        return HTTPStatus.NO_CONTENT

    # -- connections -----------------------------------------------------------------------------------------------

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuses what is not for the stage, and what the function behind `$connect` refuses."""
        if request.path.partition("?")[0].strip("/") != self._stage:
            return connection.respond(HTTPStatus.FORBIDDEN, "Forbidden\n")
        if "$connect" not in self._routes:
            return None
        headers = dict(request.headers.raw_items())
        answer = self._invoke("$connect", "CONNECT", _name_of(connection), {"headers": headers})
        status = answer.get("statusCode", 200) if answer is not None else HTTPStatus.INTERNAL_SERVER_ERROR
        return None if 200 <= status < 300 else connection.respond(HTTPStatus(status), "\n")

    def _talk(self, connection: ServerConnection) -> None:
        name = _name_of(connection)
        self._open[name] = connection, time.time()
        try:
            for message in connection:
                body = message if isinstance(message, str) else message.decode(errors="replace")
                if self._invoke("$default", "MESSAGE", name, {"body": body}) is None:
                    told = {"message": "Internal server error", "connectionId": name, "requestId": secrets.token_hex(8)}
                    connection.send(json.dumps(told))
        finally:
            del self._open[name]
            code = connection.protocol.close_code
            reason = {"disconnectStatusCode": code, "disconnectReason": connection.protocol.close_reason or ""}
            self._invoke("$disconnect", "DISCONNECT", name, {}, reason)

    def _invoke(
        self, route: str, kind: str, connection: str, event: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What the function behind a route answers; None where it failed. Without such a route nothing happens."""
        pool = self._routes.get(route)
        if pool is None:
            return {}
        now = time.time()
        context = {
            "routeKey": route, "eventType": kind, "connectionId": connection, "stage": self._stage, "apiId": "local",
            "domainName": self.url.removeprefix("ws://"), "connectedAt": int(now * 1000), "messageDirection": "IN",
            "requestId": secrets.token_hex(8), "extendedRequestId": secrets.token_hex(8),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000), "identity": {"sourceIp": "127.0.0.1"}, **(more or {}),
        }  # fmt: skip
        text = json.dumps({**event, "requestContext": context, "isBase64Encoded": False})
        try:
            outcome = pool.invoke(text.encode(), wait=_INTEGRATION_LIMIT)
        except ThrottledError:
            return None
        if outcome.error is not None:
            return None
        answer = json.loads(outcome.payload or b"null")
        return answer if isinstance(answer, dict) else {}


class _Posts(ThreadingHTTPServer):
    daemon_threads = True
    gateway: SocketGateway

    def handle_error(self, request: object, client_address: object) -> None:
        """A function that was killed while it posted is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30.0
    server: _Posts

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        _, found, name = unquote(self.path).partition(_PATH)
        gateway, answer = self.server.gateway, b""
        if not found:
            status: int = HTTPStatus.NOT_FOUND
        elif self.command == "POST":
            status = gateway.post(name, body)
        elif self.command == "DELETE":
            status = gateway.end(name)
        else:
            told = gateway.look(name)
            status = HTTPStatus.GONE if told is None else HTTPStatus.OK
            answer = b"" if told is None else json.dumps(told).encode()
        self.send_response_only(status)
        if status == HTTPStatus.GONE:
            self.send_header("x-amzn-ErrorType", "GoneException")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _name_of(connection: ServerConnection) -> str:
    """As API Gateway names connections: letters and digits, and an `=` at the end."""
    return f"{connection.id.hex[:14]}="
