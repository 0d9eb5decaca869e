"""An OCI registry on loopback: the distribution specification's pulls and pushes, in memory.

It can ask for a bearer token (giving tokens itself, for the right user and scope) or for a password, gives lists of
tags in pages, sends for blobs to another address, and can hang, refuse (`refusing`: status and headers), tell how many
manifests may still be read (`remaining`), keep digests to itself (`silent`) or serve the wrong bytes. Every request is
remembered.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback import Loopback, Quiet

__all__ = ["OciRegistry"]

_PLACE = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|tags|blobs/uploads)/(?P<reference>[^/]*)")


@dataclass
class OciRegistry(Loopback):
    """`asks` is how it authenticates: "" (not at all), "basic" or "bearer"."""

    asks: str = ""
    user: str = "robot"
    password: str = "s3cret"
    page: int = 1000
    redirect: str = ""
    hanging: bool = False
    refusing: tuple[int, dict[str, str]] | None = None
    remaining: str = ""
    silent: bool = False
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def handler(self) -> type[Quiet]:
        self._uploads: dict[str, bytes] = {}
        self._tokens: set[str] = set()
        double = self

        class Handler(Quiet):
            def _any(self) -> None:
                double._answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _any

        return Handler

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def put(self, name: str, tag: str, body: bytes, *, media_type: str) -> str:
        """Stores an archive under a tag with a manifest of one layer; returns the manifest's digest."""
        config = b"{}"
        for each in (config, body):
            self.blobs[_digest(each)] = each
        layer = {"mediaType": media_type, "digest": _digest(body), "size": len(body)}
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": _digest(config), "size": 2},
                "layers": [layer],
            }
        ).encode()
        return self.put_manifest(name, tag, manifest)

    def put_manifest(self, name: str, tag: str, manifest: bytes) -> str:
        media = json.loads(manifest).get("mediaType") or "application/vnd.oci.image.manifest.v1+json"
        digest = _digest(manifest)
        self.manifests[name, digest] = (media, manifest)
        if tag != digest:
            self.manifests[name, tag] = (media, manifest)
            if tag not in self.tags.setdefault(name, []):
                self.tags[name].append(tag)
        return digest

    def taken(self) -> list[tuple[str, str, int]]:
        """Method, path and status of the requests since the last call."""
        taken, self.requests[:] = list(self.requests), []
        return taken

    def _answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else b""
        given = handler.headers.get("Authorization", "")
        self.authorizations.append(given)
        if self.hanging:
            self._over.wait(30)
            return
        if self.refusing is not None:
            status, headers, out = *self.refusing, b"{}"
        elif parts.path == "/token":
            status, headers, out = self._token(given, query)
        elif not self._allowed(given):
            challenge = {
                "basic": 'Basic realm="registry"',
                "bearer": f'Bearer realm="http://{self.host}/token",service="registry"',
            }[self.asks]
            status, headers, out = 401, {"WWW-Authenticate": challenge}, b"{}"
        else:
            status, headers, out = self._content(handler.command, parts.path, query, body, handler.headers)
        self.requests.append((handler.command, parts.path, status))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(out)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(out)

    def _allowed(self, given: str) -> bool:
        if self.asks == "basic":
            return given == self._basic()
        return not self.asks or given.removeprefix("Bearer ") in self._tokens

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def _token(self, given: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self.user and given != self._basic():
            return 401, {}, b"{}"
        token = uuid.uuid4().hex
        self._tokens.add(token)
        return 200, {}, json.dumps({"token": token, "expires_in": 300, "scope": query.get("scope")}).encode()

    def _content(
        self, method: str, path: str, query: dict[str, str], body: bytes, asked: Any
    ) -> tuple[int, dict[str, str], bytes]:
        if path == "/v2/":
            return 200, {}, b"{}"
        match = _PLACE.fullmatch(path)
        if match is None:
            return 404, {}, b"{}"
        name, kind, reference = match["name"], match["kind"], match["reference"]
        if kind == "tags":
            return self._list(name, query)
        if "blobs/uploads" in path:
            return self._upload(name.removesuffix("/blobs"), method, path, query, body)
        if kind == "manifests" and method == "PUT":
            digest = self.put_manifest(name, reference, body)
            return 201, {"Docker-Content-Digest": digest, "Location": path}, b""
        if kind == "manifests":
            found = self.manifests.get((name, reference))
            if found is None:
                return 404, {}, b"{}"
            headers = {"Content-Type": found[0]} | ({"RateLimit-Remaining": self.remaining} if self.remaining else {})
            return 200, headers | ({} if self.silent else {"Docker-Content-Digest": _digest(found[1])}), found[1]
        if reference not in self.blobs:
            return 404, {}, b"{}"
        if self.redirect and method == "GET":
            return 307, {"Location": f"{self.redirect}/{reference}"}, b""
        return 200, {"Docker-Content-Digest": reference}, self.blobs[reference]

    def _list(self, name: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        tags = sorted(self.tags.get(name, []))
        if not tags:
            return 404, {}, b"{}"
        size = min(int(query.get("n", self.page)), self.page)
        rest = [tag for tag in tags if tag > query.get("last", "")]
        page, more = rest[:size], len(rest) > size
        headers = {"Link": f'</v2/{name}/tags/list?last={page[-1]}&n={size}>; rel="next"'} if more else {}
        return 200, headers, json.dumps({"name": name, "tags": page}).encode()

    def _upload(
        self, name: str, method: str, path: str, query: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        upload = path.rpartition("/")[2]
        if method == "POST":
            upload = uuid.uuid4().hex
            self._uploads[upload] = b""
            return 202, {"Location": f"/v2/{name}/blobs/uploads/{upload}"}, b""
        self._uploads[upload] += body
        if method == "PATCH":
            return 202, {"Location": path, "Range": f"0-{len(self._uploads[upload]) - 1}"}, b""
        content = self._uploads.pop(upload)
        if _digest(content) != query.get("digest"):
            return 400, {}, b"{}"
        self.blobs[_digest(content)] = content
        return 201, {"Location": f"/v2/{name}/blobs/{_digest(content)}"}, b""


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
