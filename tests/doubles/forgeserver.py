"""A double of a code host on loopback: it demands what the host's documentation demands, and answers with its examples.

It is no GitHub, GitLab, Bitbucket or Azure DevOps. A test says which token is taken and in which header, what lies at
which path, in pages of which kind, and which faults come first; whatever was not said is a 404, as hosts answer for
what a token may not see.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

__all__ = ["Asked", "ForgeDouble", "forge_double"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `query` without what pages take."""

    method: str
    path: str
    query: dict[str, str]
    body: Any = None


@dataclass
class ForgeDouble:
    """`things` are by method and path (a list is paged where `paged` says how); `faults` come before any answer."""

    url: str = ""
    header: tuple[str, str] = ("authorization", "Bearer s3cret")
    paged: str = "link"
    page_size: int = 2
    things: dict[tuple[str, str], Any] = field(default_factory=dict)
    statuses: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def answer(self, method: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body for one request."""
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        paging = {name: query.pop(name) for name in ("page", "per_page", "start", "limit", "pagelen") if name in query}
        if not int(paging.get("page", 1)) > 1 and not int(paging.get("start", 0)):
            self.asked.append(Asked(method, path, query, body))
        self.agents.add(headers.get("user-agent", ""))
        if self.faults:
            status, more = self.faults.pop(0)
            return status, more, {"message": "a fault that may quote s3cret"}
        name, expected = self.header
        if headers.get(name) != expected:
            return 401, {}, {"message": "Bad credentials"}
        if method != "GET" and headers.get("content-type") != "application/json":
            return 415, {}, {"message": "Unsupported"}
        thing = self.things.get((method, path))
        if thing is None:
            return 404, {}, {"message": "Not Found"}
        status = self.statuses.get((method, path), 200 if method == "GET" else 201)
        return self._page(path, query, paging, thing) if isinstance(thing, list) else (status, {}, thing)

    def _page(
        self, path: str, query: dict[str, str], paging: dict[str, str], things: list[Any]
    ) -> tuple[int, dict[str, str], Any]:
        if self.paged == "start":
            at = int(paging.get("start", 0))
            page, more = things[at : at + self.page_size], at + self.page_size < len(things)
            following = {"isLastPage": not more} | ({"nextPageStart": at + self.page_size} if more else {})
            return 200, {}, {"values": page, **following}
        number = int(paging.get("page", 1))
        at = (number - 1) * self.page_size
        page, more = things[at : at + self.page_size], at + self.page_size < len(things)
        link = f"{self.url}{path}?{urlencode({**query, **paging, 'page': number + 1})}"
        if self.paged == "next":
            return 200, {}, {"values": page, **({"next": link} if more else {})}
        return 200, ({"Link": f'<{link}>; rel="next", <{link}>; rel="last"'} if more else {}), page


@contextmanager
def forge_double() -> Iterator[ForgeDouble]:
    """A server without any answers, until the block ends."""
    double = ForgeDouble()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            given = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, thing = double.answer(self.command, self.path, headers, given)
            body = json.dumps(thing).encode()
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # names that http.server looks for

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing for each request."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{listening.server_port}"
    try:
        yield double
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join(10)
