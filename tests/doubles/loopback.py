"""A web server on loopback that lives as long as a `with` block, for doubles that are servers themselves."""

from __future__ import annotations

import http.server
import ssl
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

__all__ = ["Loopback", "Quiet"]


class Quiet(http.server.BaseHTTPRequestHandler):
    """Says nothing for each request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Loopback(ABC):
    """Serves what `handler()` makes; `over` is set when it ends, so that nobody who hangs is waited for."""

    tls: ssl.SSLContext | None = None

    @abstractmethod
    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        """What answers."""

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])
