"""The story of `make demo`, from an empty machine to thirty sweeps with nothing to do."""

from __future__ import annotations

from pathlib import Path

from local.demo.command import SWEEP, play_on
from local.demo.stage import open_stage
from local.demo.steps import STEPS
from local.stack import Options


def test_every_step_of_the_story_is_as_expected(tmp_path: Path) -> None:
    """All eleven steps, on real parts, verified in the cluster and in its audit log."""
    # GIVEN a stack of its own
    with open_stage(Options(directory=tmp_path / "stack", sweep=SWEEP), print) as stage:
        # WHEN the story is played on it
        outcomes = play_on(stage)
        # THEN nothing was observed otherwise than expected
        assert [] == [f"{o.number}. {o.step.name}: {o.observed}" for o in outcomes if not o.passed]
        assert len(STEPS) == len(outcomes)
    # AND nothing is left of it
    assert not stage.stack.file.exists()
