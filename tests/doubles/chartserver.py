"""A repository of charts on loopback, as a web server with a folder of archives and an `index.yaml` would be one.

Archives and index are made by the real Helm (`helm package`, `helm repo index`). The server knows validators (ETag and
304), basic and bearer authentication, redirects, gzip, and how to hang, to dribble and to lie about a digest. Every
request is remembered with its header `Authorization`.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.loopback import Loopback, Quiet

__all__ = ["ChartServer", "Request", "write_chart"]


@dataclass(frozen=True)
class Request:
    """One request: its path, what it was answered with, who asked."""

    path: str
    status: int
    authorization: str


def write_chart(folder: Path, name: str, version: str, *, extra: str = "", files: Mapping[str, str] = {}) -> Path:
    """A chart with one ConfigMap that tells name, version and values; `extra` goes to the end of Chart.yaml."""
    chart = folder / name
    config = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\n"
        "data: {version: {{ .Chart.Version | quote }}, values: {{ toJson .Values | quote }}}\n"
    )
    content = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n{extra}",
        "values.yaml": "color: default\n",
        "templates/config.yaml": config,
        **files,
    }
    for path, text in content.items():
        (chart / path).parent.mkdir(parents=True, exist_ok=True)
        (chart / path).write_text(text)
    return chart


@dataclass
class ChartServer(Loopback):
    """Serves `root` over HTTP (or HTTPS, with `tls`) until it is stopped; `url` has no slash at its end."""

    root: Path
    helm: Path
    authorization: str = ""
    tls: ssl.SSLContext | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    dribbling: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def handler(self) -> type[Quiet]:
        self.root.mkdir(parents=True, exist_ok=True)
        double = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                double._answer(self)

        return Handler

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def publish(self, *charts: Path, url: str = "") -> None:
        """Packs charts with Helm and writes the index anew; `url` goes before the archives' names in it."""
        for chart in charts:
            self._helm("package", chart, "-d", self.root)
        self._helm("repo", "index", self.root, *(["--url", url] if url else []))

    def taken(self) -> list[tuple[str, int]]:
        """Paths and statuses of the requests since the last call."""
        taken, self.requests[:] = [(each.path, each.status) for each in self.requests], []
        return taken

    def _helm(self, *arguments: object) -> None:
        subprocess.run([self.helm, *map(str, arguments)], check=True, capture_output=True)

    def _answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        given = handler.headers.get("Authorization", "")
        status, headers, body = self._content(path, given, handler.headers)
        self.requests.append(Request(path, status, given))
        if path in self.hanging:
            self._over.wait(30)
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if path in self.dribbling:
            for index in range(len(body)):
                if self._over.wait(0.1):
                    return
                handler.wfile.write(body[index : index + 1])
            return
        if status != 304:
            handler.wfile.write(body)

    def _content(self, path: str, given: str, asked: Any) -> tuple[int, dict[str, str], bytes]:
        if self.authorization and given != self.authorization:
            return 401, {"WWW-Authenticate": 'Basic realm="charts"'}, b"who are you?"
        if path in self.statuses:
            return self.statuses[path], {"Retry-After": "7"}, b"no"
        if path in self.redirects:
            return 302, {"Location": self.redirects[path]}, b""
        file = self.root / path.lstrip("/")
        if not file.is_file():
            return 404, {}, b"no such file"
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.get("If-None-Match") == tag:
            return 304, {"ETag": tag}, b""
        headers = {"ETag": tag}
        if "gzip" in (asked.get("Accept-Encoding") or "") and file.suffix == ".yaml":
            headers["Content-Encoding"], body = "gzip", gzip.compress(body)
        return 200, headers, body
