"""The dashboard in a real browser: the function `api` behind a port, and a page that fails a test for what it complains of.

The function is the deployed handler with its build of the dashboard, over moto's AWS; the port speaks as the local
runner's gateway does. The browser is the machine's Chromium. Whatever a page says on its console as an error, every
exception of its and every request that fails on the way are collected, and `Seen.quiet` is asked for at the end.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local import dashboard
from local.runner.functions import Route
from local.runner.routes import Request, event_of, find_route, read_answer
from mooring.errors import UnreachableError
from mooring.starting import LookAsker
from mooring.state.summaries import Declared, Desired, Found, indexed
from tests.doubles.deployed import API_TOKEN, REGION, Deployed, Handler, deployed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Locator, Page

__all__ = ["Desk", "Seen", "chromium", "desk", "open_browser", "plant_fleet"]

ROOT = Path(__file__).parents[2]
_AXE = ROOT / "dashboard/node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ROUTES = [
    (Route(method, path), "api")
    for method, path in (("ANY", "/api/v1/{proxy+}"), ("GET", "/healthz"), ("GET", "/"), ("GET", "/{proxy+}"))
]


@dataclass(frozen=True, slots=True)
class Desk:
    """The API with the dashboard at an address; `behind` is what it works on, `token` the administrator's."""

    url: str
    behind: Deployed
    token: str = API_TOKEN


@contextmanager
def desk(settings: dict[str, str] | None = None) -> Iterator[Desk]:
    """A new installation with the dashboard, which takes `API_TOKEN` typed into the page."""
    build = _build()
    secrets = {"API_TOKEN": {"token": API_TOKEN}}
    given = {"SECRET_PREFIX": "m", "LOCAL_LOGIN": "true", "LOOK_FUNCTION": "look", **(settings or {})}
    queues = ("RENDERS", "SYNCS", "NOTES", "IMAGES")
    with deployed("api", secrets, queues, given) as behind, pytest.MonkeyPatch.context() as patch:
        vars(sys.modules["web"])["_BUILD"] = build
        patch.setattr(LookAsker, "__call__", _look)
        server = _server(behind.handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield Desk(f"http://localhost:{server.server_address[1]}", behind)
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()


def _look(_asker: LookAsker, question: Mapping[str, Any]) -> dict[str, Any]:
    """The function `look` where there is no cluster: every one answers, but `far`, and nothing is in them."""
    name = question.get("cluster")
    if name is None:
        raise UnreachableError("there is no cluster here")
    told = {"at": time.time(), "milliseconds": 12, "version": "v1.36.3", "user": "mooring", "nodes": 3, "namespaces": 9}
    if name == "far":
        told |= {"version": "", "user": "", "nodes": None, "namespaces": None}
    message, then = ("no answer from far.test", "ask the doctor") if name == "far" else ("", "")
    state = "unreachable" if name == "far" else "answers"
    return {"answer": {**told, "state": state, "message": message, "next": then}}


@cache
def _build() -> Path:
    """The build as it was when this process first asked: somebody's next one changes nothing under a page."""
    return dashboard.make(print)


@cache
def _axe() -> str:
    dashboard.packages(print)
    return _AXE.read_text()


def _server(handler: Handler) -> ThreadingHTTPServer:
    alone = threading.Lock()  # an instance of a function answers one request at a time

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Request(self.command, self.path, list(self.headers.items()), body, "127.0.0.1")
            match = find_route(_ROUTES, request.method, request.target)
            assert match is not None
            with alone:
                answer = read_answer(json.dumps(handler(event_of(request, match), None)).encode())
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A browser that has gone is no news."""

    return Server(("localhost", 0), Answering)


def plant_fleet(found: Deployed, count: int, **changed: Any) -> list[str]:
    """Puts so many applications into the index of lists, of every health; their names. Nothing else knows of them."""
    names = [f"{_WORDS[n % len(_WORDS)]}-{_PLACES[n % 7]}-{n:04}" for n in range(count)]
    dynamodb: Any = boto3.client("dynamodb", region_name=REGION)
    puts = []
    for number, name in enumerate(names):
        pk = f"APP#argocd/{name}"
        labels = {"team": _TEAMS[number % 5], "tier": "web" if number % 3 else "data"}
        declared = Declared(
            1, _TEAMS[number % 5], "", _PLACES[number % 7], name, f"https://git.test/{_TEAMS[number % 5]}/fleet",
            f"apps/{name}", "", "main", 1, labels, "", number % 4 > 0, False, 0,
        )  # fmt: skip
        revision = f"{number:08x}" * 5
        health = _HEALTHS.get(number % 40, "Healthy")
        sync = "OutOfSync" if number % 23 == 5 else "Synced"
        running = "Running" if number % 97 == 11 else "Succeeded"
        seen = Found(
            1, "bundle", revision, sync, health, running, _PLACES[number % 7], "", [f"registry.test/{name}:1.{number}"],
            1_760_000_000.0 + number * 60, 1_760_000_000.0, 3 if number % 31 == 3 else 0, 0, False,
        )  # fmt: skip
        parts = (("SPEC", declared), ("WANTED", Desired(1, revision, "bundle", False, "", "", 0)), ("STATUS", seen))
        for sk, part in parts:
            item = {"pk": pk, "sk": sk, **indexed(pk, part)}
            puts.append({"PutRequest": {"Item": {each: {"S": value} for each, value in item.items()}}})
    for start in range(0, len(puts), 25):
        dynamodb.batch_write_item(RequestItems={"mooring": puts[start : start + 25]})
    return names


_WORDS = ("checkout", "catalog", "ledger", "search", "mailer", "identity", "shop", "reports")
_PLACES = ("prod-eu", "prod-us", "staging", "prod-ap", "dev", "edge-1", "edge-2")
_TEAMS = ("payments", "platform", "growth", "data", "core")
_HEALTHS = {7: "Degraded", 15: "Progressing", 21: "Missing", 28: "Suspended", 33: "Unknown"}


def chromium() -> str | None:
    """The machine's Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def open_browser(*more: str) -> Iterator[Browser]:
    """Chromium without a window, with these options beside those that it needs here."""
    from playwright.sync_api import sync_playwright

    program = chromium()
    assert program is not None
    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # its sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*options, "--disable-gpu", "--font-render-hinting=none", *more]
        )
        yield browser
        browser.close()


