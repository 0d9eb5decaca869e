"""Pull requests as GitHub's REST API documents them, over a bare repository on disk: what can be merged is merged by git.

It is no GitHub. It refuses what the documentation says is refused (422 for a second request of the same branches, and
where there is nothing between them), keeps descriptions to 65,536 characters, and answers with the fields that it
documents ("Create a pull request", "Update a pull request", "Get the combined status for a specific reference").
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mooring.forge.github import GitHub
from mooring.forge.rest import Rest

__all__ = ["Pulls", "pulls_of"]

_MOST = 65_536


@dataclass
class Pulls:
    """The requests of one repository by number; `statuses` are those of every commit, `asked` are methods and paths."""

    repository: Path
    url: str = ""
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    statuses: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def host(self, url: str = "") -> GitHub:
        """The repository's host, as whoever has the token."""
        rest = Rest(self.url, {"Authorization": "Bearer s3cret"}, where="repository", guard=lambda _: None)
        return GitHub(rest, "acme", "shop")

    def git(self, *command: str) -> str:
        done = subprocess.run(["git", *command], cwd=self.repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    @property
    def open(self) -> list[dict[str, Any]]:
        return [each for each in self.items.values() if each["state"] == "open"]

    def merge(self, number: int) -> str:
        """Merges as somebody who presses the button; the merge commit."""
        item = self.items[number]
        base, head = item["base"]["ref"], item["head"]["ref"]
        written = self.git("merge-tree", "--write-tree", base, head)
        who = ("-c", "user.name=bert", "-c", "user.email=bert@test")
        sha = self.git(*who, "commit-tree", written, "-p", base, "-p", head, "-m", f"Merge pull request #{number}")
        self.git("update-ref", f"refs/heads/{base}", sha)
        item |= {"state": "closed", "merged": True, "merged_at": "2026-01-01T00:00:00Z"}
        return sha

    def close(self, number: int) -> None:
        """Somebody turns it down."""
        self.items[number]["state"] = "closed"

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        path, query = urlsplit(target).path.removeprefix("/repos/acme/shop"), dict(parse_qsl(urlsplit(target).query))
        self.asked.append(f"{method} {path}")
        if path == "/pulls" and method == "POST":
            return self._create(body)
        if path == "/pulls":
            head = query.get("head", "").removeprefix("acme:")
            listed = [each for each in self.items.values() if each["state"] == query.get("state", "open")]
            return 200, [each for each in listed if (each["head"]["ref"], each["base"]["ref"]) == (head, query["base"])]
        if found := re.fullmatch(r"/pulls/(\d+)", path):
            item = self.items.get(int(found[1]))
            if item is None:
                return 404, {"message": "Not Found"}
            if method == "PATCH":
                if len(body.get("body") or "") > _MOST:
                    return 422, {"message": "body is too long"}
                item |= body
            return 200, item
        if re.fullmatch(r"/issues/\d+/comments", path):
            self.comments.append(body["body"])
            return 201, {}
        if path.endswith("/status"):
            return 200, {"state": "success", "statuses": self.statuses, "total_count": len(self.statuses)}
        if path.endswith("/check-runs"):
            return 200, {"total_count": 0, "check_runs": []}
        return 404, {"message": "Not Found"}

    def _create(self, body: Any) -> tuple[int, Any]:
        head, base = body["head"], body["base"]
        there = any((each["head"]["ref"], each["base"]["ref"]) == (head, base) for each in self.open)
        if there or self.git("rev-list", "--count", f"{base}..{head}") == "0" or len(body["body"]) > _MOST:
            return 422, {"message": "Validation Failed"}
        number = len(self.items) + 1
        self.items[number] = {
            "number": number,
            "title": body["title"],
            "body": body["body"],
            "html_url": f"https://github.test/acme/shop/pull/{number}",
            "head": {"ref": head},
            "base": {"ref": base},
            "state": "open",
            "merged": False,
        }
        return 201, self.items[number]


@contextmanager
def pulls_of(repository: Path) -> Iterator[Pulls]:
    """A server for the requests of a bare repository, until the block ends."""
    pulls = Pulls(repository)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing."""

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, thing = (
                pulls.answer(self.command, self.path, body)
                if self.headers["authorization"] == "Bearer s3cret"
                else (401, {"message": "Bad credentials"})
            )
            content = json.dumps(thing).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    pulls.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield pulls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
