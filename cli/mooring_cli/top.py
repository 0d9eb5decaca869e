"""`mooring top`: the whole fleet on a terminal, as it changes.

Summaries are asked for every two seconds with the ETag of the last answer, so a fleet in which nothing happens costs an
answer without a body; the screen is drawn anew only when something was answered or typed. Asking happens beside the
keys, so that a slow answer holds no key up. Without a terminal it is `app list`, once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import click

from mooring.errors import MooringError
from mooring_cli.client import Api
from mooring_cli.completion import cluster_names, project_names
from mooring_cli.fleetview import FleetView
from mooring_cli.frame import verb
from mooring_cli.names import AppName
from mooring_cli.pages import applications_table, short
from mooring_cli.tables import plain, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleDimensions, RenderableType

__all__ = ["top"]

_PAUSE: Final = 2.0  # seconds between two questions
_KEYS: Final = "q quit  ↑↓ move  enter open  / search  h health  y sync  s sort  r reverse  esc all"
_KEYS_OPENED: Final = "q back"
_FRAME: Final = 4  # lines that are no rows: totals, choice, headers, keys
_EVENTS: Final = 8
_LONGEST: Final = 200  # characters of a cell that are looked at


@dataclass(frozen=True, slots=True)
class _Known:
    """What the API answered last; `trouble` is why it did not."""

    rows: list[dict[str, Any]]
    app: dict[str, Any] | None = None
    events: tuple[dict[str, Any], ...] = ()
    trouble: str = ""
    opened: str = ""


class _Question:
    """A question that is asked beside the keys. Its thread holds up neither them nor the end."""

    def __init__(self, ask: Callable[[], _Known]) -> None:
        self.answer: _Known | None = None
        self._ask = ask
        Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        self.answer = self._ask()


@verb("top", "the whole fleet on a terminal, as it changes")
@click.option("-p", "--project", multiple=True, shell_complete=project_names, help="Of this project; may be repeated.")
@click.option("-c", "--cluster", multiple=True, shell_complete=cluster_names, help="On this cluster; may be repeated.")
@click.option("-l", "--selector", multiple=True, metavar="K=V", help="With these labels, as with kubectl.")
def top(api: Api, **chosen: tuple[str, ...]) -> int:
    """Keys are told at the bottom of the screen."""
    query = {"view": "summary"} | {name: ",".join(given) for name, given in chosen.items() if given}
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        print(plain(applications_table(api.items("applications", query=query))))
        return 0
    api.remember()
    return _run(api, query)


def _run(api: Api, query: dict[str, str]) -> int:
    from rich.console import Console
    from rich.live import Live

    from mooring_cli.keys import keyboard

    console, view = Console(highlight=False), FleetView()
    known = _Known([])
    shown: _Known | None = None
    size: ConsoleDimensions | None = None
    with (
        keyboard(sys.stdin.fileno()) as keys,
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        asked, due = _Question(partial(_ask, api, query, "", _Known([], opened="-"))), time.monotonic() + _PAUSE
        while not view.ended:
            pressed = keys.read(0.1)
            for key in pressed:
                view.press(key)
            if asked.answer is not None and asked.answer is not known:
                known = asked.answer
                view.take(known.rows)
            if asked.answer is not None and (time.monotonic() >= due or view.opened != known.opened):
                asked = _Question(partial(_ask, api, query, view.opened, known))
                due = time.monotonic() + _PAUSE
            if pressed or known is not shown or console.size != size:
                shown, size = known, console.size
                view.fit(size.height - _FRAME - bool(known.trouble))
                live.update(screen(view, known, console), refresh=True)
    return 0


def _ask(api: Api, query: dict[str, str], opened: str, before: _Known) -> _Known:
    """What is to be seen; of what did not change the very same objects."""
    try:
        if not opened:
            rows = api.items("applications", query=query)
            return before if (rows, "", "") == (before.rows, before.trouble, before.opened) else _Known(rows)
        app = AppName.parse(opened)
        found = api.call("GET", "applications", app.name, query=app.query)
        events: tuple[dict[str, Any], ...] = ()
        trouble = ""
        try:
            limited = app.query | {"limit": str(_EVENTS)}
            events = tuple(api.call("GET", "applications", app.name, "events", query=limited)["items"])
        except MooringError as error:  # the cluster is out of reach, or events are not ours to see
            trouble = str(error)
        made = _Known(before.rows, found, events, trouble, opened)
        return before if made == before else made
    except MooringError as error:
        return _Known(before.rows, before.app, before.events, str(error), opened)


def screen(view: FleetView, known: _Known, console: Console) -> RenderableType:
    """The whole screen: the fleet, or the application that was opened."""
    from rich.console import Group
    from rich.text import Text

    height = console.size.height
    parts = _opened(view, known, height) if view.opened else [_totals(view), _choice(view), _rows(view)]
    trouble = [Text(known.trouble, style="bold red", overflow="ellipsis", no_wrap=True)] if known.trouble else []
    keys = Text(_KEYS_OPENED if view.opened else _KEYS, style="dim", overflow="ellipsis", no_wrap=True)
    return Group(*parts, *trouble, keys)


def _totals(view: FleetView) -> RenderableType:
    from mooring_cli.terminal import coloured

    counts: dict[str, int] = {}
    for row in view.rows:
        for word in (row["health"], row["sync"]):
            counts[word] = counts.get(word, 0) + 1
    order = ("Healthy", "Progressing", "Degraded", "Missing", "Suspended", "Synced", "OutOfSync")
    told = "  ".join(f"{counts[word]} {word}" for word in order if word in counts)
    text = coloured(f"{len(view.rows)} applications  {told}")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _choice(view: FleetView) -> RenderableType:
    from rich.text import Text

    where = f"{view.cursor + 1 if view.seen else 0}/{len(view.seen)}"
    search = f"/{view.text}{'▏' if view.typing else ''}" if view.text or view.typing else ""
    order = f"by {view.sort}{' (reversed)' if view.reverse else ''}"
    told = "  ".join(filter(None, (where, order, view.health, view.sync, search)))
    return Text(told, style="dim", overflow="ellipsis", no_wrap=True)


def _rows(view: FleetView) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from mooring_cli.tables import visible
    from mooring_cli.terminal import coloured

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    for header, ratio in (("NAME", 4), ("STATUS", None), ("HEALTH", None), ("PHASE", None), ("REVISION", None),
                          ("DESTINATION", 3), ("MESSAGE", 5)):  # fmt: skip
        made.add_column(header, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for place, row in enumerate(view.visible(), view.top):
        name = row["name"] if row["namespace"] == "argocd" else f"{row['namespace']}/{row['name']}"
        where = f"{row['cluster'] or row['server'] or '-'}/{row['destinationNamespace'] or '-'}"
        message = visible(str(row["message"] or ""))[:_LONGEST].partition("\n")[0]
        made.add_row(visible(name), *(coloured(row[part] or "-") for part in ("sync", "health", "phase")),
                     short(row["revision"]) or "-", visible(where), Text(message),
                     style="reverse" if place == view.cursor else None)  # fmt: skip
    return made


def _opened(view: FleetView, known: _Known, height: int) -> list[RenderableType]:
    from rich.text import Text

    from mooring_cli.looks import events_table
    from mooring_cli.progress import steps_of, steps_table
    from mooring_cli.terminal import coloured, drawn

    if known.app is None or known.opened != view.opened:
        return [Text(f"{view.opened} …")]
    status = known.app.get("status") or {}
    sync, health, state = (status.get(part) or {} for part in ("sync", "health", "operationState"))
    lines = [
        coloured(f"{view.opened}  {sync.get('status') or 'Unknown'} at {short(sync.get('revision')) or '-'}  "
                 f"{health.get('status') or 'Unknown'}  {health.get('message') or ''}"),
        coloured(f"{state.get('phase') or '-'}: {state.get('message') or 'no operation'}"),
    ]  # fmt: skip
    lines += [coloured(f"{each['type']}: {each['message']}") for each in status.get("conditions") or []][:3]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    steps = steps_of(known.app)
    room = max(3, height - len(lines) - 6 - min(len(known.events), _EVENTS))
    if steps:
        shown = drawn(steps_table(steps[:room]))
    else:
        objects = (status.get("resources") or [])[:room]
        rows = [(f"{each['kind']}/{each['name']}", each.get("status"), (each.get("health") or {}).get("status"))
                for each in objects]  # fmt: skip
        shown = drawn(table(["OBJECT", "STATUS", "HEALTH"], rows))
    parts: list[RenderableType] = [*lines, Text(), shown]
    if known.events:
        events = drawn(events_table(known.events))
        for column in events.columns:
            column.no_wrap, column.overflow = True, "ellipsis"
        parts += [Text(), events]
    return parts
