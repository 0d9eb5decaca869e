"""A folder of bare git repositories over smart HTTP, as a forge would serve them.

Requests go to git's own `http-backend`, so what clients see (protocol version 2, partial clones, shallow fetches,
pushes) is git's behaviour and not ours. This module is the web server around it: bodies may be compressed or chunked,
answers are streamed, connections stay open. A repository may ask for credentials, to try what an unauthorised client
does; nothing here is meant for a network, and it listens on loopback.

Settings come from the command line of each git process and never from the machine's own git configuration.
See gitprotocol-http(5) and git-http-backend(1).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hmac
import http.server
import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

__all__ = ["GitServer", "basic", "bearer", "main"]

_SETTINGS = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "safe.directory": "*",
    "gc.auto": "0",
    "receive.autogc": "false",
}
_LONGEST = 300.0
_PIECE = 1 << 16


def basic(user: str, password: str) -> str:
    """The `Authorization` header that HTTP basic authentication (RFC 7617) makes of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bearer(token: str) -> str:
    """The `Authorization` header of a bearer token (RFC 6750)."""
    return f"Bearer {token}"


class GitServer:
    """Serves the repositories under `root` from a thread of this process, until it is stopped.

    `guarded` maps a repository's path below the root to the `Authorization` header that it asks for; it may be changed
    while the server runs. `url` has no slash at its end: a repository is at `<url>/<path below the root>`.
    """

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        guarded: Mapping[str, str] | None = None,
        errors: int | IO[bytes] | None = subprocess.DEVNULL,
    ) -> None:
        self.root = root.absolute()
        self.guarded: dict[str, str] = dict(guarded or {})
        self._counts: Counter[str] = Counter()
        self._sent = 0
        self._lock = threading.Lock()
        self._environment = _environment(self.root)
        self._backend = _backend()
        self._errors = errors
        self._server = _Server((host, port), partial(_Handler, self))
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"

    def start(self) -> Self:
        """Serve in the background."""
        threading.Thread(target=self.serve, name="githttp", daemon=True).start()
        return self

    def serve(self) -> None:
        """Serve in this thread, until `stop`."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop a server that was started, and give its port back."""
        self._server.shutdown()
        self._server.server_close()

    def counts(self) -> Counter[str]:
        """How often each thing was asked for so far, by method and path: `GET /shop.git/info/refs`."""
        with self._lock:
            return self._counts.copy()

    def sent(self) -> int:
        """Bytes of answers so far, without their headers."""
        with self._lock:
            return self._sent

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def count(self, line: str) -> None:
        """Remember one request."""
        with self._lock:
            self._counts[line] += 1

    def count_sent(self, size: int) -> None:
        """Remember that so much was sent."""
        with self._lock:
            self._sent += size

    def allows(self, path: str, authorization: str | None) -> bool:
        """Whether a request for this path may pass with this `Authorization` header."""
        for name, wanted in tuple(self.guarded.items()):
            if path.startswith(f"/{name}/"):
                return hmac.compare_digest(wanted.encode(), (authorization or "").encode())
        return True

    def run(self, variables: dict[str, str], body: int | None) -> subprocess.Popen[bytes]:
        """Start git for one request; `body` is a file descriptor."""
        return subprocess.Popen(
            [self._backend],
            env=self._environment | variables,
            stdin=subprocess.DEVNULL if body is None else body,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mooring-githttp"
    disable_nagle_algorithm = True
    timeout = _LONGEST

    def __init__(self, git: GitServer, *arguments: object) -> None:
        self.git = git
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        # In memory and seekable: git may answer before it has read everything, and nothing can block on a full pipe.
        with open(os.memfd_create("body"), "wb") as body:
            self._copy_body(body)
            body.flush()
            os.lseek(body.fileno(), 0, os.SEEK_SET)
            self._answer(body.fileno())

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: a line for each request would cost more than the request is worth."""

    def _answer(self, body: int | None) -> None:
        path, _, query = self.path.partition("?")
        self.git.count(f"{self.command} {path}")
        if not self.git.allows(path, self.headers.get("Authorization")):
            self._refuse()
            return
        variables = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_USER": "git",
        }
        if body is not None:
            variables["CONTENT_LENGTH"] = str(os.fstat(body).st_size)
        child = self.git.run(variables, body)
        deadline = threading.Timer(_LONGEST, child.kill)
        deadline.start()
        try:
            assert child.stdout is not None
            with (
                child.stdout,
                contextlib.suppress(BrokenPipeError, ConnectionResetError),
            ):
                self._stream(child.stdout)
        finally:
            deadline.cancel()
            child.kill()
            child.wait(10)

    def _stream(self, answer: IO[bytes]) -> None:
        status, headers = 200, []
        while line := answer.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        if not headers and status == 200:
            self.send_error(500, "git ended without an answer")
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        chunked = all(name.lower() != "content-length" for name, _ in headers) and self.request_version == "HTTP/1.1"
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")))
        self.end_headers()
        while piece := answer.read1(_PIECE):  # type: ignore[attr-defined]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            self.git.count_sent(len(piece))
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _refuse(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _copy_body(self, body: IO[bytes]) -> None:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            self._copy(body, int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            self._copy(body, size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _copy(self, body: IO[bytes], size: int) -> None:
        while size:
            piece = self.rfile.read(min(size, _PIECE))
            if not piece:
                raise ConnectionError("the client went away in the middle of a body")
            body.write(piece)
            size -= len(piece)


def _backend() -> str:
    answer = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, timeout=10, check=True)
    backend = shutil.which("git-http-backend", path=answer.stdout.strip())
    if backend is None:
        raise FileNotFoundError("git has no http-backend: install the whole git package")
    return backend


def _environment(root: Path) -> dict[str, str]:
    settings = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (name, value) in enumerate(_SETTINGS.items()):
        settings |= {
            f"GIT_CONFIG_KEY_{number}": name,
            f"GIT_CONFIG_VALUE_{number}": value,
        }
    return settings | {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
    }


def main(arguments: list[str] | None = None) -> int:
    """`python -m local.githttp --root DIR --port P`: serve until interrupted; an exit code."""
    parser = argparse.ArgumentParser(prog="githttp", description="Serve bare git repositories over smart HTTP.")
    parser.add_argument("--root", type=Path, required=True, help="folder of bare repositories")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--auth", action="append", default=[], metavar="REPO=USER:PASSWORD")
    parser.add_argument("--bearer", action="append", default=[], metavar="REPO=TOKEN")
    chosen = parser.parse_args(arguments)
    guarded = {repo: basic(*secret.split(":", 1)) for repo, secret in _pairs(chosen.auth)}
    guarded |= {repo: bearer(token) for repo, token in _pairs(chosen.bearer)}
    server = GitServer(chosen.root, host=chosen.host, port=chosen.port, guarded=guarded, errors=None)
    print(f"serving {server.root} at {server.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
    return 0


def _pairs(texts: list[str]) -> list[tuple[str, str]]:
    return [(repo, secret) for repo, _, secret in (text.partition("=") for text in texts)]


if __name__ == "__main__":
    sys.exit(main())
