"""A proxy in front of a real API server that breaks what it is told to break.

It speaks plain HTTP to the client and TLS to the API server. Before each request `choose` says what goes wrong. `seen`
lists what came in (method, path, dry run or not, what went wrong), and `reached` what the API server has answered, so a
test knows what was done behind a connection that broke.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from mooring.cluster.auth import Connection
from mooring.cluster.tls import ssl_context

CALM = ""
LATE = "late"  # answers after 30 ms
RESET = "reset"  # resets the connection, the request never arrives
LOST = "lost"  # the request arrives and its answer is lost
HALF = "half"  # the request arrives and half of its answer comes back
HANG = "hang"  # the request never arrives and nobody says so
THROTTLED = "429"
BROKEN = "500"
UNAVAILABLE = "503"
FAULTS = (LATE, RESET, LOST, HALF, HANG, THROTTLED, BROKEN, UNAVAILABLE)
BEFORE_ARRIVAL = {RESET, HANG, THROTTLED, BROKEN, UNAVAILABLE}

_BODY = b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"%s","reason":"%s","code":%d}'
_ANSWERS = {
    THROTTLED: (429, b"too many requests, please try again later", b"TooManyRequests"),
    BROKEN: (500, b"etcdserver: request timed out", b"InternalError"),
    UNAVAILABLE: (503, b"the server is currently unable to handle the request", b"ServiceUnavailable"),
}


@dataclass(slots=True)
class FaultyProxy:
    """A running proxy; `choose` is called with method and path, and may be replaced at any time."""

    url: str
    choose: Callable[[str, str], str] = lambda method, path: CALM
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    reached: list[tuple[str, str, int, bytes]] = field(default_factory=list)
    retry_after: int = 1
    hangs: threading.Event = field(default_factory=threading.Event)

    def applied(self) -> list[tuple[str, bytes]]:
        """Path and content of every apply that the API server has carried out, dry runs left out."""
        return [
            (path.partition("?")[0], body)
            for method, path, status, body in self.reached
            if method == "PATCH" and status < 300 and "dryRun" not in path
        ]

    def deleted(self) -> list[str]:
        """The paths of objects that the API server was asked to delete."""
        return [path for method, path, _status, _body in self.reached if method == "DELETE"]


@contextmanager
def faulty_proxy(upstream: Connection) -> Iterator[FaultyProxy]:
    """Runs a proxy in front of this API server."""
    parts = urlsplit(upstream.server)
    context = ssl_context(upstream.tls)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing for each request."""

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.choose(self.command, self.path)
            proxy.seen.append((self.command, self.path, fault))
            if fault == LATE:
                proxy.hangs.wait(0.03)
            elif fault == HANG:
                proxy.hangs.wait(20)
                self.break_off()
                return
            elif fault == RESET:
                self.break_off()
                return
            elif fault in _ANSWERS:
                code, message, reason = _ANSWERS[fault]
                self.answer(
                    code,
                    {"Retry-After": str(proxy.retry_after)} if code == 429 else {},
                    _BODY % (message, reason, code),
                )
                return
            far = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=20)
            try:
                headers = {name: text for name, text in self.headers.items() if name not in ("Host", "Connection")}
                far.request(self.command, self.path, body or None, headers)
                response = far.getresponse()
                content = response.read()
            finally:
                far.close()
            proxy.reached.append((self.command, self.path, response.status, body))
            if fault == LOST:
                self.break_off()
                return
            kept = {
                name: text
                for name, text in response.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection")
            }
            self.answer(response.status, kept, content, half=fault == HALF)

        def answer(self, code: int, headers: dict[str, str], content: bytes, *, half: bool = False) -> None:
            self.send_response(code)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if half else content)
            if half:
                self.break_off()

        def break_off(self) -> None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_PATCH = do_DELETE = do_POST = do_PUT = forward  # noqa: N815 - names that http.server looks for

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Connections break here on purpose."""

    server = Server(("127.0.0.1", 0), Handler)
    proxy = FaultyProxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, name="faulty proxy", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
