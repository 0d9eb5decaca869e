"""How a sync goes, while it goes: by waves and hooks, live on a terminal and as lines in a pipe.

It is told on standard error, because standard output is for the answer. A line is printed for each object whose state
changed since it was last asked for, so a log holds every step once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mooring_cli.tables import Table, table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Step", "following", "steps_of", "steps_table"]


@dataclass(frozen=True, slots=True)
class Step:
    """One object or hook of an operation: where it stands in the order, and what became of it."""

    stage: str
    name: str
    state: str
    message: str


def steps_of(app: Mapping[str, Any]) -> list[Step]:
    """What the operation has done so far, in the order of its results. Waves are those of the live objects."""
    status = app.get("status") or {}
    waves = {_identity(each): each.get("syncWave") or 0 for each in status.get("resources") or []}
    results = ((status.get("operationState") or {}).get("syncResult") or {}).get("resources") or []
    steps = []
    for each in results:
        hook = each.get("hookType")
        stage = f"hook {hook}" if hook else f"wave {waves.get(_identity(each), 0)}"
        state = str(each.get("hookPhase") or each.get("status") or "")
        steps.append(Step(stage, "/".join(filter(None, _identity(each)[1:])), state, str(each.get("message") or "")))
    return steps


def _identity(resource: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(resource.get(part) or "") for part in ("group", "kind", "namespace", "name"))


@contextmanager
def following() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Hands out what an application is shown to, each time that it was asked for."""
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        from rich.console import Console
        from rich.live import Live

        # It is gone at the end: what was done is in the answer that follows.
        with Live(console=Console(stderr=True, highlight=False), transient=True, auto_refresh=False) as live:
            yield lambda app: live.update(_drawn(app), refresh=True)
    else:
        yield _Lines().show


class _Lines:
    """What was printed of an operation, so that nothing is printed twice."""

    def __init__(self) -> None:
        self._phase = ""
        self._told: set[Step] = set()

    def show(self, app: dict[str, Any]) -> None:
        """Prints what is new."""
        state = (app.get("status") or {}).get("operationState") or {}
        phase = f"{state.get('phase')}: {state.get('message') or 'no message yet'}"
        if phase != self._phase:
            self._phase = phase
            print(phase, file=sys.stderr)
        for step in steps_of(app):
            if step not in self._told:
                self._told.add(step)
                print(f"{step.stage}  {step.name}  {step.state}  {step.message}".rstrip(), file=sys.stderr)
        sys.stderr.flush()


def _drawn(app: dict[str, Any]) -> RenderableType:
    from rich.console import Group

    from mooring_cli.terminal import coloured, drawn

    state = (app.get("status") or {}).get("operationState") or {}
    head = coloured(f"{state.get('phase')}: {state.get('message') or ''}")
    return Group(head, drawn(steps_table(steps_of(app))))


def steps_table(steps: list[Step]) -> Table:
    """The steps; a wave or a kind of hook is named where it begins."""
    rows, before = [], ""
    for each in steps:
        rows.append((each.stage if each.stage != before else " ", each.name, each.state, each.message))
        before = each.stage
    return table(["STAGE", "OBJECT", "STATE", "MESSAGE"], rows)
