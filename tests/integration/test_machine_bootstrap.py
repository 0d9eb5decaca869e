"""An environment is what its lock file says, and is made once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local.bootstrap import main, prepare


def test_an_environment_is_made_once_and_follows_its_lock(tmp_path: Path) -> None:
    """An unchanged lock file costs nothing, a changed one is installed, and the checkout can be imported."""
    # GIVEN a lock file without packages
    lock = tmp_path / "lock.txt"
    lock.write_text("# nothing\n")
    venv = tmp_path / "venv"
    # WHEN THEN
    assert prepare(venv, lock, checkout=True)
    assert not prepare(venv, lock, checkout=True)
    lock.write_text("# still nothing\n")
    assert prepare(venv, lock, checkout=True)
    # THEN
    query = "import mooring.errors, mooring_cli; print('found')"
    answer = subprocess.run(
        [venv / "bin/python", "-c", query],
        check=False,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "found\n" == answer.stdout, answer.stderr
    assert (venv / "bin/mooring").read_text().startswith(f"#!{venv}/bin/python\n")


def test_a_package_without_a_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is installed that isn't pinned by hash; the next step is named, and the next run tries again."""
    # GIVEN
    monkeypatch.chdir(tmp_path)
    Path("lock.txt").write_text("pip==1.0\n")
    # WHEN THEN
    assert [1, 1] == [main(["venv", "lock.txt"]) for _ in range(2)]
    assert "set MOORING_PYTHON" in capsys.readouterr().err
