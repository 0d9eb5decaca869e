"""Plays the one part of a kubelet that kwok's nodes lack here: what containers have written.

`kubectl logs` asks the API server, which asks the node's kubelet (Kubernetes documentation, "Communication between
Nodes and the Control Plane"; kubelet's `/containerLogs/{namespace}/{pod}/{container}`). kwok can answer with one file
for all pods; here each container has lines of its own, which tests write, and ticks by itself where nobody did.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["LogServer"]

_TICK = 10.0  # seconds between the lines of a container that nobody writes for
_MOST = 500
_SAYS = ("listening on :8080", "GET /healthz 200 1ms", "GET /api/orders 200 12ms", "POST /api/orders 201 31ms")

_Container = tuple[str, str, str, bool]
_Lines = list[tuple[float, str]]


@dataclass
class LogServer:
    """Answers for all nodes; bound at once, and serves until it is closed."""

    certificate: Path
    key: Path
    begun: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self._written: dict[_Container, _Lines] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.logs = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="kubelet", daemon=True)
        self._thread.start()

    def write(
        self, namespace: str, pod: str, container: str, *lines: tuple[float, str], previous: bool = False
    ) -> None:
        """Adds lines of a container: seconds since the epoch, and text. From then on it says nothing by itself."""
        self._written.setdefault((namespace, pod, container, previous), []).extend(lines)

    def lines(self, namespace: str, pod: str, container: str, *, previous: bool) -> _Lines | None:
        """What a container has written; None where nobody knows a container that ran before."""
        written = self._written.get((namespace, pod, container, previous))
        if written is not None or previous:
            return written
        seed = zlib.crc32(f"{namespace}/{pod}/{container}".encode())
        ticks = int((time.time() - self.begun) / _TICK) + 1
        first = max(0, ticks - _MOST)
        return [(self.begun + each * _TICK, _SAYS[each and (seed + each) % len(_SAYS)]) for each in range(first, ticks)]

    def close(self) -> None:
        """Give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    logs: LogServer

    def handle_error(self, request: object, client_address: object) -> None:
        """An API server that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30.0
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        _, kind, *named = unquote(address.path).split("/")
        if kind != "containerLogs" or len(named) != 3:
            self._say(404, b"404 page not found\n")
            return
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        namespace, pod, container = named
        lines = self.server.logs.lines(namespace, pod, container, previous=asked.get("previous") == "true")
        if lines is None:
            self._say(400, f'previous terminated container "{container}" in pod "{pod}" not found\n'.encode())
            return
        self._say(200, _chosen(lines, asked))

    def _say(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _chosen(lines: _Lines, asked: dict[str, str]) -> bytes:
    """As a kubelet chooses: the last lines, of these what is new enough, of that the first bytes (`PodLogOptions`)."""
    if "tailLines" in asked:
        count = int(asked["tailLines"])
        lines = lines[-count:] if count else []
    since = 0.0
    if "sinceSeconds" in asked:
        since = time.time() - int(asked["sinceSeconds"])
    elif "sinceTime" in asked:
        since = datetime.fromisoformat(asked["sinceTime"]).timestamp()
    timed = asked.get("timestamps") == "true"
    text = "".join(f"{_stamp(at)} {line}\n" if timed else f"{line}\n" for at, line in lines if at >= since)
    return text.encode()[: int(asked.get("limitBytes", 1 << 40))]


def _stamp(at: float) -> str:
    """RFC 3339 with nanoseconds, as Go leaves out zeros at its end."""
    fraction = f"{at % 1:.6f}"[2:].rstrip("0")
    seconds = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{fraction}Z" if fraction else f"{seconds}Z"
