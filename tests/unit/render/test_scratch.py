"""The folders of renders: gone when a render ends, and soon after it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mooring.render import scratch
from mooring.render.scratch import scratch_folder

HOLDING = """
import sys
from mooring.render.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "values.yaml").write_text("canary")
    print(folder, flush=True)
    sys.stdin.read()
"""


def held(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process with a folder, and the folder."""
    environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_render_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a render that was killed and one that works WHEN another begins THEN only the dead one's folder goes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_NEW", 0.0)
    (tmp_path / "other").mkdir()
    (tmp_path / "render-link").symlink_to(tmp_path / "other")
    dead, left = held(tmp_path)
    working, used = held(tmp_path)
    try:
        dead.kill()
        dead.wait(10)
        assert "canary" == (left / "values.yaml").read_text()
        with scratch_folder() as mine, scratch_folder() as another:
            assert {"other", "render-link", used.name, mine.name, another.name} == set(os.listdir(tmp_path))
            assert 0o700 == mine.stat().st_mode & 0o777
    finally:
        for each in (dead, working):
            each.kill()
            each.communicate()
    with scratch_folder():
        pass
    assert {"other", "render-link"} == set(os.listdir(tmp_path))


def test_a_folder_that_is_just_made_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a folder that nobody has locked yet WHEN a render begins THEN it stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "render-new").mkdir()
    with scratch_folder():
        assert (tmp_path / "render-new").is_dir()
