"""A scripted HTTP server on a real socket: what it answers, and when it hangs up, is what each test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
import pytest


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `then_close` hangs up after it without having said so, as a load balancer does."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    then_close: bool = False


HANG_UP = Reply(status=0)
STAY_SILENT = Reply(status=-1)


@dataclass(slots=True)
class Script:
    """The answers still to give, and the requests seen: method, target, headers in lower case, body."""

    url: str
    replies: list[Reply] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0

    def answer(self, value: object, status: int = 200, **headers: str) -> None:
        """Give this JSON value as the next answer."""
        named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
        self.replies.append(Reply(status, orjson.dumps(value), named))


@pytest.fixture
def script() -> Iterator[Script]:
    listener = socket.create_server(("127.0.0.1", 0))
    script = Script(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ended = threading.Event()
    open_sockets: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            script.connections += 1
            open_sockets.append(connection)
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers = {}
                while (header := reader.readline()) not in {b"\r\n", b""}:
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", 0)))
                script.seen.append((method, target, headers, body))
                reply = script.replies.pop(0)
                if reply == HANG_UP:
                    return
                if reply == STAY_SILENT:
                    ended.wait(10)
                    return
                named = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
                head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n{named}\r\n"
                connection.sendall(head.encode() + reply.body)
                if reply.then_close:
                    return

    threads: list[threading.Thread] = []
    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    yield script
    ended.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    acceptor.join(5)
    for connection in open_sockets:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
    for thread in threads:
        thread.join(5)


@pytest.fixture
def hang_up() -> Reply:
    return HANG_UP


@pytest.fixture
def stay_silent() -> Reply:
    return STAY_SILENT


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
