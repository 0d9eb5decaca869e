"""The story: a list of small steps, and the one who plays them.

A step that fails doesn't end the story, because what the later steps observe helps to understand it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from local.demo.world import Disappointment, World

__all__ = ["Outcome", "Step", "play"]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens (`name`), what should be seen (`expected`), and the deed, which returns what was seen.

    `run` raises `Disappointment` when that is not what was expected.
    """

    name: str
    expected: str
    run: Callable[[World], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step."""

    number: int
    step: Step
    observed: str
    seconds: float
    passed: bool


def play(world: World, steps: Iterable[Step]) -> Iterator[Outcome]:
    """Plays the steps in order and yields each outcome when it is known."""
    for number, step in enumerate(steps, start=1):
        begun = time.monotonic()
        try:
            observed, passed = step.run(world), True
        except Disappointment as error:
            observed, passed = str(error), False
        except Exception as error:
            observed, passed = f"{type(error).__name__}: {error}", False
        yield Outcome(number, step, observed, time.monotonic() - begun, passed)
