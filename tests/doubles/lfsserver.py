"""A forge with Git LFS: the batch API and its objects, and a real git server behind the same address.

After git-lfs' docs/api ("Batch API", "Basic Transfers"): objects are handed out under links with a header of their own.
"""

from __future__ import annotations

import hashlib
import http.client
import http.server
import json
import threading
from types import TracebackType
from typing import Any, Self

__all__ = ["LfsServer", "pointer"]

_MEDIA = "application/vnd.git-lfs+json"
_TICKET = "Bearer for-this-object"


def pointer(content: bytes) -> str:
    """The pointer file that stands for some content (git-lfs, "Specification")."""
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"


class LfsServer:
    """Answers `…/info/lfs/…` itself and passes everything else on to `behind` (host:port).

    `objects` are what it has, by oid; `asked` the oids of each batch; `fetched` the oids that were downloaded;
    `guard` is the `Authorization` that batches have to show, if any; `link` replaces where objects are.
    """

    def __init__(self, behind: str) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[list[str]] = []
        self.fetched: list[str] = []
        self.guard = ""
        self.link = ""
        self.status = 200
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                if "/lfs-objects/" in self.path:
                    self._object(self.path.rpartition("/")[2])
                else:
                    self._pass_on(b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.endswith(".git/info/lfs/objects/batch"):
                    self._batch(json.loads(body))
                else:
                    self._pass_on(body)

            def _batch(self, asked: dict[str, Any]) -> None:
                assert (_MEDIA, "download") == (self.headers["Accept"], asked["operation"])
                if owner.guard and self.headers.get("Authorization") != owner.guard:
                    self._answer(401, b"{}")
                    return
                owner.asked.append([each["oid"] for each in asked["objects"]])
                told = []
                for each in asked["objects"]:
                    if each["oid"] in owner.objects:
                        href = (owner.link or f"{owner.url}/lfs-objects") + f"/{each['oid']}"
                        action = {"href": href, "header": {"Authorization": _TICKET}}
                        told.append({**each, "actions": {"download": action}})
                    else:
                        told.append({**each, "error": {"code": 404, "message": "Object does not exist"}})
                self._answer(owner.status, json.dumps({"transfer": "basic", "objects": told}).encode())

            def _object(self, oid: str) -> None:
                if self.headers.get("Authorization") != _TICKET:
                    self._answer(403, b"")
                    return
                owner.fetched.append(oid)
                self._answer(200, owner.objects[oid])

            def _pass_on(self, body: bytes) -> None:
                connection = http.client.HTTPConnection(behind, timeout=20)
                kept = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
                connection.request(self.command, self.path, body or None, kept)
                answer = connection.getresponse()
                self._answer(answer.status, answer.read(), answer.getheader("Content-Type") or "text/plain")
                connection.close()

            def _answer(self, status: int, body: bytes, kind: str = _MEDIA) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def keep(self, content: bytes) -> str:
        """Takes an object; its pointer."""
        self.objects[hashlib.sha256(content).hexdigest()] = content
        return pointer(content)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
