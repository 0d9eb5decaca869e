"""Doubles of the services that people are told by, on loopback: each demands what the service's documentation demands.

None of them is Slack, Discord, Teams or Alertmanager (nor those of `oncall`). They check the token, the shape and the limits that the public API
pages name, answer in the documented way, and keep what was said so that a test can look at it as a person would.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.oncall import OnCall

__all__ = ["Listeners", "listeners"]

TOKEN = "xoxb-s3cret"


@dataclass
class Listeners:
    """What was said to each service. `faults` are answered first, by the start of the path; `waits` hold the answers of
    a path back.
    """

    url: str = ""
    slack: dict[str, dict[str, Any]] = field(default_factory=dict)
    discord: dict[str, dict[str, Any]] = field(default_factory=dict)
    teams: list[dict[str, Any]] = field(default_factory=list)
    hooks: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    oncall: OnCall = field(default_factory=OnCall)
    calls: list[str] = field(default_factory=list)
    faults: dict[str, list[tuple[int, dict[str, str], Any]]] = field(default_factory=dict)
    waits: dict[str, threading.Event] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def said(self, channel: str = "team") -> list[str]:
        """What a channel of Slack shows, thread replies with an arrow."""
        shown = [each for each in self.slack.values() if each["channel"] == channel]
        return [("↳ " if each.get("thread_ts") else "") + each["text"] for each in shown]

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body for one request."""
        path = urlsplit(target).path
        self.calls.append(f"{method} {path}")
        if path in self.waits:
            self.waits[path].wait(5)
        for start, waiting in self.faults.items():
            if path.startswith(start) and waiting:
                return waiting.pop(0)
        try:
            return self._answer(method, target, headers, body)
        except AssertionError as error:
            self.refused.append(f"{path}: {error}")
            return 400, {}, {"message": "invalid"}

    def _answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.startswith("/api/chat."):
            return 200, {}, self._slack(path, headers, json.loads(body))
        if path.startswith("/services/"):
            _slack_message(json.loads(body))
            self.hooks.append((method, path, headers, body.decode()))
            return 200, {}, "ok"
        if path.startswith("/api/webhooks/"):
            return self._discord(method, path, query, json.loads(body))
        if path.startswith("/powerautomate/"):
            assert len(body) <= 28 * 1024, "Microsoft: 28 KB a message"
            card = json.loads(body)["attachments"][0]
            assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
            assert (card["content"]["type"], card["content"]["version"]) == ("AdaptiveCard", "1.4")
            self.teams.append(card["content"])
            return 202, {}, ""
        known = self.oncall.answer(method, target, headers, body)
        if known is not None:
            return known
        if path == "/api/v2/alerts":
            for alert in json.loads(body):
                assert alert["labels"]["alertname"]
                assert all(isinstance(value, str) for value in alert["labels"].values())
                self.alerts.append(alert)
            return 200, {}, ""
        self.hooks.append((method, target, headers, body.decode()))
        return 200, {}, {}

    def _slack(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        assert headers["content-type"].startswith("application/json")
        if body["channel"] == "nowhere":
            return {"ok": False, "error": "channel_not_found"}
        _slack_message(body)
        if path.endswith("chat.update"):
            if body["ts"] not in self.slack:
                return {"ok": False, "error": "message_not_found"}
            assert body["channel"].startswith("C"), "chat.update takes the id of a channel, not its name"
            kept = self.slack[body["ts"]]
            self.slack[body["ts"]] = {**body, "channel": kept["channel"], "thread_ts": kept.get("thread_ts")}
            return {"ok": True, "channel": body["channel"], "ts": body["ts"]}
        for ts, each in self.slack.items():
            if each.get("client_msg_id") == body["client_msg_id"]:
                return {"ok": True, "channel": f"C-{body['channel']}", "ts": ts}
        ts = f"{1700000000 + len(self.slack)}.000100"
        self.slack[ts] = body | {"channel": body["channel"].removeprefix("C-")}
        return {"ok": True, "channel": f"C-{body['channel'].removeprefix('C-')}", "ts": ts}

    def _discord(
        self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]
    ) -> tuple[int, dict[str, str], Any]:
        assert len(body.get("content") or "") <= 2000
        embeds = body.get("embeds") or []
        assert body.get("content") or embeds
        assert len(embeds) <= 10
        for embed in embeds:
            texts = [embed.get("title", ""), embed.get("description", "")]
            assert [len(text) <= most for text, most in zip(texts, (256, 4096), strict=True)] == [True, True]
            for each in embed.get("fields", ()):
                assert 0 < len(each["name"]) <= 256
                assert 0 < len(each["value"]) <= 1024
                texts += [each["name"], each["value"]]
            assert len(embed.get("fields", ())) <= 25
            assert sum(map(len, texts)) <= 6000
        if method == "PATCH":
            number = path.rpartition("/")[2]
            if number not in self.discord:
                return 404, {}, {"message": "Unknown Message"}
            self.discord[number] = body
            return 200, {}, {"id": number}
        number = str(1000 + len(self.discord))
        self.discord[number] = body
        return (200, {}, {"id": number}) if query.get("wait") == ["true"] else (204, {}, "")


def _slack_message(body: dict[str, Any]) -> None:
    assert len(body["text"]) <= 40_000
    blocks = [*body.get("blocks", ()), *(each for one in body.get("attachments", ()) for each in one.get("blocks", ()))]
    assert len(blocks) <= 50, "Slack: 50 blocks a message"
    for block in blocks:
        match block["type"]:
            case "header":
                assert block["text"]["type"] == "plain_text"
                assert 0 < len(block["text"]["text"]) <= 150
            case "section":
                texts = [block["text"]] if "text" in block else []
                assert all(0 < len(each["text"]) <= 3000 for each in texts)
                assert len(block.get("fields", ())) <= 10
                assert all(0 < len(each["text"]) <= 2000 for each in block.get("fields", ()))
                assert texts or block.get("fields")
            case "actions":
                assert 0 < len(block["elements"]) <= 25
                for each in block["elements"]:
                    assert len(each["text"]["text"]) <= 75
                    assert len(each.get("url", "")) <= 3000


@contextmanager
def listeners() -> Iterator[Listeners]:
    """All services on one port of loopback, for as long as the block lasts."""
    double = Listeners()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, body = double.answer(self.command, self.path, headers, self.rfile.read(length))
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(data) if status != 204 else 0)}.items():
                self.send_header(name, value)
            self.end_headers()
            if status != 204:
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = _do

        def log_message(self, *arguments: object) -> None:
            """Say nothing for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
