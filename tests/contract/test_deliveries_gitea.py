"""Hooks that Mooring installs on a real Gitea, and what that Gitea then sends: installed, signed, recognised, read."""

from __future__ import annotations

import base64
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

import pytest

from mooring.errors import ForbiddenError
from mooring.events.forges.happenings import Delivery, PullRequest, Push
from mooring.events.forges.recognising import read, recognise
from mooring.events.forges.verifying import Request, Rules, Trust
from mooring.flows.asked.hooks import HookPorts, install_hook, list_hooks
from mooring.source.urls import normalise
from tests.doubles.realgitea import RealGitea, real_gitea

KEY = "webhook.gitea.secret"
T = TypeVar("T", Push, PullRequest)


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    """A Gitea for the tests of this file."""
    with real_gitea(tmp_path_factory.mktemp("gitea")) as started:
        yield started


class Inbox:
    """Keeps what is sent to `url`."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: queue.Queue[Request] = queue.Queue()

    def next(self, kind: type[T], fits: Callable[[T], bool], *, secret: str = "shared") -> tuple[Delivery, T]:
        """The next delivery that tells of such a happening, verified with a secret; what a Gitea tells beside it, or
        late, is passed over.
        """
        deadline = time.monotonic() + 30
        while True:
            request = self.requests.get(timeout=max(0.1, deadline - time.monotonic()))
            delivery = read(recognise(request.headers), request, Trust({KEY: (secret,)}, Rules, time.time()))
            for each in delivery.happened:
                if isinstance(each, kind) and fits(each):
                    return delivery, each


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Somewhere for a Gitea to send its webhooks to."""
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.requests.put(Request({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing for each request."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    box.url = f"http://127.0.0.1:{listening.server_port}/api/webhook"
    yield box
    listening.shutdown()
    listening.server_close()
    thread.join(10)


def installed(gitea: RealGitea, url: str, to: str, *, secret: str = "shared") -> str:
    """Installs a hook as `mooring webhook install` does; what was done."""
    ports = HookPorts(lambda: json.dumps({KEY: secret}), dict, guard=lambda _: None)
    asked = {"repository": url, "token": gitea.tokens["ada"], "url": to, "provider": "gitea"}
    done = str(install_hook(ports, asked)["done"])
    assert [True] == [each["ours"] for each in list_hooks(ports, asked)["items"]]
    return done


def test_pushes_and_requests_are_read_as_a_gitea_sends_them(gitea: RealGitea, inbox: Inbox) -> None:
    """GIVEN an installed hook, WHEN somebody commits, opens and closes a request, THEN each is told and proven."""
    url = gitea.repository("told")
    assert "created" == installed(gitea, url, inbox.url)
    body = {"content": base64.b64encode(b"x").decode(), "message": "add a file", "branch": "main"}
    made = gitea.ask("POST", "/repos/ada/told/contents/apps/a.yaml", body, by="bert")
    delivery, push = inbox.next(Push, lambda each: each.ref == "refs/heads/main" and each.by == "bert")
    assert ("gitea", True, "refs/heads/main", made["commit"]["sha"], "bert", frozenset({"apps/a.yaml"})) == (
        delivery.provider, delivery.proven, push.ref, push.after, push.by, push.files,
    )  # fmt: skip
    assert normalise(url) in {normalise(each) for each in push.urls}
    gitea.branch("told", "feature")
    request = gitea.ask(
        "POST", "/repos/ada/told/pulls", {"head": "feature", "base": "main", "title": "Ship"}, by="bert"
    )
    _, opened = inbox.next(PullRequest, lambda each: each.action == "opened")
    assert (str(request["number"]), "opened", "bert", "feature", "main") == (
        opened.number, opened.action, opened.by, opened.source, opened.target,
    )  # fmt: skip
    gitea.ask("PATCH", f"/repos/ada/told/pulls/{request['number']}", {"state": "closed"})
    _, closed = inbox.next(PullRequest, lambda each: each.action == "closed")
    assert (opened.number, "ada") == (closed.number, closed.by)


def test_tags_and_deletions_are_told(gitea: RealGitea, inbox: Inbox) -> None:
    """GIVEN an installed hook, WHEN a tag is made and a branch deleted, THEN both are told."""
    url = gitea.repository("moved")
    gitea.branch("moved", "old")
    installed(gitea, url, inbox.url)
    gitea.ask("POST", "/repos/ada/moved/tags", {"tag_name": "v1.0.0", "target": "main"})
    _, tag = inbox.next(Push, lambda each: each.kind == "tag")
    assert ("v1.0.0", False) == (tag.name, tag.deleted)
    gitea.ask("DELETE", "/repos/ada/moved/branches/old")
    assert "refs/heads/old" == inbox.next(Push, lambda each: each.deleted)[1].ref


def test_a_rotated_secret_is_installed_in_place(gitea: RealGitea, inbox: Inbox) -> None:
    """GIVEN a hook, WHEN it is installed again with another secret, THEN deliveries are signed with that one."""
    url = gitea.repository("rotated")
    assert "created" == installed(gitea, url, inbox.url)
    assert "updated" == installed(gitea, url, inbox.url, secret="another")
    gitea.branch("rotated", "feature")
    assert inbox.next(Push, lambda each: each.name == "feature", secret="another")[0].proven
    gitea.branch("rotated", "further")
    with pytest.raises(ForbiddenError):
        inbox.next(Push, lambda each: True, secret="shared")
