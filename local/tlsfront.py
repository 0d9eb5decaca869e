"""TLS in front of an HTTP address of this machine, for clients that show their token to nobody without it.

An API server sends the token of its audit webhook over https only (client-go leaves credentials out of plain http). In
AWS the HTTP API speaks TLS; on one machine this does, with the certificate that the cluster's authority has issued.
"""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

__all__ = ["TlsFront"]

_TIMEOUT = 60.0  # seconds; a function may take 29
_PASSED = ("authorization", "content-type", "content-encoding", "user-agent")


class TlsFront:
    """A server on a port of loopback that passes every POST on to `url`; ends with `stop`, or with the process."""

    def __init__(self, port: int, certificate: Path, key: Path, url: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.behind = urlsplit(url).netloc
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="tls", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the port back. Safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    behind = ""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT
    server: _Server

    def do_POST(self) -> None:
        """Pass one request on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: self.headers[name] for name in _PASSED if name in self.headers}
        status, answer = self._ask(body, headers)
        self.send_response_only(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        behind = http.client.HTTPConnection(self.server.behind, timeout=_TIMEOUT)
        try:
            behind.request("POST", self.path, body, headers)
            answer = behind.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 503, b"{}"
        finally:
            behind.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
