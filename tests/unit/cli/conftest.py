"""The command, run against a fake API over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mooring_cli.main import main
from tests.unit.cli.fake_api import TOKEN, Call, FakeApi, Outcome


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A running fake API."""
    fake = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, dict(self.headers), json.loads(text) if text else None)
            status, answer = fake.answer(call)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.command == "GET" and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mooring(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Runs the command against the fake API, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOORING_URL", api.url)
    monkeypatch.setenv("MOORING_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(*arguments: str) -> Outcome:
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run