@dataclass(slots=True)
class Seen:
    """A page that is being looked at, and what it complained of so far."""

    page: Page
    desk: Desk
    complaints: list[str] = field(default_factory=list)
    _tools: CDPSession | None = None

    def watch(self) -> None:
        """From now on, complaints are kept."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{said.text} {said.location['url']}") if said.type == "error" else None
            ),
        )

    def forgive(self, *parts: str) -> None:
        """Takes away complaints that a test has caused itself: those with one of these texts in them."""
        self.complaints = [each for each in self.complaints if not any(part in each for part in parts)]

    def open(self, path: str) -> None:
        """Goes to an address of the dashboard."""
        self.page.goto(self.desk.url + path)

    def sign_in(self, path: str = "/applications") -> None:
        """Goes to an address as the administrator, who has signed in already."""
        answer = self.page.context.request.post(
            f"{self.desk.url}/api/v1/login/token",
            data={"token": self.desk.token},
            headers={"origin": self.desk.url},
        )
        assert answer.ok, answer.text()
        self.open(path)

    def sign_in_by_hand(self, path: str = "/applications") -> None:
        """Goes to an address, and types the administrator's token on the way."""
        self.open(path)
        self.page.get_by_label("Token of this stack").fill(self.desk.token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"**{path}")
        self.forgive("/api/v1/session")  # nobody was signed in

    def turn_to(self, path: str) -> None:
        """Goes on to an address as the dashboard's own links do, without loading the page anew."""
        self.page.evaluate("(to) => history.pushState(null, '', to)", path)

    def quiet(self) -> None:
        """The page complained of nothing."""
        self.forgive("/api/v1/stream")  # this installation has no WebSockets: the page polls
        assert [] == self.complaints, self.complaints

    def accessible(self) -> None:
        """axe finds nothing against WCAG 2.2 AA, nor against its best practices."""
        # Into a world of the test's own: the page's policy lets no script in, and shall not for a test.
        session = self._tools = self._tools or self.page.context.new_cdp_session(self.page)
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
        there = session.send("Runtime.evaluate", {"expression": "typeof axe", "contextId": world})
        if there["result"]["value"] == "undefined":  # the world stays for as long as the document does
            session.send("Runtime.evaluate", {"expression": _axe(), "contextId": world})
        asked = f"axe.run(document, {{runOnly: {json.dumps(_RULES)}}}).then((told) => JSON.stringify(told.violations))"
        told = session.send(
            "Runtime.evaluate",
            {"expression": asked, "contextId": world, "awaitPromise": True, "returnByValue": True},
        )
        found = [
            (each["id"], [node["html"][:200] + " — " + node["failureSummary"][:300] for node in each["nodes"][:3]])
            for each in json.loads(told["result"]["value"])
        ]
        assert [] == found, found

    def fits(self) -> None:
        """Nothing is wider than the window."""
        wide, window = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window
        # The page scrolls in a frame of its own, which would hide what is too wide for it.
        beyond = self.page.evaluate(
            "[...document.querySelectorAll('.page')].map((at) => at.scrollWidth - at.clientWidth)"
        )
        assert max(beyond, default=0) <= 0, f"the page can be pushed aside by {beyond} pixels"

    def looks_like(self, name: str, *, masks: tuple[Locator, ...] = (), tolerance: float = 0.01) -> None:
        """The window is as in `docs/screenshots/NAME.png`, but for masks and a share of pixels.

        With `MOORING_SCREENSHOTS=write` the picture is made anew instead. Pictures of other sizes are never alike.
        """
        from PIL import Image, ImageChops

        kept = ROOT / "docs/screenshots" / f"{name}.png"
        shot = self.page.screenshot(mask=list(masks), mask_color="#808080", animations="disabled", caret="hide")
        if os.environ.get("MOORING_SCREENSHOTS") == "write":
            kept.parent.mkdir(exist_ok=True)
            image = Image.open(io.BytesIO(shot)).convert("RGB").quantize(128)
            image.save(kept, optimize=True)
            return
        with Image.open(kept) as expected, Image.open(io.BytesIO(shot)) as found:
            assert expected.size == found.size, name
            difference = ImageChops.difference(expected.convert("RGB"), found.convert("RGB")).convert("L")
            different = sum(difference.histogram()[48:]) / (found.width * found.height)
        assert different <= tolerance, f"{name}: {different:.1%} of the pixels differ"
