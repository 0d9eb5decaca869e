"""`python -m local demo`: start everything, play the story, print the table.

The exit code is 0 only if every step was observed as expected. With `--keep` the stack stays until Ctrl-C, to be looked
at with `mooring` and `kubectl`; the working copies of the repositories are then in `demo/` of its folder.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from local.cluster import AccessError
from local.demo.report import line, table
from local.demo.stage import Stage, open_stage
from local.demo.steps import STEPS
from local.demo.story import Outcome, play
from local.processes import StartError
from local.tools import BuildError
from local.up import add_arguments, read_options

__all__ = ["SWEEP", "main", "play_on"]

SWEEP = 2.0
"""Seconds between two sweeps: drift is what half of the story waits for."""


def main(arguments: Sequence[str]) -> int:
    """Plays the story on a stack of its own; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m local demo", description="Play the story in eleven steps.")
    add_arguments(parser)
    parser.add_argument("--keep", action="store_true", help="leave the stack running at the end, until Ctrl-C")
    parser.set_defaults(sweep=SWEEP)
    chosen = parser.parse_args(arguments)
    if chosen.kubeconfig is not None or chosen.no_workloads:
        parser.error("the story needs a cluster of its own with workloads: it deletes things, and reads the audit log")
    options = read_options(chosen)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    begun = time.monotonic()
    try:
        with open_stage(replace(options, sweep=options.sweep or SWEEP), _say) as stage:
            _say(f"everything answers after {time.monotonic() - begun:.0f} s; the story begins")
            outcomes = play_on(stage)
            _say(f"\n{table(outcomes)}\n{_verdict(outcomes)}; {time.monotonic() - begun:.0f} s in all")
            if chosen.keep:
                _stay(stage)
    except (StartError, BuildError, AccessError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def play_on(stage: Stage) -> list[Outcome]:
    """Plays the story on a stage and says each outcome when it is known."""
    outcomes = []
    for outcome in play(stage.world, STEPS):
        _say(line(outcome))
        outcomes.append(outcome)
    return outcomes


def _verdict(outcomes: Sequence[Outcome]) -> str:
    failed = [str(outcome.number) for outcome in outcomes if not outcome.passed]
    return f"failed: {', '.join(failed)}" if failed else f"all {len(outcomes)} steps as expected"


def _stay(stage: Stage) -> None:
    stack = stage.stack
    _say(f"Mooring   {stack.mooring.url}   (.venv/bin/mooring app list)")
    _say(f"cluster   KUBECONFIG={stack.cluster.kubeconfig}")
    _say(f"git       working copies in {stage.world.work}; a push is noticed by the next sweep")
    _say(f"all of it {stack.file}; Ctrl-C ends it")
    try:
        stack.watch()
    except KeyboardInterrupt:
        _say("ended")


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)
