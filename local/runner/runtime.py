"""Lambda's Runtime API, spoken with one process.

A function's process asks for its next event with `GET …/invocation/next` and waits; it posts a response or an error
and asks again. Each instance gets a listening socket of its own, so that nobody has to ask who is calling, and the
thread that invokes drives the conversation itself: no event loop, no hand-over between threads, no copy of the event.
A reader of this module's caller can rely on this: between two invocations the process sits in `next`, with nothing
half-said, and may be frozen.

Rule: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Gone", "LateError", "Reply", "Runtime"]

_VERSION = "/2018-06-01/runtime"
_CHUNK = 1 << 18


class Gone(Exception):
    """The process ended in the middle of the conversation."""


class LateError(Exception):
    """The deadline passed in the middle of the conversation."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the process answered; `error` is the error's type, or None when the function returned."""

    payload: bytes
    error: str | None


@dataclass(slots=True)
class _Request:
    connection: socket.socket
    path: str
    headers: Mapping[str, str]
    body: bytes


class Runtime:
    """The server's side of one process's Runtime API. Use from one thread at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._buffers: dict[socket.socket, bytearray] = {}
        self._waiting: socket.socket | None = None
        self._poll = select.poll()
        self._poll.register(self._listener, select.POLLIN)
        self._process: int | None = None

    @property
    def address(self) -> str:
        """`host:port`, for `AWS_LAMBDA_RUNTIME_API`."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def watch(self, process: int) -> None:
        """Notice the end of a process by its pidfd (see pidfd_open(2))."""
        self._process = process
        self._poll.register(process, select.POLLIN)

    def wait_ready(self, deadline: float) -> Reply | None:
        """Wait until the process asks for work; an initialisation error as a reply. Raises `Gone`, `LateError`.

        `deadline` is a time of `time.monotonic()`, here and below.
        """
        while self._waiting is None:
            request = self._next_request(deadline)
            if request.path == f"{_VERSION}/invocation/next":
                self._waiting = request.connection
                return None
            if request.path == f"{_VERSION}/init/error":
                self._accept(request)
                return Reply(request.body, _error_type(request))
            _send(request.connection, "404 Not Found", {}, b"")
        return None

    def invoke(self, event: bytes, headers: Mapping[str, str], deadline: float) -> Reply:
        """Hand an event to the waiting process and wait for what it says. Raises `Gone`, `LateError`."""
        connection, self._waiting = self._waiting, None
        if connection is None:
            raise Gone
        try:
            _send(connection, "200 OK", {**headers, "Content-Type": "application/json"}, event)
        except OSError as error:
            raise Gone from error
        while True:
            request = self._next_request(deadline)
            if request.path.endswith("/response"):
                self._accept(request)
                return Reply(request.body, None)
            if request.path.endswith("/error"):
                self._accept(request)
                return Reply(request.body, _error_type(request))
            _send(request.connection, "404 Not Found", {}, b"")

    def close(self) -> None:
        """Close every socket."""
        for connection in (*self._buffers, self._listener):
            connection.close()
        self._buffers.clear()

    def _accept(self, request: _Request) -> None:
        with contextlib.suppress(OSError):
            _send(request.connection, "202 Accepted", {"Content-Type": "application/json"}, b'{"status":"OK"}\n')

    def _next_request(self, deadline: float) -> _Request:
        while True:
            for connection, buffer in self._buffers.items():
                request = _parse(connection, buffer)
                if request is not None:
                    return request
            left = deadline - time.monotonic()
            if left <= 0:
                raise LateError
            ready = {descriptor for descriptor, _ in self._poll.poll(left * 1000 + 1)}
            # What was said before the end still counts, so sockets are read before the process's end is believed.
            said = self._read(ready)
            if not said and self._process in ready:
                raise Gone

    def _read(self, ready: set[int]) -> bool:
        said = False
        if self._listener.fileno() in ready:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._buffers[connection] = bytearray()
            self._poll.register(connection, select.POLLIN)
        for connection in [held for held in self._buffers if held.fileno() in ready]:
            data = b""
            with contextlib.suppress(OSError):
                data = connection.recv(_CHUNK)
            if data:
                said = True
                self._buffers[connection] += data
            else:
                self._poll.unregister(connection)
                del self._buffers[connection]
                connection.close()
        return said


def _error_type(request: _Request) -> str:
    """The type that an error says it has; the header of that name is optional and often says only `Unhandled`."""
    with contextlib.suppress(ValueError, AttributeError):
        if kind := json.loads(request.body).get("errorType"):
            return str(kind)
    return request.headers.get("lambda-runtime-function-error-type", "Unhandled")


def _parse(connection: socket.socket, buffer: bytearray) -> _Request | None:
    """Take one whole request from the front of a buffer, if it is there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    line, *rest = buffer[:end].decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (entry.partition(":") for entry in rest)}
    length = int(headers.get("content-length", "0"))
    start = end + 4
    if headers.get("expect", "").lower() == "100-continue" and len(buffer) == start:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if len(buffer) < start + length:
        return None
    body = bytes(buffer[start : start + length])
    del buffer[: start + length]
    return _Request(connection, line.split(" ")[1], headers, body)


def _send(connection: socket.socket, status: str, headers: Mapping[str, str], body: bytes) -> None:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "\r\n"]).encode("latin-1")
    connection.settimeout(30)
    connection.sendall(head + body)
