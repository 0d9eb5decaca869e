"""What the story trusts: the audit log as it is read, the webhook as it is signed, the table as it is printed."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from local.demo.audit import AuditLog
from local.demo.forge import Webhook, create_repository
from local.demo.instances import working_instances
from local.demo.report import table
from local.demo.story import Outcome, Step, play
from local.demo.world import Disappointment, World
from local.githttp import GitServer


def event(verb: str = "patch", agent: str = "mooring/0.1.0", query: str = "", stage: str = "ResponseComplete") -> str:
    return json.dumps(
        {
            "stage": stage,
            "verb": verb,
            "requestURI": f"/api/v1/namespaces/shop/configmaps/a{query}",
            "objectRef": {"resource": "configmaps", "namespace": "shop", "name": "a"},
            "responseStatus": {"code": 200},
            "userAgent": agent,
            "requestReceivedTimestamp": "2026-01-01T00:00:01.500000Z",
        }
    )


def test_the_audit_log_is_read_from_a_mark_by_user_agent(tmp_path: Path) -> None:
    """Only finished requests of Mooring's, after the mark, and no half-written line."""
    # GIVEN a log with requests before and after a mark
    path = tmp_path / "audit.jsonl"
    path.write_text(event() + "\n")
    log = AuditLog(path)
    mark = log.mark()
    with path.open("a") as file:
        lines = [event("create"), event(agent="kubectl/v1.36"), event(stage="ResponseStarted"), event("get")]
        file.write("\n".join(lines) + "\n" + event()[:50])
    # WHEN it is read from the mark
    requests = log.since(mark)
    # THEN the rest is left out
    assert ["create", "get"] == [request.verb for request in requests]
    assert 1767225601.5 == requests[0].at
    assert [True, False] == [request.is_write for request in requests]


def test_a_dry_run_is_no_write(tmp_path: Path) -> None:
    """`dryRun=All` asks, and changes nothing."""
    path = tmp_path / "audit.jsonl"
    path.write_text(
        event(query="?fieldManager=mooring&dryRun=All&force=true") + "\n" + event(query="?force=true") + "\n"
    )
    assert [False, True] == [request.is_write for request in AuditLog(path).since(0)]


def test_a_push_sends_a_signed_webhook_with_the_changed_files(tmp_path: Path) -> None:
    """What the forge posts can be verified as GitHub's documentation says, and lists what changed."""
    received: list[tuple[Message, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output quiet."""

    # GIVEN a forge with one repository, and somebody who listens to its webhook
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    (tmp_path / "root").mkdir()
    webhook = Webhook(f"http://127.0.0.1:{server.server_port}/api/webhook", "secret")
    try:
        with GitServer(tmp_path / "root") as git:
            repository = create_repository(
                "shop", files=None, root=git.root, url=git.url, work=tmp_path / "work", webhook=webhook
            )
            before = repository.head()
            # WHEN a commit is pushed, and reverted
            repository.write("k8s/a.yaml", "a: 1\n")
            after = repository.push("Add a")
            repository.revert(after)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    # THEN each push was announced, signed, with its files
    headers, body = received[0]
    expected = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert f"sha256={expected}" == headers["X-Hub-Signature-256"]
    assert ("push", True) == (
        headers["X-GitHub-Event"],
        headers["X-GitHub-Delivery"] != received[1][0]["X-GitHub-Delivery"],
    )
    payload = json.loads(body)
    assert (before, after, f"{git.url}/shop.git") == (
        payload["before"], payload["after"], payload["repository"]["clone_url"],
    )  # fmt: skip
    assert ["k8s/a.yaml"] == payload["head_commit"]["added"]
    assert ["k8s/a.yaml"] == json.loads(received[1][1])["head_commit"]["removed"]


def test_only_instances_at_work_are_found() -> None:
    """A stopped instance rests; another function's is none of ours."""
    # GIVEN three children that look like instances, of which one is stopped
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]

    def start(name: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(sleep, env=os.environ | {"AWS_LAMBDA_FUNCTION_NAME": name}, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        return child

    children = [start("mooring-SyncFunction"), start("mooring-SyncFunction"), start("mooring-RenderFunction")]
    try:
        children[1].send_signal(signal.SIGSTOP)
        while "T" not in Path(f"/proc/{children[1].pid}/stat").read_text().rpartition(")")[2].split()[0]:
            time.sleep(0.01)
        # WHEN the working instances of sync are looked for
        found = working_instances(os.getpid(), "sync")
    finally:
        for child in children:
            child.kill()
            child.communicate()
    # THEN it is the one
    assert [children[0].pid] == found


def test_a_failed_step_does_not_end_the_story() -> None:
    """Every step is played; a disappointment and a bug are both failures, with their words."""

    def disappoint(world: World) -> str:
        raise Disappointment("replicas: 1")

    def stumble(world: World) -> str:
        raise KeyError("status")

    steps = [Step("a", "x", disappoint), Step("b", "y", stumble), Step("c", "z", lambda world: "seen")]
    nobody: Any = None
    outcomes = list(play(nobody, steps))
    assert [("replicas: 1", False), ("KeyError: 'status'", False), ("seen", True)] == [
        (outcome.observed, outcome.passed) for outcome in outcomes
    ]


def test_the_table_loses_no_word() -> None:
    """Long cells are wrapped to the width, not cut."""
    step = Step("a step with a name", "something that is expected", lambda world: "")
    observed = "a message of the API server that is rather long " * 4
    text = table([Outcome(1, step, observed, 1.25, True)], width=100)
    assert max(map(len, text.splitlines())) <= 100
    words = [line.split("│")[3].split() for line in text.splitlines() if "│" in line]
    assert ["observed", *observed.split()] == [word for line in words for word in line]
