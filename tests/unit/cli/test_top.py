"""`mooring top`: what keys do to the view, what is drawn, and a real terminal that shows it."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import struct
import sys
import time
from collections.abc import Callable
from contextlib import closing
from fcntl import ioctl
from pathlib import Path
from subprocess import Popen
from termios import TIOCSWINSZ
from typing import Any

import pytest
from rich.console import Console

from mooring_cli.fleetview import FleetView
from mooring_cli.keys import keys_in
from mooring_cli.top import _Known, screen
from tests.unit.cli.fake_api import TOKEN, FakeApi, Outcome, application, summary

LIST = "GET /api/v1/applications?view=summary"


def fleet() -> list[dict[str, Any]]:
    return [
        summary("a-well", cluster="east"),
        summary("b-broken", health="Degraded", sync="OutOfSync", message="1 pod crashes", cluster="west"),
        summary("c-moving", health="Progressing", project="payments"),
        summary("d-out", "team", sync="OutOfSync"),
    ]


def view_of(rows: list[dict[str, Any]], *keys: str) -> FleetView:
    view = FleetView()
    view.take(rows)
    for key in keys:
        view.press(key)
    return view


def names(view: FleetView) -> list[str]:
    return [row["name"] for row in view.seen]


def drawn(view: FleetView, known: _Known, height: int = 12) -> list[str]:
    console = Console(width=110, height=height, file=io.StringIO(), record=True)
    view.fit(height - 4)
    console.print(screen(view, known, console))
    return [each.rstrip() for each in console.export_text().splitlines()]


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ([], ["b-broken", "c-moving", "d-out", "a-well"]),
        (["r"], ["a-well", "d-out", "c-moving", "b-broken"]),
        (["s"], ["b-broken", "d-out", "c-moving", "a-well"]),
        (["s", "s", "s"], ["a-well", "b-broken", "c-moving", "d-out"]),
        (["h"], ["b-broken"]),
        (["y"], ["b-broken", "d-out"]),
        (["y", "escape"], ["b-broken", "c-moving", "d-out", "a-well"]),
        (["/", *"west", "enter"], ["b-broken"]),
        (["/", *"team x", "backspace", "backspace"], ["d-out"]),
        (["/", *"none", "escape"], ["b-broken", "c-moving", "d-out", "a-well"]),
        (["/", "q"], []),
    ],
)
def test_keys_choose_and_sort(keys: list[str], seen: list[str]) -> None:
    """GIVEN four applications WHEN keys are pressed THEN those are seen, the worst first where nothing else is said."""
    assert seen == names(view_of(fleet(), *keys))


def test_the_cursor_stays_on_its_application() -> None:
    """GIVEN a cursor on a row WHEN the fleet changes around it THEN it is on the same application still."""
    view = view_of(fleet(), "down", "down")
    assert (view.selected or {})["name"] == "d-out"
    changed = [row | {"health": "Degraded"} if row["name"] == "a-well" else row for row in fleet()]
    view.take([*changed, summary("e-new", health="Degraded")])
    assert (view.selected or {})["name"] == "d-out"
    view.take([])
    assert None is view.selected
    assert [] == view_of([], "enter", "down", "end").visible()


def test_only_what_fits_is_drawn() -> None:
    """GIVEN 2,000 applications WHEN the cursor goes to the end THEN the screen holds the last ones and no more."""
    rows = [summary(f"app-{n:04}") for n in range(2000)]
    view = view_of(rows)
    view.fit(8)
    view.press("end")
    assert ["app-1992", "app-1999"] == [view.visible()[0]["name"], view.visible()[-1]["name"]]
    found = drawn(view, _Known(rows))
    assert ("2000 applications  2000 Healthy  2000 Synced", "2000/2000  by health") == tuple(found[:2])
    assert 12 == len(found)
    view.press("pageup")
    assert "app-1991" == (view.selected or {})["name"]


def test_a_screen_shows_the_fleet_and_trouble() -> None:
    """GIVEN a fleet and an API that is away WHEN drawn THEN rows, totals, trouble and keys are there."""
    rows = fleet()
    found = drawn(view_of(rows), _Known(rows, trouble="no answer from there"))
    assert "4 applications  2 Healthy  1 Progressing  1 Degraded  2 Synced  2 OutOfSync" == found[0]
    assert ["b-broken", "OutOfSync", "Degraded"] == found[3].split()[:3]
    assert ("no answer from there", True) == (found[-2], found[-1].startswith("q quit"))
    assert any(each.startswith("team/d-out") for each in found)


def test_an_application_is_opened_and_left() -> None:
    """GIVEN a sync that goes on WHEN its application is opened THEN waves and events are seen, until a key leaves."""
    step = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web", "status": "Synced"}
    app = application("OutOfSync", phase="Running", message="waiting", syncResult={"resources": [step]})
    event = {"type": "Normal", "reason": "Pulled", "message": "the image", "count": 1, "last": "2026", "object": step}
    rows = fleet()
    view = view_of(rows, "enter")
    assert "argocd/b-broken" == view.opened
    found = "\n".join(drawn(view, _Known(rows, app, (event,), "", view.opened), 20))
    for words in (
        "argocd/b-broken  OutOfSync at aaaaaaa",
        "Running: waiting",
        "wave 0",
        "Deployment/shop/web",
        "Pulled",
    ):
        assert words in found
    # THEN an answer about another one is not shown as this one
    assert ["argocd/b-broken …", "q back"] == drawn(view, _Known(rows, app, (), "", "argocd/other"))
    view.press("q")
    assert ("", False) == (view.opened, view.ended)
    view.press("q")
    assert view.ended


def test_keys_have_names() -> None:
    """GIVEN what terminals send WHEN it is read THEN keys have names, and what nobody knows is nothing."""
    assert ["up", "down", "x", "enter", "pagedown", "home"] == keys_in("\x1b[A\x1bOBx\r\x1b[6~\x1b[H")
    assert ["escape"] == keys_in("\x1b")
    assert ["é", "backspace"] == keys_in("\x1b[99~é\x7f")


def test_without_a_terminal_it_is_a_table(api: FakeApi, mooring: Callable[..., Outcome]) -> None:
    """GIVEN a pipe WHEN the fleet is asked for THEN the table is printed once."""
    api.on(f"{LIST}&project=a%2Cb", {"items": fleet(), "metadata": {}})
    assert "argocd/b-broken  OutOfSync  Degraded" in mooring("top", "-p", "a", "-p", "b").out


class Terminal:
    """A command on a terminal of its own: 100 columns, 16 lines."""

    def __init__(self, url: str, folder: Path, *arguments: str) -> None:
        self.leader, follower = pty.openpty()
        ioctl(follower, TIOCSWINSZ, struct.pack("HHHH", 16, 100, 0, 0))
        environment = {"MOORING_URL": url, "MOORING_TOKEN": TOKEN, "TERM": "xterm-256color", "PATH": os.environ["PATH"]}
        environment |= {"XDG_CONFIG_HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"}
        self.process = Popen(
            [sys.executable, "-m", "mooring_cli.main", *arguments],
            cwd=folder, env=environment, stdin=follower, stdout=follower, stderr=follower,
        )  # fmt: skip
        os.close(follower)
        self.shown = ""

    def until(self, words: str) -> None:
        """Reads until something is shown."""
        deadline = time.monotonic() + 30
        while words not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown):
            assert time.monotonic() < deadline, self.shown[-2000:]
            if select.select([self.leader], [], [], 0.5)[0]:
                self.shown += os.read(self.leader, 65536).decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        self.shown = ""
        os.write(self.leader, keys.encode())

    def ended(self) -> int:
        """Reads to the end; the exit code."""
        while select.select([self.leader], [], [], 30)[0]:
            try:
                self.shown += os.read(self.leader, 65536).decode("utf-8", "replace")
            except OSError:  # the terminal has no other end any more
                break
        return self.process.wait(timeout=30)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.leader)


def test_a_terminal_shows_what_changes(api: FakeApi, tmp_path: Path) -> None:
    """GIVEN a terminal WHEN the fleet changes and keys are pressed THEN it is seen, and the terminal is left as it was."""
    rows, changed = fleet(), [row | {"health": "Degraded"} for row in fleet()]
    api.on(LIST, {"items": rows, "metadata": {}}, {"items": changed, "metadata": {}})
    api.on("GET /api/v1/applications/b-broken?namespace=argocd", application())
    api.on("GET /api/v1/applications/b-broken/events?namespace=argocd&limit=8", {"detail": "no cluster"}, status=503)
    terminal = Terminal(api.url, tmp_path, "top")
    with closing(terminal):
        terminal.until("1 Degraded")
        terminal.until("4 Degraded")
        terminal.press("/broken\r")
        terminal.until("/broken")
        terminal.press("\r")
        terminal.until("Deployment/web")
        terminal.until("no cluster")
        terminal.press("q")
        terminal.until("4 Degraded")
        terminal.press("q")
        assert 0 == terminal.ended()
    assert "\x1b[?1049l" in terminal.shown  # the screen of before is back
